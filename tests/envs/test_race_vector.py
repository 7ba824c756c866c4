"""Several agents in each of many races, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

import racegym
from racegym.envs import COLUMNS, RaceVector
from racegym.errors import ActionError, RacegymError, ScenarioError
from racegym.interfaces import Status

KART = {"vehicle": "rental_kart"}
RACE: dict[str, Any] = {
    "name": "three of four",
    "backend": "kart2d",
    "track": {"generate": {"seed": 2, "length": 500}},
    "dt": 0.1,
    "cars": [
        {**KART, "name": "a", "driver": "agent"},
        {**KART, "name": "b", "driver": {"name": "pure_pursuit", "pace": 70}},
        {**KART, "name": "c", "driver": "agent"},
        {**KART, "name": "d", "driver": "agent"},
    ],
    "observation": ["state", "lookahead"],
    "reward": {"progress": 0.5},
    "termination": {
        "off_track": {"margin": 0.0},
        "stuck": {"seconds": 1.5},
        "time_limit": {"seconds": 4.0},
    },
}


def actions(steps: int, n_races: int, seed: int = 0) -> Any:
    """Return (steps, n_races, 3, 2): a third of the agents never start."""
    rng = np.random.default_rng(seed)
    wild = rng.uniform([-0.6, 0.2], 1, (steps, n_races, 3, 2))
    wild[:, np.arange(n_races), np.arange(n_races) % 3] = [0.0, -1.0]
    return wild.astype(np.float32)


def drive(batch: RaceVector, controls: Any, seed: int) -> list[list[Any]]:
    told = [[batch.reset(seed=seed)[0]]]
    for action in controls:
        *seen, _ = batch.step(action)
        told.append([*seen, batch.state(), batch.active.copy()])
    return told


@pytest.mark.parametrize("repeat", [1, 3])
def test_each_race_is_that_race_alone(repeat: int) -> None:
    scenario = {**RACE, "action_repeat": repeat}
    controls = actions(60, 3)
    batch = RaceVector(scenario, 3)
    together = drive(batch, controls, seed=5)
    batch.close()
    ended = np.zeros((3, 3), int)
    for race in range(3):
        one = RaceVector(scenario, 1)
        alone = drive(one, controls[:, race : race + 1], seed=5 + race)
        one.close()
        for expected, found in zip(alone, together, strict=True):
            for part, parts in zip(expected, found, strict=True):
                np.testing.assert_array_equal(part[0], parts[race])
        ended[race] = sum((told[2] | told[3])[0] for told in alone[1:])
    assert (ended >= 1).all()


def test_agents_idle_until_their_race_starts_anew() -> None:
    batch = RaceVector(RACE, 2)
    batch.reset(seed=1)
    assert batch.agents == ["a", "c", "d"] and batch.active.all()
    controls = actions(60, 2)
    controls[..., 0] *= 0.1
    anew = 0
    for action in controls:
        before = batch.active.copy()
        over = ~before.any(axis=1)
        action[~before] = np.nan  # counts for nothing
        seen, reward, terminated, truncated, infos = batch.step(action)
        assert not (terminated | truncated | (reward != 0))[~before].any()
        idle = ~before & ~over[:, None]
        assert not seen[idle].any() and not batch.active[idle].any()
        np.testing.assert_array_equal(
            batch.active, (before & ~(terminated | truncated)) | over[:, None]
        )
        np.testing.assert_array_equal(infos["_time"], before | over[:, None])
        assert (infos["time"][over] == 0).all() and seen[over].any(axis=-1).all()
        if "_rewards" in infos:
            np.testing.assert_array_equal(infos["_rewards"], before)
        status = batch.world.view.race.status[:, [0, 2, 3]]
        assert (status[idle] == Status.RETIRED).all()
        anew += over.sum()
    assert anew >= 2
    batch.close()


def test_without_autoreset_races_wait() -> None:
    batch = RaceVector(RACE, 2, autoreset=False)
    with pytest.raises(ResetNeeded):
        batch.step(np.zeros((2, 3, 2), np.float32))
    batch.reset(seed=1)
    for action in actions(50, 2):
        batch.step(action)
    assert not batch.active.any()
    _, infos = batch.reset(races=[1])
    assert batch.active.tolist() == [[False] * 3, [True] * 3]
    assert infos["_time"].tolist() == batch.active.tolist()
    batch.close()


def test_arrays_are_the_worlds_own_memory_without_copy() -> None:
    batch = RaceVector(RACE, 4, copy=False)
    observations, _ = batch.reset(seed=1)
    group = batch.world.groups[0]
    action = np.zeros((4, 3, 2), np.float32)
    seen, reward, terminated, truncated, _ = batch.step(action)
    assert seen is observations and np.shares_memory(seen, group.observations)
    assert np.shares_memory(reward, group.reward)
    assert np.shares_memory(terminated, group.terminated)
    assert np.shares_memory(truncated, group.truncated)
    assert np.shares_memory(batch.active, batch.active) and batch.state() is batch.state()
    batch.close()
    copying = RaceVector({**RACE, "observation": {"own": "state", "ahead": "lookahead"}}, 4)
    kept, _ = copying.reset(seed=1)
    before = {name: part.copy() for name, part in kept.items()}
    copying.step(action + 1)
    for name, part in kept.items():
        np.testing.assert_array_equal(part, before[name])
        assert part.shape[:2] == (4, 3)
    copying.close()


def test_one_agent_a_race_is_what_make_vec_gives() -> None:
    scenario = {**RACE, "cars": RACE["cars"][:2]}
    batch, envs = RaceVector(scenario, 3), racegym.make_vec(scenario, 3)
    rng = np.random.default_rng(4)
    found, infos = batch.reset(seed=7)
    expected, facts = envs.reset(seed=7)
    for _ in range(80):
        np.testing.assert_array_equal(found[:, 0], expected)
        for key in ("time", "progress", "position"):
            np.testing.assert_array_equal(infos[key][:, 0], facts[key])
        action = rng.uniform([-0.4, 0.3], 1, (3, 2)).astype(np.float32)
        found, *paid, infos = batch.step(action[:, None])
        expected, *given, facts = envs.step(action)
        for one, other in zip(paid, given, strict=True):
            np.testing.assert_array_equal(one[:, 0], other)
    batch.close()
    envs.close()


@pytest.mark.parametrize("at", [10, 17, 25])
def test_what_is_saved_goes_on_as_before(at: int) -> None:
    controls = actions(60, 2, seed=3)
    batch, other = RaceVector(RACE, 2), RaceVector(RACE, 2)
    batch.reset(seed=9)
    for action in controls[:at]:
        batch.step(action)
    saved = batch.save()
    other.load(saved)
    for action in controls[at:]:
        for one, two in zip(batch.step(action), other.step(action), strict=True):
            np.testing.assert_equal(one, two)
    elsewhere = RaceVector({**RACE, "track": {"generate": {"seed": 3, "length": 500}}}, 2)
    assert other.fits(saved) and not elsewhere.fits(saved) and not other.fits({})
    with pytest.raises(RacegymError, match="another scenario; begin new races"):
        elsewhere.load(saved)
    with pytest.raises(RacegymError, match="another batch than one of 3 races with 3 agents"):
        RaceVector(RACE, 3).load(saved)
    batch.close()
    other.close()


def test_state_is_of_all_cars() -> None:
    batch = RaceVector(RACE, 2)
    batch.reset(seed=1)
    batch.step(np.zeros((2, 3, 2), np.float32))
    state = batch.state()
    assert state.shape == (2, 4, len(COLUMNS))
    assert all(batch.state_space.contains(one) for one in state)
    agent = state[..., list(COLUMNS).index("agent")]
    assert agent.tolist() == [[1, 0, 1, 1]] * 2
    batch.close()


def test_wrong_input_is_told_plainly() -> None:
    batch = RaceVector(RACE, 2)
    batch.reset(seed=1)
    with pytest.raises(ActionError, match=r"shape \(3, 2\); \(2, 3, 2\) was expected"):
        batch.step(np.zeros((3, 2)))
    action = np.zeros((2, 3, 2))
    action[1, 1] = np.nan
    with pytest.raises(ActionError, match="the car in slot 2 of race 1 is not finite"):
        batch.step(action)
    for wrong in ([2], [-1], [0, 7]):
        with pytest.raises(RacegymError, match=f"no race {wrong[-1]}; they go from 0 to 1"):
            batch.reset(races=wrong)
    with pytest.raises(RacegymError, match="races are told by whole numbers, not by float64"):
        batch.reset(races=[0.5])
    for seed in (-1, 0.5):
        with pytest.raises(RacegymError, match="a seed is a whole number from 0"):
            batch.reset(seed=seed)
    with pytest.raises(RacegymError, match="race i takes seed \\+ i; not"):
        batch.reset(seed=[1, 2])
    with pytest.raises(RacegymError, match=r"at most 18446744073709551615, and not 1844.* \+ 1"):
        batch.reset(seed=2**64 - 1)
    for races in (0, [[0], [1]]):
        with pytest.raises(RacegymError, match="races are told by a list of whole numbers"):
            batch.reset(races=races)
    with pytest.raises(ActionError, match="rows have different lengths"):
        batch.step([[[0.0, 1.0]], [[0.0]]])
    saved = batch.save()
    del saved["driverless"]
    assert not batch.fits(saved)
    with pytest.raises(RacegymError, match="another batch"):
        batch.load(saved)
    batch.close()
    for count in (0, -1, 1.5, "a", True):
        with pytest.raises(ScenarioError, match="n_races must be a whole number and at least 1"):
            RaceVector(RACE, count)
    mixed = [*RACE["cars"][:3], {**RACE["cars"][3], "profile": "seeing"}]
    with pytest.raises(
        ScenarioError, match=r"have 2 \(default, seeing\); give their cars the same"
    ):
        RaceVector({**RACE, "cars": mixed, "profiles": {"seeing": {"observation": ["rays"]}}})
    with pytest.raises(ScenarioError, match="no car is left to agents"):
        RaceVector({**RACE, "cars": [RACE["cars"][1]]})
