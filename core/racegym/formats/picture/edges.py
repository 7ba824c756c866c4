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
from scipy.spatial import cKDTree

from racegym.formats.picture.skeleton import Loop
from racegym.formats.picture.smooth import resample_closed, smooth_closed

__all__ = ["BAND", "Field", "Ribbon", "trace"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BAND = 6.0  # [pixels] either side of a coarse edge, where the fine one is looked for
_STEP = 0.5  # [pixels] along a ray
_REACH = 0.8  # of the widest place: how far a ray goes at most
_NOTICED = 0.25  # of the contrast: where a ray has met something
_PLATEAU = 5.0  # [pixels] after that, in which the full value of what is beside it is reached
_ROUNDS = 4
_STAIR = 0.7  # [pixels] root mean square by which the skeleton's own steps are smoothed
_AGREED = 3.0  # [pixels] between the edges of colours and of the tidied area
_STRAYED, _AROUND = 1.2, 1.0  # pixels; what else they differ by, within so many widths around
_ERROR, _LEAST_ERROR = 0.08, 2.5  # widths, pixels: what a skeleton may be wrong by
_MOST = 0.2  # widths that a tight corner may be moved by
_OVER = 1.0  # [pixels] that an edge may lie beyond where it was seen
_SMOOTHEST = 1.0 / 30.0  # widths: what smoothing may move the centerline by at most
_FOLD = 0.9  # of the way to where normals meet: inner edges beyond are smoothed for
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
    crossings: Floats  # (k, 2)
    tolerance: float  # [pixels] that it was smoothed by


class _View(NamedTuple):
    value: NDArray[np.float32]  # (h, w) of ``Field``
    contrast: float
    outside: NDArray[np.float32]  # (h, w) 1 beside the tidied area, 0 on it


def trace(field: Field, area: Bools, loop: Loop, tolerance: float) -> Ribbon:
    """Return the centerline and the edges round a loop.

    Where a corner's inside is a point, as at the tip of a wall, the middle bends so sharply
    that normals meet on the track. It is smoothed more then, until they do not, but by no more
    than a thirtieth of the width; the inner edge stays short of where they still meet.

    Args:
        field: around the track.
        area: (h, w) the track, tidied, to a pixel or two.
        loop: the way round, within the track.
        tolerance: [pixels] root mean square of what smoothing may move the centerline by.
    """
    outside = ndimage.gaussian_filter((~area).astype(np.float32), 1.0)
    view = _View(np.ascontiguousarray(field.value), field.contrast, outside)
    smoothness = tolerance
    while True:
        ribbon = _traced(view, loop, tolerance, smoothness)
        if _fold(ribbon).max() <= _FOLD or smoothness >= _SMOOTHEST * loop.width:
            return _unfolded(ribbon)
        smoothness = min(3.0 * smoothness, _SMOOTHEST * loop.width)


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


def _traced(view: _View, loop: Loop, tolerance: float, smoothness: float) -> Ribbon:
    """Return the ribbon, its middle smoothed by ``smoothness`` and its edges by ``tolerance``."""
    width = loop.width
    length = float(np.hypot(*np.diff(loop.points, axis=0, append=loop.points[:1]).T).sum())
    spacing = max(1.0, width / _SAMPLES_PER_WIDTH, length / _MOST_SAMPLES)
    per_width = max(width, _SHORTEST) / spacing
    points = _evenly(loop.points, spacing)
    points = smooth_closed(points, np.ones(len(points)), max(_STAIR, smoothness), per_width)
    skeleton = cKDTree(loop.points)
    for _ in range(_ROUNDS):
        points = _evenly(points, spacing)
        left, right, sure = _edges(view, points, loop)
        middle = points + 0.5 * (left - right)[:, None] * _normals(points)
        middle = _kept_near(middle, skeleton, loop)
        most = 0.0 if smoothness == tolerance else _MOST * width
        points = smooth_closed(middle, sure.astype(float), smoothness, per_width, most)
    points = _evenly(points, spacing)
    left, right, sure = _edges(view, points, loop)
    widths = smooth_closed(
        np.column_stack([left, right]), sure.astype(float), np.sqrt(2.0) * tolerance, per_width
    )
    # Smooth edges swing out where the true ones have a corner; a wall stands where it stands.
    seen = np.column_stack([left, right]) + _OVER
    widths = np.where(sure[:, None], np.minimum(widths, seen), widths)
    widths = np.maximum(widths, 0.5)
    return Ribbon(points, widths[:, 0], widths[:, 1], loop.crossings, smoothness)


def _kept_near(points: Floats, skeleton: cKDTree, loop: Loop) -> Floats:
    """Return points that are no further from the skeleton than its own error may be."""
    most = max(_LEAST_ERROR, _ERROR * loop.width)
    apart, at = skeleton.query(points)
    away = points - loop.points[at]
    near = loop.points[at] + away * (most / np.maximum(apart, most))[:, None]
    return np.where((apart < 0.5 * loop.width)[:, None], near, points)


def _evenly(points: Floats, spacing: float) -> Floats:
    return resample_closed(points, spacing, _LEAST_SAMPLES)


def _normals(points: Floats) -> Floats:
    """Return the unit vectors to the left (n, 2)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.column_stack([-along[:, 1], along[:, 0]])


def _edges(view: _View, points: Floats, loop: Loop) -> tuple[Floats, Floats, Bools]:
    """Return the distances (n,) to the left and right edge, and whether both were seen.

    What the colours say counts where it agrees with the tidied area: a marking that meets the
    edge, or a line that leads away from it, is in the colours alone.
    """
    normals = _normals(points)
    reach = max(loop.width, _REACH * loop.widest)
    spacing = float(np.hypot(*(points[1] - points[0])))
    window = min(2 * round(_AROUND * loop.width / spacing) + 1, len(points) // 8 * 2 + 1)
    sides = []
    for sign in (1.0, -1.0):
        coarse = _to_edge(view.outside, 1.0, points, sign * normals, reach)
        fine = _to_edge(view.value, view.contrast, points, sign * normals, reach)
        sides.append(_agreed(fine, coarse, window))
    sure = np.isfinite(sides[0]) & np.isfinite(sides[1])
    for centre in loop.crossings:
        sure &= np.hypot(*(points - centre).T) > _blind(points, centre, loop.width)
    left, right = (_bridged(side, sure) for side in sides)
    return left, right, sure


def _agreed(fine: Floats, coarse: Floats, window: int) -> Floats:
    """Return the fine distances, and the coarse ones where the fine ones stray from them."""
    both = np.isfinite(fine) & np.isfinite(coarse)
    apart = np.where(both, fine, 0.0) - np.where(both, coarse, 0.0)
    usual = ndimage.median_filter(_bridged(apart, both), window, mode="wrap")
    near = both & (np.abs(apart) < _AGREED) & (np.abs(apart - usual) < _STRAYED)
    return np.where(near, fine, np.where(both, coarse + usual, coarse))


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
    value: NDArray[np.float32], contrast: float, points: Floats, way: Floats, reach: float
) -> Floats:
    """Return how far from each point its ray meets an edge; inf where it meets none."""
    t = np.arange(0.0, reach + _PLATEAU, _STEP)
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
