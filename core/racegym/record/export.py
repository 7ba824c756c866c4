"""Telemetry and laps of a run in other forms, for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from racegym.errors import RunError
from racegym.record.folder import RunFolder
from racegym.record.telemetry_table import open_telemetry

__all__ = ["Format", "What", "export_run"]

Format: TypeAlias = Literal["csv", "parquet", "json"]
What: TypeAlias = Literal["telemetry", "laps"]


def export_run(
    folder: RunFolder, target: Path, *, what: What = "telemetry", form: Format = "csv"
) -> int:
    """Write a run's telemetry or laps to a file, which is there in full or not at all.

    CSV has a heading; JSON is a list with one object a row, one row a line, and null for what
    is not finite; Parquet keeps units and descriptions as the metadata of its columns.

    Args:
        folder: of a run that is over.
        target: the file; replaced when it exists.
        what: what to write.
        form: how.

    Returns:
        How many rows were written.

    Raises:
        RunError: the run has none of it, it can't be read, or the file can't be written.
    """
    source = _telemetry if what == "telemetry" else _laps
    with source(folder) as (schema, batches), _written_whole(target) as file:
        rows = 0
        with _WRITERS[form](file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
    return rows


_Source: TypeAlias = tuple[pa.Schema, Iterator[pa.RecordBatch]]


@contextmanager
def _telemetry(folder: RunFolder) -> Iterator[_Source]:
    with open_telemetry(folder) as file:
        yield file.schema_arrow, _readable(file, folder.telemetry)


def _readable(file: pq.ParquetFile, path: Path) -> Iterator[pa.RecordBatch]:
    batches = file.iter_batches()
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowException, OSError) as error:
            raise RunError(f"can't be read: {str(error).splitlines()[0]}", file=path) from error
        if batch is None:
            return
        yield batch


@contextmanager
def _laps(folder: RunFolder) -> Iterator[_Source]:
    try:
        with folder.laps.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        columns = {
            name: pa.array([read(row[name]) for row in rows], kind)
            for name, (kind, read) in _LAP_KINDS.items()
        }
    except FileNotFoundError:
        raise RunError("is missing: nothing is known of the run's laps", file=folder.laps) from None
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise RunError(f"can't be read: {error}", file=folder.laps) from error
    table = pa.table(columns)
    yield table.schema, iter(table.to_batches())


def _number(text: str) -> float | None:
    return float(text) if text else None


_LAP_KINDS: dict[str, tuple[pa.DataType, Callable[[str], Any]]] = {
    "race": (pa.int32(), int),
    "episode": (pa.int32(), int),
    "car": (pa.int32(), int),
    "name": (pa.string(), str),
    "lap": (pa.int32(), int),
    "time": (pa.float64(), _number),
    "lap_time": (pa.float64(), _number),
    "valid": (pa.bool_(), "1".__eq__),
    "sector_times": (pa.string(), str),
}


class _JsonWriter:
    """Writes rows as JSON; the counterpart of ``pyarrow.csv.CSVWriter``."""

    def __init__(self, file: IO[bytes], schema: pa.Schema):
        self._keys = [json.dumps(name, ensure_ascii=False) for name in schema.names]
        self._file = file
        self._before = "[\n"

    def __enter__(self) -> _JsonWriter:
        return self

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [_json_texts(column) for column in batch.columns]
        for values in zip(*columns, strict=True):
            pairs = (f"{key}:{value}" for key, value in zip(self._keys, values, strict=True))
            self._file.write(f"{self._before}{{{','.join(pairs)}}}".encode())
            self._before = ",\n"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.write(b"\n]\n" if self._before == ",\n" else b"[]\n")


def _json_texts(column: pa.Array) -> list[str]:
    """Return each value as JSON. Arrow's own text of a float is its shortest exact one."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, None)
    elif pa.types.is_string(column.type):
        return [json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
    texts = pc.cast(column, pa.string()).to_pylist()
    return ["null" if text is None else text for text in texts]


_WRITERS: dict[Format, Callable[[IO[bytes], pa.Schema], Any]] = {
    "csv": pa_csv.CSVWriter,
    "parquet": lambda file, schema: pq.ParquetWriter(file, schema, compression="zstd"),
    "json": _JsonWriter,
}


@contextmanager
def _written_whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file beside ``target`` to write to, and put it in its place at the end."""
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise RunError(
            f"can't be written: {error.strerror or error}; choose another file with --output",
            file=target,
        ) from error
    finally:
        if part.is_file():
            part.unlink()
