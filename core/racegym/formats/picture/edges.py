"""From a loop of pixels to a centerline with widths, finer than a pixel.

Rays run from the middle to either side along the normals; an edge lies where the value on a
ray, interpolated between pixels, is half-way from the track's to what lies beside it, so an
anti-aliased edge is found to a fraction of a pixel, whatever colour is there. The middle is
moved half-way between both edges and smoothed, a few times over.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from racegym.formats.picture.skeleton import Loop
from racegym.formats.picture.smooth import resample_closed, smooth_closed

__all__ = ["BAND", "Field", "Ribbon", "trace"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BAND = 6.0  # [pixels] either side of a coarse edge, where the fine one is looked for
_STEP = 0.25  # [pixels] along a ray
_REACH = 1.3  # widths that a ray goes at most
_NOTICED = 0.25  # of the contrast: where a ray has met something
_PLATEAU = 5.0  # [pixels] after that, in which the full value of what is beside it is reached
_ROUNDS = 6
_MOST = 0.25  # widths that the middle is moved by in one round
_UNLIKE, _AROUND = 0.5, 3.0  # widths that an edge may differ from those so many widths around
_SPECK, _BESIDE = 0.06, 0.75  # the same of what is shorter: where a marking meets the edge
_LEAST_SPECK = 1.5  # [pixels]
_SMOOTHEST = 1.0 / 30.0  # widths: what smoothing may move the centerline by at most
_SHORT_OF_FOLD = 0.98  # of the way to where normals meet
_SHORTEST = 20.0  # [pixels] waves that are noise, as are those shorter than the track is wide
_LEAST_SAMPLES, _MOST_SAMPLES = 64, 6000
_SAMPLES_PER_WIDTH = 12.0


class Field(NamedTuple):
    """What rays look at."""

    value: NDArray[np.float32]  # (h, w) 0 on the track, more beside it
    contrast: float  # the least value of what is beside it


class Ribbon(NamedTuple):
    """A closed track in pixels, y up."""

    points: Floats  # (n, 2) the centerline, evenly spaced
    left: Floats  # (n,) to the edge
    right: Floats
    sure: Bools  # (n,) whether both edges were seen there; bridged where not
    crossings: Floats  # (k, 2)
    tolerance: float  # [pixels] that it was smoothed by


def trace(field: Field, loop: Loop, tolerance: float) -> Ribbon:
    """Return the centerline and the edges round a loop.

    Where a corner's inside is a point, as at the tip of a wall, the middle bends so sharply
    that normals meet on the track. It is smoothed more then, until they do not, but by no more
    than a thirtieth of the width; the inner edge stays short of where they still meet.

    Args:
        field: around the track.
        loop: the way round, within the track.
        tolerance: [pixels] root mean square of what smoothing may move the centerline by.
    """
    while True:
        ribbon = _traced(field, loop, tolerance)
        folds = _fold(ribbon) > 1.0
        if not folds.any() or tolerance >= _SMOOTHEST * loop.width:
            return _unfolded(ribbon)
        tolerance = min(2.0 * tolerance, _SMOOTHEST * loop.width)


def _curvature(points: Floats) -> Floats:
    ahead, before = np.roll(points, -1, axis=0) - points, points - np.roll(points, 1, axis=0)
    cross = before[:, 0] * ahead[:, 1] - before[:, 1] * ahead[:, 0]
    turn = np.arctan2(cross, (before * ahead).sum(axis=1))
    return np.asarray(2.0 * turn / (np.hypot(*ahead.T) + np.hypot(*before.T)))


def _fold(ribbon: Ribbon) -> Floats:
    """Return (n,) how far the inner edge is on the way to where normals meet."""
    curvature = _curvature(ribbon.points)
    return np.abs(curvature) * np.where(curvature > 0.0, ribbon.left, ribbon.right)


def _unfolded(ribbon: Ribbon) -> Ribbon:
    curvature = _curvature(ribbon.points)
    room = _SHORT_OF_FOLD / np.maximum(np.abs(curvature), 1e-9)
    left = np.where(curvature > 0.0, np.minimum(ribbon.left, room), ribbon.left)
    right = np.where(curvature < 0.0, np.minimum(ribbon.right, room), ribbon.right)
    return ribbon._replace(left=left, right=right)


def _traced(field: Field, loop: Loop, tolerance: float) -> Ribbon:
    width = loop.width
    length = float(np.hypot(*np.diff(loop.points, axis=0, append=loop.points[:1]).T).sum())
    spacing = max(1.0, width / _SAMPLES_PER_WIDTH, length / _MOST_SAMPLES)
    per_width = max(width, _SHORTEST) / spacing
    points = _evenly(loop.points, spacing)
    points = smooth_closed(points, np.ones(len(points)), max(1.0, tolerance), per_width)
    value = np.ascontiguousarray(field.value)
    for _ in range(_ROUNDS):
        points = _evenly(points, spacing)
        left, right, sure = _edges(value, field.contrast, points, loop, width)
        shift = np.clip(0.5 * (left - right), -_MOST * width, _MOST * width)
        middle = points + np.where(sure, shift, 0.0)[:, None] * _normals(points)
        points = smooth_closed(middle, sure.astype(float), tolerance, per_width)
    points = _evenly(points, spacing)
    left, right, sure = _edges(value, field.contrast, points, loop, width)
    seen = np.column_stack([left, right])
    weight = sure.astype(float)
    widths = smooth_closed(seen, weight, np.sqrt(2.0) * tolerance, per_width)
    widths = np.maximum(widths, 0.5)
    return Ribbon(points, widths[:, 0], widths[:, 1], sure, loop.crossings, tolerance)


def _evenly(points: Floats, spacing: float) -> Floats:
    return resample_closed(points, spacing, _LEAST_SAMPLES)


def _normals(points: Floats) -> Floats:
    """Return the unit vectors to the left (n, 2)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.column_stack([-along[:, 1], along[:, 0]])


