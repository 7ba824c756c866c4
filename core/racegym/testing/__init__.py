"""Public conformance suites: what racegym's own plugins pass, and anyone's can.

Under pytest, three lines test a class:

    class TestMine(BackendSuite):
        make = MyBackend
        options = {"substep": 0.01}

Each promise is one test; what does not apply is skipped with its reason. Without pytest,
``run_suite`` gives a ``Report`` of the same checks.
"""

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
