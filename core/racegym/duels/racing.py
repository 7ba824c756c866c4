"""The races of a situation: all of its circuits and rounds in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.duels.judging import Judgement, Verdict
from racegym.duels.pace import aim_for
from racegym.duels.sites import Corner, spot
from racegym.entrants.entrant import Entrant
from racegym.raceline.reference import ReferenceLap
from racegym.scenario import Scenario
from racegym.scenario.drivers import driver_part, read_driver
from racegym.scenario.settings import StageSettings
from racegym.track import Track
from racegym.world import DriverPart, World, WorldConfig
from racegym.world.assembly import distinct_drivers

__all__ = ["Circuit", "race_all"]

AFTER = 1.0  # [s] that a race goes on after everything has been judged
SCATTER = 0.1  # [m] half-width, across the road, of where cars start


@dataclass(frozen=True, eq=False)
class Circuit:
    """A track of a situation.

    Attributes:
        track: of it.
        reference: its reference lap.
        sites: where the situation takes place; not empty.
        pace: [s] the attacker's best lap alone; inf if it has none.
    """

    track: Track
    reference: ReferenceLap
    sites: Sequence[Corner]
    pace: float

    @property
    def percent(self) -> float:
        """Return the reference lap time over that of the attacker [%]."""
        return 100.0 * self.reference.lap_time / self.pace


def race_all(
    scenario: Scenario, config: WorldConfig, circuits: Sequence[Circuit]
) -> list[list[Verdict]]:
    """Return what became of each race, for each round of a situation.

    Race k of a round is the same in every round and for every attacker, in its circuit, its site,
    its gaps and its seed. Where a surplus is asked for, an attacker that has no pace does not
    race, and has failed.

    Args:
        scenario: with an overtaking situation; ``episodes`` races for each round.
        config: built from it, of any tracks and any number of races.
        circuits: to be raced on in turn.
    """
    situation = scenario.overtaking
    assert situation is not None
    rounds, each = len(situation.rounds), scenario.episodes
    every = np.arange(rounds * each)
    where = every % each % len(circuits)
    known = [k for k, c in enumerate(circuits) if isfinite(c.pace) or not situation.surplus]
    driven = every[np.isin(where, known)]
    found = {int(race): Verdict() for race in every}
    if len(driven):
        attacker = driver_part(scenario.cars[0].driver)
        parts = _defenders(scenario, config, circuits, known)
        world = World(
            replace(
                config,
                n_races=len(driven),
                tracks=[circuit.track for circuit in circuits],
                race_track=where[driven],
                cars=[replace(config.cars[0], driver=attacker), *config.cars[1:]],
                relief=distinct_drivers(parts.values()),
            )
        )
        try:
            verdicts = _race(world, scenario, circuits, driven, where[driven], parts)
        finally:
            world.close()
        found |= zip(driven.tolist(), verdicts, strict=True)
    ordered = [found[int(race)] for race in every]
    return [ordered[k * each : (k + 1) * each] for k in range(rounds)]


Seat = tuple[int, int, int]  # car, round, circuit


def _defenders(
    scenario: Scenario, config: WorldConfig, circuits: Sequence[Circuit], known: Sequence[int]
) -> dict[Seat, DriverPart]:
    """Return who drives each defender, as fast as each round asks for on each circuit."""
    situation = scenario.overtaking
    assert situation is not None
    length = _length(config)
    parts: dict[Seat, DriverPart] = {}
    for car, settings in enumerate(scenario.cars[1:], 1):
        stage = settings.driver
        for number in range(len(situation.rounds)):
            for circuit in known:
                percent = situation.percent(number, circuits[circuit].percent)
                parts[car, number, circuit] = driver_part(_aiming(stage, percent, length))
    return parts


def _length(config: WorldConfig) -> float:
    world = World(replace(config, n_races=1, race_track=None))
    try:
        world.reset([0])
        return float(world.view.vehicle.length[0, 1])
    finally:
        world.close()


def _aiming(stage: StageSettings, percent: float, length: float) -> StageSettings:
    options: Mapping[str, Any] = stage.model_dump()
    return read_driver({**options, "aim": round(aim_for(stage, percent, length), 4)})


def _race(
    world: World,
    scenario: Scenario,
    circuits: Sequence[Circuit],
    driven: NDArray[np.int64],
    where: NDArray[np.int64],
    parts: Mapping[Seat, DriverPart],
) -> list[Verdict]:
    situation = scenario.overtaking
    assert situation is not None
    numbers, rounds = driven % scenario.episodes, driven // scenario.episodes
    seeds = np.uint64(scenario.seed) + numbers.astype(np.uint64)
    drivers = distinct_drivers([*(car.driver for car in world.config.cars), *parts.values()])
    pilot = world.arrays["pilot"]

    def start() -> None:
        world.reset(seeds=seeds)
        for race in range(world.n_races):
            for car in range(1, world.n_cars):
                part = parts[car, int(rounds[race]), int(where[race])]
                pilot[race, car] = drivers.index(part)
        for seat in world.seats:
            seat.assign(pilot)
        _place(world, scenario, circuits, where, numbers, rounds)

    start()
    for seat in world.seats:
        if isinstance(seat.driver, Entrant):
            seat.driver.rehearse(seat.cars, seat.observe(world.view))
            start()
    judgement = Judgement(world, situation)
    rules = scenario.rules
    after = rules.overtakes.hold + rules.incidents.window + rules.incidents.aftermath + AFTER
    for _ in range(round((situation.window + after) / world.dt)):
        world.advance()
        judgement.see()
    return judgement.verdicts()


def _place(
    world: World,
    scenario: Scenario,
    circuits: Sequence[Circuit],
    where: NDArray[np.int64],
    numbers: NDArray[np.int64],
    rounds: NDArray[np.int64],
) -> None:
    """Put all cars where the situation begins."""
    situation = scenario.overtaking
    assert situation is not None
    table = world.view.vehicle
    rows = []
    for race, circuit in enumerate(circuits[k] for k in where):
        random = np.random.default_rng([scenario.seed, int(numbers[race])])
        corner = circuit.sites[int(random.integers(len(circuit.sites)))]
        gaps = random.uniform(*situation.gap, size=world.n_cars)
        aside = random.uniform(-SCATTER, SCATTER, size=world.n_cars)
        # All start as fast as a defender is there, since who attacks has followed it.
        pace = situation.percent(int(rounds[race]), circuit.percent) / 100.0
        if circuit.percent > 0.0:
            pace = min(pace, circuit.percent / 100.0)
        reference = circuit.reference
        lap = reference.line.track.length
        progress = _before(reference, corner.braking, situation.before * pace)
        ahead = 1
        for car in (*range(1, world.n_cars), 0):  # from the front; the attacker is the last
            stand = situation.defender if car else situation.attacker
            width = float(table.width[race, car])
            found = spot(reference, progress, stand, corner.side, width)
            if car != 1:
                long = 0.5 * float(table.length[race, car] + table.length[race, ahead])
                progress -= long + gaps[car] * pace * found.speed
                found = spot(reference, progress, stand, corner.side, width)
            down = lap if situation.lapping and car else 0.0
            rows.append(
                (race * world.n_cars + car, found.progress - down, found.offset + aside[car],
                 found.heading, pace * found.speed)
            )  # fmt: skip
            ahead = car
    cars, along, across, heading, speed = np.array(rows).T
    world.place(cars.astype(np.int64), along, across, heading, speed, unwrapped=True)


def _before(reference: ReferenceLap, index: int, seconds: float) -> float:
    """Return the progress [m] so long before a sample, at the reference lap's speed."""
    times, lap = reference.lap.time, reference.lap_time
    then = times[index] - seconds
    turns = np.floor(then / lap)
    place = float(np.interp(then - turns * lap, times, np.arange(len(times))))
    track = reference.line.track
    return place * track.spacing + float(turns) * track.length
