"""Jerky steering."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options

__all__ = ["SteeringSmoothness"]


class SteeringSmoothness(RewardTerm):
    """Minus the square of the change of steer since the step before; at least -4.

    It is per step: half the control interval quarters it, with the changes halved.
    """

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'steering_smoothness'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``, at most 0."""
        np.subtract(view.control.steer, view.previous_control.steer, out=out)
        np.multiply(out, out, out=out)
        np.subtract(0.0, out, out=out)
