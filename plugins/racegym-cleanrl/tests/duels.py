"""Race a policy from the back against a scripted driver of its own measured pace.

    python plugins/racegym-cleanrl/tests/duels.py CHECKPOINT
    python plugins/racegym-cleanrl/tests/duels.py CHECKPOINT --level club
    python plugins/racegym-cleanrl/tests/duels.py CHECKPOINT --races 200 --laps 3 --seed 500000

First both drive alone on the circuits of the duels, which nobody has learned on: two flying laps
each, in percent of the limit. The script's aim is moved until it is as fast as the policy; with
``--level`` it drives as that level does, mistakes and all. Then each race has two karts on the
grid, the script in front, the policy behind. A win counts only
without a contact of class 2 or 4 for which the policy has half of the blame or more. The exit
code is 1 if the policy wins half of the races or fewer, or is to blame more often.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym import load_scenario
from racegym.drivers.levels import LEVELS, LevelName
from racegym.interfaces import EventKind, Status
from racegym.raceline.reference import reference_lap
from racegym.record.limit import model_of
from racegym.run.calibration import measure
from racegym.world import World

POLICY, SCRIPT = 0, 1  # cars, and their index in what is counted
AFTER = 6.0  # [s] for which a race goes on being judged when both are home
BLAMED, SERIOUS = 0.5, 2  # share of the blame from which a contact counts; its least class
CLOSE = 0.05  # [%] by which the paces may differ
ROUNDS = 5  # in which the script's aim is found
MOST_AIM = 110.0  # [%] that a driver takes

Floats = NDArray[np.float64]


@dataclass
class Duels:
    """What came of it, by policy and script where there are two.

    Attributes:
        pace: [%] of the limit, alone.
        lapped: circuits on which each completed its laps alone.
        level: of the script.
        aim: [%] of the script; None for its level's own.
        races: how many.
        ahead: races that each won on the road.
        clean: of these, those without a serious contact that it is to blame for.
        home: races that each finished.
        contacts: of class 1 or more.
        serious: contacts of class 2 or 4 for which each has half of the blame or more.
        points: of blame, class times share.
        overtakes: made by each.
    """

    pace: tuple[float, float]
    lapped: tuple[int, int]
    level: str
    aim: float | None
    races: int
    ahead: list[int] = field(default_factory=lambda: [0, 0])
    clean: list[int] = field(default_factory=lambda: [0, 0])
    home: list[int] = field(default_factory=lambda: [0, 0])
    contacts: int = 0
    serious: list[int] = field(default_factory=lambda: [0, 0])
    points: list[float] = field(default_factory=lambda: [0.0, 0.0])
    overtakes: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def passed(self) -> bool:
        """Whether the policy wins more than half, and is not to blame more often."""
        return (
            2 * self.clean[POLICY] > self.races
            and self.points[POLICY] <= self.points[SCRIPT]
            and self.serious[POLICY] <= self.serious[SCRIPT]
        )

    def table(self) -> str:
        """Return the figures as a table for a page."""
        rows = [
            ("pace alone, % of the limit", *(f"{pace:.2f}" for pace in self.pace)),
            ("circuits lapped alone", *self.lapped),
            ("finished", *self.home),
            ("won on the road", *self.ahead),
            ("won without a serious contact of its own fault", *self.clean),
            ("overtakes", *self.overtakes),
            ("serious contacts that it is to blame for", *self.serious),
            ("the same a race", *(f"{n / self.races:.3f}" for n in self.serious)),
            ("points of blame a race", *(f"{n / self.races:.3f}" for n in self.points)),
        ]
        script = f"raceline, {self.level}"
        if self.aim is not None:
            script += f", aim {self.aim:.2f}"
        head = (f"{self.races} races", "policy", script)
        lines = [head, ("---",) * 3, *rows]
        return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def circuits(seed: int, count: int) -> list[dict[str, Any]]:
    """Return circuits of the kinds that `selfplay_duel` learns on, others of each."""
    shapes: list[dict[str, Any]] = [
        {}, {"width": 7, "width_max": 15}, {"style": "kart", "width": 9, "width_max": 15},
    ]  # fmt: skip
    counts = [len(range(index, count, len(shapes))) for index in range(len(shapes))]
    return [
        {"generate": {"seed": seed, "count": n, **shape}}
        for n, shape in zip(counts, shapes, strict=True)
        if n
    ]


def world_of(drivers: list[Any], tracks: list[dict[str, Any]], count: int, laps: int) -> World:
    """Return races, one on each circuit; the last driver stands in front."""
    scenario = load_scenario(
        {
            "name": "duel",
            "backend": "kart2d",
            "dt": 0.1,
            "tracks": tracks,
            "draw_tracks": "fixed",
            "laps": laps,
            "start": {"kind": "grid"},
            "rules": {"retire_stuck": 20},
            "cars": [
                {"name": f"car {index}", "vehicle": "rental_kart", "driver": driver,
                 "grid": len(drivers) - 1 - index}
                for index, driver in enumerate(drivers)
            ],
        }
    )  # fmt: skip
    return scenario.world(count)


def pace(driver: Any, tracks: list[dict[str, Any]], count: int, seed: int) -> Floats:
    """Return (count,) [%] of the limit, alone; 0 where the laps are not completed."""
    world = world_of([driver], tracks, count, 0)
    try:
        world.reset(np.arange(seed, seed + count))
        limit = np.array(
            [
                reference_lap(world.view.tracks.track_of(race), model_of(world, 0, race)).lap_time
                for race in range(count)
            ]
        )
        return np.asarray(100.0 * limit / measure(world, limit))
    finally:
        world.close()


def duels(
    checkpoint: Path,
    races: int = 200,
    laps: int = 3,
    seed: int = 500_000,
    level: LevelName | None = None,
) -> Duels:
    """Measure both alone, and let them race."""
    tracks = circuits(seed, races)
    policy: dict[str, Any] = {"policy": str(checkpoint)}
    mine = pace(policy, tracks, races, seed)
    aim = None
    if level is None:
        level, aim, theirs = as_fast(mine, tracks, seed)
    else:
        theirs = pace(script_of(level, None), tracks, races, seed)
    both = (mine > 0) & (theirs > 0)
    found = Duels(
        pace=(float(mine[both].mean()), float(theirs[both].mean())) if both.any() else (0.0, 0.0),
        lapped=(int((mine > 0).sum()), int((theirs > 0).sum())),
        level=level, aim=aim, races=races,
    )  # fmt: skip
    race_all(found, world_of([policy, script_of(level, aim)], tracks, races, laps), seed)
    return found


def script_of(level: LevelName, aim: float | None) -> dict[str, Any]:
    """Return the driver of a level; with an aim of its own it makes no mistakes."""
    script: dict[str, Any] = {"name": "raceline", "level": level}
    return script if aim is None else {**script, "aim": round(aim, 3), "error_rate": 0.0}


def as_fast(
    mine: Floats, tracks: list[dict[str, Any]], seed: int
) -> tuple[LevelName, float, Floats]:
    """Return level and aim with which the script's laps take as long, and its paces."""
    wanted = float(mine[mine > 0].mean()) if (mine > 0).any() else 0.0
    level = min(LEVELS, key=lambda name: abs(LEVELS[name].percent - wanted))
    aim = used = wanted
    theirs = mine
    for _ in range(ROUNDS):
        used = aim
        theirs = pace(script_of(level, aim), tracks, len(mine), seed)
        both = (mine > 0) & (theirs > 0)
        off = float(mine[both].mean() - theirs[both].mean()) if both.any() else 0.0
        if abs(off) < CLOSE or not both.any():
            break
        aim = min(aim + off, MOST_AIM)
    return level, used, theirs


