"""Overtakes made and suffered."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.race_scoring import pay_overtakes

__all__ = ["Overtakes"]


class Overtakes(RewardTerm):
    """1 for each car passed on the track, less ``suffered`` for each that passed.

    Paid when race control confirms the overtake, which is when it has held. One suffered
    costs no less than one made earns: two cars that pass each other to and fro earn nothing.
    """

    class Options(StageOptions):
        """Settings of the term."""

        suffered: float = Field(
            1.0, ge=1, le=100, description="price of one suffered, in overtakes made"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'overtakes'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with overtakes."""
        race = view.race
        pay_overtakes(out, race.passed_now, race.suffered_now, self.options.suffered)
