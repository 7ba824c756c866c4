"""Whole races with contact, penalties, flags, pits: places add up, passes equal a recount."""

from __future__ import annotations

import json
import sys
from collections import Counter

import numpy as np
import pytest
from fields import FIELDS, Played
from recount import recount

from racegym.interfaces import BlameKind, EventKind, OvertakeKind, Status
from racegym.race_control import place_gains


def say(name: str, found: Counter[str]) -> None:
    """Show what was found, with ``pytest -s``."""
    sys.stdout.write(f"{name}: {json.dumps(dict(sorted(found.items())))}\n")


def check_places(played: Played) -> Counter[str]:
    """Check that places won by events are those of the result; return what happened."""
    race = played.world.view.race
    assert (race.status > Status.PIT).all()
    happened: Counter[str] = Counter()
    for index, events in enumerate(played.told):
        gains = place_gains(events)
        won = [gains[car] for car in range(played.world.n_cars)]
        assert won == (played.grid[index] - race.position[index]).tolist(), index
        happened["races"] += 1
        for event in events:
            happened[event.kind.name] += 1
            if event.kind is EventKind.OVERTAKE:
                happened[OvertakeKind(int(event.value)).name.lower()] += 1
                happened["counted"] += int(event.details["counted"])
            elif event.kind is EventKind.CONTACT:
                happened[f"{int(event.value)}x"] += 1
                happened[BlameKind(int(event.details["blame"])).name.lower()] += 1
    return happened


def test_places_won_are_those_of_the_result(short):
    happened: Counter[str] = Counter()
    for played in short.values():
        happened += check_places(played)
    for kind in ("CONTACT", "PENALTY", "PIT_ENTRY", "SAFETY_CAR", "YELLOW", "RETIRE", "track"):
        assert happened[kind] > 0, kind


@pytest.mark.slow
def test_places_won_are_those_of_the_result_in_a_hundred_races(long):
    happened: Counter[str] = Counter()
    for name, played in long.items():
        one = check_places(played)
        say(name, one)
        happened += one
    say("all", happened)
    assert happened["races"] >= 100


def check_passes(played: Played, hold: float) -> Counter[str]:
    """Check that passes and attempts are those of a recount from the trajectories alone."""
    view = played.world.view
    laps = view.tracks.length[view.tracks.race_track]
    found: Counter[str] = Counter()
    for index, events in enumerate(played.told):
        mine: list[tuple[object, ...]] = []
        for event in events:
            if event.kind is EventKind.FAILED_ATTEMPT:
                mine.append(("attempt", event.car, event.other, event.time, event.details["laps"]))
            elif event.kind is EventKind.OVERTAKE and not (
                event.details["by_result"] or event.details["moved"]
            ):
                mine.append(("pass", event.car, event.other, event.time, event.details["laps"]))
        again = recount(
            played.time[:, index], played.progress[:, index], played.racing[:, index],
            laps[index], view.vehicle.length[index].astype(float), hold,
        )  # fmt: skip
        cut = set(np.flatnonzero(played.moved[index]).tolist())  # the recount knows no cuts
        tidy = [
            sorted((*r[:3], round(r[3], 5), int(r[4])) for r in rows if not cut & {r[1], r[2]})
            for rows in (mine, again)
        ]
        assert tidy[0] == tidy[1], (index, set(tidy[0]) ^ set(tidy[1]))
        found.update(str(row[0]) for row in tidy[0])
        found["races"] += 1
        found["moved cars"] += len(cut)
    return found


def hold_of(name: str) -> float:
    return float(FIELDS[name]["rules"].get("overtakes", {}).get("hold", 1.0))


def test_passes_are_those_of_a_recount(short):
    found: Counter[str] = Counter()
    for name, played in short.items():
        found += check_passes(played, hold_of(name))
    assert found["pass"] > 30 and found["attempt"] > 5


@pytest.mark.slow
def test_passes_are_those_of_a_recount_in_a_hundred_races(long):
    found: Counter[str] = Counter()
    for name, played in long.items():
        one = check_passes(played, hold_of(name))
        say(name, one)
        found += one
    say("all", found)
    assert found["races"] >= 100
    assert found["pass"] > 300 and found["attempt"] > 50
