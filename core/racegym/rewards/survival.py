"""Time spent racing."""

from __future__ import annotations

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.scoring import pay_alive

__all__ = ["Survival"]


class Survival(RewardTerm):
    """The time of the step [s] while the car races on the track and moves on.

    A parked car earns nothing, nor does one that only turns round on the spot.
    """

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'survival'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [s]."""
        race = view.race
        pay_alive(
            out, race.status, race.present, race.off_track, race.stuck_time, view.clock.elapsed
        )
