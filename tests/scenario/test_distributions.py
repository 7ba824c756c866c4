"""Draws in a scenario: what is read, what is refused, and what is written again."""

from __future__ import annotations

import json
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from racegym.scenario import load_scenario
from racegym.scenario.distributions import KINDS, is_distribution, read_distribution

NUMBER = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KINDS, "low", "high", "unifrom"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(ANY)
def test_anything_is_read_or_refused_plainly(value):
    try:
        found = read_distribution(value)
    except ValueError as error:
        assert str(error)
        return
    assert isfinite(found.low) and isfinite(found.high)
    assert found.low <= found.nominal <= found.high
    assert set(found.ends) >= {found.low, found.high}


@given(NUMBER, NUMBER)
def test_the_ends_of_a_range_are_in_order(a, b):
    for kind, ends in (("uniform", [a, b]), ("log_uniform", [abs(a) + 1e-3, abs(b) + 1e-3])):
        if ends[0] > ends[1]:
            with pytest.raises(ValueError, match="swap its ends"):
                read_distribution({kind: ends})
        else:
            found = read_distribution({kind: ends})
            assert (found.low, found.high) == tuple(ends)


@given(st.lists(NUMBER, min_size=1, max_size=5))
def test_a_choice_keeps_its_order(values):
    found = read_distribution({"choice": values})
    assert list(found.values) == values and found.nominal == values[0]


@given(NUMBER, st.floats(1e-3, 1e3), st.floats(0, 3), st.floats(0.5, 3))
def test_a_normal_distribution_has_ends(mean, sd, below, above):
    plain = read_distribution({"normal": [mean, sd]})
    assert (plain.low, plain.high) == (mean - 5 * sd, mean + 5 * sd)
    low, high = mean - below * sd, mean + above * sd
    cut = read_distribution({"normal": [mean, sd], "low": low, "high": high})
    assert (cut.low, cut.high, cut.nominal) == (low, high, mean)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"unifrom": [1, 2]}, "names none of the distributions; did you mean 'uniform'?"),
        ({"uniform": [1, 2], "choice": [1]}, "give one distribution, not uniform and choice"),
        ({"uniform": [1, 2], "low": 1}, "uniform takes no 'low' beside it"),
        ({"normal": [1, 2], "hihg": 1}, "did you mean 'high'?"),
        ({"uniform": [1, 2, 3]}, "it should be a list of its two ends"),
        ({"uniform": 3}, "it should be a list of its two ends"),
        ({"uniform": [1, "b"]}, "uniform[1] is 'b'; it should be a number"),
        ({"uniform": [1, float("inf")]}, "it should be a finite number"),
        ({"choice": []}, "choice is empty"),
        ({"choice": 3}, "it should be a list of numbers"),
        ({"choice": [True]}, "choice[0] is True; it should be a number"),
        ({"normal": [1, 0]}, "it must be above 0"),
        ({"normal": [1, 0.1], "low": 1.2, "high": 1.1}, "swap them"),
        ({"normal": [1, 0.1], "low": 3}, "low is 3 and high is 1.5; swap them"),
        ({"normal": [1, 0.1], "low": 1.4, "high": 1.5}, "widen them"),
        ({"log_uniform": [0, 1]}, "ends above 0"),
        ("fast", "it is 'fast'; it should be a number or one of choice, log_uniform"),
        (10**400, "finite"),
    ],
)
def test_what_is_wrong_is_told(value, message):
    with pytest.raises(ValueError) as caught:
        read_distribution(value)
    assert message in str(caught.value)


def test_only_mappings_that_name_one_are_distributions():
    assert is_distribution({"uniform": 3}) and is_distribution({"normal": [], "low": 3})
    assert not is_distribution({"normal_load": 3}) and not is_distribution([1]) and KINDS


