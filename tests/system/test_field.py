"""Fields of twenty racers of mixed levels: who comes where, and who touches whom."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from racegym.drivers.levels import LEVELS
from racegym.interfaces import EventKind, Status
from racegym.scenario import load_scenario

CARS = 20


def field(races: int, laps: int, length: float):
    """Return a world of races on a circuit each, their grids drawn, and the level of each car."""
    level = np.arange(CARS) % len(LEVELS)
    names = list(LEVELS)
    scenario = load_scenario(
        {
            "backend": "kart2d",
            "laps": laps,
            "tracks": [
                {"generate": {"seed": seed, "length": length, "width": 10}} for seed in range(races)
            ],
            "start": {"kind": "standing", "order": "random"},
            "rules": {"retire_stuck": 20},
            "cars": [
                {
                    "name": f"{names[k]} {car}",
                    "vehicle": "rental_kart",
                    "driver": {"name": "raceline", "level": names[k]},
                }
                for car, k in enumerate(level)
            ],
        }
    )
    world = scenario.world(races)
    world.reset(seeds=np.arange(races, dtype=np.uint64))
    return world, level


def rank_correlation(level, position):
    """Return Spearman's correlation of places with levels, equal levels sharing a rank."""
    return float(pd.Series(-level).rank().corr(pd.Series(position).rank()))


@pytest.mark.slow
def test_a_mixed_field_finishes_in_the_order_of_its_levels():
    world, level = field(races=20, laps=10, length=1000.0)
    grid = world.view.race.position.copy()
    points = {cls: np.zeros(len(LEVELS)) for cls in (0, 1, 2, 4)}
    blame = np.zeros(len(LEVELS))
    while world.view.race.present.any() and world.view.race.time[0] < 1500:
        world.step()
        for event in world.events():
            if event.kind is EventKind.CONTACT:
                for car, share in ((event.car, "share"), (event.other, "other_share")):
                    points[int(event.value)][level[car]] += 1
                    blame[level[car]] += event.details[share] * event.value
    race = world.view.race
    world.close()
    drawn = [rank_correlation(level, row) for row in grid]
    found = [rank_correlation(level, row) for row in race.position]
    laps = np.array([race.laps_done[:, level == k].sum() for k in range(len(LEVELS))])
    say = sys.stdout.write
    say(f"rank {np.mean(found):.2f} ({min(found):.2f} to {max(found):.2f}), ")
    say(f"of the grid {np.mean(drawn):.2f}\n")
    for k, name in enumerate(LEVELS):
        rates = ", ".join(f"{cls}x {count[k] / laps[k]:.3f}" for cls, count in points.items())
        say(f"{name}: a lap {rates}; blame points {blame[k] / laps[k]:.3f}\n")
    assert abs(np.mean(drawn)) < 0.2
    assert np.mean(found) > 0.6
    assert min(found) > 0.3
    assert (race.status == Status.FINISHED).mean() > 0.98
    assert sum(count.sum() for count in points.values()) / laps.sum() < 0.3
