"""The suites on parts that keep their promises, the fake engines among them."""

from __future__ import annotations

import multiprocessing

import pytest
from racegym_fakes.late import LateBackend
from racegym_fakes.leaving import LeavingBackend, TyreWear
from racegym_fakes.two_process import TwoProcessBackend

from racegym.drivers.random import Random
from racegym.interfaces import RewardTerm, Termination
from racegym.testing import (
    ActionMapSuite,
    BackendSuite,
    DriverSuite,
    RealismSuite,
    RewardSuite,
    SensorSuite,
    TerminationSuite,
)
from racegym.testing.parts import Bicycle, Direct, Imposed, Nothing


class TestBicycle(BackendSuite):
    make = Bicycle


class TestLate(BackendSuite):
    make = LateBackend


class TestTwoProcess(BackendSuite):
    make = TwoProcessBackend

    @pytest.fixture(autouse=True)
    def _no_orphans(self):
        yield
        assert not multiprocessing.active_children()


class TestLeaving(BackendSuite):
    make = LeavingBackend


class TestNothing(SensorSuite):
    make = Nothing


class TestDirect(ActionMapSuite):
    make = Direct


class TestImposed(RealismSuite):
    make = Imposed


class TestTyreWear(RealismSuite):
    make = TyreWear


class TestRandomDriver(DriverSuite):
    make = Random


class Metres(RewardTerm):
    def compute(self, view, out):
        out[...] = view.frame.progress - view.previous_frame.progress


class Tenth(Termination):
    def compute(self, view, out):
        out[...] = (view.race.step >= 10)[:, None]


class TestMetres(RewardSuite):
    make = Metres


class TestTenth(TerminationSuite):
    make = Tenth
