"""Time spent off the track."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import beyond_edge, charge_off_track

__all__ = ["OffTrack"]


class OffTrack(RewardTerm):
    """Minus the time of the step [s] while the car is beyond the edge: all of it, or its middle."""

    class Options(StageOptions):
        """Settings of the term."""

        part: Literal["whole", "middle"] = Field(
            "whole", description="what of the car must be beyond the edge"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'off_track'")
        self._beyond = np.zeros(setup.view.race.off_track.shape, np.bool_)

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [s], at most 0."""
        off_track = view.race.off_track
        if self.options.part == "middle":
            frame = view.frame
            beyond_edge(
                self._beyond, frame.d, frame.width_left, frame.width_right, off_track, False, 0.0
            )
            off_track = self._beyond
        charge_off_track(out, off_track, view.clock.elapsed)
