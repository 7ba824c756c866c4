"""Metres gained along the track."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import pay_progress

__all__ = ["Progress"]


class Progress(RewardTerm):
    """The progress of the step [m]; driving backwards costs what it loses.

    A step in which the car jumped to another part of the track pays nothing. Ground lost by
    such a jump has to be gained again before anything is paid, so cutting back and forth
    earns nothing.
    """

    class Options(StageOptions):
        """Settings of the term."""

        on_track: bool = Field(True, description="gains count only while on the track")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'progress'")
        self._debt = setup.arrays.new("debt", (setup.view.n_cars,), "float64")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m]."""
        pay_progress(
            out, view.frame.progress, view.previous_frame.progress, view.frame.jumped,
            view.race.off_track, self._debt, self.options.on_track,
        )  # fmt: skip
