"""Which track each episode is driven on, as a pure function of the race's key."""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels.compile import device, kernel
from racegym.kernels.randomness import draw_uniform, mix, purpose

__all__ = ["draw_seeds", "draw_shared", "draw_slots", "shared_seeds"]

TRACK = purpose("track")


@kernel
def draw_slots(keys: Any, count: int, out: Any) -> None:
    """Draw one of ``count`` tracks for each key.

    Args:
        keys: (k,) uint64 of races.
        count: how many tracks there are.
        out: (k,) int32, from 0. Written.
    """
    for k in range(keys.shape[0]):
        out[k] = min(int(draw_uniform(keys[k], 0, 0, TRACK) * count), count - 1)


@kernel
def draw_seeds(keys: Any, base: Any, out: Any) -> None:
    """Draw the seed of a circuit for each key.

    Args:
        keys: (k,) uint64 of races.
        base: uint64; another one gives other circuits.
        out: (k,) int64, 0 or more. Written.
    """
    for k in range(keys.shape[0]):
        out[k] = np.int64(mix(mix(keys[k], TRACK), base) >> np.uint64(1))


@device
def shared_seed(base: Any, stretch: int, number: int) -> Any:
    """Return the seed of one of the circuits that all races share for a stretch of episodes."""
    return np.int64(
        mix(mix(mix(TRACK, base), np.uint64(stretch)), np.uint64(number)) >> np.uint64(1)
    )


@kernel
def draw_shared(keys: Any, stretch: Any, count: int, base: Any, out: Any) -> None:
    """Draw one of the circuits of a stretch for each key.

    Args:
        keys: (k,) uint64 of races.
        stretch: (k,) int64, which stretch of episodes each is in.
        count: circuits of a stretch.
        base: uint64; another one gives other circuits.
        out: (k,) int64 seeds, 0 or more. Written.
    """
    for k in range(keys.shape[0]):
        number = min(int(draw_uniform(keys[k], 0, 0, TRACK) * count), count - 1)
        out[k] = shared_seed(base, stretch[k], number)


@kernel
def shared_seeds(out: Any, stretch: int, base: Any) -> None:
    """Write the seeds of all circuits of a stretch; arguments as in ``draw_shared``."""
    for number in range(out.shape[0]):
        out[number] = shared_seed(base, stretch, number)
