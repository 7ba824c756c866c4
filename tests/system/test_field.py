"""Fields of racers: who comes where, who touches whom, and who gets by."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from racegym.drivers.levels import LEVELS, efforts
from racegym.interfaces import EventKind, OvertakeKind, Status
from racegym.scenario import load_scenario

CARS = 20
CIRCUIT = {"length": 1000.0, "width": 10}
WIDE = {"length": 3000.0, "width": 14}  # for GT3 cars
SMALL = {"length": 60.0, "width": 2.2, "min_radius": 1.2}  # for model cars, as for calibration
LONGER = {"length": 200.0, "width": 2.2, "min_radius": 2.4}


def field(drivers, races: int, laps: int, vehicle="rental_kart", circuit=CIRCUIT, **start):
    """Return a world of races of these drivers on a circuit each."""
    scenario = load_scenario(
        {
            "backend": "kart2d",
            "laps": laps,
            "tracks": [{"generate": {"seed": seed, **circuit}} for seed in range(races)],
            "start": {"kind": "standing", "order": "random", **start},
            "rules": {"retire_stuck": 20},
            "cars": [
                {"name": f"Car {car}", "vehicle": vehicle, "driver": driver}
                for car, driver in enumerate(drivers)
            ],
        }
    )
    world = scenario.world(races)
    world.reset(seeds=np.arange(races, dtype=np.uint64))
    return world


def driven(world):
    """Drive races to their end, and return what was told."""
    told = []
    while world.view.race.present.any() and world.view.race.time[0] < 1500:
        world.step()
        told += world.events()
    world.close()
    return told


def touched(told, group, groups: int):
    """Return how often cars of each group touched, by class, and their points of blame."""
    counts = {cls: np.zeros(groups) for cls in (0, 1, 2, 4)}
    blame = np.zeros(groups)
    for event in told:
        if event.kind is EventKind.CONTACT:
            for car, share in ((event.car, "share"), (event.other, "other_share")):
                counts[int(event.value)][group[car]] += 1
                blame[group[car]] += event.details[share] * event.value
    return counts, blame


def say_contacts(names, counts, blame, laps) -> None:
    for k, name in enumerate(names):
        rates = ", ".join(f"{cls}x {count[k] / laps[k]:.3f}" for cls, count in counts.items())
        sys.stdout.write(f"{name}: a lap {rates}; blame points {blame[k] / laps[k]:.3f}\n")


def rank_correlation(level, position):
    """Return Spearman's correlation of places with levels, equal levels sharing a rank."""
    return float(pd.Series(-level).rank().corr(pd.Series(position).rank()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("vehicle", "circuit", "races", "laps", "least", "most"),
    [("rental_kart", CIRCUIT, 20, 10, 0.6, 0.1), ("gt3", WIDE, 10, 6, 0.5, 0.4)],
    ids=["karts", "gt3"],
)
def test_a_mixed_field_finishes_in_the_order_of_its_levels(
    vehicle, circuit, races, laps, least, most
):
    """``least`` correlation of places with levels, and ``most`` contacts a lap."""
    level, names = np.arange(CARS) % len(LEVELS), list(LEVELS)
    drivers = [{"name": "raceline", "level": names[k]} for k in level]
    world = field(drivers, races, laps, vehicle, circuit)
    grid, race = world.view.race.position.copy(), world.view.race
    counts, blame = touched(driven(world), level, len(names))
    drawn = [rank_correlation(level, row) for row in grid]
    found = [rank_correlation(level, row) for row in race.position]
    driven_laps = np.array([race.laps_done[:, level == k].sum() for k in range(len(names))])
    sys.stdout.write(f"\nrank {np.mean(found):.2f} ({min(found):.2f} to {max(found):.2f}), ")
    sys.stdout.write(f"of the grid {np.mean(drawn):.2f}\n")
    say_contacts(names, counts, blame, driven_laps)
    rates = {f"{k}x": round(float(n.sum() / driven_laps.sum()), 3) for k, n in counts.items()}
    sys.stdout.write(f"all: {rates}; {(race.status == Status.FINISHED).sum()} finished\n")
    assert abs(np.mean(drawn)) < 0.2
    assert np.mean(found) > least
    assert min(found) > least / 2
    assert (race.status == Status.FINISHED).mean() > 0.98
    assert sum(rates.values()) < most


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [("raceline",), ("pure_pursuit",), ("raceline", "pure_pursuit")], ids="-".join
)
def test_drivers_of_one_line_or_of_two_race_each_other(names):
    """Twelve karts of three levels, which `pure_pursuit` reaches with full-size vehicles."""
    cars = np.arange(12)
    group, level = cars % len(names), cars // 2 % 3
    reached = list(LEVELS)[:3]
    drivers = [
        {"name": names[k], "level": reached[j], "aim": efforts()[names[k]]["car"][reached[j]]}
        for k, j in zip(group, level, strict=True)
    ]
    world = field(drivers, races=10, laps=5)
    race = world.view.race
    counts, blame = touched(driven(world), group, len(names))
    found = [rank_correlation(level, row) for row in race.position]
    laps = np.array([race.laps_done[:, group == k].sum() for k in range(len(names))])
    finished = int((race.status == Status.FINISHED).sum())
    sys.stdout.write(f"\nrank {np.mean(found):.2f} ({min(found):.2f} to {max(found):.2f}), ")
    sys.stdout.write(f"{finished} of {race.status.size} finished\n")
    say_contacts(names, counts, blame, laps)
    for k, name in enumerate(names):
        sys.stdout.write(f"{name}: mean place {race.position[:, group == k].mean():.1f}\n")
    assert np.mean(found) > 0.4
    assert finished > 0.97 * race.status.size
    assert sum(count.sum() for count in counts.values()) / laps.sum() < 0.6


