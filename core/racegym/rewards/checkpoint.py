"""Checkpoints passed."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options

__all__ = ["Checkpoint"]


class Checkpoint(RewardTerm):
    """How many checkpoints were passed in the step, each once and in order."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'checkpoint'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with counts."""
        np.copyto(out, view.race.checkpoints_hit, casting="unsafe")
