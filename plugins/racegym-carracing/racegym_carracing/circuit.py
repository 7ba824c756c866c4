"""From CarRacing's tiles to a track.

The generator walks around the playfield and cuts one lap out of its path, so the end of a
lap may lie beside its beginning, in one lap of seventy by metres. There a line through
all tiles would have a kink that no car can follow; the last few are left out instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, pi

import numpy as np
from numpy.typing import NDArray

from racegym.track import Track
from racegym_carracing.engine import HALF_WIDTH

__all__ = ["SPACING", "Tile", "centerline", "make_track"]

Tile = tuple[float, float, float, float]  # alpha [rad], beta [rad], x [m], y [m]

SPACING = 2.0  # [m] between samples; tiles are 3.5 m apart
SEAM_TILES = 16  # at the end of the lap, of which all but the first may be left out
STEEPEST_SEAM = 0.2  # [rad]


def centerline(tiles: Sequence[Tile]) -> NDArray[np.float64]:
    """Return the points (m, 2) [m] that the track runs through, from the start on.

    The way from the last point to the start has the direction that the track has at its two
    ends, in the mean, to within ``STEEPEST_SEAM``; as few tiles as that takes are left out.

    Args:
        tiles: CarRacing's own list; beta 0 points along +y.
    """
    points = np.array(tiles, dtype=np.float64)[:, 2:]
    beta = np.array(tiles, dtype=np.float64)[:, 1]
    gap = points[0] - points[-SEAM_TILES:]
    last = beta[-SEAM_TILES:]
    mean = last + 0.5 * _wrap(beta[0] - last)
    off = np.abs(_wrap(np.arctan2(-gap[:, 0], gap[:, 1]) - mean))
    smooth = np.flatnonzero(off <= STEEPEST_SEAM)
    kept = smooth[-1] if len(smooth) else off.argmin()
    return points[: len(points) - (SEAM_TILES - 1 - int(kept))]


def _wrap(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return (angle + pi) % (2.0 * pi) - pi


def make_track(tiles: Sequence[Tile], name: str) -> Track:
    """Return the track of these tiles: flat, without kerbs and walls.

    Its s is 0 at the first tile, where the car starts, and grows in the direction in which
    the tiles follow each other. Units of CarRacing are metres.

    Args:
        tiles: CarRacing's own list.
        name: of the track.
    """
    return Track.from_points(
        centerline(tiles),
        HALF_WIDTH,
        HALF_WIDTH,
        name=name,
        spacing=SPACING,
        kerb_width=0.0,
        runoff=inf,
        crossings="allow",
        source="Gymnasium CarRacing-v3",
    )
