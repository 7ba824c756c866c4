"""Digests of a race's state and of its controls: what a replay is held against.

A replay asks no driver, so what drivers and agents remember is no part of the state here.
"""

from __future__ import annotations

import hashlib

from racegym.interfaces import Array, Arrays, CarState, Control, View, columns

__all__ = ["ControlDigest", "MotionDigest", "StateDigest"]

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


class _RowsDigest:
    """Digest of certain rows, some of which may be missing in a backend."""

    def __init__(self, arrays: list[Array], race: int):
        self._rows = [array[race : race + 1] for array in arrays]

    def _value(self, before: int = 0) -> int:
        digest = hashlib.blake2b(before.to_bytes(SIZE, "big"), digest_size=SIZE)
        for row in self._rows:
            digest.update(row.data)
        return int.from_bytes(digest.digest(), "big")


class MotionDigest(_RowsDigest):
    """Digest of how the cars of one race move: cheap enough for every step."""

    def __init__(self, view: View, race: int):
        fields = columns(CarState)
        super().__init__([getattr(view.state, name) for name in _MOTION if name in fields], race)

    def __call__(self) -> int:
        """Return a uint64."""
        return self._value()


class ControlDigest(_RowsDigest):
    """Digest of the control of one race, chained from step to step."""

    def __init__(self, control: Control, race: int):
        super().__init__([getattr(control, name) for name in columns(Control)], race)

    def __call__(self, before: int) -> int:
        """Return a uint64 that stands for this step's control and all before it.

        Args:
            before: what was returned for the step before; 0 at the start.
        """
        return self._value(before)
