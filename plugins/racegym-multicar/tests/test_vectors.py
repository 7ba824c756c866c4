"""Races as vector environments, through SuperSuit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from racegym.errors import RacegymError
from racegym_multicar import parallel_env, to_vector

supersuit = pytest.importorskip("supersuit")

ENDS = {"stuck": {"seconds": 1.5}, "time_limit": {"seconds": 4.0}}


def test_finishers_that_park_need_nothing_else(field) -> None:
    race = parallel_env({**field, "termination": ENDS}, leave="park")
    agents = supersuit.pettingzoo_env_to_vec_env_v1(race)
    agents.reset(seed=1)
    ends = []
    for step in range(90):
        actions = np.tile(np.array([0.0, 1.0], np.float32), (3, 1))
        actions[1] = [0.0, -1.0]  # it never starts, and waits for the others
        _, rewards, terminated, truncated, infos = agents.step(actions)
        if (terminated | truncated).any():
            assert terminated.tolist() == [0, 1, 0] and truncated.tolist() == [1, 0, 1]
            ends.append(step)
        elif infos[1]["parked"]:
            assert rewards[1] == 0
    assert ends == [39, 79]  # the second race began at once
    race.close()


def test_agents_that_leave_are_covered_by_black_death(field) -> None:
    race = parallel_env({**field, "termination": ENDS})
    agents = supersuit.pettingzoo_env_to_vec_env_v1(supersuit.black_death_v3(race))
    agents.reset(seed=1)
    ends = []
    for step in range(90):
        actions = np.tile(np.array([0.0, 1.0], np.float32), (3, 1))
        actions[1] = [0.0, -1.0]
        seen, rewards, terminated, _, _ = agents.step(actions)
        if terminated.any():
            assert terminated.all()
            ends.append(step)
        elif 16 <= step < 40:
            assert rewards[1] == 0 and not seen[1].any()
    assert ends == [40, 81]  # it takes SuperSuit one step more
    race.close()


@pytest.mark.parametrize("leave", ["out", "park"])
def test_races_of_a_vector_have_their_own_seeds(duel, leave) -> None:
    race = parallel_env(duel, leave=leave)
    vector = to_vector(race, 2)
    assert vector.num_envs == 4
    told, _ = vector.reset(seed=6)
    for index in range(2):
        expected, _ = race.reset(seed=6 + index)
        np.testing.assert_array_equal(told[2 * index], expected["red"])
        np.testing.assert_array_equal(told[2 * index + 1], expected["blue"])
    told, rewards, *_ = vector.step(np.zeros((4, 2), np.float32))
    assert told.shape == (4, *race.observation_space("red").shape) and rewards.shape == (4,)
    vector.close()
    race.close()


@pytest.mark.parametrize("leave", ["out", "park"])
def test_stable_baselines_learns_through_supersuit(duel, leave) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    learned = []
    for _ in range(2):
        race = parallel_env({**duel, "termination": ENDS}, leave=leave)
        vector = to_vector(race, 2, base_class="stable_baselines3")
        monitored = sb3.common.vec_env.VecMonitor(vector)
        model = sb3.PPO(
            "MlpPolicy", monitored, n_steps=64, batch_size=64, n_epochs=1, device="cpu", seed=1
        )
        model.learn(4 * 64 * 2)
        assert model.num_timesteps == 4 * 64 * 2
        learned.append([p.detach().numpy().copy() for p in model.policy.parameters()])
        vector.close()
        race.close()
    for one, other in zip(*learned, strict=True):
        np.testing.assert_array_equal(one, other)


TIME_TRIAL: dict[str, Any] = {
    "name": "two against the clock",
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 600}},
    "dt": 0.1,
    "laps": 0,
    "start": {
        "kind": "random",
        "speed": 8.0,
        "speed_noise": 8.0,
        "lateral_noise": 2.0,
        "heading_noise": 0.2,
    },
    "cars": [
        {"name": name, "vehicle": "rental_kart", "driver": "agent"} for name in ("kart_1", "kart_2")
    ],
    "observation": ["state", "lookahead"],
    "action": "steer_accel",
    "reward": {"progress": 0.1, "off_track": 50.0},
    "termination": {
        "off_track": {"margin": 0.0},
        "wrong_way": {"seconds": 2.0},
        "stuck": {"seconds": 5.0},
        "laps_done": {"laps": 1},
        "time_limit": {"seconds": 60.0},
    },
}


def driven(model: Any, races: int = 10) -> float:
    """Return how far agents get, in metres, on the mean."""
    race = parallel_env(TIME_TRIAL)
    metres = []
    for seed in range(races):
        told, infos = race.reset(seed=1000 + seed)
        start = {agent: info["progress"] for agent, info in infos.items()}
        while race.agents:
            actions = {n: model.predict(told[n], deterministic=True)[0] for n in race.agents}
            told, _, terminated, truncated, infos = race.step(actions)
            metres += [
                infos[n]["progress"] - start[n] for n in told if terminated[n] or truncated[n]
            ]
    race.close()
    return float(np.mean(metres))


@pytest.mark.slow
@pytest.mark.parametrize("leave", ["out", "park"])
def test_stable_baselines_learns_to_drive(leave) -> None:
    """Its defaults but for the batch; docs/multicar.md has what came out."""
    sb3 = pytest.importorskip("stable_baselines3")
    pytest.importorskip("torch").set_num_threads(1)  # threads of a small network only spin
    vector = to_vector(parallel_env(TIME_TRIAL, leave=leave), 8, base_class="stable_baselines3")
    model = sb3.PPO("MlpPolicy", vector, n_steps=512, batch_size=256, seed=0, device="cpu")
    before = driven(model)
    model.learn(200_000)
    after = driven(model)
    vector.close()
    assert before < 60 and after > 200, (before, after)


def test_what_a_vector_can_not_hold_is_refused(duel) -> None:
    other = [duel["cars"][0], {**duel["cars"][1], "profile": "seeing"}]
    mixed = {**duel, "cars": other, "profiles": {"seeing": {"observation": ["rays"]}}}
    with pytest.raises(RacegymError, match=r"theirs differ \(profiles: default, seeing\)"):
        to_vector(parallel_env(mixed, leave="park"))
    parts = {**duel, "observation": {"own": "state"}}
    with pytest.raises(RacegymError, match="leave='park'"):
        to_vector(parallel_env(parts))
    to_vector(parallel_env(parts, leave="park")).close()
