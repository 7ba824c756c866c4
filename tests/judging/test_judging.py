"""Drivers that are judged in one batch do what they do in single races, and in runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym import load_scenario
from racegym.errors import RacegymError, ScenarioError
from racegym.run import Judge, evaluate, evaluate_driver, run

DRIVERS: list[Any] = ["pure_pursuit", "random"]


@pytest.mark.parametrize("driver", DRIVERS, ids=str)
def test_many_races_at_once_are_single_races(race: dict[str, Any], driver: Any) -> None:
    race |= {"time_limit": 12.0}  # some finish, some don't
    many = evaluate_driver(driver, race, limit=False)
    assert [row["seed"] for row in many.episodes] == [3, 4, 5, 6, 7]
    assert evaluate_driver(driver, race, limit=False, at_once=1).episodes == many.episodes
    assert evaluate_driver(driver, race, limit=False, at_once=2).episodes == many.episodes
    later = evaluate_driver(driver, race, limit=False, seed=3, episodes=2).episodes
    assert later == many.episodes[:2]


@pytest.mark.parametrize("kind", ["grid", "pursuit"])
def test_it_is_what_a_run_of_the_same_races_says(
    race: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    race["start"] = {"kind": kind, "lights": [0, 0]}
    for slot, car in enumerate(reversed(race["cars"])):
        car["grid"] = slot
    found = evaluate_driver("pure_pursuit", race)
    cars = [{**race["cars"][0], "driver": "pure_pursuit"}, race["cars"][1]]
    recorded = run({**race, "task": "evaluate", "cars": cars}, runs_dir=tmp_path, plots=False)
    assert len(found.episodes) == len(recorded.result["episodes"]) == 5
    for row, episode in zip(found.episodes, recorded.result["episodes"], strict=True):
        told = next(one for one in episode["classification"] if one["car"] == 0)
        told |= {key: episode[key] for key in ("episode", "seed", "track")}
        shared = told.keys() & row.keys()
        assert {"best_lap", "best_lap_percent", "distance", "gap", "status", "top_speed"} <= shared
        assert {key: row[key] for key in shared} == {key: told[key] for key in shared}
    assert found.summary["completion_rate"] == 1.0
    assert found.limit["references"].keys() == recorded.result["limit"]["references"].keys()


def test_it_is_paid_as_a_policy_from_python_is(race: dict[str, Any], write_policy: Any) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    race |= {
        "time_limit": 12.0,
        "observation": ["state"],
        "action": "steer_accel",
        "reward": {"progress": 0.5},
    }
    file = write_policy()
    found = evaluate_driver(file, race, at_once=1, limit=False, episodes=3)
    session = onnxruntime.InferenceSession(str(file))

    def policy(told: Any) -> Any:
        return session.run(["action"], {"observation": told[None].astype(np.float32)})[0][0]

    other = evaluate(policy, race, episodes=3)
    for one, two in zip(found.episodes, other.episodes, strict=True):
        shared = (one.keys() & two.keys()) - {k for k in one if "percent" in k or k == "limit"}
        assert {k: one[k] for k in shared} == {k: two[k] for k in shared}
    assert found.driver["told_by"] == {"algorithm": "hand", "steps": 12}
    assert found.driver["observation"] == ["state"]


@pytest.mark.parametrize("draw", ["pool", "renewed", "fresh"])
def test_circuits_that_are_drawn_are_the_same_for_every_driver(
    race: dict[str, Any], draw: str
) -> None:
    tracks = [{"generate": {"seed": 5, "count": 2, "length": 250, "style": "kart"}}]
    if draw == "fresh":
        del tracks[0]["generate"]["count"]
    race |= {"tracks": tracks, "draw_tracks": draw, "episodes": 3, "time_limit": 3.0}
    with Judge(race, limit=False) as judge:
        first, again = judge.evaluate("pure_pursuit"), judge.evaluate("pure_pursuit")
        assert first.episodes == again.episodes
        assert [row["track"] for row in judge.evaluate("idle").episodes] == [
            row["track"] for row in first.episodes
        ]
    assert evaluate_driver("pure_pursuit", race, limit=False, at_once=1).episodes == first.episodes


def test_a_race_without_an_end_is_completed_with_a_lap(race: dict[str, Any]) -> None:
    race |= {"laps": 0, "episodes": 2, "termination": {"time_limit": {"seconds": 40.0}}}
    assert evaluate_driver("pure_pursuit", race, limit=False).summary["completion_rate"] == 1.0
    assert evaluate_driver("idle", race, limit=False).summary["completion_rate"] == 0.0
    race["termination"] = {"laps_done": {"laps": 1}, "time_limit": {"seconds": 40.0}}
    found = evaluate_driver("pure_pursuit", race, limit=False)
    assert found.summary["completion_rate"] == 1.0
    assert found.summary["ended_by"] == {"laps_done": 2}


def test_a_reward_that_is_no_number_is_told(race: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from racegym.interfaces import RewardTerm\n"
        "class Broken(RewardTerm):\n"
        "    def compute(self, view, out):\n"
        "        out[:] = float('nan')\n",
        encoding="utf-8",
    )
    race["reward"] = {"progress": 1.0, "broken": {"name": f"{file}:Broken"}}
    with pytest.raises(ScenarioError, match="the reward of 'broken' is no finite number"):
        evaluate_driver("idle", race, episodes=1, limit=False)


def test_a_driver_from_a_file_is_judged(race: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "class Mine:\n"
        "    observation = ['state']\n"
        "    action = 'steer_accel'\n"
        "    def act(self, observation):\n"
        "        return [0.0, 0.5]\n",
        encoding="utf-8",
    )
    found = evaluate_driver(f"{file}:Mine", race, episodes=2, limit=False)
    assert all(row["distance"] > 5 and row["faults"] == 0 for row in found.episodes)
    file.write_text(
        "class Mine:\n    def act(self, observation):\n        raise ValueError('no')\n"
    )
    with pytest.raises(RacegymError, match="no"):
        evaluate_driver({"name": f"{file}:Mine", "failure": "stop"}, race, limit=False)


@pytest.mark.parametrize(
    ("driver", "settings", "message"),
    [
        ("pure_pursiut", {}, "did you mean 'pure_pursuit'"),
        ({"name": "pure_pursuit", "pase": 3}, {}, "driver.pase"),
        ("agent", {}, "is nobody"),
        ({}, {}, "has no name"),
        (3, {}, "a driver is 3"),
        ("idle", {"episodes": 0}, "episodes is 0"),
        ("idle", {"seed": -1}, "seed is -1"),
        ("idle", {"at_once": 0}, "at_once is 0"),
        ("idle", {"agent": "Nobody"}, "no car is called 'Nobody'"),
        (Path("nowhere.onnx"), {}, "there is no file"),
    ],
)
def test_what_is_wrong_is_told(
    race: dict[str, Any], driver: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        evaluate_driver(driver, race, **settings)


def test_a_driver_that_does_not_fit_is_told_with_the_scenario(
    race: dict[str, Any], write_policy: Any
) -> None:
    with pytest.raises(ScenarioError, match="has the shape"):
        evaluate_driver(write_policy(width=5), race)
    with pytest.raises(ScenarioError, match=r"learned at a dt of 0\.1 s"):
        evaluate_driver(write_policy(dt=0.1), race)
    assert load_scenario(race).cars[0].is_agent
