"""The suite of backends."""

from racegym.testing.backend.declared import DeclaredChecks
from racegym.testing.backend.effects import EffectChecks
from racegym.testing.backend.motion import MotionChecks
from racegym.testing.backend.obstacles import ObstacleChecks
from racegym.testing.backend.sameness import SamenessChecks
from racegym.testing.backend.touching import TouchingChecks
from racegym.testing.backend.varying import VaryingChecks

__all__ = ["BackendSuite"]


class BackendSuite(
    EffectChecks,
    SamenessChecks,
    MotionChecks,
    TouchingChecks,
    ObstacleChecks,
    VaryingChecks,
    DeclaredChecks,
):
    """What every backend promises.

    A test module needs three lines:

        class TestMine(BackendSuite):
            make = MyBackend
            options = {"substep": 0.01}

    Set ``vehicles`` where the backend needs parameters, ``tracks`` where it can't drive
    the suite's two small circuits, ``place_tolerance`` where its cars settle when placed.
    """
