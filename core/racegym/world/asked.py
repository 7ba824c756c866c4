"""What programs ask of a world by number, refused where it would reach beyond an array.

And the numbers themselves, in a form that kernels know.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import ActionError, RacegymError

__all__ = ["actions_asked", "figures_asked", "indices_asked", "seeds_asked", "seeds_from"]

MOST_SEED = 2**64 - 1
FOREIGN = "eg"  # float16 and long double, which numba does not know


def actions_asked(asked: Any) -> NDArray[Any]:
    """Return actions as an array of numbers that kernels know, if they are numbers at all.

    Raises:
        ActionError: they are no array: rows have different lengths.
    """
    try:
        given = np.asarray(asked)
    except ValueError:
        raise ActionError(f"actions are no array; rows have different lengths: {asked}") from None
    kind = given.dtype
    if kind.kind in "fiu" and (kind.char in FOREIGN or not kind.isnative):
        return given.astype(np.float64)
    return given


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
    if which.ndim != 1:
        raise RacegymError(f"{what}s are told by a list of whole numbers, not by: {asked!r}")
    which = which.astype(np.int64, copy=False)
    if which.size and (which.min() < 0 or which.max() >= count):
        wrong = which[(which < 0) | (which >= count)].flat[0]
        raise RacegymError(f"there is no {what} {wrong}; they go from 0 to {count - 1}")
    return which


def figures_asked(asked: ArrayLike, count: int, what: str) -> NDArray[np.float64]:
    """Return (count,) figures.

    Args:
        asked: (count,) finite numbers, or one for all.
        count: how many are wanted.
        what: they are.

    Raises:
        RacegymError: one is not finite, or there are not as many.
    """
    given = np.asarray(asked, np.float64)
    if given.ndim > 1 or given.size not in (1, count):
        raise RacegymError(f"{what}: {count} are wanted, or one for all, and not: {asked!r}")
    if not np.isfinite(given).all():
        raise RacegymError(f"{what} is not finite: {asked!r}")
    return np.broadcast_to(given, (count,))


def seeds_asked(asked: ArrayLike, count: int) -> NDArray[np.uint64]:
    """Return (count,) seeds.

    Args:
        asked: (count,) whole numbers, or one for all.
        count: of the races that they are for.

    Raises:
        RacegymError: one is no whole number, or is out of bounds; or there are not as many.
    """
    seeds = np.asarray(asked)
    # Among others, numpy holds what fits into no integer of its own as objects.
    whole = seeds.dtype.kind in "iu" or not seeds.size
    if not whole or (seeds.dtype.kind == "i" and seeds.size and seeds.min() < 0):
        raise RacegymError(f"a seed is a whole number from 0 to {MOST_SEED}, and not: {asked!r}")
    if seeds.ndim > 1 or seeds.size not in (1, count):
        races = "1 race takes one seed" if count == 1 else f"{count} races take a seed each, or one"
        raise RacegymError(f"{races}, and not: {asked!r}")
    return np.broadcast_to(seeds.astype(np.uint64, copy=False), (count,))


def seeds_from(first: ArrayLike, races: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return (k,) the seeds of some races where that of race i is ``first + i``.

    Raises:
        RacegymError: ``first`` is no seed, or a later one is out of bounds.
    """
    if np.ndim(first):
        raise RacegymError(f"one seed is wanted, of which race i takes seed + i; not: {first!r}")
    begin = seeds_asked(first, 1)
    seeds = begin + races.astype(np.uint64)
    if (seeds < begin).any():
        raise RacegymError(f"a seed is at most {MOST_SEED}, and not {begin[0]} + {races.max()}")
    return seeds