def _edges(
    value: NDArray[np.float32], contrast: float, points: Floats, loop: Loop, width: float
) -> tuple[Floats, Floats, Bools]:
    """Return the distances (n,) to the left and right edge, and whether both can be trusted."""
    normals = _normals(points)
    sides = [_to_edge(value, contrast, points, sign * normals, width) for sign in (1.0, -1.0)]
    sure = np.isfinite(sides[0]) & np.isfinite(sides[1])
    for centre in loop.crossings:
        sure &= np.hypot(*(points - centre).T) > _blind(points, centre, width)
    spacing = float(np.hypot(*(points[1] - points[0])))
    for reach, unlike in (
        (_AROUND * width, _UNLIKE * width),
        (_BESIDE * width, max(_LEAST_SPECK, _SPECK * width)),
    ):
        window = min(2 * round(0.5 * reach / spacing) + 1, len(points) // 8 * 2 + 1)
        for side in sides:
            filled = _bridged(side, sure)
            usual = ndimage.median_filter(filled, window, mode="wrap")
            sure &= np.abs(filled - usual) < unlike
    left, right = (_bridged(side, sure) for side in sides)
    return left, right, sure


def _blind(points: Floats, centre: Floats, width: float) -> float:
    """Return how far from a crossing the other branch opens the edges."""
    along = np.roll(points, -1, axis=0) - points
    near = np.flatnonzero(np.hypot(*(points - centre).T) < width)
    if len(near) < 2:
        return width
    heading = np.arctan2(along[near, 1], along[near, 0])
    turn = np.abs(np.sin(heading[:, None] - heading[None, :])).max()
    half = 0.5 * np.arcsin(np.clip(turn, 0.3, 1.0))
    return float(np.clip(0.5 * width / np.sin(half) + 0.25 * width, width, 3.0 * width))


def _bridged(side: Floats, sure: Bools) -> Floats:
    """Return a ring of values with those that are not sure drawn between their neighbours."""
    if sure.all() or not sure.any():
        return np.nan_to_num(side, nan=0.0, posinf=0.0)
    at = np.flatnonzero(sure)
    return np.asarray(np.interp(np.arange(len(side)), at, side[at], period=len(side)))


def _to_edge(
    value: NDArray[np.float32], contrast: float, points: Floats, way: Floats, width: float
) -> Floats:
    """Return how far from each point its ray meets an edge; inf where it meets none."""
    t = np.arange(0.0, _REACH * width + _PLATEAU, _STEP)
    x = points[:, :1] + way[:, :1] * t
    y = points[:, 1:] + way[:, 1:] * t
    ray = ndimage.map_coordinates(value, [y, x], order=1, mode="nearest")
    met = ray > _NOTICED * contrast
    first = np.argmax(met, axis=1)
    ahead = int(_PLATEAU / _STEP)
    rows = np.arange(len(points))
    window = np.minimum(first[:, None] + np.arange(ahead + 1), len(t) - 1)
    half = 0.5 * ray[rows[:, None], window].max(axis=1)
    start = np.maximum(first - ahead, 0)
    window = np.minimum(start[:, None] + np.arange(2 * ahead + 1), len(t) - 1)
    over = ray[rows[:, None], window] >= half[:, None]
    k = np.minimum(start + np.argmax(over, axis=1), len(t) - 1)
    before = np.maximum(k - 1, 0)
    low, high = ray[rows, before], ray[rows, k]
    rise = np.where(high > low, high - low, 1.0)
    place = t[before] + np.where(high > low, (half - low) / rise, 0.0) * (t[k] - t[before])
    return np.where(met.any(axis=1) & ~met[:, 0], place, np.inf)
