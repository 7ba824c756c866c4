"""Distance to the racing line."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import charge_line_distance

__all__ = ["RacingLine"]


class RacingLine(RewardTerm):
    """Minus the distance to the racing line [m] times the time of the step [s].

    On a track without a racing line it is the distance to the centerline. It never pays: beside
    a term for pace it says where to drive.
    """

    class Options(StageOptions):
        """Settings of the term."""

        most: float = Field(
            10.0, gt=0, le=1000, description="[m] a greater distance counts as this"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'racing_line'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m s], at most 0."""
        frame, tracks = view.frame, view.tracks
        charge_line_distance(
            out, frame.s, frame.d, view.race.present,
            tracks.race_track, tracks.line, tracks.table, view.clock.elapsed, self.options.most,
        )  # fmt: skip
