"""The grid that finds cars which were moved: for each cell the nearest sample of a track."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels import projection as columns
from racegym.kernels.projection import fill_grid

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = ["CELLS_PER_POINT", "Cells", "cells_of"]

Floats = NDArray[np.float64]

CELLS_PER_POINT = 4  # at most
MARGIN = 0.05  # of the samples' extent: how far the grid reaches beyond them


class Cells(NamedTuple):
    """A grid over a track."""

    west: float  # [m] of its south-west corner
    south: float  # [m]
    size: float  # [m] of a cell
    nearest: NDArray[np.int32]  # (rows, columns) sample nearest to the cell's middle


def cells_of(track: Track) -> Cells:
    """Return the grid of a track, with about four cells a sample."""
    west, south = float(track.x.min()), float(track.y.min())
    wide, high = float(np.ptp(track.x)), float(np.ptp(track.y))
    margin = MARGIN * max(wide, high)
    wide, high = wide + 2.0 * margin, high + 2.0 * margin
    most = CELLS_PER_POINT * len(track)
    size = float(np.sqrt(wide * high / most))
    while (across := int(np.ceil(wide / size))) * (up := int(np.ceil(high / size))) > most:
        size *= 1.01
    points = np.zeros((len(track), columns.POINT_COLUMNS))
    points[:, columns.X], points[:, columns.Y] = track.x, track.y
    table = np.zeros((1, columns.TABLE_COLUMNS))
    table[0, columns.COUNT], table[0, columns.SPACING] = len(track), track.spacing
    table[0, columns.CELL_X], table[0, columns.CELL_Y] = west - margin, south - margin
    table[0, columns.CELL_SIZE] = size
    nearest = np.empty((up, across), np.int32)
    fill_grid(nearest, 0, points, table)
    return Cells(west - margin, south - margin, size, nearest)
