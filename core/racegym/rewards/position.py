"""Places gained and lost."""

from __future__ import annotations

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
from racegym.kernels.race_scoring import pay_places

__all__ = ["Position"]


class Position(RewardTerm):
    """Places gained in the step, negative for places lost.

    Over a race it adds up to the place at the start less the place at the end, whatever
    happened in between, so passing and being passed again earns nothing.
    """

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'position'")
        self._last = setup.arrays.new("last", (setup.view.n_cars,), "int32", 1)

    def reset(self, races: Races, keys: Keys) -> None:
        """Begin with the places at the start."""
        self._last[races] = self.setup.view.race.position[races]

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with places; to be called once a step."""
        pay_places(out, view.race.position, self._last)
