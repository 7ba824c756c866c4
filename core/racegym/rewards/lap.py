"""Valid laps completed."""

from __future__ import annotations

import numpy as np

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

__all__ = ["Lap"]


class Lap(RewardTerm):
    """1 in the step that completes a valid lap.

    Race control calls the next lap valid in the very step that ends an invalid one, so the
    term remembers what was said of it in the step before.
    """

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "reward 'lap'")
        self._valid = setup.arrays.new("valid", (setup.view.n_cars,), "bool", True)
        self._counts = np.zeros(self._valid.shape, np.bool_)

    def reset(self, races: Races, keys: Keys) -> None:
        """Begin with the validity of the lap that each car starts in."""
        self._valid[races] = self.setup.view.race.lap_valid[races]

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with 0 and 1; to be called once a step."""
        counts = np.logical_and(self._valid, view.race.lap_completed, out=self._counts)
        np.greater(counts, view.race.off_track, out=counts)
        np.greater(counts, view.frame.jumped, out=counts)
        np.copyto(out, counts)
        np.copyto(self._valid, view.race.lap_valid)
