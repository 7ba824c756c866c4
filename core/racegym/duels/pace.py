"""How fast a driver is by itself, and what a defender has to aim at to be slower by a surplus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from racegym.drivers.levels import LEVELS, efforts, kind_of
from racegym.entrants.entrant import Entrant
from racegym.errors import ScenarioError
from racegym.scenario import Scenario
from racegym.scenario.drivers import driver_part
from racegym.scenario.settings import StageSettings
from racegym.track import Track
from racegym.world import World, WorldConfig

__all__ = ["aim_for", "flown_laps"]

LAPS = 8  # flown on each circuit; the best one counts
PATIENCE = 3.0  # times the reference lap, for each lap
OUT_LAP = 1.3  # laps, from the grid


def flown_laps(
    config: WorldConfig, scenario: Scenario, tracks: Sequence[Track], references: Sequence[float]
) -> NDArray[np.float64]:
    """Return (tracks,) [s] the best lap of the first car alone on each track; inf for none.

    Args:
        config: of the scenario, whose vehicle, backend and drivers hold.
        scenario: whose first car has a driver, and whose seed is that of the first race.
        tracks: to be lapped.
        references: [s] of the reference lap on each.
    """
    n = LAPS * len(tracks)
    part = driver_part(scenario.cars[0].driver)
    alone = replace(config.cars[0], driver=part, grid=None)
    where = np.arange(n) // LAPS
    world = World(
        replace(config, cars=[alone], n_races=n, tracks=list(tracks), race_track=where, relief=())
    )
    try:
        seeds = scenario.seeds(n)
        world.reset(seeds)
        for seat in world.seats:
            if isinstance(seat.driver, Entrant):
                seat.driver.rehearse(seat.cars, seat.observe(world.view))
                world.reset(seeds)
        return _best(world, where, np.asarray(references))
    finally:
        world.close()


def _best(
    world: World, where: NDArray[np.int64], references: NDArray[np.float64]
) -> NDArray[np.float64]:
    race = world.view.race
    found = np.full(world.n_races, inf)
    limit = (OUT_LAP + PATIENCE) * references[where]
    steps = int(float(limit.max()) / world.dt)
    for _ in range(steps):
        world.advance()
        flown = race.lap_completed[:, 0] & (race.laps_done[:, 0] == 2)
        found[flown] = race.last_lap_time[flown, 0]
        if ((race.laps_done[:, 0] >= 2) | (race.time >= limit)).all():
            break
    found[~np.isfinite(found)] = inf
    return np.array([found[where == track].min() for track in range(len(references))])


def aim_for(driver: StageSettings, percent: float, length: float) -> float:
    """Return what a driver has to aim at [%] to lap at a percentage of the reference lap.

    Between the levels that were measured, and beyond them, what is lost on the road is taken to
    be the same share as at the nearest.

    Args:
        driver: one of which levels were measured.
        percent: [%] reference lap time over its own.
        length: of its vehicle [m].

    Raises:
        ScenarioError: there are no measured levels of that driver, or it would be too fast.
    """
    table = efforts().get(driver.name)
    if table is None:
        raise ScenarioError(
            f"a defender is {driver.name!r}, of which no pace was measured; let it be driven by "
            f"{' or '.join(efforts())}"
        )
    row = table[kind_of(length)]
    labels = [LEVELS[name].percent for name in LEVELS if name in row]
    shares = [row[name] / LEVELS[name].percent for name in LEVELS if name in row]
    aim = percent * float(np.interp(percent, labels, shares))
    if not (isfinite(aim) and 0.0 < aim <= 110.0):
        raise ScenarioError(
            f"a defender would have to lap at {percent:.0f} % of the limit, which nobody reaches; "
            "ask for a greater surplus"
        )
    return aim
