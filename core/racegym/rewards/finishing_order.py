"""The place at the end of the race."""

from __future__ import annotations

from pydantic import Field, model_validator

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.race_scoring import pay_finish

__all__ = ["FinishingOrder"]


class FinishingOrder(RewardTerm):
    """Paid once, when a car finishes: from ``first`` for the winner to ``last``, linearly.

    Who retires or is disqualified gets ``retired``, which is no more than ``last``.
    """

    class Options(StageOptions):
        """Settings of the term."""

        first: float = Field(1.0, ge=-1000, le=1000, description="for the winner")
        last: float = Field(0.0, ge=-1000, le=1000, description="for the last of all cars")
        retired: float = Field(-1.0, ge=-1000, le=1000, description="for who does not finish")

        @model_validator(mode="after")
        def _falls(self) -> FinishingOrder.Options:
            if not self.first >= self.last >= self.retired:
                raise ValueError("first, last and retired must not rise: nobody gains by losing")
            return self

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'finishing_order'")
        self._paid = setup.arrays.new("paid", (setup.view.n_cars,), "bool")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``; to be called once a step."""
        race, worth = view.race, self.options
        pay_finish(
            out, race.status, race.position, self._paid,
            worth.first, worth.last, worth.retired,
        )  # fmt: skip
