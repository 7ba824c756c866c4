"""Completing a run folder: from what was written as it ran to what is kept.

The same function completes a run that ended well and one that was cut off. Each file is put
in its place whole, and the stream is removed last, so this can be done again at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from racegym.record.folder import RunFolder, write_json
from racegym.record.result import make_result
from racegym.record.stream import read_batches
from racegym.record.tally import Tally

__all__ = ["FORMAT", "drop_partial_line", "finalise"]

FORMAT = 1  # version of the folder's content
# Rows; fixed, so that equal runs give equal files.
ROW_GROUP = 65_536
BATCH = 8192


def finalise(folder: RunFolder, about: Mapping[str, Any]) -> dict[str, Any]:
    """Write telemetry, result and state, remove the stream, and return the result.

    Args:
        folder: of a run that nobody writes any more.
        about: the new content of ``state.json``.

    Raises:
        OSError: something can't be written; nothing is lost, and it can be tried again.
    """
    for journal in (folder.events, folder.laps, folder.tracks, folder.commands):
        drop_partial_line(journal)
    tally = Tally(len(about["cars"]))
    if folder.stream.exists():
        _convert(folder, tally, parquet=about["telemetry"], text=about["csv"])
        _even_out(folder.controls)
    result = make_result(folder, about, tally)
    write_json(folder.result, result)
    counts = {"steps": result["steps"], "time": result["time"]}
    write_json(folder.state, {**about, **counts})
    folder.stream.unlink(missing_ok=True)
    return result


def drop_partial_line(path: Path) -> None:
    """Cut off what stands behind the last end of a line; a file that is absent stays so."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        if content and not content.endswith(b"\n"):
            file.truncate(content.rfind(b"\n") + 1)


def _convert(folder: RunFolder, tally: Tally, *, parquet: bool, text: bool) -> None:
    """Feed the stream's rows to the tally and to the files that are wanted."""
    batches = _counted(read_batches(folder.stream), tally)
    first = next(batches, None)
    schema = first.schema if first is not None else _schema(folder.stream)
    if schema is None or not (parquet or text):
        for _ in batches:
            pass  # only the tally wants them
        return
    targets = []
    with ExitStack() as stack:
        writers: list[Any] = []
        if parquet:
            targets.append(folder.telemetry)
            writers.append(stack.enter_context(pq.ParquetWriter(_part(folder.telemetry), schema)))
        if text:
            targets.append(folder.telemetry_csv)
            writers.append(
                stack.enter_context(pa_csv.CSVWriter(str(_part(folder.telemetry_csv)), schema))
            )
        for table in _groups(first, batches):
            for writer in writers:
                writer.write_table(table)
    for target in targets:
        _part(target).replace(target)


def _even_out(stream: Path) -> None:
    """Write a stream anew in equal batches: it was flushed whenever some wall time had passed."""
    schema = _schema(stream) if stream.exists() else None
    if schema is None:
        return
    with pa.ipc.new_stream(str(_part(stream)), schema) as writer:
        batches = read_batches(stream)
        for table in _groups(next(batches, None), batches):
            writer.write_table(table, max_chunksize=BATCH)
    _part(stream).replace(stream)


def _schema(stream: Path) -> pa.Schema | None:
    """Return the schema of a stream without rows; None if not even that is there."""
    try:
        with stream.open("rb") as file:
            return pa.ipc.open_stream(file).schema
    except (pa.ArrowInvalid, OSError):
        return None


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _counted(batches: Iterable[pa.RecordBatch], tally: Tally) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        tally.add(batch)
        yield batch


def _groups(first: pa.RecordBatch | None, rest: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield tables of ``ROW_GROUP`` rows, however long the batches are."""
    if first is None:
        return
    held: list[pa.RecordBatch] = [first]
    rows = first.num_rows
    for batch in rest:
        held.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP:
            table = pa.Table.from_batches(held)
            yield table.slice(0, ROW_GROUP).combine_chunks()
            rest_rows = table.slice(ROW_GROUP).combine_chunks()
            held, rows = rest_rows.to_batches(), rest_rows.num_rows
    if rows:
        yield pa.Table.from_batches(held).combine_chunks()
