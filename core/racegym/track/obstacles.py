"""Static obstacles on a track: what they may be, and how they are packed for kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.kernels import obstacles as columns
from racegym.kernels.projection import OPEN_RUNOFF

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = [
    "LARGEST_RADIUS",
    "MAX_OBSTACLES",
    "checked_obstacles",
    "nearest_segments",
    "obstacle_rows",
    "obstacle_spans",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

MAX_OBSTACLES = 256  # of a track
LARGEST_RADIUS = 20.0  # [m]


def checked_obstacles(track: Track) -> tuple[Floats, Indices]:
    """Return the obstacles of ``track`` (n, 3) and their segments (n,), sorted along it.

    Raises:
        TrackError: naming the first at fault.
    """
    said = f"track {track.name!r}: "
    obstacles = np.array(track.obstacles, np.float64)
    segment = np.array(track.obstacle_segment)
    if obstacles.ndim != 2 or obstacles.shape[1] != 3:
        raise TrackError(f"{said}obstacles have shape {obstacles.shape}, not (n, 3)")
    if len(obstacles) > MAX_OBSTACLES:
        raise TrackError(f"{said}it has {len(obstacles)} obstacles; {MAX_OBSTACLES} are possible")
    if segment.shape != (len(obstacles),) or (segment.size and segment.dtype.kind not in "iu"):
        raise TrackError(
            f"{said}obstacle_segment must be ({len(obstacles)},) whole numbers, not "
            f"{segment.dtype} of shape {segment.shape}"
        )
    segment = segment.astype(np.int64)
    if not len(obstacles):
        return obstacles, segment
    x, y, radius = obstacles.T
    _refuse(said, ~np.isfinite(obstacles).all(axis=1), obstacles, "is not finite")
    _refuse(
        said, ~((radius > 0.0) & (radius <= LARGEST_RADIUS)), obstacles,
        f"must have a radius above 0 and at most {LARGEST_RADIUS:g} m",
    )  # fmt: skip
    outside = (segment < 0) | (segment >= len(track))
    _refuse(said, outside, obstacles, f"must have a segment from 0 to {len(track) - 1}")
    away = np.hypot(x - track.x[segment], y - track.y[segment])
    reach = np.maximum(track.width_left, track.width_right)[segment]
    reach = reach + min(track.runoff, OPEN_RUNOFF) + track.spacing
    _refuse(
        said, away > reach, obstacles,
        "is out of reach of the track: its middle must lie between the walls, or at most "
        f"{OPEN_RUNOFF:g} m beyond the edge where there are none",
    )  # fmt: skip
    order = np.lexsort((radius, y, x, segment))
    return np.ascontiguousarray(obstacles[order]), segment[order]


def _refuse(said: str, bad: NDArray[np.bool_] | np.bool_, obstacles: Floats, what: str) -> None:
    if np.any(bad):
        x, y, radius = obstacles[int(np.argmax(bad))]
        raise TrackError(
            f"{said}the obstacle at x = {x:.2f}, y = {y:.2f} m of radius {radius:g} m {what}"
        )


def nearest_segments(track: Track, x: Floats, y: Floats, near: ArrayLike) -> Indices:
    """Return the segment (n,) that each place belongs to.

    Args:
        track: the track.
        x, y: (n,) [m].
        near: (n,) or one number, s [m] of the part that is meant where the track crosses
            itself; nan takes the nearest part.
    """
    hints = np.broadcast_to(np.asarray(near, np.float64), x.shape)
    s = track.spacing * np.arange(len(track))
    window = max(3.0 * track.spacing, float((track.width_left + track.width_right).mean()))
    found = np.zeros(len(x), np.int64)
    for i, hint in enumerate(hints):
        squared = (track.x - x[i]) ** 2 + (track.y - y[i]) ** 2
        if np.isfinite(hint):
            apart = np.abs(np.mod(s - hint + 0.5 * track.length, track.length) - 0.5 * track.length)
            squared[apart > window] = np.inf
        k = int(np.argmin(squared))
        ahead = (x[i] - track.x[k]) * track.tangent_x[k] + (y[i] - track.y[k]) * track.tangent_y[k]
        found[i] = k if ahead >= 0.0 else (k - 1) % len(track)
    return found


def obstacle_rows(track: Track) -> Floats:
    """Return (n, OBSTACLE_COLUMNS) as ``racegym.kernels.obstacles`` lays them out."""
    rows = np.zeros((len(track.obstacles), columns.OBSTACLE_COLUMNS))
    n = len(track)
    for row, (x, y, radius), k in zip(rows, track.obstacles, track.obstacle_segment, strict=True):
        dx, dy = x - track.x, y - track.y
        ahead = dx * track.tangent_x + dy * track.tangent_y
        offset = track.tangent_x[k] * dy[k] - track.tangent_y[k] * dx[k]
        share, following = min(max(ahead[k] / track.spacing, 0.0), 1.0), (k + 1) % n
        ground = track.z[k] + share * (track.z[following] - track.z[k])
        # Normals that it touches, one after the other: those are the segments it reaches into.
        touched = np.abs(ahead) < radius
        half = np.arange(n // 2)
        on, back = touched[(k + 1 + half) % n], touched[(k - half) % n]
        row[columns.OBSTACLE_X], row[columns.OBSTACLE_Y] = x, y
        row[columns.OBSTACLE_Z] = ground + np.tan(track.banking[k]) * offset
        row[columns.RADIUS], row[columns.SEGMENT] = radius, k
        row[columns.BACK] = len(half) if back.all() else int(np.argmin(back))
        row[columns.ON] = len(half) if on.all() else int(np.argmin(on))
    return rows


def obstacle_spans(track: Track) -> NDArray[np.int32]:
    """Return (n, 2): for each sample the obstacles near it, first and count, cyclic.

    Near are those on its own part of the track, at most as far off as a car between the walls
    that is as long as the track is wide.
    """
    n, number = len(track), len(track.obstacles)
    spans = np.zeros((n, 2), np.int32)
    if not number:
        return spans
    width = track.width_left + track.width_right
    wall = float(np.maximum(track.width_left, track.width_right).max())
    reach = wall + min(track.runoff, OPEN_RUNOFF) + float(width.mean()) + track.spacing
    window = _same_part(track, reach)
    around = np.arange(-window, window + 1)
    # Rows of obstacles are counted on over the line: the next lap has those from ``number`` on.
    low = np.full(n, np.iinfo(np.int64).max)
    high = np.full(n, np.iinfo(np.int64).min)
    for k, ((x, y, radius), segment) in enumerate(
        zip(track.obstacles, track.obstacle_segment, strict=True)
    ):
        lap, at = np.divmod(segment + around, n)
        close = np.hypot(x - track.x[at], y - track.y[at]) < reach + radius
        at, row = at[close], k - number * lap[close]
        low[at], high[at] = np.minimum(low[at], row), np.maximum(high[at], row)
    some = high >= low
    spans[some, columns.SPAN_FIRST] = np.mod(low[some], number)
    spans[some, columns.SPAN_COUNT] = np.minimum(high[some] - low[some] + 1, number)
    return spans


def _same_part(track: Track, reach: float) -> int:
    """Return how many samples apart two places count as the same part of the track.

    Half round a circle of that radius [m], and never as far as from one level to the other.
    """
    far = np.pi * reach
    for one, other in track.crossings:
        apart = abs(other - one)
        far = min(far, 0.5 * min(apart, track.length - apart))
    return int(min(far / track.spacing, (len(track) - 1) // 2))
