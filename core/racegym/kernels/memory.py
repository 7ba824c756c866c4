"""Copying many arrays at once: a step's, and for resets the rows of some races."""

from __future__ import annotations

from typing import Any

from numba import prange

from racegym.kernels.compile import LIGHT, kernel

__all__ = ["copy_arrays", "fill_rows"]


AT_ONCE = 256  # races copied array by array; fewer would make the copies short
MANY_RACES = 32  # a row of each of some hundred arrays takes microseconds a race


@kernel(parallel_from=MANY_RACES)
def fill_rows(races: Any, block: Any, layout: Any, initial: Any) -> None:
    """Copy the initial row of every array in a block over the rows of some races.

    Args:
        races: (k,) int64 indices of the races to fill, each at most once.
        block: (n_bytes,) uint8; the memory that holds the arrays.
        layout: (n_arrays, 3) int64: offset of the array in the block, bytes a row, offset of
            its initial row in ``initial``.
        initial: (n_initial,) uint8; the initial rows one after another.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        for a in range(layout.shape[0]):
            size = layout[a, 1]
            to, source = layout[a, 0] + race * size, layout[a, 2]
            row, first = block[to : to + size], initial[source : source + size]
            for byte in range(size):
                row[byte] = first[byte]


@kernel(parallel_from=LIGHT)
def copy_arrays(races: Any, sources: Any, targets: Any) -> None:
    """Copy whole arrays led by races, each thread those of its own races.

    Args:
        races: any array led by races; only its length is used.
        sources, targets: tuples of (n_races * bytes a race,) uint8, pair by pair of a length.
    """
    n_races = races.shape[0]
    for part in prange(-(-n_races // AT_ONCE)):
        start, stop = part * AT_ONCE, min((part + 1) * AT_ONCE, n_races)
        for a in range(len(sources)):
            source, target = sources[a], targets[a]
            size = source.shape[0] // n_races
            # Counted from 0, no index can be negative, and the loop becomes a block copy.
            share, into = source[start * size : stop * size], target[start * size : stop * size]
            for byte in range(share.shape[0]):
                into[byte] = share[byte]
