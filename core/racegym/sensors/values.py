"""How a sensor states what its numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from gymnasium import spaces

__all__ = ["Value", "box"]


class Value(NamedTuple):
    """One number of an observation.

    Attributes:
        name: unique in its sensor.
        unit: of what is measured.
        scale: what reads 1, in words: ``"10 m/s"``.
        low, high: bounds of the number itself.
        quantity: what is measured, in words for people: ``"velocity forward"``.
    """

    name: str
    unit: str
    scale: str
    low: float
    high: float
    quantity: str = ""


def box(values: Sequence[Value]) -> spaces.Box:
    """Return the float32 box of these values, in order."""
    low = np.array([value.low for value in values], np.float32)
    high = np.array([value.high for value in values], np.float32)
    return spaces.Box(low, high, dtype=np.float32)
