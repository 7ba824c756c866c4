"""From where a race is looked at: how map coordinates become places in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAMERAS", "Camera", "Framing", "overview", "pursuit"]

Floats = NDArray[np.float64]

Box = tuple[float, float, float, float]
Camera = Literal["follow", "north", "track"]
CAMERAS: tuple[Camera, ...] = ("follow", "north", "track")

LENGTHS_SEEN = 24.0  # car lengths from the lower to the upper edge of the picture
MARGIN = 0.025  # of the picture around the whole track
SPARE = 8.0  # [pixels] between the track's middle and a panel, beside a share of its size
TRIED_SCALES, TRIED_SHIFTS, TRIED_POINTS = 24, 9, 200
AHEAD = 0.70  # how far down the picture the car is when the picture turns with it


@dataclass(frozen=True)
class Framing:
    """A place in the map, its place in the picture, and the scale and turn around it.

    Attributes:
        x, y: [m] in the map.
        column, row: [pixels] where that is in the picture, from its upper left corner.
        scale: [pixels/m].
        up: [rad] the heading that points upward in the picture; pi / 2 for north.
    """

    x: float
    y: float
    column: float
    row: float
    scale: float
    up: float = pi / 2

    def to_picture(self, places: Floats) -> Floats:
        """Return (..., 2) [pixels] right and down of places (..., 2) [m]."""
        c, s = sin(self.up) * self.scale, cos(self.up) * self.scale
        dx, dy = places[..., 0] - self.x, places[..., 1] - self.y
        return np.stack([self.column + c * dx - s * dy, self.row - s * dx - c * dy], axis=-1)

    def to_map(self, pixels: Floats) -> Floats:
        """Return (..., 2) [m] of places (..., 2) in the picture [pixels]; the way back."""
        c, s = sin(self.up) / self.scale, cos(self.up) / self.scale
        right, down = pixels[..., 0] - self.column, pixels[..., 1] - self.row
        return np.stack([self.x + c * right - s * down, self.y - s * right - c * down], axis=-1)


def overview(
    bounds: Box, size: tuple[int, int], line: Floats | None = None, panels: Sequence[Box] = ()
) -> Framing:
    """Return the framing that shows all of an area as large as it can be, north up.

    Args:
        bounds: [m] its west, south, east and north end.
        size: [pixels] width and height of the picture.
        line: (n, 2) [m], what must not lie below a panel.
        panels: [pixels] left, top, right and bottom of what covers parts of the picture.
    """
    west, south, east, north = bounds
    wide, high = max(east - west, 1e-3), max(north - south, 1e-3)
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    room = np.array(size) * (1.0 - 2.0 * MARGIN)
    most = min(room[0] / wide, room[1] / high)
    places = np.zeros((0, 2)) if line is None else line[:: max(1, len(line) // TRIED_POINTS)]
    for scale in np.geomspace(most, 0.4 * most, TRIED_SCALES):
        spare = 0.5 * (room - scale * np.array([wide, high]))
        right, down = np.meshgrid(*(np.linspace(-free, free, TRIED_SHIFTS) for free in spare))
        shifts = np.stack([right.reshape(-1), down.reshape(-1)], axis=1)
        shifts = shifts[np.argsort(np.hypot(*shifts.T), kind="stable")]  # the middle first
        pixels = 0.5 * np.array(size) + scale * (places - [x, y]) * [1.0, -1.0]
        seen = shifts[:, None] + pixels
        far = SPARE + scale * 0.02 * (wide + high)
        free = np.ones(len(shifts), np.bool_)
        for left, top, right_end, bottom in panels:
            over = (seen > [left - far, top - far]) & (seen < [right_end + far, bottom + far])
            free &= ~over.all(axis=-1).any(axis=1)
        if free.any():
            column, row = 0.5 * np.array(size) + shifts[np.argmax(free)]
            return Framing(x, y, float(column), float(row), float(scale))
    return Framing(x, y, 0.5 * size[0], 0.5 * size[1], float(0.7 * most))


def pursuit(
    x: float, y: float, yaw: float, length: float, size: tuple[int, int], *, turning: bool
) -> Framing:
    """Return the framing that keeps a car in the picture.

    Args:
        x, y, yaw: of the car [m, rad].
        length: of the car [m].
        size: [pixels] width and height of the picture.
        turning: the car points upward; else north does.
    """
    width, height = size
    scale = height / (LENGTHS_SEEN * length)
    if turning:
        return Framing(x, y, 0.5 * width, AHEAD * height, scale, yaw)
    return Framing(x, y, 0.5 * width, 0.5 * height, scale)
