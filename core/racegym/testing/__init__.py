"""Public conformance suites: what racegym's own plugins pass, and anyone's can.

Under pytest, three lines test a class:

    class TestMine(BackendSuite):
        make = MyBackend
        options = {"substep": 0.01}

Each promise is one test; what does not apply is skipped with its reason. Without pytest,
``run_suite`` gives a ``Report`` of the same checks.

Each name loads on first use: an engine of a test needs not all the suites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from racegym.lazy import on_first_use

if TYPE_CHECKING:
    from racegym.testing.action_map import ActionMapSuite
    from racegym.testing.backend import BackendSuite
    from racegym.testing.driver import DriverSuite
    from racegym.testing.realism import RealismSuite
    from racegym.testing.scoring import RewardSuite, TerminationSuite
    from racegym.testing.sensor import SensorSuite
    from racegym.testing.suite import (
        ConformanceError,
        Finding,
        NotApplicable,
        Report,
        Suite,
        needs,
        run_suite,
    )
    from racegym.testing.trainer import TrainerSuite

__all__ = [
    "ActionMapSuite",
    "BackendSuite",
    "ConformanceError",
    "DriverSuite",
    "Finding",
    "NotApplicable",
    "RealismSuite",
    "Report",
    "RewardSuite",
    "SensorSuite",
    "Suite",
    "TerminationSuite",
    "TrainerSuite",
    "needs",
    "run_suite",
]

# Public name -> the module it lives in.
_HOMES = {
    "ActionMapSuite": "racegym.testing.action_map",
    "BackendSuite": "racegym.testing.backend",
    "ConformanceError": "racegym.testing.suite",
    "DriverSuite": "racegym.testing.driver",
    "Finding": "racegym.testing.suite",
    "NotApplicable": "racegym.testing.suite",
    "RealismSuite": "racegym.testing.realism",
    "Report": "racegym.testing.suite",
    "RewardSuite": "racegym.testing.scoring",
    "SensorSuite": "racegym.testing.sensor",
    "Suite": "racegym.testing.suite",
    "TerminationSuite": "racegym.testing.scoring",
    "TrainerSuite": "racegym.testing.trainer",
    "needs": "racegym.testing.suite",
    "run_suite": "racegym.testing.suite",
}

__getattr__, __dir__ = on_first_use(__name__, _HOMES)