PASSING = [
    pytest.param("rc_car", SMALL, 85.0, (4, 10), id="small circuits, near the limit"),
    pytest.param("rc_car", SMALL, 70.0, (4, 10, 20), id="small circuits"),
    pytest.param("rc_car", LONGER, 70.0, (4, 10, 20), id="longer circuits"),
    pytest.param("rental_kart", CIRCUIT, 85.0, (4, 10), id="karts, near the limit"),
    pytest.param("rental_kart", CIRCUIT, 70.0, (4, 10, 20), id="karts"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("vehicle", "circuit", "aim", "surplus"), PASSING)
def test_who_is_faster_gets_by_the_sooner_the_faster(vehicle, circuit, aim, surplus):
    """Two of a kind, the slower one in front, for five laps."""
    passed = []
    for more in surplus:
        drivers = [
            {"name": "raceline", "level": "pro", "error_rate": 0, "aim": one}
            for one in (aim, aim * (1 + more / 100))
        ]
        world = field(drivers, 40, 5, vehicle, circuit, kind="grid", order="given")
        race = world.view.race
        told = driven(world)
        passed.append(len({
            event.race for event in told
            if event.kind is EventKind.OVERTAKE and event.value == OvertakeKind.TRACK
            and event.car == 1 and event.details["counted"]
        }))  # fmt: skip
        touches = [int(event.value) for event in told if event.kind is EventKind.CONTACT]
        by_class = ", ".join(f"{touches.count(cls)} {cls}x" for cls in (0, 1, 2, 4))
        sys.stdout.write(f"\n{vehicle}, aim {aim}, {more} % more: {passed[-1]} of 40 pass; ")
        sys.stdout.write(f"contacts {by_class}; {(race.status == Status.FINISHED).sum()} finish")
        assert (race.status == Status.FINISHED).mean() > 0.95
        assert len(touches) <= 40
    assert passed == sorted(passed)
    if vehicle == "rental_kart":
        assert passed[-1] > 10
