"""The promises of every backend."""

from __future__ import annotations

import pytest

from racegym.testing import BackendSuite
from racegym.workers import in_workers
from racegym_carracing.backend import CarRacing


class TestCarRacing(BackendSuite):
    make = CarRacing


@pytest.mark.slow  # drawing takes most of it
class TestCarRacingWithPixels(BackendSuite):
    make = CarRacing
    options = {"pixels": True}  # noqa: RUF012  # the suite's own way of writing it


@pytest.mark.slow  # about a hundred worlds, each with processes of its own
class TestCarRacingInWorkers(BackendSuite):
    make = in_workers(CarRacing, "carracing")
    options = {"workers": 3}  # noqa: RUF012
