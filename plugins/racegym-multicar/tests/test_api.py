"""PettingZoo's own tests, and what they leave out, on races of many kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import racegym_multicar
from racegym import load_scenario, plugins
from racegym_multicar import env, parallel_env

with pytest.warns(DeprecationWarning, match="make function"):  # of PettingZoo's own module
    from pettingzoo.test import (
        api_test,
        parallel_api_test,
        parallel_seed_test,
        seed_test,
        state_test,
    )

CAMERA = {"name": "topdown", "width": 12, "height": 10}
TWO_PROFILES = {
    "profiles": {"seeing": {"observation": ["rays"], "action": "discrete"}},
}
RACES: dict[str, dict[str, Any]] = {
    "two agents": {},
    "one agent": {"cars": 1},
    "agents and scripted": {"cars": 5},
    "dict": {"observation": {"own": "state", "ahead": "lookahead"}},
    "pictures": {"observation": [CAMERA]},
    "discrete": {"action": "discrete"},
    "held": {"action_repeat": 3, "termination": {"time_limit": {"seconds": 2.0}}},
    "profiles": TWO_PROFILES,
    "stuck early": {"termination": {"stuck": {"seconds": 0.5}}},
}


def scenario(kind: str, duel: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    changes = dict(RACES[kind])
    if changes.get("cars") == 1:
        changes["cars"] = duel["cars"][:1]
    elif changes.get("cars") == 5:
        changes["cars"] = field["cars"]
    elif "profiles" in changes:
        changes["cars"] = [duel["cars"][0], {**duel["cars"][1], "profile": "seeing"}]
    return {**duel, **changes}


@pytest.mark.filterwarnings("ignore:We recommend agents to be named")  # as kart_1, kart_2
@pytest.mark.filterwarnings("ignore:Observation space for each agent probably should be")
@pytest.mark.filterwarnings("ignore:Observation is not a NumPy array")
@pytest.mark.filterwarnings("ignore:Agents have different")
@pytest.mark.filterwarnings("ignore:Observations are different shapes")
@pytest.mark.parametrize("kind", RACES)
def test_passes_pettingzoos_tests(kind, duel, field, make) -> None:
    race = scenario(kind, duel, field)
    for leave in ("out", "park"):
        parallel_api_test(make(race, leave=leave), num_cycles=40)
    api_test(env(race), num_cycles=15)
    parallel_seed_test(lambda: parallel_env(race), num_cycles=10)
    seed_test(lambda: env(race), num_cycles=10)


def test_passes_pettingzoos_test_of_states(field) -> None:
    state_test(env(field), parallel_env(field), num_cycles=20)


@pytest.mark.parametrize("kind", ["agents and scripted", "held", "profiles"])
def test_a_seed_fixes_all_of_two_races(kind, duel, field, make) -> None:
    """PettingZoo's own test of this stops after the first step."""
    race = scenario(kind, duel, field)
    told = []
    for _ in range(2):
        one = make(race)
        for agent in one.possible_agents:
            one.action_space(agent).seed(3)
        told.append([one.reset(seed=5)])
        for episode in range(2):
            if episode:
                told[-1].append(one.reset())
            while one.agents:
                actions = {agent: one.action_space(agent).sample() for agent in one.agents}
                told[-1].append(one.step(actions))
                told[-1].append(one.state())
    np.testing.assert_equal(told[0], told[1])
    assert len(told[0]) > 20


def test_agents_are_called_as_their_cars_in_their_order(field, make) -> None:
    one = make(field)
    assert one.possible_agents == ["red", "Blue kart", "green"]
    one.reset(seed=1)
    assert one.agents == one.possible_agents
    assert one.observation_space("red") is not one.observation_space("green")


def test_the_environment_is_made_by_name(duel) -> None:
    pettingzoo = pytest.importorskip("pettingzoo", minversion="1.27")
    racegym_multicar.register_envs()
    racegym_multicar.register_envs()
    one = pettingzoo.make("parallel", "racegym/Race-v1", scenario=duel, leave="park")
    assert one.leave == "park"
    one.close()
    other = pettingzoo.make("aec", "racegym/Race-v1", scenario=duel)
    other.reset(seed=1)
    assert other.agents == ["red", "blue"]
    other.close()


def test_the_scenario_it_brings_is_raced() -> None:
    if "six_agents" not in plugins.load().names("scenario"):
        pytest.skip("needs racegym-multicar to be installed")
    assert load_scenario("six_agents").name == "six_agents"
    six = parallel_env()
    six.reset(seed=1)
    assert len(six.agents) == 6
    ahead = np.array([0.0, 1.0], np.float32)
    for _ in range(30):
        told = six.step(dict.fromkeys(six.agents, ahead))
    assert min(info["speed"] for info in told[4].values()) > 3.0
    assert all(reward > 0 for reward in told[1].values())
    six.close()
