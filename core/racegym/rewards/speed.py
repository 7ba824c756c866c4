"""Speed along the track."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import pay_speed

__all__ = ["Speed"]


class Speed(RewardTerm):
    """The speed along the track times the time of the step, so its sum is a distance [m].

    The speed is the part of the velocity that points along the centerline: driving backwards
    costs, and circling on the spot sums up to nothing.
    """

    class Options(StageOptions):
        """Settings of the term."""

        on_track: bool = Field(True, description="forward speed counts only while on the track")

    requires = frozenset({"vx", "vy"})

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'speed'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m]."""
        pay_speed(
            out, view.state.vx, view.state.vy, view.frame.heading_error,
            view.race.off_track, view.race.present, view.clock.elapsed, self.options.on_track,
        )  # fmt: skip
