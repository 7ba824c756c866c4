"""Fields of karts of mixed levels, with all of race control on, and what is kept of their races."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from racegym.interfaces import Event, EventKind, PenaltyKind, Status
from racegym.scenario import load_scenario
from racegym.world import Command, World

__all__ = ["FIELDS", "LONG", "SHORT", "Played", "blind", "circuit", "kart", "play", "scenario"]

LEVELS = ("rookie", "expert", "amateur", "pro", "club", "alien")
MOST = 12_000  # steps
SAFETY_CAR = {"safety_car": {"after": 2, "seconds": 10}}
PITS = {
    "rules": {
        "hit": {"offence": "contact", "least": 1, "penalty": "drive_through", "instead": 5},
        "off": {"offence": "off_track", "penalty": "stop_go", "amount": 2, "each": 2},
        "speeding": {"offence": "pit_speeding", "penalty": "places", "amount": 1},
        "hasty": {"offence": "yellow_overtake", "penalty": "time", "amount": 5},
        "dawdling": {"offence": "blue_flag", "least": 5, "penalty": "lap", "amount": 1},
    }
}
SET_BACK = {
    "preset": "roboracer",
    "rules": {
        "hard_contact": {"least": 1, "apart": 5},
        "three_warnings": None,
        "lost": {"offence": "rescue", "penalty": "time", "amount": 5},
    },
}
BAD = {"name": "raceline", "pace": 104, "aggression": 1, "error_rate": 4, "reaction": 0.8}


def kart(k: int, driver: Any) -> dict[str, Any]:
    """Return a car of a scenario."""
    return {"name": f"K{k}", "vehicle": "rental_kart", "driver": driver}


def mixed(count: int) -> list[dict[str, Any]]:
    """Return karts of all levels, the fast ones not in front."""
    drivers: list[dict[str, Any]] = [
        {"name": "raceline", "level": LEVELS[k % len(LEVELS)]} for k in range(count)
    ]
    drivers[count // 2] = {"name": "pure_pursuit", "pace": 85}
    return [kart(k, driver) for k, driver in enumerate(drivers)]


def bad(count: int) -> list[dict[str, Any]]:
    """Return karts that are driven too fast, by drivers who err and take every gap."""
    cars = [kart(k, BAD) for k in range(count)]
    cars[0] = kart(0, {"name": "raceline", "level": "rookie"})
    cars[-1] = kart(count - 1, {"name": "random", "hold": 20})
    return cars


def rough(count: int) -> list[dict[str, Any]]:
    """Return karts of which every other one is slow, and the rest fast and of another line."""
    slow = {"name": "raceline", "pace": 75, "error_rate": 3}
    fast = {"name": "pure_pursuit", "pace": 105, "aggression": 1, "reaction": 1, "error_rate": 6}
    return [kart(k, fast if k % 2 else slow) for k in range(count)]


def blind(count: int) -> list[dict[str, Any]]:
    """Return slow karts, and behind them as many whose drivers see nobody and run into them."""
    slow = {"name": "raceline", "pace": 40}
    fast = {"file": f"{Path(__file__).with_name('blind.py')}:Blind"}
    return [kart(k, fast if 2 * k >= count else slow) for k in range(count)]


def circuit(seed: int = 11, **more: Any) -> dict[str, Any]:
    """Return generated circuits."""
    return {"generate": {"seed": seed, "length": 400, "count": 6, **more}}


def scenario(cars: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return what races, for three laps unless ``more`` says otherwise."""
    rules = {"retire_stuck": 8, "incidents": {"alone": True}, **more.pop("rules", {})}
    told = {"backend": "kart2d", "laps": 3, "track": circuit(), **more}
    return {**told, "rules": rules, "cars": cars}


def start(kind: str, **more: Any) -> dict[str, Any]:
    """Return a start of a kind, from a grid that is drawn for every race."""
    return {"kind": kind, "order": "random", "lateral_noise": 0.3, **more}


