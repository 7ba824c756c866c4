"""Closed curves that run beside each other: which places belong together, and how far apart.

Curves are closed, evenly spaced rows of points. Two passes of one curve may cross on a bridge;
then only the pass at the same part of the lap is meant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["Beside", "Offsets", "filled", "offsets", "tangents"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DRIFT = 0.2  # metres that one metre along the lap counts as, when the nearest place is sought
_AT_ONCE = 2_000_000  # pairs of a place and a piece that are looked at together


class Beside:
    """A closed curve, prepared for asking which of its places are beside those of another.

    Attributes:
        turned: whether the curve was given against the direction of the other and is reversed.
        points: (m, k) [m] the curve in the direction of the other.
        likeness: in [0, 1]; near 1 if going round one curve goes round the other once.
    """

    def __init__(self, points: Floats, other: Floats):
        """Find out how the curve lies to another.

        Args:
            points: (m, k) [m]; x, y and whatever is to be interpolated.
            other: (n, 2 or more) [m].
        """
        m, n = len(points), len(other)
        _, found = cKDTree(points[:, :2]).query(other[:, :2])
        own, theirs = 2j * np.pi * found / m, 2j * np.pi * np.arange(n) / n
        along, against = np.exp(own - theirs).mean(), np.exp(own + theirs).mean()
        self.turned = bool(abs(against) > abs(along))
        self.points = points[::-1].copy() if self.turned else points
        self.likeness = float(max(abs(along), abs(against)))
        # The turned curve begins with what was its last point.
        self._ahead = -np.angle(against) - 2.0 * np.pi / m if self.turned else np.angle(along)
        step = np.diff(points[:, :2], axis=0, append=points[:1, :2])
        self._reach = DRIFT * float(np.hypot(step[:, 0], step[:, 1]).sum()) / (2.0 * np.pi)
        lap = 2.0 * np.pi * np.arange(m) / m
        self._tree = cKDTree(self._placed(self.points, lap))

    def _placed(self, points: Floats, lap: Floats) -> Floats:
        """Return points with two more coordinates, which keep parts of the lap apart."""
        return np.column_stack(
            [points[:, 0], points[:, 1], self._reach * np.cos(lap), self._reach * np.sin(lap)]
        )

    def near(self, other: Floats) -> Indices:
        """Return the index (n,) of the place that is beside each of another's points (n, 2)."""
        lap = 2.0 * np.pi * np.arange(len(other)) / len(other) + self._ahead
        _, found = self._tree.query(self._placed(other, lap))
        return np.asarray(found, np.int64)


class Offsets(NamedTuple):
    """Where a curve passes beside places with a direction."""

    d: Floats  # (n,) [m] along the normal, left positive; nan where it doesn't pass in reach
    place: Floats  # (n,) index along the curve, with its fraction; whatever where d is nan


def offsets(points: Floats, tangent: Floats, curve: Floats, near: Indices) -> Offsets:
    """Return how far to the left a curve crosses the normal of each place.

    It must cross it in the direction of the tangent, so that the far leg of a hairpin does not
    count; the nearest such crossing is taken.

    Args:
        points: (n, 2) [m].
        tangent: (n, 2) unit vectors.
        curve: (m, 2 or more) [m].
        near: (n,) index of the curve's place beside each point.
    """
    m = len(curve)
    step = np.diff(curve[:, :2], axis=0, append=curve[:1, :2])
    spacing = float(np.median(np.hypot(step[:, 0], step[:, 1])))
    away = np.hypot(*(curve[near, :2] - points).T)
    window = int(min(np.ceil(2.0 * np.quantile(away, 0.98) / spacing) + 2, m // 4))
    ahead = np.arange(-window, window + 2)
    d, place = np.empty(len(points)), np.empty(len(points))
    rows = max(1, _AT_ONCE // len(ahead))
    for first in range(0, len(points), rows):
        part = slice(first, first + rows)
        index = (near[part, None] + ahead) % m
        dx = curve[index, 0] - points[part, 0, None]
        dy = curve[index, 1] - points[part, 1, None]
        tx, ty = tangent[part, 0, None], tangent[part, 1, None]
        along, beside = dx * tx + dy * ty, dy * tx - dx * ty
        with np.errstate(divide="ignore", invalid="ignore"):
            share = along[:, :-1] / (along[:, :-1] - along[:, 1:])
            cut = beside[:, :-1] + share * np.diff(beside, axis=1)
        passes = (along[:, :-1] < 0.0) & (along[:, 1:] >= 0.0)
        best = np.argmin(np.where(passes, np.abs(cut), np.inf), axis=1)
        row = np.arange(len(best))
        d[part] = np.where(passes[row, best], cut[row, best], np.nan)
        place[part] = np.mod(index[row, best] + np.nan_to_num(share[row, best]), m)
    return Offsets(d, place)


def tangents(points: Floats) -> Floats:
    """Return the unit vectors (n, 2) along a closed curve of evenly spaced points (n, 2)."""
    ahead = np.roll(points[:, :2], -1, axis=0) - np.roll(points[:, :2], 1, axis=0)
    return np.asarray(ahead / np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-12)[:, None])


def filled(values: Floats) -> Floats:
    """Return the values (n,) around a lap with every nan replaced from its neighbours."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == len(values):
        return values
    return np.asarray(np.interp(np.arange(len(values)), known, values[known], period=len(values)))
