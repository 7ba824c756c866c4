"""The colours of the scenery: of each code, under any light and on a wet or dry track."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.kernels import scenery as codes

__all__ = ["gray", "palette"]

Colours = NDArray[np.uint8]

_DAY = {
    codes.SKY: (150, 195, 235),
    codes.FIELD: (84, 130, 60),
    codes.GRASS: (104, 152, 72),
    codes.GRAVEL: (190, 175, 135),
    codes.ASPHALT: (92, 92, 96),
    codes.LINE: (240, 240, 240),
    codes.KERB_RED: (200, 40, 40),
    codes.KERB_WHITE: (235, 235, 235),
    codes.KERB_FAR: (218, 138, 138),
    codes.START: (250, 250, 250),
    codes.WALL_LEFT: (170, 170, 178),
    codes.WALL_RIGHT: (140, 140, 150),
    codes.OBSTACLE: (240, 130, 20),
    codes.OBSTACLE_FOOT: (140, 72, 10),
}
# Of cars, in the order of their slots; then again from the first.
_TEAMS = (
    (215, 38, 61), (2, 136, 209), (255, 193, 7), (67, 160, 71),
    (142, 36, 170), (255, 112, 67), (0, 172, 193), (69, 90, 100),
)  # fmt: skip
_SHADE = 0.7  # of a car's colour, on its sides
_DARKEST = 0.08  # of the light of day, so that lines can be seen at night
_DARKER = 0.4  # by which wet asphalt is darker
_MIRRORED = 0.18  # share of the sky that it mirrors
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def palette(light: ArrayLike = 1.0, wetness: ArrayLike = 0.0) -> Colours:
    """Return the colour of each code, (..., CODES, 3) uint8, red, green and blue.

    Args:
        light: (...) from 0, night, to 1, day.
        wetness: (...) of the asphalt, from 0, dry, to 1, standing water.
    """
    bright, wet = np.broadcast_arrays(np.clip(light, 0.0, 1.0), np.clip(wetness, 0.0, 1.0))
    wet = wet[..., None]
    colours = np.zeros((*bright.shape, codes.CODES, 3))
    for code, colour in _DAY.items():
        colours[..., code, :] = colour
    dry = colours[..., codes.ASPHALT, :] * (1.0 - _DARKER * wet)
    road = dry + _MIRRORED * wet * (colours[..., codes.SKY, :] - dry)
    colours[..., codes.ASPHALT, :] = road
    for quarter in range(1, 4):
        share = quarter / 4.0
        line = colours[..., codes.LINE, :]
        colours[..., codes.LINE + quarter, :] = share * road + (1.0 - share) * line
    for team, colour in enumerate(_TEAMS):
        colours[..., codes.CAR + 2 * team, :] = colour
        colours[..., codes.CAR + 2 * team + 1, :] = _SHADE * np.array(colour)
    lit = _DARKEST + (1.0 - _DARKEST) * bright[..., None, None]
    return np.round(lit * colours).astype(np.uint8)


def gray(colours: Colours) -> Colours:
    """Return the luma of colours (..., 3), (...) uint8."""
    luma: Colours = np.round(colours @ np.array(_LUMA)).astype(np.uint8)
    return luma
