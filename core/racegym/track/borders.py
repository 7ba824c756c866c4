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
    for edge, side, width in ((0, 1.0, track.width_left), (2, -1.0, track.width_right)):
        room = SHORT_OF_FOLD * room_to_fold(track, side)
        for column, far in ((edge, width), (edge + 4, width + runoff)):
            d = side * np.minimum(far, room)
            borders[:, column] = track.x - d * track.tangent_y
            borders[:, column + 1] = track.y + d * track.tangent_x
    return borders


def room_to_fold(track: Track, side: float) -> Floats:
    """Return (n,) [m]: how far each normal reaches to one side before it meets a neighbour's."""
    tx, ty = track.tangent_x, track.tangent_y
    cx, cy = _following(track.x) - track.x, _following(track.y) - track.y
    ux, uy = _following(tx), _following(ty)
    # P + a N = Q + b M along the normals N and M of two samples P and Q that follow.
    turn = side * (tx * uy - ty * ux)
    with np.errstate(divide="ignore"):
        mine = np.where(turn > 0.0, (cx * ux + cy * uy) / turn, np.inf)
        next_one = np.where(turn > 0.0, (cx * tx + cy * ty) / turn, np.inf)
    room: Floats = np.minimum(mine, np.concatenate((next_one[-1:], next_one[:-1])))
    return room


def _following(values: Floats) -> Floats:
    """Return for each sample the value of the one after it, as ``np.roll`` does but quicker."""
    return np.concatenate((values[1:], values[:1]))