def race_all(found: Duels, world: World, seed: int) -> None:
    """Drive the races, and count."""
    try:
        world.reset(np.arange(seed, seed + world.n_races))
        race = world.view.race
        serious = np.zeros((world.n_races, 2), np.int64)
        laps = world.config.rules.laps
        limit = float(world.view.tracks.length.max()) * (laps + 1) / 5.0  # at a walking pace
        left = AFTER
        for _ in range(int(limit / world.dt)):
            world.step()
            for event in world.events():
                if event.kind is not EventKind.CONTACT or event.value < 1:
                    continue
                found.contacts += 1
                shares = (event.details["share"], event.details["other_share"])
                for car, share in zip((event.car, event.other), shares, strict=True):
                    found.points[car] += event.value * share
                    if event.value >= SERIOUS and share >= BLAMED:
                        serious[event.race, car] += 1
            if (race.status >= Status.FINISHED).all():
                left -= world.dt
                if left < 0:
                    break
        for index, position in enumerate(race.position):
            first = int(np.argmin(position))
            found.ahead[first] += 1
            found.clean[first] += int(not serious[index, first])
        for car in (POLICY, SCRIPT):
            found.home[car] = int((race.status[:, car] == Status.FINISHED).sum())
            found.serious[car] = int(serious[:, car].sum())
            found.overtakes[car] = int(race.overtakes_made[:, car].sum())
    finally:
        world.close()


def main() -> int:
    """Print the table."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("checkpoint", type=Path)
    asked.add_argument("--races", type=int, default=200)
    asked.add_argument("--laps", type=int, default=3)
    asked.add_argument("--seed", type=int, default=500_000)
    asked.add_argument("--level", choices=list(LEVELS))
    given = asked.parse_args()
    found = duels(given.checkpoint, given.races, given.laps, given.seed, given.level)
    print(found.table())  # noqa: T201 - a script for people
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
