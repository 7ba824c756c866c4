"""Contact with obstacles."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.rewards.wall import MASS_LEAST

__all__ = ["Obstacle"]


class Obstacle(RewardTerm):
    """Minus the change of speed by obstacles in the step [m/s]: impulse over mass."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'obstacle'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m/s], at most 0."""
        np.maximum(view.vehicle.mass, MASS_LEAST, out=out)
        np.divide(view.race.obstacle_impulse, out, out=out)
        np.subtract(0.0, out, out=out)
