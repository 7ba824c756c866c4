"""The memory of a world: every array that a stage remembers between steps.

Arrays are led by ``n_races`` and allocated by name, so the world alone can reset,
snapshot, hash and move them, whoever uses them. They lie in a few large blocks, which
makes a reset one kernel call and a snapshot a few copies.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from racegym.kernels.memory import fill_rows

__all__ = ["Arrays", "Snapshot"]

Snapshot = dict[str, NDArray[Any]]

ALIGN = 64  # [bytes] a cache line, so that no two arrays share one
BLOCK_ROW = 4096  # [bytes] of a race in one block; a larger array gets a block of its own


class _Block:
    """Memory for some arrays, with the initial row of each."""

    def __init__(self, size: int):
        self.memory = np.zeros(size, np.uint8)
        self.used = 0
        self._places: list[tuple[int, int, int]] = []  # as `fill_rows` wants them
        self._rows: list[bytes] = []
        self._row_bytes = 0
        self._joined: tuple[NDArray[np.int64], NDArray[np.uint8]] | None = None

    def add(self, array_bytes: int, row: NDArray[Any]) -> int:
        """Take room for an array and return its offset."""
        offset = self.used
        self.used += -(-array_bytes // ALIGN) * ALIGN
        self._places.append((offset, row.nbytes, self._row_bytes))
        self._rows.append(row.tobytes())
        self._row_bytes += row.nbytes
        self._joined = None
        return offset

    def fill(self, races: NDArray[np.int64]) -> None:
        """Put the initial rows of these races back."""
        if self._joined is None:  # once, when all arrays are there
            layout = np.array(self._places, np.int64)
            self._joined = layout, np.frombuffer(b"".join(self._rows), np.uint8).copy()
        fill_rows(races, self.memory, *self._joined)


class Arrays:
    """Named arrays led by ``n_races``, reset and copied together.

    Args:
        n_races: the leading length of every array.
        real: the dtype of ``dtype="real"`` arrays: float32, or float64 for validation.
    """

    def __init__(self, n_races: int, real: DTypeLike = np.float32):
        self.n_races = n_races
        self.real: np.dtype[Any] = np.dtype(real)
        self._blocks: list[_Block] = []
        self._arrays: dict[str, NDArray[Any]] = {}
        self._rows: dict[str, NDArray[Any]] = {}

    def new(
        self,
        name: str,
        shape: tuple[int, ...] = (),
        dtype: DTypeLike = "real",
        fill: ArrayLike = 0,
    ) -> NDArray[Any]:
        """Return a new C-contiguous array of shape ``(n_races, *shape)``, filled.

        Args:
            name: unique in this world, such as ``"tyres.temperature"``.
            shape: what follows ``n_races``.
            dtype: any numpy dtype, or ``"real"`` for the world's precision.
            fill: what each race's row holds after a reset; broadcast to ``shape``.

        Raises:
            ValueError: the name is taken.
        """
        if name in self._arrays:
            raise ValueError(f"two arrays are called {name!r}; each stage needs names of its own")
        kind = self.real if isinstance(dtype, str) and dtype == "real" else np.dtype(dtype)
        row = np.array(np.broadcast_to(np.asarray(fill, kind), shape), order="C")
        array = self._place(row)
        array[...] = row
        self._arrays[name] = array
        self._rows[name] = row
        return array

    def _place(self, row: NDArray[Any]) -> NDArray[Any]:
        size = self.n_races * row.nbytes
        block = self._blocks[-1] if self._blocks else None
        if block is None or block.used + size > block.memory.size:
            block = _Block(max(self.n_races * BLOCK_ROW, size + ALIGN))
            self._blocks.append(block)
        offset = block.add(size, row)
        raw = block.memory[offset : offset + size]
        return raw.view(row.dtype).reshape((self.n_races, *row.shape))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    @property
    def bytes_per_race(self) -> int:
        """How much memory one race takes."""
        return sum(array[0].nbytes for array in self._arrays.values())

    def reset(self, races: NDArray[np.int64]) -> None:
        """Put the initial rows back for these races, in every array."""
        for block in self._blocks:
            block.fill(races)

    def snapshot(self) -> Snapshot:
        """Return a copy of every array."""
        return {name: array.copy() for name, array in self._arrays.items()}

    def restore(self, snapshot: Snapshot) -> None:
        """Write a snapshot back.

        Raises:
            ValueError: it comes from a world of another shape.
        """
        if snapshot.keys() != self._arrays.keys():
            odd = sorted(snapshot.keys() ^ self._arrays.keys())
            raise ValueError(f"the snapshot is of another world; arrays that differ: {odd}")
        for name, array in self._arrays.items():
            saved = snapshot[name]
            if saved.shape != array.shape or saved.dtype != array.dtype:
                raise ValueError(
                    f"the snapshot is of another world: {name!r} is {saved.dtype}{saved.shape} "
                    f"there and {array.dtype}{array.shape} here"
                )
        for name, array in self._arrays.items():
            np.copyto(array, snapshot[name])

    def hash(self, race: int) -> str:
        """Return 16 hex digits that stand for the exact bits of one race's rows."""
        digest = hashlib.blake2b(digest_size=8)
        for name, array in self._arrays.items():
            digest.update(name.encode())
            digest.update(array[race].tobytes())
        return digest.hexdigest()

    def garbage(self, seed: int) -> None:
        """Fill every byte with noise: a test's way to show that a reset is complete."""
        rng = np.random.default_rng(seed)
        for array in self._arrays.values():
            if array.size and math.prod(array.shape):
                noise = rng.integers(0, 256, array.nbytes, np.uint8).view(array.dtype)
                array[...] = noise.reshape(array.shape) if array.dtype != np.bool_ else True
