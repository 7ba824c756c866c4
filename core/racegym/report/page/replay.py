"""What the page's animation moves by: telemetry, thinned and cut down to small integers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import RunError
from racegym.interfaces import Array
from racegym.record import RunFolder
from racegym.record.shapes import TrackShape
from racegym.record.telemetry_table import read_telemetry
from racegym.report.gaps import COLUMNS as GAPS
from racegym.report.gaps import gaps_to_leader

__all__ = ["POINTS", "RATE", "packed_replay", "packed_shape", "thinning"]

Floats = NDArray[np.float64]

RATE = 10.0  # [Hz] of frames
SLOWEST = 1.0  # [Hz]
POINTS = 320_000  # frames times cars of all episodes at most; 7 bytes each
GAP_EVERY = 1.0  # [s]
UNKNOWN = 65_535  # in place of what is not finite
SHAPE_POINTS = 1500  # of an edge

_COLUMNS = (
    "time", "x", "y", "yaw", "vx", "vy", "lap", "laps_behind", "flags", "penalty_due", *GAPS
)  # fmt: skip


def thinning(
    episodes: Sequence[Mapping[str, Any]], n_cars: int, dt: float, points: int = POINTS
) -> tuple[int, int]:
    """Return how many steps make a frame, and of how many episodes frames are kept.

    Ten frames a second, unless that were more than ``points``; not less than one, and the
    last episodes get none if that is still too much.

    Args:
        episodes: the result's.
        n_cars: of a race.
        dt: [s] of a step.
        points: frames times cars that may be kept.
    """
    steps = np.array([episode["steps"] for episode in episodes], np.int64)
    stride = max(1, round(1.0 / (RATE * dt)))
    least = max(stride, round(1.0 / (SLOWEST * dt)))
    needed = -(-int(steps.sum()) * n_cars // points)
    stride = min(max(stride, needed), least)
    kept = np.cumsum(steps // stride + 2) * n_cars <= points
    return stride, max(1, int(kept.sum()))


def packed_replay(
    folder: RunFolder, episode: Mapping[str, Any], n_cars: int, stride: int
) -> dict[str, Any]:
    """Return one episode as the page reads it: numbers, and arrays as base64.

    Arrays are by frame and car. ``x`` and ``y`` are uint16 steps of ``scale`` [m] from
    ``origin``, ``yaw`` uint8 parts of a turn, ``speed`` uint16 [cm/s], ``time`` uint32 [ms];
    ``gap`` uint16 [cs] is by every ``gap_every``-th frame. ``position``, ``lap``,
    ``status``, and if they were recorded ``laps_behind``, ``flags`` and ``penalty_due``, are
    lists by car of frame and value, frame and value ..., where they change.

    Args:
        folder: of a run that is over.
        episode: an entry of the result's ``episodes``.
        n_cars: of a race.
        stride: steps that make a frame.

    Raises:
        RunError: there is no telemetry, or it can't be read.
    """
    table = read_telemetry(folder, episode, _COLUMNS, n_cars)
    if not len(table["time"]):
        raise RunError("holds no row of this episode", file=folder.telemetry)
    time = table["time"][:, 0]
    frames = _frames(len(time), stride)
    x, y = table["x"][frames], table["y"][frames]
    known = np.isfinite(x) & np.isfinite(y)
    low_x, low_y = (float(v[known].min()) if known.any() else 0.0 for v in (x, y))
    reach = max((float(np.ptp(v[known])) for v in (x, y)), default=0.0) if known.any() else 0.0
    scale = max(reach / (UNKNOWN - 1), 1e-4)
    gap_every = max(1, round(GAP_EVERY * max(len(frames) - 1, 1) / max(_span(time), 1e-9)))
    gaps = gaps_to_leader(table)[frames[::gap_every]]
    # Of an engine that does not tell, the way that the car goes is the way it looks.
    yaw = table["yaw"][frames] if "yaw" in table else _way(x, y)
    speed = np.hypot(table["vx"][frames], table["vy"][frames])
    return {
        "frames": len(frames),
        "origin": [low_x, low_y],
        "scale": scale,
        "time": _packed(np.round(1000 * time[frames]), "<u4"),
        "x": _packed(_whole((x - low_x) / scale), "<u2"),
        "y": _packed(_whole((y - low_y) / scale), "<u2"),
        "yaw": _packed(np.round(np.nan_to_num(yaw) * 128 / np.pi) % 256, "u1"),
        "speed": _packed(_whole(100 * speed), "<u2"),
        "gap": _packed(_whole(100 * gaps), "<u2"),
        "gap_every": gap_every,
        **{name: _changes(table[name][frames]) for name in ("position", "lap", "status")},
        **{
            name: _changes(table[name][frames])
            for name in ("laps_behind", "flags", "penalty_due")
            if name in table
        },
    }


def packed_shape(shape: TrackShape) -> dict[str, Any]:
    """Return a track as the page reads it, in centimetres.

    Edges are lists of x, y, x, y ..., obstacles one of x, y, radius, x, y, radius ...
    """
    every = max(1, -(-len(shape.left) // SHAPE_POINTS))
    return {
        "name": shape.name,
        "length": round(shape.length, 1),
        "left": np.round(100 * shape.left[::every]).astype(int).ravel().tolist(),
        "right": np.round(100 * shape.right[::every]).astype(int).ravel().tolist(),
        "obstacles": np.round(100 * shape.obstacles).astype(int).ravel().tolist(),
    }


def _frames(n_steps: int, stride: int) -> NDArray[np.int64]:
    """Return the steps that are kept: every so many, and the last."""
    frames = np.arange(0, n_steps, stride)
    return frames if frames[-1] == n_steps - 1 else np.append(frames, n_steps - 1)


def _way(x: Array, y: Array) -> Floats:
    """Return the direction of motion [rad], by frame and car."""
    if len(x) < 2:
        return np.zeros(x.shape)
    way: Floats = np.arctan2(np.gradient(y, axis=0), np.gradient(x, axis=0))
    return way


def _span(time: Floats) -> float:
    return float(time[-1] - time[0])


def _whole(values: Array) -> Floats:
    """Return values as uint16 holds them, ``UNKNOWN`` where there is none."""
    whole = np.clip(np.round(values), 0, UNKNOWN - 1)
    return np.where(np.isfinite(values), whole, UNKNOWN)


def _packed(values: Array, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype).tobytes()).decode("ascii")


def _changes(values: Array) -> list[list[int]]:
    """Return by car: frame, value, frame, value ... of each change, the first at frame 0."""
    changes = []
    for own in values.T:
        at = np.concatenate([[0], np.flatnonzero(np.diff(own)) + 1])
        changes.append(np.column_stack([at, own[at]]).astype(int).ravel().tolist())
    return changes
