"""Measuring the pace of levels: what a driver has to aim at for its laps to match their labels.

A lap is flown alone on the track, without mistakes. For each class of vehicles, a level's aim
is found on some vehicles and circuits, and scored on others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.drivers.levels import LEVELS, LevelName, kind_of
from racegym.errors import RunError
from racegym.raceline.reference import reference_lap
from racegym.record.limit import model_of
from racegym.scenario import load_scenario
from racegym.world import World

__all__ = ["Calibration", "Score", "calibrate", "measure", "table_text"]

Floats = NDArray[np.float64]

FLOWN = 2  # laps that count, after one from the grid
ROUNDS = 4  # of fitting
MOST_AIM = 110.0  # [%] that a driver takes
GOOD = 1.0  # [%] of the label that a level may be off
# Circuits that suit vehicles of at most that length [m].
SHAPES: tuple[tuple[float, dict[str, float]], ...] = (
    (1.0, {"length": 60.0, "width": 2.2, "min_radius": 1.2}),
    (3.0, {"length": 700.0}),
    (float("inf"), {"length": 3000.0, "width": 11.0}),
)


@dataclass(frozen=True)
class Score:
    """How a level fared on a vehicle.

    Attributes:
        level, vehicle: whose.
        fitted: the vehicle was used to find the level's aim.
        percent: [%] mean over circuits that were not used for it.
        worst: [%] the greatest error on any of them.
    """

    level: LevelName
    vehicle: str
    fitted: bool
    percent: float
    worst: float

    @property
    def error(self) -> float:
        """Return how far the mean is off the label, in percent of it."""
        return 100.0 * (self.percent / LEVELS[self.level].percent - 1.0)


@dataclass(frozen=True)
class Calibration:
    """What was measured of a driver.

    Attributes:
        driver: its name.
        aims: by class of vehicle and level, the aim [%]; levels out of reach are left out.
        scores: on what was held out.
    """

    driver: str
    aims: dict[str, dict[LevelName, float]]
    scores: list[Score] = field(default_factory=list)


def calibrate(
    driver: str,
    vehicles: Sequence[str],
    held_out: Sequence[str],
    *,
    tracks: int = 4,
    seed: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Find what a driver has to aim at, and score it.

    Args:
        driver: its name; it has an option ``aim``.
        vehicles: names or files, to find aims on.
        held_out: the same, to score alone.
        tracks: circuits for each vehicle, generated from ``seed`` and the seeds after; as many
            after those are for scores.
        seed: of the first.
        progress: told what goes on.

    Raises:
        RunError: none of ``vehicles`` is of the class of one that is held out.
    """
    aims: dict[str, dict[LevelName, float]] = {}
    grounds = {name: _Ground(driver, name, tracks, seed) for name in (*vehicles, *held_out)}
    kinds = {name: ground.kind for name, ground in grounds.items()}
    missing = [name for name in held_out if kinds[name] not in {kinds[v] for v in vehicles}]
    if missing:
        raise RunError(
            f"{missing[0]!r} is held out, and no vehicle of its class, {kinds[missing[0]]!r}, is "
            "fitted; name one with --vehicle"
        )
    for kind in dict.fromkeys(kinds[name] for name in vehicles):
        fitted = [grounds[name] for name in vehicles if kinds[name] == kind]
        aims[kind] = {}
        for level, settings in LEVELS.items():
            progress(f"{driver}, {kind}, {level}")
            aim, label = settings.percent, settings.percent
            for _ in range(ROUNDS):
                found = fmean(float(ground.percents(aim).mean()) for ground in fitted)
                if abs(found / label - 1.0) < 1e-4:
                    break
                aim = min(aim * label / found, MOST_AIM)
            reached = fmean(float(ground.percents(aim).mean()) for ground in fitted)
            if abs(reached / label - 1.0) > 0.01 * GOOD:
                break  # what is faster is out of reach as well
            aims[kind][level] = round(aim, 2)
    scores = list(_scores(aims, grounds, vehicles, progress))
    for score in scores:  # what holds on no other circuits is not reached
        if score.fitted and abs(score.error) > GOOD:
            aims[kinds[score.vehicle]].pop(score.level, None)
    return Calibration(
        driver, aims, [score for score in scores if score.level in aims[kinds[score.vehicle]]]
    )


