"""Winning the race."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.race_scoring import pay_win

__all__ = ["Win"]


class Win(RewardTerm):
    """1 for the winner, in the step in which it crosses the line; nothing for anybody else.

    A win with more than ``most_blame`` points of blame for contacts is none.
    """

    class Options(StageOptions):
        """Settings of the term."""

        most_blame: float = Field(
            1e6, ge=0, le=1e6, description="points of blame with which it still counts"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'win'")
        self._paid = setup.arrays.new("paid", (setup.view.n_cars,), "bool")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with 0 and 1; to be called once a step."""
        race = view.race
        pay_win(
            out, race.status, race.position, race.blame_points, self._paid, self.options.most_blame
        )
