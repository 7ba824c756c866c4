"""A steward's rulings on a run whose files are written by hand."""

from __future__ import annotations

import json

import pytest

from racegym.cli import main
from racegym.errors import RacegymError
from racegym.record import RunFolder
from racegym.record.rulings import make_official

NAMES = ("red", "blue", "green")


def row(car, **more):
    return {
        "position": car + 1, "car": car, "name": NAMES[car], "driver": "idle", "status": "finished",
        "laps": 5, "best_lap": 19.0 + car, "mean_lap": 20.0, "last_lap": 20.0,
        "total_time": 100.0 + car, "time": 100.0 + car, "gap": float(car), "gap_laps": 0,
        "distance": 1250.0, "progress": 1250.0, "average_speed": 12.5, "top_speed": 20.0,
        "off_track": 0, "road_position": car + 1, "penalty_time": 0.0, "penalty_places": 0,
        "penalty_laps": 0, "warnings": 0, "score": 1.0, **more,
    }  # fmt: skip


EVENTS = [
    {"kind": "start", "race": 0, "episode": 0},
    {"kind": "contact", "time": 31.25, "car": 0, "name": "red", "value": 2.0,
     "other": 1, "other_name": "blue", "evidence": {"share": 0.5}},
    {"kind": "penalty", "time": 31.25, "car": 1, "name": "blue", "value": 2.0,
     "evidence": {"amount": 5.0, "offence": 4.0}},
    {"kind": "disqualified", "time": 80.0, "car": 2, "name": "green", "value": 0.0},
    {"kind": "penalty", "time": 90.0, "car": 2, "name": "green", "value": 3.0,
     "evidence": {"amount": 0.0}},
]  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """A run of three cars: blue has 5 s for a contact with red, green is disqualified."""
    folder = RunFolder(tmp_path / "runs" / "duel" / "2026-01-01T00-00-00Z")
    folder.path.mkdir(parents=True)
    rows = [row(0), row(1, penalty_time=5.0), row(2, status="disqualified")]
    episode = {"race": 0, "episode": 0, "seed": 1, "track": "ring", "track_length": 250.0,
               "classified_share": 0.0, "classification": rows}  # fmt: skip
    result = {"format": 1, "scenario": "duel", "classification": rows, "episodes": [episode]}
    folder.result.write_text(json.dumps(result))
    folder.state.write_text(json.dumps({"state": "finished", "task": "race", "format": 1}))
    lines = [json.dumps({"race": 0, "episode": 0, **event}) for event in EVENTS]
    folder.events.write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def rule(run, tmp_path):
    """Return a function that applies rulings and returns the official result."""

    def apply(text):
        file = tmp_path / "rulings.yaml"
        file.write_text("rulings:\n" + text)
        return make_official(run, file)

    return apply


def order(official):
    return [(r["name"], r["position"], r["status"]) for r in official["classification"]]


def by_name(official, name):
    return next(r for r in official["classification"] if r["name"] == name)


def test_a_penalty_is_taken_back_and_another_given(rule, run):
    before = run.result.read_bytes()
    official = rule(
        "  - {reason: red turned in, event: 3, cancel: true}\n"
        "  - {reason: red turned in, car: red, time: 10}\n"
    )
    assert order(official) == [
        ("blue", 1, "finished"), ("red", 2, "finished"), ("green", 3, "disqualified"),
    ]  # fmt: skip
    assert by_name(official, "red")["penalty_time"] == 10.0
    assert by_name(official, "red")["gap"] == 9.0
    assert run.result.read_bytes() == before
    assert json.loads(run.official.read_text()) == official
    assert official["rulings"][0]["event"] == json.loads(run.events.read_text().split("\n")[2])
    assert official["rulings"][0]["reason"] == "red turned in"


def test_the_same_rulings_give_the_same_file(rule, run):
    text = "  - {reason: late, car: red, places: 1}\n"
    rule(text)
    first = run.official.read_bytes()
    rule(text)
    assert run.official.read_bytes() == first
    assert order(json.loads(first))[0][0] == "blue"


def test_places_that_are_given_move_a_car_up_by_as_many(rule):
    official = rule("  - {reason: held up by a marshal, car: blue, places: -1}\n")
    assert order(official)[:2] == [("blue", 1, "finished"), ("red", 2, "finished")]
    official = rule("  - {reason: it was blue, event: 3, cancel: true, car: red, time: 5}\n")
    assert order(official)[0][0] == "blue" and by_name(official, "red")["penalty_time"] == 5.0


