"""Runs of real races: every preset is told, the result agrees with the events, all is proved."""

from __future__ import annotations

import json

import pytest
from fields import PITS, SAFETY_CAR, bad, blind, circuit, rough, scenario, start

from racegym.cli import main
from racegym.interfaces import Offence, PenaltyKind
from racegym.record import RunFolder
from racegym.run import run, verify
from racegym.scenario import load_scenario

HASTY = {"start": start("standing", hold=False)}
WALLS = {"track": circuit(5, count=1, runoff=1.5)}
BLIND = {"track": circuit(2, count=1), "cars": blind(6), "start": start("grid")}
# By preset: where it has something to do.
PRESETS = {
    "roboracer": BLIND, "carla-product": WALLS, "deepracer": {}, "donkey-ladder": {},
    "ifac": BLIND, "pass-ladder": HASTY, "sim-league": WALLS, "tmrl": WALLS,
}  # fmt: skip
QUICK = ("roboracer", "sim-league")


def drive(tmp_path, penalties, cars=None, *, flags=None, **more):
    """Run a race; return its folder."""
    settings = {"name": "proof", "seed": 3, "time_limit": 200.0, "track": circuit(2, count=1)}
    rules = {"penalties": penalties, "retire_stuck": 25, "flags": flags or {}}
    said = scenario(cars or bad(6), rules=rules, **{**settings, **more})
    return RunFolder(run(load_scenario(said), runs_dir=tmp_path, plots=False).folder)


def events_of(folder):
    return [json.loads(line) for line in folder.events.read_text("utf-8").splitlines()]


def check_result(folder):
    """Check every row of the result against the events; return the rules that were told."""
    events, told = events_of(folder), set()
    rows = json.loads(folder.result.read_text("utf-8"))["classification"]
    assert sorted(row["position"] for row in rows) == list(range(1, len(rows) + 1))
    for row in rows:
        own = [event for event in events if event.get("car") == row["car"]]
        sums = {"time": 0.0, "places": 0.0, "lap": 0.0}
        score, warnings, out = 1.0, 0, False
        for event in own:
            if event["kind"] in ("penalty", "warning", "disqualified"):
                told.add(Offence(int(event["evidence"]["offence"])).name.lower())
            if event["kind"] == "penalty":
                kind = PenaltyKind(int(event["value"])).name.lower()
                if kind == "score":
                    score *= event["evidence"]["amount"]
                elif kind in sums:
                    sums[kind] += event["evidence"]["amount"]
            warnings += event["kind"] == "warning"
            out = out or event["kind"] == "disqualified"
        counted = (row["penalty_time"], row["penalty_places"], row["penalty_laps"])
        assert counted == pytest.approx(tuple(sums.values()))
        assert row["score"] == pytest.approx(score)
        assert row["warnings"] == warnings
        assert (row["status"] == "disqualified") == out
        finished = [event["value"] for event in own if event["kind"] == "finish"]
        assert (row["status"] == "finished") == bool(finished)
        assert row["total_time"] == (finished[0] if finished else None)
        assert row["wall_contacts"] == sum(event["kind"] == "wall" for event in own)
    if not any(row["penalty_places"] for row in rows):
        ended = [row for row in rows if row["status"] == "finished"]
        order = [
            (row["penalty_laps"] - row["laps"], row["total_time"] + row["penalty_time"])
            for row in ended
        ]
        assert order == sorted(order)
    return told


def check_proof(folder):
    proof = verify(folder.path)
    assert proof.difference is None
    assert proof.steps > 500


def can_be_cancelled(event):
    driven = (PenaltyKind.DRIVE_THROUGH, PenaltyKind.STOP_GO, PenaltyKind.RESTART_BEHIND)
    kept = event["kind"] == "penalty" and event["value"] in driven
    return event["kind"] in ("penalty", "disqualified", "warning") and not kept


def check_rulings(folder, tmp_path):
    """Take the first penalty back, and see that it is not in the official result."""
    before = folder.result.read_bytes()
    lines = events_of(folder)
    number, event = next((k, e) for k, e in enumerate(lines, 1) if can_be_cancelled(e))
    file = tmp_path / "rulings.yaml"
    file.write_text(f"rulings:\n  - {{reason: not so, event: {number}, cancel: true}}\n", "utf-8")
    assert main(["classify", str(folder.path), "--rulings", str(file)]) == 0
    assert folder.result.read_bytes() == before
    official = json.loads(folder.official.read_text("utf-8"))
    row = next(r for r in official["classification"] if r["car"] == event["car"])
    old = next(r for r in json.loads(before)["classification"] if r["car"] == event["car"])
    keys = ("status", "warnings", "penalty_time", "penalty_laps", "penalty_places", "score")
    assert [row[key] for key in keys] != [old[key] for key in keys]


def check_preset(name, tmp_path):
    folder = drive(tmp_path, name, **PRESETS[name])
    told = check_result(folder)
    if told:
        check_rulings(folder, tmp_path)
    check_proof(folder)
    return told


@pytest.mark.parametrize("name", QUICK)
def test_a_race_under_a_preset_is_told_proved_and_ruled_on(name, tmp_path):
    assert check_preset(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(PRESETS) - set(QUICK)))
def test_a_race_under_any_other_preset_is_told_proved_and_ruled_on(name, tmp_path):
    assert check_preset(name, tmp_path)


def test_a_race_with_pit_stops_and_the_safety_car_is_proved(tmp_path):
    folder = drive(
        tmp_path,
        PITS,
        rough(8),
        track=circuit(2, count=1, pit=True),
        start=start("standing"),
        laps=6,
        flags=SAFETY_CAR,
    )
    assert check_result(folder)
    assert {"pit_entry", "penalty_served", "safety_car"} <= {e["kind"] for e in events_of(folder)}
    check_proof(folder)
