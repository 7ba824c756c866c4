"""The lines on either side of a track that sensors look at: edges of the asphalt, and walls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.projection import OPEN_RUNOFF
from racegym.track.track import Track

__all__ = ["BORDER_COLUMNS", "border_points", "room_to_fold"]

Floats = NDArray[np.float64]

BORDER_COLUMNS = 8

SHORT_OF_FOLD = 0.98  # of the way to where normals cross: how far a line may reach inward


def border_points(track: Track) -> Floats:
    """Return (n, 8) [m]: x and y of the left and right edge, then of the left and right wall.

    Row k lies on the normal of sample k, so each pair of rows spans a cell of the track that
    is convex. On the inside of a corner that is tighter than a line is far, the line stays
    ``SHORT_OF_FOLD`` of the way to where the normals meet. Walls that are more than
    ``OPEN_RUNOFF`` beyond the edge stand there.
    """
    runoff = min(track.runoff, OPEN_RUNOFF)
    borders = np.empty((len(track), BORDER_COLUMNS))
    for column, side, width in (
        (0, 1.0, track.width_left),
        (2, -1.0, track.width_right),
        (4, 1.0, track.width_left + runoff),
        (6, -1.0, track.width_right + runoff),
    ):
        d = side * np.minimum(width, SHORT_OF_FOLD * room_to_fold(track, side))
        borders[:, column] = track.x - d * track.tangent_y
        borders[:, column + 1] = track.y + d * track.tangent_x
    return borders


def room_to_fold(track: Track, side: float) -> Floats:
    """Return (n,) [m]: how far each normal reaches to one side before it meets a neighbour's."""
    tx, ty = track.tangent_x, track.tangent_y
    cx, cy = np.roll(track.x, -1) - track.x, np.roll(track.y, -1) - track.y
    ux, uy = np.roll(tx, -1), np.roll(ty, -1)
    # P + a N = Q + b M along the normals N and M of two samples P and Q that follow.
    turn = side * (tx * uy - ty * ux)
    with np.errstate(divide="ignore"):
        mine = np.where(turn > 0.0, (cx * ux + cy * uy) / turn, np.inf)
        next_one = np.where(turn > 0.0, (cx * tx + cy * ty) / turn, np.inf)
    return np.minimum(mine, np.roll(next_one, 1))
