"""What a clone learns from: pairs of what was told and what was done."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from racegym.interfaces import Array
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.networks import Observation

__all__ = ["Pairs"]

BLOCK = 256  # decisions that follow each other and are held out together
FEWEST = 20  # blocks at least, so that there is something to hold out


class Pairs:
    """Pairs to learn from and to test with.

    What follows each other is nearly the same, so that whole blocks are held out: single pairs
    among their neighbours would test nothing.

    Args:
        actions: of what is done.
        held_out: share to test with.
        seed: of which blocks.
    """

    def __init__(self, actions: Actions, held_out: float, seed: int):
        self._actions, self._held_out, self._seed = actions, held_out, seed
        self.told: Observation = {}
        self.acted = torch.empty(0)
        self.rows = torch.empty(0, dtype=torch.int64)
        self.held = torch.empty(0, dtype=torch.int64)
        self.parts = 0

    def __len__(self) -> int:
        """Return the number of pairs, those held out included."""
        return len(self.acted)

    def add(self, told: Mapping[str, Array], actions: Array) -> Observation:
        """Add pairs, and return what is told in those to learn from.

        Args:
            told: by sensor (n, ...).
            actions: (n, *shape), as the environment takes them.
        """
        before, n = len(self), len(actions)
        fresh = {name: torch.from_numpy(np.ascontiguousarray(x)) for name, x in told.items()}
        acted = self._actions.learned(torch.from_numpy(np.ascontiguousarray(actions)))
        held = self._drawn(n)
        if before:
            self.told = {name: torch.cat([self.told[name], fresh[name]]) for name in fresh}
            self.acted = torch.cat([self.acted, acted])
        else:
            self.told, self.acted = fresh, acted
        rows = torch.arange(before, before + n)
        self.rows = torch.cat([self.rows, rows[~held]])
        self.held = torch.cat([self.held, rows[held]])
        self.parts += 1
        return {name: values[~held] for name, values in fresh.items()}

    def _drawn(self, n: int) -> Tensor:
        """Return (n,) bool, which pairs are held out."""
        size = max(1, min(BLOCK, n // FEWEST))
        blocks = -(-n // size)
        count = min(round(self._held_out * blocks), blocks - 1)
        chance = np.random.default_rng([self._seed, self.parts])
        chosen = np.zeros(blocks, np.bool_)
        chosen[chance.permutation(blocks)[:count]] = True
        return torch.from_numpy(np.repeat(chosen, size)[:n].copy())
