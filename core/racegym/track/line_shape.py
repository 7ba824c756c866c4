"""The shape of a line around a track, from its lateral offsets at the track's samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.projection import (
    LINE_COLUMNS,
    LINE_CURVATURE,
    LINE_OFFSET,
    LINE_SLOPE,
    LINE_STEP,
)
from racegym.track.spline import PeriodicSpline

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = ["line_places", "line_rows", "line_shape"]

Floats = NDArray[np.float64]


def line_places(track: Track, offset: Floats | None = None) -> tuple[Floats, Floats]:
    """Return x and y (n,) [m] of the places at ``offset`` (n,) [m] on each sample's normal.

    Without offsets it is the racing line that the track brings, or its centerline.
    """
    if offset is None:
        offset = np.zeros(len(track)) if track.line is None else track.line
    return track.x - offset * track.tangent_y, track.y + offset * track.tangent_x


def line_shape(track: Track, offset: Floats) -> tuple[Floats, Floats]:
    """Return curvature (n,) [1/m] at, and arc length (n,) [m] from, each place of a line.

    The line is the closed C2 spline through its places; where all offsets are zero it is the
    centerline, with the track's own values.
    """
    if not offset.any():
        return track.curvature, np.full(len(track), track.spacing)
    x, y = line_places(track, offset)
    spline = PeriodicSpline.through(np.column_stack([x, y, np.zeros(len(x))]))
    _, first, second = spline.evaluate(spline.knots[:-1])
    cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    curvature = cross / np.hypot(first[:, 0], first[:, 1]) ** 3
    return curvature, np.diff(spline.knot_lengths())


def line_rows(track: Track) -> Floats:
    """Return (n, LINE_COLUMNS) as ``racegym.kernels.projection`` lays them out."""
    rows = np.zeros((len(track), LINE_COLUMNS))
    offset = rows[:, LINE_OFFSET]
    if track.line is not None:
        offset[:] = track.line
        rows[:, LINE_SLOPE] = (np.roll(offset, -1) - np.roll(offset, 1)) / (2.0 * track.spacing)
    rows[:, LINE_CURVATURE], rows[:, LINE_STEP] = line_shape(track, offset)
    return rows