def _scores(
    aims: dict[str, dict[LevelName, float]],
    grounds: dict[str, _Ground],
    vehicles: Sequence[str],
    progress: Callable[[str], None],
) -> Iterator[Score]:
    for name, ground in grounds.items():
        for level, aim in aims[ground.kind].items():
            progress(f"{ground.driver}, {name}, {level}: score")
            found = ground.percents(aim, held_out=True)
            label = LEVELS[level].percent
            worst = float(np.abs(100.0 * (found / label - 1.0)).max())
            yield Score(level, name, name in vehicles, float(found.mean()), worst)


class _Ground:
    """Circuits for one vehicle, those to fit on and those to score on."""

    def __init__(self, driver: str, vehicle: str, tracks: int, seed: int):
        self.driver, self._vehicle = driver, vehicle
        self._seeds = {False: seed, True: seed + tracks}
        self._tracks = tracks
        self._references: dict[bool, Floats] = {}
        world = load_scenario(self._scenario("idle", {}, 1, 1, SHAPES[1][1])).world()
        world.reset([0])
        length = float(world.view.vehicle.length[0, 0])
        world.close()
        self.kind = kind_of(length)
        self._shape = next(shape for most, shape in SHAPES if length <= most)

    def _scenario(
        self, driver: str, options: dict[str, Any], seed: int, count: int, shape: dict[str, float]
    ) -> dict[str, Any]:
        return {
            "name": "calibrate",
            "backend": "kart2d",
            "cars": [
                {"name": "car", "vehicle": self._vehicle, "driver": {"name": driver, **options}}
            ],
            "track": {"generate": {"seed": seed, "count": count, **shape}},
            "laps": 0,
        }

    def percents(self, aim: float, *, held_out: bool = False) -> Floats:
        """Return (tracks,) [%] reference lap time over that of the laps; 0 where none is done."""
        seed = self._seeds[held_out]
        scenario = self._scenario(self.driver, {"aim": aim}, seed, self._tracks, self._shape)
        world = load_scenario(scenario).world(self._tracks)
        try:
            world.reset(np.arange(self._tracks))
            if held_out not in self._references:
                self._references[held_out] = np.array(
                    [
                        reference_lap(
                            world.view.tracks.track_of(race), model_of(world, 0, race)
                        ).lap_time
                        for race in range(self._tracks)
                    ]
                )
            reference = self._references[held_out]
            return np.asarray(100.0 * reference / measure(world, reference))
        finally:
            world.close()


def measure(world: World, reference: Floats) -> Floats:
    """Return (n_races,) [s], the mean of the flown laps of the first car; inf where none is done.

    Args:
        world: reset, of which all cars are driven.
        reference: (n_races,) [s], by which it is told for how long to wait.
    """
    race = world.view.race
    taken = np.zeros(world.n_races)
    for _ in range(int(3.0 * (FLOWN + 2) * float(np.max(reference)) / world.dt)):
        world.step()
        laps = race.laps_done[:, 0]
        counts = race.lap_completed[:, 0] & (laps > 1) & (laps <= 1 + FLOWN)
        taken += np.where(counts, race.last_lap_time[:, 0], 0.0)
        if (laps > FLOWN).all():
            break
    done = race.laps_done[:, 0] > FLOWN
    return np.where(done, taken / FLOWN, np.inf)


def table_text(found: dict[str, dict[str, dict[LevelName, float]]], how: str) -> str:
    """Return the text of ``levels.yaml``.

    Args:
        found: aims by driver, class and level.
        how: a line on how it was made.
    """
    lines = [
        "# What each level's plan aims at, in percent of the reference lap, by driver and class",
        "# of vehicle; levels that are left out are out of reach. Measured by `racegym calibrate`,",
        f"# {datetime.now(UTC):%Y-%m-%d}: {how}",
        "efforts:",
    ]
    for driver, kinds in found.items():
        lines.append(f"  {driver}:")
        for kind, aims in kinds.items():
            told = ", ".join(f"{level}: {aim:g}" for level, aim in aims.items())
            lines.append(f"    {kind}: {{{told}}}")
    return "\n".join(lines) + "\n"
