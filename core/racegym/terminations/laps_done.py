"""Ends the episode of a car that has driven its laps."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options
from racegym.kernels.projection import LENGTH

__all__ = ["LapsDone"]


class LapsDone(Termination):
    """The car has completed ``laps``, each a whole one.

    From the grid, that is when it crosses the line. A car that started further along the
    track has to come round to where it started.
    """

    class Options(StageOptions):
        """Settings of the termination."""

        laps: int = Field(1, ge=1, le=100000, description="laps to complete")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'laps_done'")
        view = setup.view
        self._length = np.zeros(view.n_races)
        self._goal = np.zeros((view.n_races, view.n_cars))
        self._arrived = np.zeros((view.n_races, view.n_cars), np.bool_)

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        tracks = view.tracks
        np.take(tracks.table[:, LENGTH], tracks.race_track, out=self._length, mode="clip")
        self._length *= self.options.laps
        np.maximum(view.race.start_progress, 0.0, out=self._goal)
        self._goal += self._length[:, None]
        np.greater_equal(view.frame.progress, self._goal, out=self._arrived)
        np.greater_equal(view.race.laps_done, self.options.laps, out=out)
        out &= self._arrived
