"""From CarRacing's tiles to a track.

The generator walks around the playfield and cuts one lap out of its path, so the end of a
lap may lie beside its beginning, in a few laps of a hundred by metres. There a line through
all tiles would have a kink that no car can follow; the last few are left out instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, inf, sin, tan

import numpy as np
from numpy.typing import NDArray

from racegym.track import Track
from racegym_carracing.engine import HALF_WIDTH

__all__ = ["SPACING", "Tile", "centerline", "make_track"]

Tile = tuple[float, float, float, float]  # alpha [rad], beta [rad], x [m], y [m]

SPACING = 2.0  # [m] between samples; tiles are 3.5 m apart
STEEPEST_SEAM = 0.2  # [rad] between the start's direction and the way there from the end


def centerline(tiles: Sequence[Tile]) -> NDArray[np.float64]:
    """Return the points (m, 2) [m] that the track runs through, from the start on.

    Args:
        tiles: CarRacing's own list; beta 0 points along +y.
    """
    points = np.array(tiles, dtype=np.float64)[:, 2:]
    beta = tiles[0][1]
    ahead = np.array([-sin(beta), cos(beta)])
    aside = np.array([cos(beta), sin(beta)])
    gap = points[0] - points
    smooth = np.abs(gap @ aside) <= tan(STEEPEST_SEAM) * (gap @ ahead)
    smooth[0] = False  # the start itself, not a way to it
    last = int(np.flatnonzero(smooth)[-1])
    return points[: last + 1]


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
