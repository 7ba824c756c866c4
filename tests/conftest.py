"""Fixtures for all of core's tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

# Test processes share the cores; the threads of torch would wait for each other, for minutes,
# and kernels would be compiled once more for several. Read when torch and the kernels are
# imported, which is later; tests of threads say how many.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RACEGYM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]

# What tests mean by a name does not depend on the tracks of whoever runs them.
os.environ["RACEGYM_TRACKS"] = str(ROOT / "tests" / "no-tracks-here")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: of what is collected, all stays until the end.

    Looking took a quarter of the time, and every later look would go through all of it again.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; tests skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the reference data folder `shared` beside the repository")
    return folder


@pytest.fixture
def short_episodes() -> dict[str, Any]:
    """One kart that starts anywhere at speed; under random controls it soon leaves the track."""
    return {
        "name": "short",
        "backend": "kart2d",
        "track": {"generate": {"seed": 2, "length": 500}},
        "start": {"kind": "random", "speed": 8.0, "speed_noise": 8.0, "lateral_noise": 2.0},
        "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
        "observation": ["state", "lookahead"],
        "action": "steer_accel",
        "reward": {"progress": 0.5, "off_track": 2.0, "steering_smoothness": 0.1},
        "termination": {
            "off_track": {"margin": 0.0},
            "stuck": {"seconds": 2.0},
            "time_limit": {"seconds": 3.0},
        },
    }
