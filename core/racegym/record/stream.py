"""Writing one row per step, race and car to an Arrow stream, in blocks of constant memory.

What has been flushed can be read whatever becomes of the process that wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
import pyarrow as pa

from racegym.interfaces import WHEELS, Array

__all__ = ["StepColumn", "StepStream", "read_batches"]

BLOCK = 256  # steps that are kept in memory at most
FLUSH_AFTER = 0.5  # [s] of wall time


@dataclass(frozen=True, kw_only=True, eq=False)
class StepColumn:
    """One column, or four for one with a value per wheel.

    Attributes:
        name: in the file.
        source: (n_races, ...), read at every step; never exchanged for another array.
        layout: ``"race"``, ``"car"`` and ``"wheel"`` say what follows ``n_races`` in
            ``source``; ``"cars"`` keeps the cars of a race together as a list.
        unit: SI unit, ``"1"`` for a ratio, ``""`` for a code.
        doc: one line.
    """

    name: str
    source: Array
    layout: Literal["race", "car", "wheel", "cars"]
    unit: str = ""
    doc: str = ""


class StepStream:
    """Rows of some races, one per step and race, or one per step, race and car.

    Args:
        path: the file; made anew.
        columns: what to write, in order.
        races: (k,) which races.
        n_cars: cars a race; rows are per car if any column's layout is car or wheel.
        metadata: of the file.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[StepColumn],
        races: Array,
        n_cars: int,
        metadata: Mapping[str, str],
    ):
        self._columns = columns
        self._races = races
        self._n_cars = n_cars
        self._per_car = any(column.layout in ("car", "wheel") for column in columns)
        self._blocks = [
            np.empty((BLOCK, len(races), *column.source.shape[1:]), column.source.dtype)
            for column in columns
        ]
        first, count = int(races[0]), len(races)
        run_of_races = slice(first, first + count)
        adjacent = np.array_equal(races, np.arange(first, first + count))
        # A view is copied far faster than single races are picked out.
        self._views = [column.source[run_of_races] for column in columns] if adjacent else None
        self._rows = 0
        self._flushed = perf_counter()
        self._broken = False
        self.schema = pa.schema(self._fields(), metadata=metadata)
        self._file = path.open("wb")
        self._writer = pa.ipc.new_stream(self._file, self.schema)
        self._file.flush()

    def _fields(self) -> Iterator[pa.Field]:
        for column in self._columns:
            kind = pa.from_numpy_dtype(column.source.dtype)
            metadata = {"unit": column.unit, "doc": column.doc}
            if column.layout == "cars":
                kind = pa.list_(kind, self._n_cars)
            wheels = [f"_{wheel}" for wheel in WHEELS] if column.layout == "wheel" else [""]
            for wheel in wheels:
                yield pa.field(f"{column.name}{wheel}", kind, nullable=False, metadata=metadata)

    def add(self) -> None:
        """Take a row of every race."""
        k = self._rows
        if self._views is None:
            for column, block in zip(self._columns, self._blocks, strict=True):
                column.source.take(self._races, axis=0, out=block[k], mode="clip")
        else:
            for view, block in zip(self._views, self._blocks, strict=True):
                block[k] = view
        self._rows = k + 1
        if self._rows == BLOCK or perf_counter() - self._flushed > FLUSH_AFTER:
            self.flush()

    def flush(self) -> None:
        """Hand everything taken so far to the operating system.

        Raises:
            OSError: it can't be written; nothing more will be, so that what is there stays
                readable.
        """
        if self._broken:
            return
        try:
            if self._rows:
                self._writer.write_batch(self._batch())
            self._file.flush()
        except OSError:
            self._broken = True
            raise
        self._rows = 0
        self._flushed = perf_counter()

    def _batch(self) -> pa.RecordBatch:
        arrays = [
            array
            for column, block in zip(self._columns, self._blocks, strict=True)
            for array in self._arrays(column, block[: self._rows])
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _arrays(self, column: StepColumn, block: Array) -> Iterator[pa.Array]:
        if column.layout == "wheel":
            for wheel in range(len(WHEELS)):
                yield pa.array(block[..., wheel].reshape(-1))
        elif column.layout == "cars":
            flat = pa.array(block.reshape(-1))
            yield pa.FixedSizeListArray.from_arrays(flat, self._n_cars)
        elif column.layout == "race" and self._per_car:
            yield pa.array(np.repeat(block.reshape(-1), self._n_cars))
        else:
            yield pa.array(block.reshape(-1))

    def close(self) -> None:
        """Flush and end the file. May be called twice.

        Raises:
            OSError: it can't be written; the file is closed.
        """
        if self._file.closed:
            return
        try:
            self.flush()
            if not self._broken:
                self._writer.close()
        finally:
            with suppress(OSError) if self._broken else nullcontext():
                self._file.close()


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a stream; one that is cut off at the end of the file is dropped."""
    with path.open("rb") as file:
        try:
            reader = pa.ipc.open_stream(file)
            for batch in reader:
                batch.validate(full=True)
                yield batch
        except (pa.ArrowInvalid, OSError):
            return
