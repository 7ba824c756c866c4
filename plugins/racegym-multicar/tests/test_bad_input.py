"""What makes no sense, or comes in the wrong order: told plainly, and nothing moves."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from racegym.errors import ActionError, RacegymError, ScenarioError
from racegym_multicar import env, parallel_env, to_vector
from racegym_multicar.asked import UnknownAgentError

GO = np.array([0.0, 1.0], np.float32)


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ({"red": GO}, "agent 'blue' has no action"),
        ({"red": GO, "blue": None}, "agent 'blue' has no action"),
        ({"red": GO, "blue": GO, "blu": GO}, "no agent is called 'blu'; did you mean 'blue'"),
        ({"red": GO, "blue": GO * math.nan}, "the action of agent 'blue' is not finite"),
        ({"red": GO, "blue": GO[:1]}, r"agent 'blue' has shape \(1,\); \(2,\) was expected"),
        ({"red": GO, "blue": ["a", "b"]}, "agent 'blue' is <U1; numbers were expected"),
        ({"red": GO, "blue": [[1], [1, 2]]}, "agent 'blue' is no array"),
        ([GO, GO], "actions are a list; a mapping was expected"),
        (None, "actions are a NoneType; a mapping was expected"),
    ],
)
def test_wrong_actions_are_told_plainly_and_move_nothing(duel, make, actions, said) -> None:
    race = make(duel)
    race.reset(seed=1)
    before = race.world.hash()
    with pytest.raises(ActionError, match=said) as told:
        race.step(actions)
    assert isinstance(told.value, ValueError)
    assert race.world.hash() == before


def test_stepping_before_a_reset_and_after_the_end(duel, make) -> None:
    race = make({**duel, "termination": {"time_limit": {"seconds": 0.2}}})
    for early in (lambda: race.step({}), race.state):
        with pytest.raises(ResetNeeded, match=r"call reset\(\) before"):
            early()
    for seed in (-1, 1.5, 2**70, "a"):
        with pytest.raises(RacegymError, match="a seed is a whole number from 0"):
            race.reset(seed=seed)
        with pytest.raises(ResetNeeded):
            race.step({})
    race.reset(seed=1)
    while race.agents:
        race.step(dict.fromkeys(race.agents, GO))
    assert race.step({}) == ({}, {}, {}, {}, {})
    with pytest.raises(ActionError, match="agent 'red' has left the race"):
        race.step({"red": GO})


def test_wrong_settings_are_told_plainly(duel) -> None:
    scripted = [{**car, "driver": "pure_pursuit"} for car in duel["cars"]]
    with pytest.raises(ScenarioError, match="no car is left to agents"):
        parallel_env({**duel, "cars": scripted})
    with pytest.raises(ScenarioError, match="leave is 'parc'; did you mean 'park'"):
        parallel_env(duel, leave="parc")
    with pytest.raises(RacegymError, match="there is no render mode 'ansi'"):
        parallel_env(duel, render_mode="ansi")
    other = {"other": {"action_repeat": 2}}
    mixed = [duel["cars"][0], {**duel["cars"][1], "profile": "other"}]
    with pytest.raises(ScenarioError, match=r"differ in action_repeat \(default: 1, other: 2\)"):
        parallel_env({**duel, "profiles": other, "cars": mixed})


@pytest.fixture
def turns(duel) -> Iterator[Any]:
    """Two agents that are asked one after the other, for two steps."""
    one = env({**duel, "termination": {"time_limit": {"seconds": 0.2}}})
    one.reset(seed=1)
    yield one
    one.close()


@pytest.mark.parametrize("name", ["reed", 3, None])
def test_who_is_no_agent_has_no_spaces(duel, make, turns, name) -> None:
    for ask in (make(duel).action_space, make(duel).observation_space, turns.action_space,
                turns.observe):  # fmt: skip
        with pytest.raises(KeyError, match="no agent is called") as told:
            ask(name)
        assert isinstance(told.value, UnknownAgentError) and "Valid: blue, red" in str(told.value)
    with pytest.raises(ActionError, match="no agent is called"):
        race = make(duel)
        race.reset(seed=1)
        race.step({"red": GO, "blue": GO, name: GO})


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (None, "agent 'red' has no action"),
        (GO * math.nan, "the action of agent 'red' is not finite"),
        (GO[:1], r"the action of agent 'red' has shape \(1,\)"),
        ("left", r"the action of agent 'red' has shape \(\)"),
        (GO * 1j, "the action of agent 'red' is complex64"),
    ],
)
def test_a_wrong_action_is_refused_when_it_is_given(turns, action, said) -> None:
    before = turns.unwrapped.world.hash()
    with pytest.raises(ActionError, match=said):
        turns.step(action)
    assert turns.agent_selection == "red" and turns.unwrapped.world.hash() == before
    turns.step(GO)
    assert turns.agent_selection == "blue"
    turns.step(GO)
    assert turns.unwrapped.world.hash() != before


def test_an_agent_whose_episode_has_ended_acts_no_more(turns) -> None:
    for _ in range(4):
        turns.step(GO)
    assert all(turns.truncations.values())
    last = turns.agent_selection
    with pytest.raises(ActionError, match=f"agent '{last}' has ended; step it with None"):
        turns.step(GO)
    turns.step(None)
    with pytest.raises(UnknownAgentError, match=f"agent '{last}' has left the race"):
        turns.observe(last)
    turns.step(None)
    assert turns.agents == []
    turns.reset()
    assert turns.agents == ["red", "blue"]


def test_two_races_side_by_side_do_not_meddle(duel, make) -> None:
    one, other, alone = make(duel), make(duel), make(duel)
    for race, seed in ((one, 1), (other, 2), (alone, 1)):
        race.reset(seed=seed)
    actions = {"red": GO, "blue": np.array([0.1, 0.7], np.float32)}
    told = []
    for _ in range(15):
        told.append(one.step(actions))
        other.step({"red": -GO, "blue": GO})
    np.testing.assert_equal(told, [alone.step(actions) for _ in range(15)])


def test_a_deep_copy_is_made_anew_and_leaves_the_first_alone(duel, make) -> None:
    race = make(duel)
    race.reset(seed=1)
    before = race.world.hash()
    other = copy.deepcopy(race)
    with pytest.raises(ResetNeeded):
        other.step({"red": GO, "blue": GO})
    other.reset(seed=2)
    other.step({"red": GO, "blue": GO})
    assert race.world.hash() == before
    other.close()


@pytest.mark.parametrize("kind", [np.float16, ">f4", ">i2", np.longdouble, bool, int])
def test_actions_may_be_any_numbers(duel, make, kind) -> None:
    race, plain = make(duel), make(duel)
    race.reset(seed=1)
    plain.reset(seed=1)
    race.step({"red": GO.astype(kind), "blue": GO})
    plain.step({"red": GO, "blue": GO})
    assert race.world.hash() == plain.world.hash()


@pytest.mark.parametrize("seed", [[1], [1, 2], True, {}])
def test_a_seed_is_one_number(duel, make, seed) -> None:
    with pytest.raises(RacegymError, match="seed"):
        make(duel).reset(seed=seed)


def test_closing_twice_and_pictures_before_a_start(duel) -> None:
    race = parallel_env(duel, render_mode="rgb_array", render_size=(160, 160))
    assert race.render().shape == (160, 160, 3)
    race.close()
    race.close()
    slow = parallel_env({**duel, "action_repeat": 40})
    assert slow.metadata["render_fps"] == 1  # of pictures 4 s apart
    slow.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"render_size": 3}, r"\(width, height\) in pixels, and not: 3"),
        ({"render_size": (200, "a")}, r"\(width, height\) in pixels, and not: \(200, 'a'\)"),
        ({"render_mode": 3}, "there is no render mode 3; Valid: human, rgb_array"),
        ({"leave": ["out"]}, "did you mean 'out'"),
    ],
)
def test_settings_of_the_wrong_kind_are_refused(duel, settings, said) -> None:
    with pytest.raises(RacegymError, match=said):
        parallel_env(duel, **{"render_mode": "rgb_array", **settings})


def test_what_is_no_race_makes_no_vector(duel, make, turns) -> None:
    pytest.importorskip("supersuit")
    for wrong in (None, "six_agents", turns):
        with pytest.raises(RacegymError, match=r"of what parallel_env\(\) returns"):
            to_vector(wrong)
    race = make(duel, leave="park")
    for settings, said in (
        ({"n_races": 0}, "n_races must be a whole number and at least 1, not 0"),
        ({"n_races": "a"}, "n_races must be a whole number and at least 1, not 'a'"),
        ({"n_processes": -1}, "n_processes must be a whole number and at least 0, not -1"),
        ({"base_class": "sb3"}, "base_class is 'sb3'; Valid: gymnasium, stable_baselines3"),
    ):
        with pytest.raises(RacegymError, match=said):
            to_vector(race, **settings)
