"""Appending to what race control saw in a step, from any of its kernels.

Arrays inside a tuple are written through these functions alone: numba takes a direct write
into a tuple's array, inside a parallel loop, for one without effect, and drops it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device

__all__ = ["EventArrays", "clear", "emit", "note"]


class EventArrays(NamedTuple):
    """The arrays of ``interfaces.Events``; ``filled`` is its ``count``."""

    filled: NDArray[np.int32]
    lost: NDArray[np.int32]
    kind: NDArray[np.int32]
    car: NDArray[np.int32]
    other: NDArray[np.int32]
    time: NDArray[np.float64]
    value: NDArray[np.float64]
    detail: NDArray[np.floating]


@device
def clear(events, race):
    """Forget the events of a race, at the begin of a step."""
    events.filled[race] = 0


@device
def emit(events, race, kind, car, other, time, value):
    """Append an event of a race; return its row, or -1 when the list is full and it is lost."""
    k = events.filled[race]
    if k >= events.kind.shape[1]:
        events.lost[race] += 1
        return -1
    events.kind[race, k] = kind
    events.car[race, k] = car
    events.other[race, k] = other
    events.time[race, k] = time
    events.value[race, k] = value
    for j in range(events.detail.shape[2]):
        events.detail[race, k, j] = events.detail.dtype.type(0)
    events.filled[race] = k + 1
    return k


@device
def note(events, race, row, index, value):
    """Write one of an event's further figures; nothing for an event that was lost."""
    if row >= 0:
        events.detail[race, row, index] = events.detail.dtype.type(value)
