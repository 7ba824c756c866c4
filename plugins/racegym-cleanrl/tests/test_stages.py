"""Trainers go through a curriculum, and take presets for small machines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from racegym import load_scenario
from racegym.errors import ScenarioError
from racegym.run import train

SCENARIO: dict[str, Any] = {
    "name": "stages",
    "task": "train",
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 300}},
    "laps": 0,
    "start": {"kind": "random", "speed": 8.0},
    "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 3.0}},
}
SMALL = {"device": "cpu", "hidden": [8]}
TRAINERS: dict[str, dict[str, Any]] = {
    "ppo": {"steps": 2048, "num_envs": 16, "num_steps": 32, **SMALL},
    "sac": {"steps": 512, "num_envs": 8, "learning_starts": 32, "buffer_size": 1024,
            "save_replay": True, "log_every": 128, **SMALL},
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINERS)
def test_a_stage_with_other_races_begins_new_episodes(name: str, tmp_path: Path) -> None:
    """Another number of circuits, and obstacles: the saved episodes are of other races."""
    stages = [
        {"name": "one", "up": "charts/SPS > 0"},
        {"name": "more", "set": {"track.generate.count": 3, "track.generate.obstacles": 2}},
    ]
    training = {"curriculum": {"window": 1, "stages": stages}}
    data = {**SCENARIO, "trainer": {"name": name, **TRAINERS[name]}, "training": training}
    done = train(data, runs_dir=tmp_path, plots=False)
    assert done.state == "finished"
    with (done.folder / "train.csv").open(encoding="utf-8", newline="") as file:
        levels = [float(row["curriculum/level"]) for row in csv.DictReader(file)]
    assert levels[0] == 0.0 and levels[-1] == 1.0
    assert done.training["checkpoints"][-1]["curriculum"]["stage"] == "more"


@pytest.mark.parametrize("name", ["ppo", "sac", "td3", "dqn"])
def test_a_preset_takes_the_place_of_defaults_and_of_nothing_that_is_said(name: str) -> None:
    def options(**given: Any) -> dict[str, Any]:
        trainer = {"name": name, **given}
        action = "discrete" if name == "dqn" else "steer_accel"
        return load_scenario({**SCENARIO, "action": action, "trainer": trainer}).trainer.options  # type: ignore[union-attr]

    usual, small = options(), options(preset="small")
    assert small["num_envs"] < usual["num_envs"]
    assert options(preset="small", num_envs=7)["num_envs"] == 7
    assert {k for k in usual if usual[k] != small[k]} >= {"preset", "num_envs"}
    assert options(**small) == small
    with pytest.raises(ScenarioError, match="no preset 'smal'; did you mean 'small'"):
        options(preset="smal")
