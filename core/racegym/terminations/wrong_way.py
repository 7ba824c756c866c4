"""Ends the episode of a car that drives backwards."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options

__all__ = ["WrongWay"]


class WrongWay(Termination):
    """The car has driven the wrong way for ``seconds``."""

    class Options(StageOptions):
        """Settings of the termination."""

        seconds: float = Field(2.0, gt=0, le=3600, description="[s] without a break")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'wrong_way'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        np.greater_equal(view.race.wrong_way_time, self.options.seconds, out=out)
