"""Presets and penalties of a scenario's own: loaded, changed, refused, and at work."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from racegym.errors import RacegymError
from racegym.interfaces import BlameKind, EventKind, Flag, Offence, PenaltyKind, Status
from racegym.race_control import PenaltyRules, Rules
from racegym.scenario import load_scenario
from racegym.scenario.penalties import find_preset, preset_names, read_preset
from racegym.scenario.penalty_settings import Blame, PenaltyRuleSettings, PenaltySettings
from racegym.scenario.racing import RulesSettings, race_rules

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

NAMES = ["carla-product", "deepracer", "donkey-ladder", "ifac", "pass-ladder", "roboracer",
         "sim-league", "tmrl"]  # fmt: skip


def in_force(penalties):
    """Return what race control is told of them."""
    return race_rules(RulesSettings(penalties=penalties), 0).penalties


def load(penalties, *overrides):
    return load_scenario({"backend": "kart2d", "rules": {"penalties": penalties}}, overrides)


def refused(penalties, *overrides):
    with pytest.raises(RacegymError) as caught:
        load(penalties, *overrides)
    return str(caught.value)


def test_the_words_of_rules_are_those_of_the_interface():
    fields = PenaltyRuleSettings.model_fields
    offences, kinds = (get_args(fields[key].annotation) for key in ("offence", "penalty"))
    assert get_args(Blame) == tuple(kind.name.lower() for kind in BlameKind)
    assert set(offences) == {offence.name.lower() for offence in Offence}
    assert set(kinds) == {kind.name.lower() for kind in PenaltyKind if kind}
    assert in_force(PenaltySettings()) == PenaltyRules()


def test_the_presets_are_those_that_leagues_gave_their_names():
    assert preset_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_whose_it_is_and_what_it_leaves_out(name):
    data, text = read_preset(name), find_preset(name).read_text(encoding="utf-8")
    assert data["name"] == name
    assert data["about"]
    assert data["source"]
    head = text[: text.index("name:")]
    assert "# Source: " in head
    assert "# Left out: " in head


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_spelt_out_and_read_again_as_the_same(name):
    scenario = load(name)
    assert load_scenario(scenario.resolved()) == scenario
    assert scenario.rules.penalties.name == name
    assert scenario.build().rules == Rules(laps=3, penalties=in_force(scenario.rules.penalties))


def seen(rule):
    """What is seen of the first car when it breaks a rule as badly as can be."""
    blamed = (1.0, 0.0, float(BlameKind[(*rule.blames, "rear_end")[0].upper()]))
    bad = {
        "off_track": {"off_track": [True, False], "off_track_since": [0.0, 0.0]},
        "cut": {"events": [(EventKind.CUT, 0, -1, 50.0, ())]},
        "wall": {"wall_impulse": [500.0, 0.0]}, "obstacle": {"obstacle_impulse": [500.0, 0.0]},
        "contact": {"contact_class": [4, 4], "events": [(EventKind.CONTACT, 0, 1, 4.0, blamed)]},
        "jump_start": {"jump_start": [True, False]}, "rescue": {},
        "stuck": {"stuck_time": [90.0, 0.0]}, "reversed": {"wrong_way_time": [90.0, 0.0]},
        "blue_flag": {"flags": [Flag.BLUE, 0]},
    }  # fmt: skip
    return bad[rule.offence]


@pytest.mark.parametrize(
    ("preset", "label"), [(name, label) for name in NAMES for label in read_preset(name)["rules"]]
)
def test_each_rule_of_each_preset_comes_into_force(racing, preset, label):
    rules = in_force(load(preset).rules.penalties).rules
    rule = rules[label]
    chosen = [rule]
    if rule.offence == "warnings":
        chosen = [next(r for r in rules.values() if r.penalty == "warning"), rule]
    race, told = racing(*chosen), []
    for _ in range(rule.after + rule.each):
        assert told == [] or rule.offence == "warnings"
        if rule.offence == "rescue":
            race.part.tell(EventKind.RESCUE, 0, 0)
        told = race.step(**seen(chosen[0]))
        race.step(15, stuck_time=0.0, wrong_way_time=0.0, off_track=False)
    kinds = {"warning": EventKind.WARNING, "disqualification": EventKind.DISQUALIFIED}
    assert told[-1].kind == kinds.get(rule.penalty, EventKind.PENALTY)
    assert {event.car for event in told} == ({0, 1} if rule.share == 0 else {0})
    if told[-1].kind is EventKind.PENALTY:
        assert told[-1].value == PenaltyKind[rule.penalty.upper()]
        assert told[-1].details["amount"] == pytest.approx(rule.amount)


def test_the_preset_of_the_sim_league_ends_the_race_with_the_eleventh_contact(racing):
    rules = in_force(load("sim-league").rules.penalties).rules
    race = racing(*rules.values())
    for number in range(1, 12):
        race.step(wall_impulse=[300.0, 0.0])
        out = race.race.status[0, 0] == Status.DISQUALIFIED
        assert out == (number == 11)
        race.step(15)
    assert race.race.penalty_time[0, 0] == 110.0


def test_the_preset_of_ifac_gives_one_lap_for_running_into_the_back_or_for_another_hard_hit(racing):
    rules = in_force(load("ifac").rules.penalties).rules
    for kind in BlameKind:
        for points in (1, 2, 4):
            race = racing(*rules.values())
            event = (EventKind.CONTACT, 0, 1, float(points), (1.0, 0.0, float(kind)))
            race.step(contact_class=points, events=[event])
            punished = kind is BlameKind.REAR_END or (points > 1 and kind is not BlameKind.RACING)
            assert race.race.penalty_laps[0].tolist() == [int(punished), 0]


def test_changes_are_written_over_a_preset():
    own = {"preset": "ifac", "serve_within": 5, "rules": {
        "rear_end": {"amount": 2}, "severe_hit": {"share": 0.8},
        "jump": {"offence": "jump_start", "penalty": "time", "amount": 5}}}  # fmt: skip
    settings = load(own).rules.penalties
    assert (settings.name, settings.serve_within) == ("ifac", 5)
    assert list(settings.rules) == ["rear_end", "severe_hit", "jump"]
    assert settings.rules["rear_end"].amount == 2
    assert settings.rules["rear_end"].blames == ("rear_end",)
    assert settings.rules["severe_hit"].share == 0.8


def test_a_rule_of_a_preset_can_be_dropped():
    own = {"preset": "roboracer", "rules": {
        "crowding": None, "did_not_avoid": None, "three_warnings": False}}  # fmt: skip
    assert list(load(own).rules.penalties.rules) == ["hard_contact"]


def test_set_reaches_into_a_preset():
    scenario = load("sim-league", "rules.penalties.rules.wall.amount=3")
    assert scenario.rules.penalties.rules["wall"].amount == 3
    assert load(None, "rules.penalties=tmrl").rules.penalties.name == "tmrl"


def test_a_file_is_found_beside_the_scenario(tmp_path):
    text = find_preset("tmrl").read_text(encoding="utf-8").replace("amount: 10", "amount: 7")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    file = tmp_path / "race.yaml"
    file.write_text("backend: kart2d\nrules: {penalties: mine.yaml}\n", encoding="utf-8")
    assert load_scenario(file).rules.penalties.rules["crash"].amount == 7


def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path):
    (tmp_path / "mine.yaml").write_text("rules:\n  a: {offence: wal, penalty: time, amount: 1}\n")
    told = refused(str(tmp_path / "mine.yaml"))
    assert f"{tmp_path / 'mine.yaml'}:2: rules.a.offence: is 'wal'; did you mean 'wall'?" in told
    assert "there is no such file" in refused(str(Path(tmp_path) / "none.yaml"))
    assert refused(f"{tmp_path}/") == f"{tmp_path}: can't be read: Is a directory"


def rule(offence="wall", penalty="time", **more):
    more.setdefault("amount", 5)
    return {key: value for key, value in {"offence": offence, "penalty": penalty, **more}.items()
            if value is not None}  # fmt: skip


@pytest.mark.parametrize(
    ("penalties", "told"),
    [
        ("roborace", "unknown penalties 'roborace'; did you mean 'roboracer'?"),
        ({"preset": "tmlr"}, "did you mean 'tmrl'?"),
        ({"preset": 3}, "should be a name or a path"),
        ({"rule": {}}, "did you mean 'rules'?"),
        ({"rules": {"a": rule(amount=None)}}, "time needs an amount above 0: seconds"),
        ({"rules": {"a": rule(penalty="drive_through")}}, "drive_through has no amount"),
        ({"rules": {"a": rule(penalty="places", amount=1.5)}}, "use a whole number"),
        ({"rules": {"a": rule(penalty="score", amount=2)}}, "less than 1"),
        ({"rules": {"a": rule(penalty="restart_behind")}}, "no victim to restart behind"),
        ({"rules": {"a": rule(share=0.2)}}, "nobody shares the blame for wall"),
        ({"rules": {"a": rule("rescue", least=2)}}, "leave least out"),
        ({"rules": {"a": rule("contact", least=3)}}, "no contact of class 3; least is 1, 2 or 4"),
        ({"rules": {"a": rule("warnings", "warning", amount=None)}}, "would never end"),
        ({"rules": {"a": rule("warnings")}}, "no rule gives any"),
        (
            {"preset": "roboracer", "rules": {"crowding": None, "did_not_avoid": None}},
            "no rule gives any",
        ),
        (
            {"preset": "ifac", "rules": {"rear_and": None}},
            "rules.rear_and: there is no such rule to drop; did you mean 'rear_end'?",
        ),
        ({"rules": {"a": None}}, "there is no such rule to drop; no preset is changed"),
        ({"rules": {"a": rule(blames=["dive"])}}, "nobody is blamed for wall"),
        (
            {"rules": {"a": rule("contact", blames=["rear"])}},
            "rules.a.blames[0]: is 'rear'; did you mean 'rear_end'?",
        ),
        ({"pits": "required", "rules": {"a": rule()}}, "no rule gives a drive-through"),
        (
            {"rules": {"a": rule(after=3), "b": rule(penalty="disqualification", amount=None)}},
            "rule 'a' is never reached: rule 'b' disqualifies after 1",
        ),
    ],
)
def test_contradictions_and_mistakes_are_refused(penalties, told):
    assert told in refused(penalties)


def test_a_preset_that_insists_on_pits_is_refused_on_a_track_without():
    own = {"pits": "required", "rules": {"a": rule(penalty="stop_go")}}
    with pytest.raises(RacegymError, match="need pits") as caught:
        load(own).build()
    assert "without" in str(caught.value)
