"""``racegym.evaluate``: its figures are those of a run."""

from __future__ import annotations

import numpy as np
import pytest
from entrant_races import race

import racegym
from racegym.errors import ActionError, ScenarioError
from racegym.run import run

AGENT = {"observation": ["state", "lookahead"], "termination": {"time_limit": {"seconds": 55}}}


class Policy:
    """What ``conftest.STEADY`` does, as a callable."""

    def __init__(self):
        self.resets = 0
        self.steer = 0.0

    def reset(self):
        self.resets += 1
        self.steer = 0.0

    def __call__(self, observation):
        vx, offset, sine, bend = observation[[0, 3, 4, 12]]
        self.steer = 0.5 * self.steer + 0.5 * float(-0.6 * sine - 0.1 * offset + 0.15 * bend)
        return np.array([self.steer, 0.5 if 20 * vx < 8 else 0.0])


def test_the_figures_are_those_of_the_run_of_the_same_driver(steady, tmp_path):
    start = {"kind": "grid", "lateral_noise": 1.0}
    settings = {"task": "evaluate", "episodes": 2, "start": start}
    done = run(race(steady, **settings), runs_dir=tmp_path, plots=False)
    policy = Policy()
    found = racegym.evaluate(policy, race("agent", **settings, **AGENT))
    assert policy.resets == 2
    for mine, episode in zip(found.episodes, done.result["episodes"], strict=True):
        (row,) = episode["classification"]
        for key, value in row.items():
            if key not in ("driver", "top_speed"):
                assert mine[key] == value, key
        assert mine["seed"] == episode["seed"] and mine["steps"] == episode["steps"]
    assert found.episodes[0]["best_lap"] != found.episodes[1]["best_lap"]
    for key, value in done.result["summary"].items():
        assert found.summary[key] == value, key
    assert found.summary["completion_rate"] == 1.0


def test_episodes_and_seed_are_chosen_and_terminations_end_them():
    scenario = race("agent", "pure_pursuit", start={"lateral_noise": 1.0}, **AGENT)
    scenario["termination"] = {"off_track": True}
    first = racegym.evaluate(lambda told: [1, 1], scenario, episodes=3, seed=11)
    assert [row["seed"] for row in first.episodes] == [11, 12, 13]
    assert all(row["ended_by"] == ["off_track"] for row in first.episodes)
    assert first.car == "Car 1" and first.summary["entries"] == 3
    assert first.summary["completion_rate"] == 0 and first.summary["best_lap"] is None
    again = racegym.evaluate(lambda told: [1, 1], scenario, episodes=1, seed=12)
    assert again.episodes[0] | {"episode": 1} == first.episodes[1]


def test_what_is_wrong_is_told():
    with pytest.raises(ScenarioError, match="episodes is 0"):
        racegym.evaluate(lambda told: [0, 0], race("agent"), episodes=0)
    with pytest.raises(ActionError, match=r"shape \(1, 3\)"):
        racegym.evaluate(lambda told: [0, 0, 0], race("agent"))
    with pytest.raises(ActionError, match="the policy returned a list that is no array"):
        racegym.evaluate(lambda told: [[0], [1, 2]], race("agent"))
    with pytest.raises(ScenarioError, match=r"seed is 1\.5; a whole number was expected"):
        racegym.evaluate(lambda told: [0, 0], race("agent"), seed=1.5)
    with pytest.raises(ScenarioError, match="episodes is '2'; a whole number was expected"):
        racegym.evaluate(lambda told: [0, 0], race("agent"), episodes="2")
    with pytest.raises(ScenarioError, match="is a Model, which can't be called; give lambda obs"):
        racegym.evaluate(type("Model", (), {"predict": None})(), race("agent"))


def test_seeds_of_numpy_are_numbers():
    scenario = race("agent", time_limit=0.2)
    found = racegym.evaluate(lambda told: [0, 0], scenario, seed=np.int64(4), episodes=np.int32(2))
    assert [row["seed"] for row in found.episodes] == [4, 5]


def test_actions_are_held_as_environments_hold_them():
    calls, seen = [], []

    def policy(told):
        calls.append(told)
        return np.array([0.3 * np.sin(len(calls)), 0.8], np.float32)

    scenario = race("agent", **AGENT | {"action_repeat": 4, "termination": ["off_track"]})
    found = racegym.evaluate(policy, scenario, seed=5)
    env = racegym.make(scenario)
    told, _ = env.reset(seed=5)
    reward, over, asked = 0.0, False, calls.copy()
    calls.clear()
    while not over:
        seen.append(told)
        told, gained, terminated, truncated, info = env.step(policy(told))
        reward += gained
        over = terminated or truncated
    env.close()
    np.testing.assert_array_equal(seen, asked)
    (row,) = found.episodes
    assert row["ended_by"] == ["off_track"] and row["reward"] == pytest.approx(reward, abs=1e-3)
    assert row["steps"] == round(info["time"] / 0.05) > 4 * (len(asked) - 1) > 8
