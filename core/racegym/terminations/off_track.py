"""Ends the episode of a car that left the track."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options
from racegym.kernels.scoring import beyond_edge

__all__ = ["OffTrack"]


class OffTrack(Termination):
    """The car is beyond the edge: all of it, or its middle, and its middle by ``margin``.

    Who learns to keep its middle on the track has half a car left for what it did not expect.
    """

    class Options(StageOptions):
        """Settings of the termination."""

        part: Literal["whole", "middle"] = Field(
            "whole", description="what of the car must be beyond the edge"
        )
        margin: float = Field(0.0, ge=0, le=1000, description="[m] from the edge to its middle")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'off_track'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        frame = view.frame
        beyond_edge(
            out, frame.d, frame.width_left, frame.width_right, view.race.off_track,
            self.options.part == "whole", self.options.margin,
        )  # fmt: skip
