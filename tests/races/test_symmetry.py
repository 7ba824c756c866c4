"""Real races with the cars in other slots, and on the mirrored track: names and sides change.

Mistakes and noise are drawn for a slot, so there are none here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fields import SAFETY_CAR, circuit, kart, scenario

from racegym.scenario import load_scenario
from racegym.track import Track
from racegym.world import World

PACES = (78, 102, 84, 105, 88, 98)
DRIVERS = ("raceline", "pure_pursuit")
RULES = {"flags": SAFETY_CAR, "penalties": "deepracer"}


GRID = ["K5", "K0", "K2", "K4", "K1", "K3"]


def cars():
    return [
        kart(k, {"name": DRIVERS[k % 2], "pace": pace, "aggression": 0.3, "reaction": 0.1})
        for k, pace in enumerate(PACES)
    ]


def drive(world, steps, names, side=1):
    """Return every race's progress and offset, and events, with the cars called by ``names``."""
    slots = np.argsort(names)
    told = [[] for _ in range(world.n_races)]
    trace = []
    for _ in range(steps):
        world.step()
        frame = world.view.frame
        trace.append((frame.progress[:, slots].copy(), side * frame.d[:, slots]))
        happened = [[] for _ in range(world.n_races)]
        for event in world.events():
            car, other = (names[c] if c >= 0 else c for c in (event.car, event.other))
            details = tuple(
                (name, side * value if name == "side" else value)
                for name, value in event.details.items()
                if not np.isnan(value)
            )
            row = (event.kind.name, car, other, event.time, event.value, details)
            happened[event.race].append(row)
        for race, rows in enumerate(happened):
            told[race] += sorted(rows)
    return np.array(trace), told


def in_slots(names, steps, tracks):
    field = cars()
    said = scenario(
        [field[k] for k in names], laps=20, track=circuit(4, count=tracks), rules=RULES,
        start={"kind": "grid", "order": "qualifying", "qualifying": GRID},
    )  # fmt: skip
    world = load_scenario(said).world(tracks)
    world.reset(seeds=np.arange(tracks, dtype=np.uint64))
    return drive(world, steps, names)


def mirrored(side, steps):
    angle = 2.0 * np.pi * np.arange(360) / 360
    radius = 60.0 + 18.0 * np.sin(3.0 * angle) + 7.0 * np.cos(5.0 * angle)
    points = radius[:, None] * np.column_stack([np.cos(angle), side * np.sin(angle)])
    widths = (3.0, 3.4)[::side]
    track = Track.from_points(points, *widths, name="mirror", runoff=3.0)
    slots = [[track.length - 4.0 - 4.0 * k, side * (1.1 if k % 2 else -1.1)] for k in range(6)]
    track = replace(track, grid=np.array(slots))
    said = scenario(cars(), laps=20, rules=RULES)
    world = World(replace(load_scenario(said).world(1).config, tracks=[track]))
    world.reset(seeds=[1])
    return drive(world, steps, range(6), side)


def check(one, other):
    kinds = {row[0] for rows in one[1] for row in rows}
    assert {"CONTACT", "OVERTAKE", "SECTOR"} <= kinds
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1] == other[1]


def test_other_slots_change_names_alone():
    check(in_slots(range(6), 900, 2), in_slots([3, 5, 0, 2, 4, 1], 900, 2))


def test_a_mirrored_track_changes_sides_alone():
    check(mirrored(1, 1200), mirrored(-1, 1200))
