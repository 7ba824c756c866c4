"""Ends the episode of a car that has driven its laps."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options

__all__ = ["LapsDone"]


class LapsDone(Termination):
    """The car has completed ``laps``."""

    class Options(StageOptions):
        """Settings of the termination."""

        laps: int = Field(1, ge=1, le=100000, description="laps to complete")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'laps_done'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        np.greater_equal(view.race.laps_done, self.options.laps, out=out)
