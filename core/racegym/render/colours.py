"""The colours of pictures for people; cars have those that cameras see them in."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.kernels import ground, scenery
from racegym.sensors.palette import palette

__all__ = ["INKS", "Colour", "by_speed", "of_car", "on"]

Floats: TypeAlias = NDArray[np.float64]
Colour: TypeAlias = tuple[int, int, int]

TEXT: Colour = (244, 246, 248)
QUIET: Colour = (168, 178, 190)  # of what is there to explain
PANEL: Colour = (16, 20, 27)
TRACK: Colour = (58, 66, 78)  # of a gauge that is empty
THROTTLE: Colour = (74, 201, 106)
BRAKE: Colour = (238, 76, 76)
STEER: Colour = (86, 172, 250)
BETTER: Colour = (88, 214, 120)
WORSE: Colour = (250, 190, 70)
BEST: Colour = (202, 120, 250)
SHADOW: Colour = (10, 12, 14)
TYRE: Colour = (24, 24, 27)
GLASS: Colour = (28, 32, 40)
FLAG_YELLOW: Colour = (250, 212, 40)
FLAG_BLUE: Colour = (58, 128, 246)
FLAG_CAR: Colour = (250, 146, 44)
FLAG_RED: Colour = (222, 48, 48)
FLAG_WHITE: Colour = (240, 242, 244)
OVERLAY: Colour = (120, 220, 255)

INKS: Floats = np.zeros((ground.GROUND_INKS, 3))
INKS[ground.FIELD] = (74, 112, 58)
INKS[ground.GRASS] = (98, 142, 72)
INKS[ground.ASPHALT] = (82, 84, 90)
INKS[ground.LINE] = (236, 238, 240)
INKS[ground.KERB_DARK] = (206, 48, 44)
INKS[ground.KERB_LIGHT] = (238, 238, 236)
INKS[ground.CONCRETE] = (128, 130, 122)
INKS[ground.WALL] = (44, 48, 54)
INKS[ground.WALL_TOP] = (176, 182, 190)
INKS[ground.GRAVEL] = (196, 178, 136)

_SPEEDS = np.array([(66, 135, 245), (60, 200, 190), (120, 214, 80), (250, 210, 60), (240, 80, 60)])
_TEAMS = 8
_BRIGHT = 150.0  # of luma, from which on dark letters are read better


@cache
def of_car(car: int) -> Colour:
    """Return the colour of the car in a slot; after eight they begin again."""
    red, green, blue = palette()[scenery.CAR + 2 * (car % _TEAMS)].tolist()
    return red, green, blue


def on(colour: Colour) -> Colour:
    """Return black or white, whichever is read better on a colour."""
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    return (16, 18, 22) if luma > _BRIGHT else (255, 255, 255)


def by_speed(share: ArrayLike) -> Floats:
    """Return colours (..., 3) of shares of the greatest speed: blue is slow, red is fast."""
    at = np.clip(np.nan_to_num(share), 0.0, 1.0) * (len(_SPEEDS) - 1)
    return np.stack([np.interp(at, np.arange(len(_SPEEDS)), part) for part in _SPEEDS.T], axis=-1)
