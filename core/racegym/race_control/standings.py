"""Who is where: places, gaps in time, laps behind."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Arrays, Races, View
from racegym.kernels.standings import MOST, rank_cars, start_standings
from racegym.race_control.part import Part
from racegym.race_control.rules import TimingRules

__all__ = ["Standings"]

REMEMBERED = 2  # laps of passing times


class Standings(Part):
    """Ranks the cars of each race; see ``racegym.kernels.standings``.

    Args:
        view: the world's data.
        rules: how gaps are timed.
        arrays: the world's memory.
        driven, driven_before: (n_races, n_cars) float64 [m], by which cars are ranked: their
            progress, now and a step before.

    Attributes:
        driven: as given.
        ranking: (n_races, n_cars) int32, cars by place.
        first_gate, next_gate: (n_races, n_cars) int64, which passing times are known.
        passed_at: (n_races, n_cars, ring) float64 [s], the passing times.
    """

    def __init__(
        self, view: View, rules: TimingRules, arrays: Arrays, driven: Array, driven_before: Array
    ):
        race, frame, clock, tracks = view.race, view.frame, view.clock, view.tracks
        of_cars = (view.n_cars,)
        self.driven = driven
        ring = REMEMBERED * (rules.mini_sectors or MOST)
        self.ranking: Array = arrays.new("standings.ranking", of_cars, "int32")
        self.first_gate: Array = arrays.new("standings.first_gate", of_cars, "int64")
        self.next_gate: Array = arrays.new("standings.next_gate", of_cars, "int64")
        # One car has nobody to be behind.
        times = (view.n_cars, ring) if view.n_cars > 1 else (1, 1)
        self.passed_at: Array = arrays.new("standings.passed_at", times, "float64")
        gates = (self.ranking, self.first_gate, self.next_gate)
        packed = (tracks.race_track, tracks.table, rules.mini_sectors)
        self._start = (driven, *packed, *gates)
        self._ranking = (
            race.status, frame.jumped, race.chequered, driven,
            driven_before, race.laps_done, race.finish_time, race.best_lap_time,
            view.state.vx, race.time, clock.elapsed, *packed, *gates, self.passed_at,
            race.position, race.gap_ahead, race.gap_leader, race.laps_behind,
        )  # fmt: skip
        every_race = np.arange(view.n_races, dtype=np.int64)
        self._rank = rank_cars.bind(every_race, *self._ranking)

    def start(self, races: Races) -> None:
        """Rank the cars where they stand."""
        start_standings(races, *self._start)
        rank_cars(races, *self._ranking)

    def observe(self) -> None:
        """Rank the cars anew; a car alone stays first."""
        if self.ranking.shape[1] > 1:
            self._rank()
