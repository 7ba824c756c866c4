"""Parts of a closed line that come near each other: which pairs, and where they cross."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.tracing import find_meeting

__all__ = ["MeetingPoints", "TangledError", "comes_near", "crossings", "pairs_within"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_PAIRS_PER_POINT = 400  # more than that is a scribble, and would not fit into memory
_ON_POINT = 1e-8  # of a segment
_HALF_RING = ((0, 0), (1, 0), (-1, 1), (0, 1), (1, 1))  # each pair of cells once


class TangledError(ValueError):
    """So many parts of the line lie on top of each other that it can't be a track."""


class MeetingPoints(NamedTuple):
    """Where a closed line crosses itself."""

    first: Floats  # (k,) index along the line of the earlier pass, with its fraction
    second: Floats  # (k,) the same of the later pass
    angle: Floats  # (k,) [rad] between the two directions, in [0, pi/2]


def comes_near(x: Floats, y: Floats, radius: float, apart: float) -> bool:
    """Tell whether a closed line comes near itself: much quicker than finding all the places.

    Args:
        x, y: (n,) [m].
        radius: [m], above zero, up to which two points are near each other.
        apart: points between two along the line, beyond which they count.
    """
    met = np.zeros(1, np.int64)
    find_meeting(met, np.ascontiguousarray(x), np.ascontiguousarray(y), radius, apart)
    return bool(met[0])


def pairs_within(x: Floats, y: Floats, radius: float) -> tuple[Indices, Indices]:
    """Return all pairs i < j of points at most ``radius`` apart, found through a grid.

    Args:
        x, y: (n,) [m].
        radius: [m], above zero.

    Raises:
        TangledError: if there are too many.
    """
    column = np.floor((x - x.min()) / radius).astype(np.int64)
    row = np.floor((y - y.min()) / radius).astype(np.int64)
    stride = int(column.max()) + 3  # a free column either side, so rows don't touch
    key = row * stride + column
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    lefts, rights = [], []
    for right, up in _HALF_RING:
        other = ordered + up * stride + right
        start = np.searchsorted(ordered, other, side="left")
        if right == up == 0:
            start = np.arange(len(ordered)) + 1
        count = np.searchsorted(ordered, other, side="right") - start
        total = int(count.sum())
        if total > _PAIRS_PER_POINT * len(x):
            raise TangledError
        a = np.repeat(np.arange(len(ordered)), count)
        b = np.arange(total) - np.repeat(np.cumsum(count) - count, count) + np.repeat(start, count)
        a, b = order[a], order[b]
        near = (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2 <= radius * radius
        lefts.append(a[near])
        rights.append(b[near])
    left, right_ = np.concatenate(lefts), np.concatenate(rights)
    return np.minimum(left, right_), np.maximum(left, right_)


def crossings(x: Floats, y: Floats) -> MeetingPoints:
    """Return where the closed line through evenly spaced points crosses itself.

    Args:
        x, y: (n,) [m].

    Raises:
        TangledError: if the line is a scribble.
    """
    n = len(x)
    ahead_x, ahead_y = np.roll(x, -1) - x, np.roll(y, -1) - y
    longest = float(np.hypot(ahead_x, ahead_y).max())
    # Segments that cross have their middles no further apart than one segment is long.
    middle_x, middle_y = x + 0.5 * ahead_x, y + 0.5 * ahead_y
    if not comes_near(middle_x, middle_y, 1.001 * longest, 1.0):
        return MeetingPoints(np.empty(0), np.empty(0), np.empty(0))
    i, j = pairs_within(middle_x, middle_y, 1.001 * longest)
    gap = np.minimum(j - i, n - (j - i))
    i, j = i[gap > 1], j[gap > 1]

    cross = ahead_x[i] * ahead_y[j] - ahead_y[i] * ahead_x[j]
    apart_x, apart_y = x[j] - x[i], y[j] - y[i]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = _snapped((apart_x * ahead_y[j] - apart_y * ahead_x[j]) / cross)
        u = _snapped((apart_x * ahead_y[i] - apart_y * ahead_x[i]) / cross)
        meet = (cross != 0.0) & (t >= 0.0) & (t < 1.0) & (u >= 0.0) & (u < 1.0)
    i, j, t, u, cross = i[meet], j[meet], t[meet], u[meet], cross[meet]
    dot = ahead_x[i] * ahead_x[j] + ahead_y[i] * ahead_y[j]
    order = np.argsort(i + t, kind="stable")
    return MeetingPoints(
        (i + t)[order], (j + u)[order], np.arctan2(np.abs(cross), np.abs(dot))[order]
    )


def _snapped(share: Floats) -> Floats:
    """Return parts of segments, those at an end but for rounding exactly there.

    So a crossing on a point is found, and once: where the segment from that point begins.
    """
    end = np.rint(share)
    return np.where(np.abs(share - end) < _ON_POINT, end, share)
