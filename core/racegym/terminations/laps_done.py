"""Ends the episode of a car that has driven its laps."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options
from racegym.kernels.scoring import drove_laps

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

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        tracks, race = view.tracks, view.race
        drove_laps(
            out, view.frame.progress, race.start_progress, race.laps_done,
            tracks.race_track, tracks.table, self.options.laps,
        )  # fmt: skip