def test_disqualified_and_reinstated(rule):
    official = rule(
        "  - {reason: too light, car: red, disqualify: true}\n"
        "  - {reason: the flag was not for it, event: 4, cancel: true}\n"
        "  - {reason: waved through, car: green, laps: 1}\n"
    )
    assert order(official) == [
        ("blue", 1, "finished"), ("green", 2, "finished"), ("red", 3, "disqualified"),
    ]  # fmt: skip
    official = rule("  - {reason: the flag was not for it, car: green, reinstate: true}\n")
    assert order(official)[1][0] == "green"  # 102 s, before 101 s and 5 s


def test_new_shares_are_kept_with_what_they_overrule(rule):
    official = rule(
        "  - reason: red left no room\n"
        "    event: {time: 31.23, car: red, kind: contact}\n"
        "    shares: {red: 0.8, blue: 0.2}\n"
    )
    (told,) = official["rulings"]
    assert told["shares"] == {"red": 0.8, "blue": 0.2}
    assert told["event"]["evidence"] == {"share": 0.5}
    assert order(official)[0][0] == "red"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  - {reason: x, car: rad, time: 5}\n", "there is no car 'rad' in this race; did you"),
        ("  - {reason: x, event: 40, cancel: true}\n", "line 40 of events.jsonl is no event"),
        ("  - {reason: x, event: 1, cancel: true}\n", "line 1 of events.jsonl is no event"),
        ("  - {reason: x, event: 5, cancel: true}\n", "drive-through was carried out"),
        ("  - {reason: x, event: 2, cancel: true}\n", "which has no penalty to cancel"),
        ("  - {reason: x, event: 3, shares: {red: 1}}\n", "shares are of a contact"),
        ("  - {reason: x, event: 2, shares: {green: 1}}\n", "'green' was not in this contact"),
        ("  - {reason: x, event: 2, shares: {red: 0.8, blue: 0.8}}\n", "come to no more than 1"),
        ("  - {reason: x, event: {time: 30, car: red}}\n", "the nearest is at 31.250 s"),
        ("  - {reason: x, event: {time: 30, car: grey}}\n", "no car 'grey' in this race; did you"),
        (
            "  - {reason: x, event: {time: 31.25, car: red, other: blau}}\n",
            "no car 'blau' in this race",
        ),
        (
            "  - {reason: x, event: {time: 30, car: red, kind: contakt}}\n",
            "no event is called 'contakt'; did you mean 'contact'?",
        ),
        ("  - {reason: x, event: {time: 30, car: red, kind: penalty}}\n", "there is none"),
        ("  - {reason: x, event: 3, cancel: true}\n" * 2, "taken back already"),
        ("  - {reason: x, time: 5}\n", "whom is it about?"),
        ("  - {reason: x, car: red, reinstate: true}\n", "it is not disqualified (finished)"),
        ("  - {reason: x, car: red, episode: 3, time: 5}\n", "there is no race 0, episode 3"),
        ("  - {reason: x, event: 3, race: 1, cancel: true}\n", "is of race 0, not 1; leave race"),
        ("  - {reason: x, event: 3, episode: 2, cancel: true}\n", "is of episode 0, not 2"),
        (
            "  - {reason: x, event: 3, car: red, cancel: true}\n",
            "of 'blue', and the ruling is about",
        ),
        ("  - {car: red, time: 5}\n", "rulings[0].reason: is missing"),
        ("  - {reason: x, car: red, seconds: 5}\n", "rulings[0].seconds: is unknown"),
        ("  - {reason: x, car: red, disqualify: true, reinstate: true}\n", "not both"),
        ("  []\n", "at least 1 item"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(rule, run, text, told):
    with pytest.raises(RacegymError) as caught:
        rule(text)
    assert told in str(caught.value)
    assert "rulings.yaml:" in str(caught.value)
    assert not run.official.exists()


def test_the_command_prints_the_table(run, tmp_path, capsys):
    file = tmp_path / "r.yaml"
    file.write_text("rulings:\n  - {reason: cut, car: red, time: 30}\n")
    assert main(["classify", str(run.path), "--rulings", str(file)]) == 0
    told = capsys.readouterr().out
    assert "+30 s" in told
    assert told.index("blue") < told.index("red")
    assert "official.json" in told
    assert main(["classify", str(run.path), "--rulings", str(tmp_path / "none.yaml")]) == 2


def test_presets_are_listed_shown_and_written(tmp_path, capsys):
    assert main(["rules", "list"]) == 0
    assert "sim-league" in capsys.readouterr().out
    assert main(["rules", "show", "ifac"]) == 0
    shown = capsys.readouterr().out
    assert "# Left out" in shown
    target = tmp_path / "mine.yaml"
    assert main(["rules", "show", "ifac", "--write", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == shown
    assert main(["rules", "show", "ifac", "--write", str(target)]) == 2
    assert main(["rules", "show", "ifca"]) == 2
    assert "did you mean 'ifac'?" in capsys.readouterr().err
