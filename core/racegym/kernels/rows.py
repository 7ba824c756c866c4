"""Copying races between arrays led by races and one row of bytes a race."""

from __future__ import annotations

from typing import Any

from numba import prange

from racegym.kernels.compile import kernel

__all__ = ["gather_rows", "scatter_rows"]

MANY_RACES = 32  # a row of some hundred short arrays takes about a microsecond


@kernel(parallel_from=MANY_RACES)
def gather_rows(races: Any, block: Any, layout: Any, rows: Any) -> None:
    """Copy the arrays in a block into the rows of some races.

    Args:
        races: (k,) int64 indices of the races, each at most once.
        block: (n_bytes,) uint8; the memory that holds arrays of (n_races, ...).
        layout: (n_arrays, 3) int64: offset of the array in the block, bytes a race, offset
            in the row.
        rows: (n_races, row_bytes) uint8. Written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        for a in range(layout.shape[0]):
            size = layout[a, 1]
            start, to = layout[a, 0] + race * size, layout[a, 2]
            source, target = block[start : start + size], rows[race, to : to + size]
            for byte in range(size):
                target[byte] = source[byte]


@kernel(parallel_from=MANY_RACES)
def scatter_rows(races: Any, block: Any, layout: Any, rows: Any) -> None:
    """Copy the rows of some races into the arrays in a block; the way back of ``gather_rows``.

    Args:
        races, layout: as there.
        block: (n_bytes,) uint8. Written.
        rows: (n_races, row_bytes) uint8.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        for a in range(layout.shape[0]):
            size = layout[a, 1]
            to, start = layout[a, 0] + race * size, layout[a, 2]
            source, target = rows[race, start : start + size], block[to : to + size]
            for byte in range(size):
                target[byte] = source[byte]
