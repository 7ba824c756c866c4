"""What programs ask of a world by number, refused where it would reach beyond an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import RacegymError

__all__ = ["indices_asked", "seeds_asked"]

MOST_SEED = 2**64 - 1


def indices_asked(asked: ArrayLike, count: int, what: str) -> NDArray[np.int64]:
    """Return the indices of races or cars.

    Args:
        asked: (k,) whole numbers.
        count: how many there are.
        what: they are, in the singular.

    Raises:
        RacegymError: there is no such one.
    """
    which = np.asarray(asked)
    if which.dtype.kind not in "iu" and which.size:
        raise RacegymError(f"{what}s are told by whole numbers, not by {which.dtype}: {asked!r}")
    which = which.astype(np.int64, copy=False)
    if which.size and (which.min() < 0 or which.max() >= count):
        wrong = which[(which < 0) | (which >= count)].flat[0]
        raise RacegymError(f"there is no {what} {wrong}; they go from 0 to {count - 1}")
    return which


def seeds_asked(asked: ArrayLike) -> NDArray[np.uint64]:
    """Return seeds.

    Raises:
        RacegymError: one is no whole number, or is out of bounds.
    """
    seeds = np.asarray(asked)
    # Among others, numpy holds what fits into no integer of its own as objects.
    whole = seeds.dtype.kind in "iu" or not seeds.size
    if not whole or (seeds.dtype.kind == "i" and seeds.size and seeds.min() < 0):
        raise RacegymError(f"a seed is a whole number from 0 to {MOST_SEED}, and not: {asked!r}")
    return seeds.astype(np.uint64, copy=False)
