"""Random numbers as pure functions of (key, car, step, purpose).

Nothing is advanced and nothing is stored, so a draw does not depend on how many cars
there are, on their order, or on what was drawn before. A race's key comes from its seed
and episode. The mixer is the finaliser of SplitMix64 [1].

[1] Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA,
    doi:10.1145/2660193.2660195.
"""

from __future__ import annotations

import hashlib
from math import cos, log, pi, sqrt
from typing import Any

import numpy as np

from racegym.kernels.compile import device, kernel

__all__ = ["draw_normal", "draw_uniform", "mix", "purpose", "race_keys"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


def purpose(name: str) -> np.uint64:
    """Return the number that stands for what a draw is for, such as ``"start.d"``."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))


@device
def mix(a: Any, b: Any) -> Any:
    """Return a well mixed uint64 from two."""
    z = np.uint64(a) + _GOLDEN * (np.uint64(b) + np.uint64(1))
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@device
def draw_uniform(key: Any, car: int, step: int, purpose: Any) -> float:
    """Return a float64 in [0, 1) for this race, car, step and purpose."""
    z = mix(mix(mix(key, purpose), np.uint64(car)), np.uint64(step))
    return float(z >> np.uint64(11)) * _TO_UNIT


@device
def draw_normal(key: Any, car: int, step: int, purpose: Any) -> float:
    """Return a standard normal float64 for this race, car, step and purpose (Box-Muller)."""
    radius = 1.0 - draw_uniform(key, car, step, purpose)  # in (0, 1]
    angle = draw_uniform(key, car, step, purpose ^ _GOLDEN)
    return sqrt(-2.0 * log(radius)) * cos(2.0 * pi * angle)


@kernel
def race_keys(races: Any, seed: Any, episode: Any, key: Any) -> None:
    """Fill the key of some races from their seed and episode.

    Args:
        races: (k,) int64 indices of the races to fill.
        seed: (n_races,) uint64.
        episode: (n_races,) int64.
        key: (n_races,) uint64; written.
    """
    for k in range(races.shape[0]):
        race = races[k]
        key[race] = mix(mix(np.uint64(0), seed[race]), np.uint64(episode[race]))
