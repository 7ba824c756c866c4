"""How a sensor states what its numbers mean, and the memory it computes them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import DTypeLike

from racegym.interfaces import Array

__all__ = ["Scratch", "Value", "box"]


class Value(NamedTuple):
    """One number of an observation.

    Attributes:
        name: unique in its sensor.
        unit: of what is measured.
        scale: what reads 1, in words: ``"10 m/s"``.
        low, high: bounds of the number itself.
    """

    name: str
    unit: str
    scale: str
    low: float
    high: float


def box(values: Sequence[Value]) -> spaces.Box:
    """Return the float32 box of these values, in order."""
    low = np.array([value.low for value in values], np.float32)
    high = np.array([value.high for value in values], np.float32)
    return spaces.Box(low, high, dtype=np.float32)


class Scratch:
    """Contiguous rows of the world's precision, for a kernel to write.

    What a sensor fills may be a slice of a wider buffer, of either precision. Writing here
    and copying keeps a kernel to one signature, and so to one compilation.
    """

    def __init__(self, columns: int, real: DTypeLike):
        self._rows: Array = np.zeros((0, columns), real)

    def rows(self, count: int) -> Array:
        """Return (count, columns), of any content; grows once for the largest count."""
        if count > len(self._rows):
            self._rows = np.zeros((count, self._rows.shape[1]), self._rows.dtype)
        return self._rows[:count]
