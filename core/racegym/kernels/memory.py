"""Copying rows of many arrays at once, for complete and cheap resets."""

from __future__ import annotations

from typing import Any

from racegym.kernels.compile import kernel

__all__ = ["fill_rows"]


@kernel
def fill_rows(races: Any, block: Any, layout: Any, initial: Any) -> None:
    """Copy the initial row of every array in a block over the rows of some races.

    Args:
        races: (k,) int64 indices of the races to fill.
        block: (n_bytes,) uint8; the memory that holds the arrays.
        layout: (n_arrays, 3) int64: offset of the array in the block, bytes a row, offset of
            its initial row in ``initial``.
        initial: (n_initial,) uint8; the initial rows one after another.
    """
    for k in range(races.shape[0]):
        race = races[k]
        for a in range(layout.shape[0]):
            size = layout[a, 1]
            to = layout[a, 0] + race * size
            source = layout[a, 2]
            for byte in range(size):
                block[to + byte] = initial[source + byte]
