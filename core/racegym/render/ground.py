"""The ground of one track, painted piece by piece as it comes into the picture."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from racegym.kernels import ground as kernels
from racegym.kernels.ground import (
    TILE,
    claim_ground,
    colour_ground,
    pack_tile,
    warp_tiles,
)
from racegym.render.cameras import Framing
from racegym.render.colours import INKS
from racegym.track import Track
from racegym.track.borders import border_points
from racegym.track.verges import verges

__all__ = ["Ground", "Picture", "Tiles"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

LEAST_WIDTH = 5.0  # [pixels] of the asphalt: narrower ones could not be followed by eye
PAINTED_CURVATURE = 0.010  # [1/m] from which on kerbs are red and white, on a track 10 m wide
PAINT_REACH = 8.0  # [m] before and after such a corner
MOST_TILES = 112  # 59 MB
# Of each code of ``interfaces.Surface``.
_VERGE_INKS = np.array([kernels.ASPHALT, kernels.CONCRETE, kernels.GRASS, kernels.GRAVEL])


class Ground:
    """Where everything on the ground of a track lies.

    Args:
        track: the track.

    Attributes:
        points: (n, GROUND_COLUMNS) float64, as ``racegym.kernels.ground`` takes them.
        kerb: [m] width of the kerbs.
        walled: whether there are walls.
        pit, boxes: the pit lane, as ``colour_ground`` takes it.
        bounds: [m] west, south, east and north end of what is drawn.
    """

    def __init__(self, track: Track):
        borders = border_points(track)
        centre = np.stack([track.x, track.y], axis=1)
        points = np.zeros((len(track), kernels.GROUND_COLUMNS))
        points[:, kernels.X], points[:, kernels.Y] = track.x, track.y
        points[:, kernels.TANGENT_X], points[:, kernels.TANGENT_Y] = (
            track.tangent_x,
            track.tangent_y,
        )
        points[:, kernels.LEFT], points[:, kernels.RIGHT] = track.width_left, track.width_right
        for column, first in ((kernels.WALL_LEFT, 4), (kernels.WALL_RIGHT, 6)):
            points[:, column] = np.hypot(*(borders[:, first : first + 2] - centre).T)
        points[:, kernels.Z] = track.z
        points[:, kernels.S] = track.spacing * np.arange(len(track))
        points[:, kernels.PAINT_LEFT], points[:, kernels.PAINT_RIGHT] = _paint(track)
        for column, codes in ((kernels.VERGE_LEFT, 0), (kernels.VERGE_RIGHT, 1)):
            points[:, column] = _VERGE_INKS[verges(track)[:, codes]]
        self.points = points
        self.kerb = track.kerb_width
        self.walled = bool(np.isfinite(track.runoff))
        self.pit, self.boxes = _pit(track)
        beside = borders[:, 4:].reshape(-1, 2)
        self.bounds = (*beside.min(axis=0).tolist(), *beside.max(axis=0).tolist())

    def paint(self, picture: Picture, west: float, north: float, scale: float) -> None:
        """Fill a picture whose upper left corner is at ``west``, ``north`` [m].

        Args:
            picture: (height, width, 3) uint8; written.
            west, north: [m] in the map.
            scale: [pixels/m].
        """
        claim = np.empty((*picture.shape[:2], 4), np.float32)
        place = (float(west), float(north), float(scale), self.points, 0.5 * LEAST_WIDTH / scale)
        claim_ground(claim, *place)
        colour_ground(
            picture, claim, *place, float(self.kerb), self.walled, self.pit, self.boxes, INKS
        )


def _pit(track: Track) -> tuple[Floats, Floats]:
    """Return the pit lane and its boxes as ``colour_ground`` takes them."""
    pit, items = track.pit, np.zeros(kernels.PIT_ITEMS)
    if pit is None:
        return items, np.zeros((0, 2))
    items[kernels.PIT_ENTRY], items[kernels.PIT_LENGTH] = pit.entry, pit.long(track.length)
    items[kernels.PIT_LOW] = pit.offset - 0.5 * pit.width
    items[kernels.PIT_HIGH] = pit.offset + 0.5 * pit.width
    long = pit.box_length(track.length)
    return items, np.array([[s, long] for s in pit.boxes], np.float64).reshape(-1, 2)


def _paint(track: Track) -> tuple[Floats, Floats]:
    """Return how much the left and the right kerb are painted, (n,) each, from 0 to 1.

    The kerb inside of a corner is, and that at its exit on the other side.
    """
    wide = float((track.width_left + track.width_right).mean())
    sharp = PAINTED_CURVATURE * 10.0 / wide
    reach = max(1, round(PAINT_REACH * wide / 10.0 / track.spacing))
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)

    def spread(inside: NDArray[np.bool_], shift: int) -> Floats:
        ring = np.concatenate([inside[-reach:], inside, inside[:reach]]).astype(np.float64)
        soft = np.convolve(ring, kernel, mode="valid")
        return np.roll(np.clip(3.0 * soft, 0.0, 1.0), shift)

    left, right = track.curvature > sharp, track.curvature < -sharp
    return (
        np.maximum(spread(left, 0), spread(right, 2 * reach)),
        np.maximum(spread(right, 0), spread(left, 2 * reach)),
    )


class Tiles:
    """The ground at one scale, kept in tiles that are painted when they are first seen.

    Args:
        ground: of the track.
        scale: [pixels/m].
    """

    def __init__(self, ground: Ground, scale: float):
        self.scale = scale
        self._ground = ground
        self._slots: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._tiles: NDArray[np.uint64] = np.empty((0, TILE + 1, TILE + 1), np.uint64)
        self._fresh: Picture = np.empty((TILE + 1, TILE + 1, 3), np.uint8)

    def fill(self, picture: Picture, framing: Framing) -> None:
        """Fill a picture with the ground as it lies in it; the scale is that of the tiles."""
        height, width = picture.shape[:2]
        # Pixels of the tiles count right and down from the map's origin; their middles are
        # half a pixel further on.
        corners = framing.to_map(
            np.array([[0.5, 0.5], [width, 0.5], [0.5, height], [width, height]])
        )
        u, v = corners[:, 0] * self.scale - 0.5, -corners[:, 1] * self.scale - 0.5
        first_column, first_row = floor(u.min() / TILE), floor(v.min() / TILE)
        columns = ceil((u.max() + 2.0) / TILE) - first_column
        rows = ceil((v.max() + 2.0) / TILE) - first_row
        table = self._table(first_row, first_column, rows, columns)
        u, v = u - first_column * TILE, v - first_row * TILE
        across, down = width - 0.5, height - 0.5
        warp_tiles(
            picture, self._tiles, table, float(u[0]), float(v[0]),
            float(u[1] - u[0]) / across, float(v[1] - v[0]) / across,
            float(u[2] - u[0]) / down, float(v[2] - v[0]) / down,
        )  # fmt: skip

    def _table(
        self, first_row: int, first_column: int, rows: int, columns: int
    ) -> NDArray[np.int64]:
        """Return the slots of a block of tiles, (rows, columns), all of them painted."""
        table = np.empty((rows, columns), np.int64)
        self._reserve(max(MOST_TILES, 2 * rows * columns))
        for row in range(rows):
            for column in range(columns):
                table[row, column] = self._slot(first_column + column, first_row + row)
        return table

    def _reserve(self, count: int) -> None:
        """See to it that so many tiles are kept, more than a picture can need at once."""
        if len(self._tiles) < count:
            self._tiles = np.empty((count, TILE + 1, TILE + 1), np.uint64)
            self._slots.clear()

    def _slot(self, column: int, row: int) -> int:
        """Return where a tile is kept, and paint it in the place of the oldest if it is new."""
        slot = self._slots.get((column, row))
        if slot is not None:
            self._slots.move_to_end((column, row))
            return slot
        if len(self._slots) < len(self._tiles):
            slot = len(self._slots)
        else:
            slot = self._slots.popitem(last=False)[1]
        west, north = column * TILE / self.scale, -row * TILE / self.scale
        self._ground.paint(self._fresh, west, north, self.scale)
        pack_tile(self._tiles[slot], self._fresh)
        self._slots[column, row] = slot
        return slot
