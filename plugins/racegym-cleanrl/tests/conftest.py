"""Small trainings that leave a checkpoint of every kind, and a run that clones learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from racegym.run import run, train

SCENARIO: dict[str, Any] = {
    "name": "small",
    "task": "train",
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 300}},
    "laps": 0,
    "start": {"kind": "random", "speed": 8.0},
    "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
    "reward": {"progress": 0.1},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}
ON_POLICY: dict[str, Any] = {
    "steps": 256, "num_envs": 8, "num_steps": 16, "num_minibatches": 2, "update_epochs": 1,
    "hidden": [16], "device": "cpu",
}  # fmt: skip
FROM_REPLAY: dict[str, Any] = {
    "steps": 256, "num_envs": 8, "learning_starts": 64, "batch_size": 32, "buffer_size": 512,
    "hidden": [16], "device": "cpu",
}  # fmt: skip
BASES: dict[str, dict[str, Any]] = {"ppo": ON_POLICY, "bc": {"hidden": [16], "device": "cpu"}}


@pytest.fixture
def small() -> dict[str, Any]:
    """A scenario to learn a little on."""
    return dict(SCENARIO)


@pytest.fixture
def learned(tmp_path: Path) -> Callable[..., Path]:
    """Returns a checkpoint of a training that was hardly one."""

    def learn(name: str = "ppo", settings: dict[str, Any] | None = None, **changes: Any) -> Path:
        trainer = {**BASES.get(name, FROM_REPLAY), "name": name, **(settings or {})}
        scenario = {**SCENARIO, **changes, "trainer": trainer}
        return train(scenario, runs_dir=tmp_path / "runs", plots=False).checkpoint

    return learn


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
def clone(tmp_path_factory: pytest.TempPathFactory, taught: Path) -> Path:
    """A checkpoint of a clone of that driver."""
    trainer = {"name": "bc", "demonstrations": [str(taught)], "steps": 3000, "hidden": [32],
               "device": "cpu"}  # fmt: skip
    given = {**learner_of_teacher(), "task": "train", "trainer": trainer}
    return train(given, runs_dir=tmp_path_factory.mktemp("clone"), plots=False).checkpoint


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two laps by a scripted driver."""
    return run(TEACHER, runs_dir=tmp_path_factory.mktemp("runs"), plots=False).folder


@pytest.fixture
def learner() -> dict[str, Any]:
    """A scenario in which an agent learns to drive that circuit."""
    return learner_of_teacher()


def learner_of_teacher() -> dict[str, Any]:
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
