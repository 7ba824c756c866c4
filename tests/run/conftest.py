"""One short race that many tests look at, and a copy of it for those that change it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from racegym.record import RunFolder
from racegym.run import RunResult, run
from racegym.scenario import Scenario, load_scenario

SHORT: dict[str, Any] = {
    "name": "short race",
    "backend": {"name": "kart2d", "contact": False},  # who is in whose way does not matter
    "laps": 2,
    "time_limit": 120,
    "seed": 5,
    "track": {"generate": {"seed": 7, "length": 300}},
    "cars": [
        {
            "name": "slow",
            "vehicle": "rental_kart",
            "driver": {"name": "pure_pursuit", "pace": 70, "aggression": 0},
        },
        {"name": "fast", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 90}},
        {"name": "still", "vehicle": "rental_kart", "driver": "idle"},
    ],
    "rules": {"retire_stuck": 4},
}


@pytest.fixture(scope="session")
def short() -> Scenario:
    """Two laps, three cars, of which one never moves and is retired."""
    return load_scenario(SHORT)


@pytest.fixture(scope="session")
def finished(short: Scenario, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """Its run; not to be changed."""
    return run(short, runs_dir=tmp_path_factory.mktemp("runs"), csv=True)


@pytest.fixture
def copied(finished: RunResult, tmp_path: Path) -> RunFolder:
    """A copy of the run, to be changed."""
    folder = tmp_path / "short_race" / finished.folder.name
    shutil.copytree(finished.folder, folder)
    return RunFolder(folder)