WRONG = {
    "swapped ends": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {uniform: [9, 5]}\n",
        "FILE:5: cars[0].vehicle.mass: uniform begins at 9 and ends at 5; swap its ends",
    ),
    "empty list": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {choice: []}\n",
        "FILE:5: cars[0].vehicle.mass: choice is empty",
    ),
    "no such parameter": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mas: {choice: [1]}\n",
        "FILE:5: cars[0].vehicle.mas: is unknown; did you mean 'mass'?",
    ),
    "no such inner parameter": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      tyres: {frnt: {choice: [1]}}\n",
        "FILE:5: cars[0].vehicle.tyres.frnt: is unknown; did you mean 'front'?",
    ),
    "an end beyond the model": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {uniform: [-5, 5]}\n",
        "FILE:5: cars[0].vehicle.mass: uniform reaches a value that is -5.0; it should be greater",
    ),
    "a choice beyond the model": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {choice: [3, 0, 5]}\n",
        "FILE:5: cars[0].vehicle.mass: choice reaches a value that is 0.0; it should be greater",
    ),
    "an end of a bell beyond the model": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {normal: [5, 2]}\n",
        "FILE:5: cars[0].vehicle.mass: normal reaches a value that is -5.0",
    ),
    "text that is drawn": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      name: {choice: [1, 2]}\n",
        "FILE:5: cars[0].vehicle.name: backend 'toy' can't change the vehicle's 'name'",
    ),
    "a parameter that can't vary": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      tyres: {rear: {choice: [1, 2]}}\n",
        "FILE:5: cars[0].vehicle.tyres.rear: backend 'toy' can't change the vehicle's 'tyres.rear'",
    ),
    "a misspelt distribution": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: {unifrom: [1, 2]}\n",
        "FILE:5: cars[0].vehicle.mass: is {'unifrom': [1, 2]}; it should be",
    ),
    "a bare list": (
        "cars:\n  - vehicle:\n      base: toy_kart\n      mass: [1, 2]\n",
        "FILE:5: cars[0].vehicle.mass: is [1, 2]; it should be a number or a distribution, such as",
    ),
    "grip of nothing": (
        "variation:\n  grip: {uniform: [0, 1]}\n",
        "FILE:3: variation.grip: is drawn from 0 to 1; it must lie in [0.01, 2]",
    ),
    "negative delay": (
        "variation:\n  delay: -0.1\n",
        "FILE:3: variation.delay: is -0.1; it must lie in [0, 10]",
    ),
    "negative delay of a car": (
        "cars:\n  - variation:\n      delay: {uniform: [-0.1, 0.1]}\n",
        "FILE:4: cars[0].variation.delay: is drawn from -0.1 to 0.1; it must lie in",
    ),
    "speed backwards": (
        "variation:\n  start: {speed: {normal: [3, 1]}}\n",
        "FILE:3: variation.start.speed: is drawn from -2 to 8; it must lie in [0, 200]",
    ),
    "unknown start": (
        "variation:\n  start:\n    v: 3\n",
        "FILE:4: variation.start.v: is unknown; Valid: d, heading, s, speed",
    ),
    "grip of a car": (
        "cars:\n  - variation: {grip: 1}\n",
        "FILE:3: cars[0].variation.grip: is unknown; Valid: delay, start",
    ),
    "text": ("variation: {grip: wet}\n", "FILE:2: variation.grip: it is 'wet'; it should be a"),
    "no repeat": ("action_repeat: 0\n", "FILE:2: action_repeat: is 0; it should be greater than"),
    "half a repeat": (
        "action_repeat: 1.5\n",
        "FILE:2: action_repeat: is 1.5; it should be a whole",
    ),
    "a critic's sensor": (
        "critic_observation:\n  - stat\n",
        "FILE:3: critic_observation[0].name: unknown sensor 'stat'; did you mean 'state'?",
    ),
    "a critic without": ("critic_observation: []\n", "FILE:2: critic_observation: is []; "),
    "a critic's missing channel": (
        "critic_observation: [radar]\n",
        "FILE:2: critic_observation[0]: sensor 'radar' needs echo",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_draws_are_told_with_their_line(case, refusal):
    text, message = WRONG[case]
    (first, *others) = refusal(f"backend: toy\n{text}")
    assert first.startswith(message)
    assert others == []


@pytest.mark.parametrize(
    ("variation", "message"),
    [
        ("grip: 0.5", "FILE:4: variation.grip: backend 'lonely' does not honour the effect 'grip'"),
        ("start: {d: 1}", "FILE:4: variation.start.d: backend 'lonely' can't place cars"),
    ],
)
def test_what_a_backend_has_no_use_for(variation, message, refusal):
    (line,) = refusal(
        "backend: lonely\ntermination: [off_track]\nvariation:\n  " + variation + "\n"
    )
    assert line.startswith(message)


FULL = """
backend: toy
variation:
  grip: {uniform: [0.5, 1]}
  delay: {choice: [0, 0.1]}
  start: {s: 3, heading: {normal: [0, 0.1]}}
cars:
  - {name: A, vehicle: {base: toy_kart, mass: {uniform: [100, 200]}, tyres: {front: {choice: [1]}}}}
  - {name: B, vehicle: toy_kart, variation: {start: {s: {uniform: [0, 9]}, speed: 2}}}
critic_observation: {pose: state}
action_repeat: 3
profiles:
  other: {action_repeat: 2}
"""


def test_a_scenario_is_written_as_it_was_read(write):
    scenario = load_scenario(write(FULL))
    again = load_scenario(write(scenario.to_yaml(), "again.yaml"))
    assert again == scenario
    assert scenario.profiles["other"].action_repeat == 2
    assert scenario.profiles["other"].critic_observation == scenario.critic_observation


def test_a_world_is_told_what_is_drawn_for_whom(write):
    config = load_scenario(write(FULL)).build()
    a, b = config.cars
    assert config.variation.keys() == {"grip"}
    assert a.vehicle["mass"] == 150 and a.vehicle["tyres"]["front"] == 1
    assert a.variation["start.s"].kind == "constant" and b.variation["start.s"].high == 9
    assert a.variation.keys() == {
        "delay", "start.s", "start.heading", "vehicle.mass", "vehicle.tyres.front"
    }  # fmt: skip
    assert b.variation.keys() == {"delay", "start.s", "start.heading", "start.speed"}
    assert config.profiles["default"].action_repeat == 3
    assert config.profiles["default"].critic_layout == "dict"


def test_a_draw_replaces_another_whole(write, tmp_path):
    kart = {"base": "toy_kart", "mass": {"normal": [100, 5], "low": 90}}
    (tmp_path / "kart.yaml").write_text(json.dumps(kart), "utf-8")
    base = "backend: toy\ncars: [{vehicle: {base: ./kart.yaml, mass: "
    config = load_scenario(write(base + "{uniform: [1, 2]}}}]\n")).build()
    assert config.cars[0].variation["vehicle.mass"].kind == "uniform"
    config = load_scenario(write(base + "7}}]\n")).build()
    assert config.cars[0].vehicle["mass"] == 7 and not config.cars[0].variation


def test_overrides_reach_draws(write):
    path = write("backend: toy\ncars: [{vehicle: toy_kart}]\n")
    draws = ["cars[0].vehicle.mass={uniform: [1, 2]}", "variation.start.d={choice: [1]}"]
    config = load_scenario(path, draws).build()
    assert config.cars[0].variation.keys() == {"vehicle.mass", "start.d"}
