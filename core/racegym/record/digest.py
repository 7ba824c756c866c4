"""Digests of a race's state and of its controls: what a replay is held against.

A replay asks no driver, so what drivers and agents remember is no part of the state here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from racegym.interfaces import Array, Arrays, Control, View, columns

__all__ = ["ControlDigest", "MotionDigest", "StateDigest", "chained"]

SIZE = 8  # [bytes]
_NOT_REPLAYED = ("drivers.", "agents.")
_MOTION = ("x", "y", "yaw", "vx", "vy", "yaw_rate")


class StateDigest:
    """Digest of every array of one race, but those of drivers and agents.

    Args:
        arrays: the world's memory.
        race: which race.
    """

    def __init__(self, arrays: Arrays, race: int):
        self._rows = [
            (name.encode(), arrays[name][race : race + 1])
            for name in arrays
            if not name.startswith(_NOT_REPLAYED)
        ]

    def __call__(self) -> int:
        """Return a uint64 other than 0."""
        digest = hashlib.blake2b(digest_size=SIZE)
        for name, row in self._rows:
            digest.update(name)
            digest.update(row.data)
        return int.from_bytes(digest.digest(), "big") or 1


class MotionDigest:
    """Digest of how the cars of one race move: cheap enough for every step.

    Args:
        view: the world's data.
        race: which race.
    """

    def __init__(self, view: View, race: int):
        self._rows = [getattr(view.state, name)[race : race + 1] for name in _MOTION]

    def __call__(self) -> int:
        """Return a uint64."""
        return chained(0, (), self._rows)


class ControlDigest:
    """Digest of the control of one race and of what names the step, chained over steps.

    Args:
        control: what is applied.
        race: which race.
    """

    def __init__(self, control: Control, race: int):
        self._rows = [getattr(control, name)[race : race + 1] for name in columns(Control)]

    def __call__(self, before: int, step: tuple[int, ...]) -> int:
        """Return a uint64 that stands for this step's control and all before it.

        Args:
            before: what was returned for the step before; 0 at the start of a race.
            step: number of the step, seed of the race, episodes since that seed was given.
        """
        return chained(before, step, self._rows)


def chained(before: int, numbers: Iterable[int], rows: Iterable[Array]) -> int:
    """Return a uint64 digest of another one, of whole numbers and of the bits of arrays."""
    digest = hashlib.blake2b(before.to_bytes(SIZE, "big"), digest_size=SIZE)
    for number in numbers:
        digest.update(int(number).to_bytes(SIZE, "big"))
    for row in rows:
        digest.update(row.data)
    return int.from_bytes(digest.digest(), "big")
