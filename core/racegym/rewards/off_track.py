"""Time spent off the track."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options

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
        np.copyto(out, view.race.off_track)
        np.multiply(out, view.clock.elapsed[:, None], out=out, casting="same_kind")
        np.subtract(0.0, out, out=out)
