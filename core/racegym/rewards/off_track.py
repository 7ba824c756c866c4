"""Time spent off the track."""

from __future__ import annotations

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import charge_off_track

__all__ = ["OffTrack"]


class OffTrack(RewardTerm):
    """Minus the time of the step [s] while all of the car is beyond the edge."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'off_track'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [s], at most 0."""
        charge_off_track(out, view.race.off_track, view.clock.elapsed)
