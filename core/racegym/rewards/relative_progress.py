"""Progress in comparison with the cars around."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import (
    Array,
    Keys,
    Races,
    RewardTerm,
    Setup,
    StageOptions,
    View,
    options,
)
from racegym.kernels.race_scoring import pay_relative_progress, start_relative_progress

__all__ = ["RelativeProgress"]


class RelativeProgress(RewardTerm):
    """How much the lead over the others has grown in the step [m], a mean over them.

    Each lead counts up to ``reach``, so cars that are far away do not matter. Over a race it
    adds up to what the leads have grown; jumps earn nothing, as with ``progress``. Alone in a
    race it pays nothing.
    """

    class Options(StageOptions):
        """Settings of the term."""

        reach: float = Field(
            20.0, gt=0, le=10000, description="[m] along the track; a greater lead counts as this"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'relative_progress'")
        new, shape = setup.arrays.new, (setup.view.n_cars,)
        self._driven = new("driven", shape, "float64")
        self._debt = new("debt", shape, "float64")
        self._lead = new("lead", shape, "float64")

    def reset(self, races: Races, keys: Keys) -> None:
        """Begin with the leads at the start."""
        progress = self.setup.view.frame.progress
        start_relative_progress(races, progress, self._driven, self._lead, self.options.reach)

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` [m]; to be called once a step."""
        frame, race = view.frame, view.race
        pay_relative_progress(
            out, frame.progress, view.previous_frame.progress, frame.jumped, race.present,
            race.status, self._driven, self._debt, self._lead, self.options.reach,
        )  # fmt: skip