FIELDS: dict[str, dict[str, Any]] = {
    "duelling six": scenario(
        mixed(6), laps=5, start=start("grid"), rules={"flags": SAFETY_CAR}
    ),
    "lights and pits": scenario(
        bad(8), track=circuit(2, pit=True), start=start("standing"),
        rules={"penalties": PITS, "flags": SAFETY_CAR},
    ),
    "jumping the lights": scenario(
        bad(6), start=start("standing", hold=False), rules={"penalties": "pass-ladder"}
    ),
    "rolling": scenario(
        mixed(10), laps=4, start=start("rolling", speed=8, gap=5),
        rules={"penalties": "roboracer"},
    ),
    "walls": scenario(
        bad(8), track=circuit(5, runoff=2), start=start("grid"),
        rules={"penalties": "sim-league", "flags": SAFETY_CAR},
    ),
    "twenty": scenario(
        mixed(20), track={"generate": {"seed": 7, "length": 700, "width": 9, "count": 3}},
        start=start("standing"), rules={"penalties": "ifac", "flags": SAFETY_CAR},
    ),
    "two abreast": scenario(
        bad(7), start=start("side_by_side"), rules={"penalties": "deepracer"}
    ),
    "pursuit": scenario(mixed(6), start=start("pursuit"), rules={"penalties": "carla-product"}),
    "set back and rescued": scenario(
        bad(8), start=start("grid"), rules={"penalties": SET_BACK, "retire_stuck": 15}
    ),
    "finishers roll on": scenario(
        bad(9), track=circuit(3, pit=True), start=start("standing"),
        rules={"penalties": PITS, "leave_when_finished": False, "overtakes": {"hold": 0.5}},
    ),
    "run into": scenario(
        blind(8), start=start("grid"), rules={"penalties": "roboracer", "retire_stuck": 20}
    ),
}  # fmt: skip
# By name: races, and how many cars are retired and rescued by command at some time in each.
SHORT = {
    "lights and pits": (8, 1, 1), "rolling": (4, 1, 0), "walls": (6, 0, 0),
    "set back and rescued": (5, 0, 3), "twenty": (2, 0, 0),
}  # fmt: skip
LONG = {
    "duelling six": (16, 1, 0), "lights and pits": (14, 1, 0), "jumping the lights": (12, 1, 0),
    "rolling": (14, 2, 0), "walls": (14, 0, 0), "twenty": (10, 2, 0), "two abreast": (12, 1, 0),
    "pursuit": (10, 1, 0), "finishers roll on": (12, 1, 0),
    "set back and rescued": (14, 1, 4), "run into": (10, 1, 1),
}  # fmt: skip


Drawn = tuple[int, Command]  # the step before which it is given


@dataclass
class Played:
    """Races that have been driven to their end.

    Attributes:
        world: as it is then.
        told: by race.
        grid: (n_races, n_cars) places at the start.
        time: (steps, n_races) [s].
        progress: (steps, n_races, n_cars) [m].
        racing: (steps, n_races, n_cars) bool.
        moved: (n_races, n_cars) bool, whether a car ever jumped or was placed.
    """

    world: World
    told: list[list[Event]]
    grid: np.ndarray
    time: np.ndarray
    progress: np.ndarray
    racing: np.ndarray
    moved: np.ndarray


def is_move(event: Event) -> bool:
    """Return whether a car has been put somewhere else."""
    back = event.kind is EventKind.PENALTY and event.value == PenaltyKind.RESTART_BEHIND
    return back or event.kind is EventKind.RESCUE


def interventions(n_races: int, n_cars: int, retired: int, rescued: int) -> list[Drawn]:
    """Draw which cars are retired and rescued when."""
    draw = np.random.default_rng(n_races)
    kinds: list[Literal["retire", "rescue"]] = ["retire"] * retired + ["rescue"] * rescued
    return [
        (int(draw.integers(100, 900)), Command(kind=kind, race=k, car=int(draw.integers(n_cars))))
        for k in range(n_races)
        for kind in kinds
    ]


def play(said: dict[str, Any], n_races: int, retired: int = 0, rescued: int = 0) -> Played:
    """Drive races to their end."""
    world = load_scenario(said).world(n_races)
    world.reset(seeds=np.arange(n_races, dtype=np.uint64))
    race, frame = world.view.race, world.view.frame
    drawn = interventions(n_races, world.n_cars, retired, rescued)
    grid = race.position.copy()
    told: list[list[Event]] = [[] for _ in range(n_races)]
    time, progress, racing = [], [], []
    moved = np.zeros(grid.shape, bool)

    def record() -> None:
        time.append(race.time.copy())
        progress.append(frame.progress.copy())
        racing.append(race.status <= Status.PIT)

    record()
    for step in range(MOST):
        world.commands.extend(command for when, command in drawn if when == step)
        world.step()
        record()
        moved |= frame.jumped
        for event in world.events():
            told[event.race].append(event)
            moved[event.race, event.car] |= is_move(event)
        if (race.status > Status.PIT).all():
            break
    return Played(world, told, grid, np.array(time), np.array(progress), np.array(racing), moved)
