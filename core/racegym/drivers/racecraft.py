"""What makes a driver a racer: its manners among other cars, and its mistakes."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Cars, Setup, View
from racegym.kernels.intent import INTENT_COLUMNS, NEUTRAL
from racegym.kernels.manners import MEMORY_COLUMNS, MEMORY_FILL, SIGHT_COLUMNS
from racegym.kernels.mistakes import MISTAKE_COLUMNS, make_mistakes
from racegym.kernels.racecraft import plan_moves

__all__ = ["Racecraft"]


class Racecraft:
    """Writes the intents of a driver's cars: where beside its line, and how fast at most.

    The decisions stand in ``racegym.kernels.racecraft``, the mistakes in
    ``racegym.kernels.mistakes``. A race of one car needs none of the former, and a driver
    without mistakes none of the latter; where neither is at work, nothing runs, and the intent
    is neutral.

    Args:
        setup: of the driver.
        aggression: from 0 to 1.
        error_rate: mistakes a lap.
        reaction: [s].

    Attributes:
        intent: (n_races, n_cars, INTENT_COLUMNS) float64.
        alone: no other car is in the race.
    """

    def __init__(self, setup: Setup, *, aggression: float, error_rate: float, reaction: float):
        view, new = setup.view, setup.arrays.new
        self._aggression, self._error_rate = float(aggression), float(error_rate)
        self._reaction = float(reaction)
        self.alone = view.n_cars == 1
        shape = (view.n_cars, INTENT_COLUMNS)
        self.intent: Array
        if self.alone and not error_rate:
            neutral = np.broadcast_to(np.array(NEUTRAL), (view.n_races, *shape))
            self.intent = neutral.copy()
        else:
            self.intent = new("intent", shape, "float64", NEUTRAL)
        if not self.alone:
            columns = (view.n_cars, MEMORY_COLUMNS)
            self.memory = new("racecraft", columns, "float64", MEMORY_FILL)
            self._sights = np.zeros((view.n_races * view.n_cars, SIGHT_COLUMNS))
        if error_rate:
            columns = (view.n_cars, MISTAKE_COLUMNS)
            self.mistakes = new("mistakes", columns, "float64")

    def plan(self, view: View, cars: Cars, starts: Array, paths: Array) -> None:
        """Decide what ``cars`` do.

        Args:
            view: the world's data.
            cars: flat indices.
            starts: (n_races, n_cars) int64, where each car's line begins in ``paths``.
            paths: (n, PATH_COLUMNS) float64, as ``racegym.kernels.following`` has them.
        """
        state, frame, race, vehicle = view.state, view.frame, view.race, view.vehicle
        if not self.alone:
            plan_moves(
                cars, self.memory, self.intent, self._sights, self._aggression, self._reaction,
                frame.s, frame.d, view.previous_frame.d, frame.heading_error, frame.progress,
                state.vx, state.vy, state.ax, race.status, race.present, race.flags,
                vehicle.length, vehicle.width, vehicle.brake,
                view.tracks.race_track, view.tracks.points, view.tracks.table, starts, paths,
                view.dt,
            )  # fmt: skip
        if self._error_rate:
            make_mistakes(
                cars, self.mistakes, self.intent, not self.alone, race.key, race.step,
                state.vx, frame.curvature, vehicle.width,
                view.tracks.race_track, view.tracks.table, self._error_rate, view.dt,
            )  # fmt: skip
