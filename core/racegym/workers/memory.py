"""The memory that the world and its workers share, and where each thing lies in it.

The memory has no name that could outlive its users: on POSIX systems it is a file that was
never linked, handed to the workers as a descriptor; on Windows the system frees it with its
last handle. Whoever is killed, nothing is left behind.

Each race has flags, a row and a parcel of its own, on cache lines of its own. The row holds
the race's part of every array of the view and of the effects, one after another, so that a
few copies bring a race to its worker and back. The parcel holds what comes now and then: the
brief that a worker starts from, poses, tracks, the words of a failure.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import DTypeLike, NDArray

from racegym.interfaces import Array, Arrays
from racegym.kernels.rows import gather_rows, scatter_rows

__all__ = ["Layout", "Route", "RowArrays", "Segment", "offsets"]

Bytes = NDArray[np.uint8]

LINE = 64  # [bytes] of a cache line
WORD = 8  # [bytes] to which arrays in a row are aligned
FLAGS = 2 * LINE  # [bytes] of a race's two flags: the world writes one, the worker the other


class Segment:
    """Shared memory without a name, zero at first.

    Args:
        size: [bytes].

    Attributes:
        size: [bytes].
        descriptor: to be inherited by workers; None on Windows.
        reference: what a worker passes to ``attach``.
        map: the memory; None once it is closed.
    """

    def __init__(self, size: int):
        self.size = size
        self.descriptor: int | None = None
        self.map: mmap.mmap | None = None
        if sys.platform == "win32":
            self.reference = f"racegym-{uuid4()}"
            self.map = mmap.mmap(-1, size, tagname=self.reference)
            return
        if sys.platform == "linux":
            self.descriptor = os.memfd_create("racegym")
        else:
            with tempfile.TemporaryFile(prefix="racegym-") as file:
                self.descriptor = os.dup(file.fileno())
        os.ftruncate(self.descriptor, size)
        self.reference = str(self.descriptor)
        self.map = mmap.mmap(self.descriptor, size)

    @staticmethod
    def attach(reference: str, size: int) -> mmap.mmap:
        """Return the memory of a segment, in the process that it was handed to."""
        if sys.platform == "win32":
            return mmap.mmap(-1, size, tagname=reference)
        descriptor = int(reference)
        try:
            return mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the memory, which ends with the last array that looks into it."""
        self.map = None
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@dataclass(frozen=True)
class Layout:
    """Where flags, rows and parcels lie in a segment.

    Attributes:
        n_races: how many there are of each.
        row_bytes, parcel_bytes: of one race, whole cache lines.
    """

    n_races: int
    row_bytes: int
    parcel_bytes: int

    @property
    def size(self) -> int:
        """Return the size of the segment [bytes]."""
        return self.n_races * (FLAGS + self.row_bytes + self.parcel_bytes)

    def flag(self, memory: mmap.mmap, race: int, which: int) -> memoryview:
        """Return one of a race's two flags as one int64: 0 the world's, 1 the worker's."""
        start = race * FLAGS + which * LINE
        return memoryview(memory)[start : start + WORD].cast("q")

    def rows(self, memory: mmap.mmap) -> Bytes:
        """Return the rows, (n_races, row_bytes)."""
        count = self.n_races * self.row_bytes
        flat = np.frombuffer(memory, np.uint8, count, offset=self.n_races * FLAGS)
        return flat.reshape(self.n_races, self.row_bytes)

    def parcel(self, memory: mmap.mmap, race: int) -> memoryview:
        """Return the parcel of a race, (parcel_bytes,)."""
        start = self.n_races * (FLAGS + self.row_bytes) + race * self.parcel_bytes
        return memoryview(memory)[start : start + self.parcel_bytes]


def offsets(arrays: Arrays) -> tuple[dict[str, int], int]:
    """Return where ``RowArrays`` would put each of these arrays, and the row's size [bytes]."""
    found: dict[str, int] = {}
    used = 0
    for name in arrays:
        found[name] = used
        used += _rounded(arrays[name][0].nbytes, WORD)
    return found, _rounded(used, LINE)


class RowArrays(Arrays):
    """Arrays of one race that lie one after another in a row of bytes.

    Args:
        row: (row_bytes,) uint8.
        real: as in ``Arrays``.
    """

    def __init__(self, row: Bytes, real: DTypeLike):
        super().__init__(1, real)
        self._row = row
        self._used = 0

    def _place(self, row: NDArray[Any]) -> NDArray[Any]:
        raw = self._row[self._used : self._used + row.nbytes]
        self._used += _rounded(row.nbytes, WORD)
        return raw.view(row.dtype).reshape((1, *row.shape))


class Route:
    """Copies some arrays of the world to the races' rows, or back.

    Args:
        arrays: (n_races, ...) by name, C-contiguous.
        places: offset of each in a row [bytes].
    """

    def __init__(self, arrays: Mapping[str, Array], places: Mapping[str, int]):
        blocks: dict[int, tuple[Bytes, list[tuple[int, int, int]]]] = {}
        for name, array in arrays.items():
            block = _block(array)
            start = _address(array) - _address(block)
            lines = blocks.setdefault(_address(block), (block, []))[1]
            lines.append((start, array[0].nbytes, places[name]))
        self._parts = [(block, np.array(lines, np.int64)) for block, lines in blocks.values()]

    def gather(self, races: NDArray[np.int64], rows: Bytes) -> None:
        """Copy the arrays of these races into their rows."""
        for block, layout in self._parts:
            gather_rows(races, block, layout, rows)

    def scatter(self, races: NDArray[np.int64], rows: Bytes) -> None:
        """Copy the rows of these races into the arrays."""
        for block, layout in self._parts:
            scatter_rows(races, block, layout, rows)


def _block(array: Array) -> Bytes:
    """Return the flat memory that an array is a part of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.reshape(-1).view(np.uint8)


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _rounded(size: int, unit: int) -> int:
    return -(-size // unit) * unit
