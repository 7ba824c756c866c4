"""A log of positions as a run: the same files as of a race that was simulated.

The motion that was fitted to the positions is sampled evenly. Controls and digests are absent:
nothing was simulated, so nothing can be replayed.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from racegym.documents.naming import safe_name
from racegym.errors import RunError
from racegym.formats.logs.laps import Lap, Laps, find_laps
from racegym.formats.logs.motion import Motion
from racegym.formats.logs.options import LogOptions
from racegym.formats.logs.placing import place_on
from racegym.formats.logs.session import Session, read_session, track_of
from racegym.formats.logs.start import StartLine
from racegym.formats.native import ENDING
from racegym.formats.native import write as write_native
from racegym.interfaces import CarState, Column, RaceState, Status, TrackFrame, columns
from racegym.record.finish import FORMAT, ROW_GROUP
from racegym.record.folder import RunFolder, write_json
from racegym.record.journal import BODY_FIELDS, LAP_COLUMNS
from racegym.record.recorder import now
from racegym.record.result import make_result
from racegym.record.runs import LOGGED
from racegym.record.shapes import ShapeLog
from racegym.record.tally import Tally
from racegym.record.versions import machine, versions
from racegym.track import Track
from racegym.track.locating import ClosedLine

__all__ = ["LoggedRun", "import_log"]

Floats = NDArray[np.float64]

STEPS = (0.02, 0.1)  # [s] of telemetry at least and at most
MOST_ROWS = 3_000_000
STANDING = 0.5  # [m/s] below which a course says nothing of where the car looks
BESIDE = 10.0  # [m] beyond the track's edge, to where its start line is crossed
CAR = 0.7  # [m] half a car's width
NO_VEHICLE = "an imported log: it does not tell which vehicle was driven"  # why there is no limit
_REAL = "float32"


@dataclass(frozen=True, kw_only=True, eq=False)
class LoggedRun:
    """A log that has become a run.

    Attributes:
        folder: of the run.
        result: its result.
        laps: all of the log's, and why some do not count.
        track: where it was driven.
        notes: what was found and assumed.
    """

    folder: RunFolder
    result: dict[str, Any]
    laps: Laps
    track: Track
    notes: tuple[str, ...]


def import_log(
    log: str | Path,
    *,
    track: Track | None = None,
    name: str | None = None,
    driver: str = "human",
    options: LogOptions | None = None,
    runs_dir: str | Path = "runs",
) -> LoggedRun:
    """Write a log into a run folder, ``<runs_dir>/<name>/<time>``.

    Without a track its own mean line becomes one, which is written into the folder, too.

    Args:
        log: the file.
        track: where it was driven; the log is laid over it by its shape.
        name: of the run. Default: the file's name without its ending.
        driver: who drove.
        options: of the reader.
        runs_dir: made when absent.

    Raises:
        TrackError: the log is wrong, holds no lap that counts, or is of another track.
        RunError: the folder can't be written.
    """
    began = perf_counter()
    options = options or LogOptions()
    path = Path(log)
    session = read_session(path, options)
    own = track_of(session, options, options.name or name or path.stem) if track is None else None
    placed = None if track is None else _placed(session, track, options)
    folder = RunFolder.create(Path(runs_dir), name or path.stem)
    try:
        if own is not None:
            made, notes = own, own.notes
            write_native(own, folder.path / f"{safe_name(own.name)}{ENDING}")
            motion = session.motion.moved(0.0, -own.origin[0], -own.origin[1])
            laps = replace(session.laps, laps=tuple(_along(motion, session.laps.laps)))
        else:
            assert track is not None and placed is not None
            made, (motion, laps, doubt) = track, placed
            laid = f"the log is laid over the track {track.name!r}"
            notes = (f"{laid}; {doubt}" if doubt else laid, *session.log.notes)
        about = _about(session, made, laps, notes, name or path.stem, driver, began)
        result = _write(folder, about, motion, laps, made)
    except OSError as error:
        folder.discard()
        raise RunError(
            f"can't write a run there: {error.strerror or error}", file=folder.path
        ) from error
    except BaseException:
        folder.discard()
        raise
    return LoggedRun(folder=folder, result=result, laps=laps, track=made, notes=notes)


def _along(motion: Motion, laps: tuple[Lap, ...]) -> Iterator[Lap]:
    """Yield laps with the pieces of a motion that was moved."""
    for lap in laps:
        inside = (p for p in motion.pieces if p.start <= lap.start and lap.end <= p.end)
        yield replace(lap, piece=None if lap.piece is None else next(inside))


def _placed(session: Session, track: Track, options: LogOptions) -> tuple[Motion, Laps, str]:
    """Return motion and laps on a track that is known, from its start line on, and any doubt."""
    how = place_on(track, session.middle.line, session.log.source, session.log.plane)
    motion = session.motion.moved(how.turn, how.x, how.y)
    x, y, heading = (float(value) for value in track.at(0.0))
    reach = float(max(track.width_left[0], track.width_right[0])) + BESIDE
    line = StartLine(x, y, heading, reach, f"that of {track.name!r}")
    return motion, find_laps(motion, line, options.tolerance), how.doubt


def _about(
    session: Session,
    track: Track,
    laps: Laps,
    notes: tuple[str, ...],
    name: str,
    driver: str,
    began: float,
) -> dict[str, Any]:
    """Return the content of ``state.json``."""
    motion = session.motion
    step = float(np.clip(round(motion.step, 3), *STEPS))
    started = now()
    return {
        "format": FORMAT,
        "state": "finished",
        "scenario": name,
        "task": LOGGED,
        "seed": None,
        "backend": "log",
        "deterministic": False,
        "collides": False,
        "dt": step,
        "laps": len(laps.laps),
        "tracks": [{"name": track.name, "hash": track.hash}],
        "races": [0],
        "telemetry": True,
        "csv": False,
        "cars": [{"name": driver, "driver": driver, "vehicle": ""}],
        "log": {
            "file": session.log.source,
            "positions": len(session.log),
            "rate": round(1.0 / motion.step, 3),
            "noise": round(motion.noise, 3),
            "dropped": [{"what": each.what, "reason": each.reason} for each in laps.dropped],
            "notes": list(notes),
        },
        "limit": {"references": {}, "cars": {}, "reasons": [NO_VEHICLE]},
        "versions": versions(),
        "machine": machine(),
        "wall": {
            "started": started,
            "ended": started,
            "seconds": round(perf_counter() - began, 6),
        },
    }


def _write(
    folder: RunFolder, about: dict[str, Any], motion: Motion, laps: Laps, track: Track
) -> dict[str, Any]:
    """Write all files, the state last: without it a folder is no run."""
    crossings = np.array([laps.laps[0].start, *(lap.end for lap in laps.laps)])
    table = _telemetry(motion, crossings, track, about["dt"])
    schema = _schema(table)
    batch = pa.RecordBatch.from_arrays([pa.array(table[n]) for n in schema.names], schema=schema)
    pq.write_table(pa.Table.from_batches([batch]), folder.telemetry, row_group_size=ROW_GROUP)
    _write_journal(folder, about, laps, motion.pieces[0].start, table, track)
    tally = Tally(1)
    tally.add(batch)
    result = make_result(folder, about, tally)
    write_json(folder.result, result)
    write_json(folder.state, {**about, "steps": result["steps"], "time": result["time"]})
    return result


def _telemetry(
    motion: Motion, crossings: Floats, track: Track, step: float
) -> dict[str, NDArray[Any]]:
    """Return the columns of telemetry, one row every ``step`` [s]."""
    begin, end = motion.pieces[0].start, motion.pieces[-1].end
    if (end - begin) / step > MOST_ROWS:
        raise RunError(
            f"the log lasts {(end - begin) / 3600.0:.1f} h, which is too long for a run; cut it in "
            "parts"
        )
    t: Floats = begin + step * np.arange(1, int((end - begin) / step) + 1, dtype=np.float64)
    x, y, vx, vy, ax, ay = (np.full(len(t), nan) for _ in range(6))
    for piece in motion.pieces:
        rows = slice(*np.searchsorted(t, [piece.start, piece.end + 1e-9]))
        x[rows], y[rows] = piece.at(t[rows])
        vx[rows], vy[rows] = piece.at(t[rows], 1)
        ax[rows], ay[rows] = piece.at(t[rows], 2)
    _bridge(t, x, y, vx, vy, ax, ay)
    speed = np.hypot(vx, vy)
    size = np.maximum(speed, STANDING)
    yaw = _held(np.arctan2(vy, vx), speed >= STANDING)
    line = ClosedLine.of(track)
    s, d = line.locate(x, y, np.cos(yaw), np.sin(yaw))
    onward = np.unwrap(s, period=track.length)
    at_line = float(np.interp(crossings[0], t, onward))
    progress = onward - track.length * np.round(at_line / track.length)
    _, _, way = track.at(s)
    k = np.round(s / track.spacing).astype(np.int64) % len(track)
    edge = np.where(d > 0.0, track.width_left[k], track.width_right[k])
    passed = np.searchsorted(crossings, t, side="right")
    count = len(t)
    finished = t >= crossings[-1]
    return {
        "time": t - begin,
        "race": np.zeros(count, np.int32),
        "episode": np.zeros(count, np.int32),
        "step": np.arange(1, count + 1, dtype=np.int64),
        "car": np.zeros(count, np.int32),
        "x": x,
        "y": y,
        "z": np.interp(s, track.spacing * np.arange(len(track)), track.z, period=track.length),
        "yaw": yaw,
        "vx": speed,
        "vy": np.zeros(count),
        "yaw_rate": (vx * ay - vy * ax) / size**2,
        "ax": (vx * ax + vy * ay) / size,
        "ay": (vx * ay - vy * ax) / size,
        "s": s,
        "d": d,
        "heading_error": (yaw - way + np.pi) % (2.0 * np.pi) - np.pi,
        "progress": progress,
        "lap": np.clip(passed - 1, 0, len(crossings) - 1).astype(np.int32),
        "sector": (np.searchsorted(track.sectors, s, side="right") - 1).astype(np.int32),
        "position": np.ones(count, np.int32),
        "gap_leader": np.zeros(count),
        "status": np.where(finished, int(Status.FINISHED), int(Status.RACING)).astype(np.int8),
        "off_track": np.abs(d) > edge + CAR,
    }


def _bridge(t: Floats, x: Floats, y: Floats, *rates: Floats) -> None:
    """Fill rows within gaps: evenly from the position before to the one after."""
    gone = np.flatnonzero(np.isnan(x))
    if not len(gone):
        return
    known = np.flatnonzero(~np.isnan(x))
    for values in (x, y):
        values[gone] = np.interp(t[gone], t[known], values[known])
    vx, vy, ax, ay = rates
    vx[gone], vy[gone] = np.gradient(x, t)[gone], np.gradient(y, t)[gone]
    ax[gone], ay[gone] = 0.0, 0.0


def _held(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return values, and where they are not known the last one before."""
    if not known.any():
        return np.zeros_like(values)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    last[last < 0] = int(np.argmax(known))
    return np.asarray(values[last])


