"""The order of a grid by names, by times, or by the result of an earlier run."""

from __future__ import annotations

import json

import pytest

from racegym.errors import ScenarioError
from racegym.scenario import load_scenario
from racegym.world.formation import slots_of

CARS = "cars: [{name: A}, {name: B}, {name: C}]\n"


def slots(write, qualifying):
    text = f"start: {{order: qualifying, qualifying: {qualifying}}}\n"
    scenario = load_scenario(write(f"backend: toy\n{text}{CARS}"))
    again = load_scenario(scenario.resolved())
    assert again == scenario
    return slots_of(again.build()).tolist()


@pytest.fixture
def heat(tmp_path):
    """The result of an earlier run of two episodes."""

    def row(name, best):
        return {"name": name, "best_lap": best}

    episodes = [
        {"classification": [row("A", 31.0), row("B", None), row("X", 20.0)]},
        {"classification": [row("C", 30.5), row("A", 30.8), row("B", None)]},
    ]
    folder = tmp_path / "heat"
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps({"episodes": episodes}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("qualifying", "expected"),
    [("[C, A, B]", [1, 2, 0]), ("[C]", [1, 2, 0]), ("{A: 30.2, C: 29.9}", [1, 2, 0])],
    ids=["all", "pole", "times"],
)
def test_names_and_times_give_the_order(write, qualifying, expected):
    assert slots(write, qualifying) == expected


def test_the_fastest_valid_laps_of_a_run_give_the_order(write, heat):
    assert slots(write, heat) == [1, 2, 0]
    assert slots(write, heat / "result.json") == [1, 2, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no_such_run", "FILE:2: start.qualifying: there is no file"),
        ("[D]", "FILE:2: start.qualifying names 'D', which is no car of the race; Valid: A, B"),
    ],
)
def test_what_names_nobody_is_refused(write, text, said):
    path = write(f"backend: toy\nstart: {{order: qualifying, qualifying: {text}}}\n{CARS}")
    with pytest.raises(ScenarioError) as error:
        load_scenario(path).build()
    assert said in str(error.value).replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{A: -1}", "FILE:2: start.qualifying.A: is -1; it should be greater than 0"),
        ("3", "FILE:2: start.qualifying: is 3; it should be text or a list or a mapping"),
    ],
)
def test_what_is_no_result_is_told_in_one_line(write, text, said):
    path = write(f"backend: toy\nstart: {{order: qualifying, qualifying: {text}}}\n{CARS}")
    with pytest.raises(ScenarioError) as error:
        load_scenario(path)
    assert str(error.value).replace(str(path), "FILE") == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not the result.json of a run"),
        ('{"episodes": [{"classification": [{"name": "A"}]}]}', "is not the result.json of a run"),
        (
            '{"episodes": [{"classification": [{"name": "Z", "best_lap": 3.0}]}]}',
            "no car of the race has a valid lap in this result; cars with one: Z",
        ),
    ],
    ids=["no json", "no laps", "other cars"],
)
def test_a_file_that_is_no_result_is_refused(write, tmp_path, content, said):
    result = tmp_path / "result.json"
    result.write_text(content, encoding="utf-8")
    with pytest.raises(ScenarioError, match=said):
        slots(write, result)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("{lights: [3, 1]}", "the shortest time comes first"),
        ("{kind: rolling}", "a rolling start needs start.speed"),
        ("{kind: standing, speed: 5}", "from standstill"),
        ("{kind: standing}\nvariation: {start: {speed: 5}}", "variation.start.speed out"),
    ],
)
def test_starts_that_make_no_sense_are_told_plainly(write, start, said):
    with pytest.raises(ScenarioError, match=said):
        load_scenario(write(f"backend: toy\nstart: {start}\n")).build()


def test_rules_of_wrecks_and_pits_arrive(write):
    rules = "rules: {wrecks: {flung: 20, upside_down: 0}, pit: {speed_limit: 8}}\n"
    config = load_scenario(write(f"backend: toy\n{rules}")).build()
    assert (config.rules.wrecks.flung, config.rules.wrecks.upside_down) == (20.0, 0.0)
    assert config.rules.wrecks.astray == 1000.0
    assert config.rules.pit.speed_limit == 8.0
