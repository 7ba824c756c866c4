"""A track from its two edges: a smooth line between them, and the widths along its normals.

Edges may have different numbers of points, begin elsewhere and run against each other. The line
begins amid the places that are nearest to each other, and is moved, again and again, to the
middle of where its normals meet the edges. It is smoothed over a quarter of the width, so it is
not exactly in the middle; the widths are measured to the edges from where it ends up, so that
the edges of the track are the edges that were given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.across import Beside, filled, offsets, tangents
from racegym.formats.closed_line import even, resampled, softened
from racegym.track import Track
from racegym.track.track import default_spacing

__all__ = ["track_between"]

Floats = NDArray[np.float64]

ALIKE = 0.6  # of ``Beside.likeness``; edges of one track have 0.9 and more
ROUNDS = 20
STILL = 0.01  # of the width, that no part of the line moves by any more
SOFT = 0.25  # of the width, over which the line is smoothed
MOST_MISSING = 0.05  # of the places may not see an edge along their normal
MOST_SAMPLES = 20_000


def track_between(
    left: Floats,
    right: Floats,
    *,
    name: str,
    source: str,
    path: Path,
    sides_known: bool,
    banked: bool = True,
    places: str = "",
) -> Track:
    """Return the track between two edges, driven in the direction of the first.

    Args:
        left, right: (m, 2 or 3) [m] loops, the last point not the first; m may differ. With
            heights (3) the track gets elevation and banking.
        name, source: of the track.
        path: of the file, for messages.
        sides_known: whether the edges are said to be left and right; if they turn out to be
            the other way round, that is noted.
        banked: whether a difference of heights is banking; else both edges get their mean.
        places: what the edges are called in messages. Default: left and right edge.

    Raises:
        TrackError: they are not the edges of one track; says where.
    """
    called = places or "its left and right edge"
    lap = 0.5 * (_length(left) + _length(right))
    n = int(np.clip(round(lap / default_spacing(lap)), 256, MOST_SAMPLES))
    one, _ = even(left, lap / (2 * n))
    two, _ = even(right, lap / (2 * n))
    notes = []
    beside = Beside(two, one)
    if beside.likeness < ALIKE:
        raise TrackError(
            f"{called} do not run beside each other: are they the edges of one track?", file=path
        )
    if beside.turned:
        notes.append("its edges ran against each other; the second was turned round")
    two = beside.points
    across = two[beside.near(one), :2] - one[:, :2]
    ahead = tangents(one)
    if np.median(ahead[:, 0] * across[:, 1] - ahead[:, 1] * across[:, 0]) > 0.0:
        if sides_known:
            notes.append("what is called its left edge is to the right of driving; exchanged")
        one, two = two, one
    line = _amid(one, two, n, called, path)
    track = Track.from_points(
        line.points,
        line.left,
        line.right,
        banking=line.banking if banked else 0.0,
        name=name,
        crossings="allow",
        source=source,
        label=_name_of_place(lap / n),
    )
    return replace(_measured(track, one, two, called, path), notes=tuple(notes))


class _Line(NamedTuple):
    """A line between two edges, with what it sees along its normals."""

    points: Floats  # (n, 3) [m]
    left: Floats  # (n,) [m] to the left edge
    right: Floats  # (n,) [m]
    banking: Floats  # (n,) [rad]
    normal: Floats  # (n, 2) unit vectors to the left
    missing: float  # share of places that don't see both edges


def _line(points: Floats, one: Beside, two: Beside) -> _Line | None:
    """Return the line through ``points`` (n, 2) [m]; None if it sees nothing of an edge."""
    tangent = tangents(points)
    left, right = (offsets(points, tangent, edge.points, edge.near(points)) for edge in (one, two))
    unseen = [np.isnan(left.d), np.isnan(right.d)]
    if unseen[0].all() or unseen[1].all():
        return None
    wide = filled(left.d), -filled(right.d)
    high, low = _height(one.points, left.place), _height(two.points, right.place)
    return _Line(
        np.column_stack([points, 0.5 * (high + low)]),
        wide[0],
        wide[1],
        np.arctan2(high - low, np.maximum(wide[0] + wide[1], 1e-9)),
        np.column_stack([-tangent[:, 1], tangent[:, 0]]),
        float((unseen[0] | unseen[1]).mean()),
    )


def _amid(one: Floats, two: Floats, n: int, called: str, path: Path) -> _Line:
    """Return the line between the left edge ``one`` and the right edge ``two``.

    Raises:
        TrackError: none could be found.
    """
    left, right = Beside(one, one), Beside(two, one)
    across = right.points[right.near(one), :2] - one[:, :2]
    width = float(np.median(np.hypot(across[:, 0], across[:, 1])))
    per_metre = n / (0.5 * (_length(one) + _length(two)))
    points = resampled(softened(resampled(one[:, :2] + 0.5 * across, n), width * per_metre), n)
    line = _line(points, left, right)
    for _ in range(ROUNDS):
        if line is None:
            break
        shift = 0.5 * (line.left - line.right)
        moved = points + np.clip(shift, -width, width)[:, None] * line.normal
        moved = resampled(softened(resampled(moved, n), SOFT * width * per_metre), n)
        still = float(np.hypot(*(moved - points).T).max()) < STILL * width
        points = moved
        line = _line(points, left, right)
        if still:
            break
    if line is None or line.missing > MOST_MISSING:
        raise TrackError(f"no line runs between {called}: are they whole?", file=path)
    _refuse_touching(line.left, line.right, _length(points) / n, called, path)
    return line


def _measured(track: Track, one: Floats, two: Floats, called: str, path: Path) -> Track:
    """Return the track with its widths measured to the edges along its own normals."""
    points = np.column_stack([track.x + track.origin[0], track.y + track.origin[1]])
    tangent = np.column_stack([track.tangent_x, track.tangent_y])
    left, right = (
        filled(offsets(points, tangent, edge.points, edge.near(points)).d)
        for edge in (Beside(one, points), Beside(two, points))
    )
    _refuse_touching(left, -right, track.spacing, called, path)
    return replace(track, width_left=left, width_right=-right)


def _refuse_touching(left: Floats, right: Floats, spacing: float, called: str, path: Path) -> None:
    bad = np.flatnonzero((left <= 0.0) | (right <= 0.0))
    if len(bad):
        raise TrackError(
            f"{called} touch or cross each other at s = {bad[0] * spacing:.1f} m", file=path
        )


def _height(edge: Floats, place: Floats) -> Floats:
    """Return the height (n,) [m] of an edge at places along it; 0 where it has none."""
    if edge.shape[1] < 3:
        return np.zeros(len(place))
    return np.asarray(np.interp(place, np.arange(len(edge)), edge[:, 2], period=len(edge)))


def _name_of_place(spacing: float) -> Callable[[int], str]:
    return lambda k: f"{k * spacing:.0f} m along it"


def _length(points: Floats) -> float:
    ahead = np.roll(points[:, :2], -1, axis=0) - points[:, :2]
    return float(np.hypot(ahead[:, 0], ahead[:, 1]).sum())