_OWN: Mapping[str, tuple[str, str, str]] = {  # unit, text, type
    "race": ("", "index of the race", "int32"),
    "episode": ("", "starts of the race, from 0", "int32"),
    "car": ("", "index of the car", "int32"),
}
_OF_RACE = {"time": "time", "step": "step", "lap": "laps_done", "sector": "sector",
            "position": "position", "gap_leader": "gap_leader", "status": "status",
            "off_track": "off_track"}  # fmt: skip


def _schema(table: Mapping[str, NDArray[Any]]) -> pa.Schema:
    """Return the fields as a recorder declares them; converts the columns to their types."""
    fields = []
    for name in table:
        if name in _OWN:
            unit, doc, dtype = _OWN[name]
        else:
            spec = _spec(name)
            unit, doc, dtype = spec.unit, spec.doc, spec.dtype
            dtype = _REAL if dtype == "real" else dtype
        table[name] = table[name].astype(dtype)  # type: ignore[index]  # a dict of ours
        kind = pa.from_numpy_dtype(np.dtype(dtype))
        fields.append(pa.field(name, kind, nullable=False, metadata={"unit": unit, "doc": doc}))
    return pa.schema(fields, metadata={"racegym": str(FORMAT)})


def _spec(name: str) -> Column:
    if name in _OF_RACE:
        return columns(RaceState)[_OF_RACE[name]]
    for record in (CarState, TrackFrame):
        if name in columns(record):
            return columns(record)[name]
    raise KeyError(name)


