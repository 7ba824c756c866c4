"""Runs that tests of clones learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from racegym.run import run

TEACHER: dict[str, Any] = {
    "name": "teacher",
    "seed": 3,
    "backend": "kart2d",
    "dt": 0.1,
    "track": {"generate": {"seed": 7, "length": 200}},
    "laps": 2,
    "cars": [
        {"name": "agent", "vehicle": "rental_kart", "driver": {"name": "raceline", "pace": 80}}
    ],
    "record": {"limit": False},
}


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two laps by a scripted driver."""
    return run(TEACHER, runs_dir=tmp_path_factory.mktemp("runs"), plots=False).folder


@pytest.fixture
def learner() -> dict[str, Any]:
    """A scenario in which an agent learns to drive that circuit."""
    return {
        **{key: TEACHER[key] for key in ("seed", "backend", "dt", "track")},
        "name": "learner",
        "laps": 0,
        "start": {"kind": "random", "speed": 8.0},
        "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
        "observation": ["state", "lookahead"],
        "reward": {"progress": 0.1},
        "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 20.0}},
    }
