"""Contact with walls."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options

__all__ = ["Wall"]

MASS_LEAST = 0.1  # [kg] so that a car of unknown mass divides by something


class Wall(RewardTerm):
    """Minus the change of speed by walls in the step [m/s]: impulse over mass."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'wall'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m/s], at most 0."""
        np.maximum(view.vehicle.mass, MASS_LEAST, out=out)
        np.divide(view.race.wall_impulse, out, out=out)
        np.subtract(0.0, out, out=out)