def _write_journal(
    folder: RunFolder,
    about: Mapping[str, Any],
    laps: Laps,
    begin: float,
    table: Mapping[str, NDArray[Any]],
    track: Track,
) -> None:
    """Write laps, events and the track's shape; ``begin`` [s] of the log is race time 0."""
    shapes = ShapeLog(folder.tracks)
    try:
        shape = shapes.number(track)
    finally:
        shapes.close()
    name = about["cars"][0]["name"]
    whose = {"race": 0, "episode": 0, "car": 0, "name": name}
    start = {
        "kind": "start",
        "race": 0,
        "episode": 0,
        "seed": None,
        "track": track.name,
        "length": track.length,
        "shape": shape,
        "start_progress": [float(table["progress"][0])],
        "bodies": {field: [None] for field in BODY_FIELDS},
    }
    with (
        folder.events.open("w", encoding="utf-8", newline="\n") as events,
        folder.laps.open("w", encoding="utf-8", newline="") as file,
    ):

        def tell(kind: str, time: float, value: float) -> None:
            line = {"kind": kind, "time": time, **whose, "value": value}
            events.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")

        events.write(json.dumps(start, ensure_ascii=False, allow_nan=False) + "\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(LAP_COLUMNS)
        for lap in laps.laps:
            sectors = _sector_times(lap, begin, table, track)
            for passed, took in zip(np.cumsum(sectors), sectors, strict=True):
                tell("sector", lap.start - begin + float(passed), float(took))
            tell("lap", lap.end - begin, lap.time)
            rows.writerow(
                [0, 0, 0, name, lap.number, repr(lap.end - begin), repr(lap.time),
                 int(not lap.dropped), " ".join(repr(float(took)) for took in sectors)]
            )  # fmt: skip
        end = laps.laps[-1].end - begin
        tell("finish", end, end)


def _sector_times(
    lap: Lap, begin: float, table: Mapping[str, NDArray[Any]], track: Track
) -> Floats:
    """Return the times of a lap's sectors [s]; none where positions are missing."""
    if lap.piece is None:
        return np.empty(0)
    start, end = lap.start - begin, lap.end - begin
    rows = slice(*np.searchsorted(table["time"], [start, end]))
    onward = table["progress"][rows]
    onward = onward - track.length * np.round(onward[:1] / track.length)
    time = np.concatenate([[start], table["time"][rows], [end]])
    s = np.concatenate([[0.0], np.clip(onward, 0.0, track.length), [track.length]])
    s = np.maximum.accumulate(s)
    passed = np.interp(np.append(track.sectors[1:], track.length), s, time)
    passed[-1] = end
    return np.diff(passed, prepend=start)
