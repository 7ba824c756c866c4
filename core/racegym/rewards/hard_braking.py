"""Braking too hard."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import charge_braking

__all__ = ["HardBraking"]


class HardBraking(RewardTerm):
    """Minus the brake pedal beyond ``limit``, scaled to 1 at full brake, times time [s]."""

    class Options(StageOptions):
        """Settings of the term."""

        limit: float = Field(0.8, ge=0, lt=1, description="share of the pedal that is free")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'hard_braking'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [s], at most 0."""
        charge_braking(out, view.control.brake, view.clock.elapsed, self.options.limit)
