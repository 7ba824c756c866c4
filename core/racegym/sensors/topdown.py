"""The track around the car, seen from above."""

from __future__ import annotations

from math import hypot

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, Cars, Sensor, Setup, View, options
from racegym.sensors.pictures import Eye, Painter, PictureOptions

__all__ = ["Topdown"]


class Topdown(Sensor):
    """A picture of the track, cars and obstacles near by, from above, without perspective.

    A point ``f`` metres ahead of the car's centre of mass and ``l`` to its left is at column
    ``width / 2 - l / metres`` and row ``place * height - f / metres``; with ``north_up``,
    ahead is north.
    """

    class Options(PictureOptions):
        """Settings of the sensor."""

        width: int = Field(96, ge=8, le=1024, description="pixels")
        height: int = Field(96, ge=8, le=1024, description="pixels")
        metres: float = Field(0.5, gt=0, le=20, description="[m] of a pixel")
        place: float = Field(
            0.75, ge=0, le=1, description="of the car in the picture, from 0, top, to 1, bottom"
        )
        north_up: bool = Field(False, description="north is up; else what is ahead of the car")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = asked = options.read(self.Options, setup.options, "sensor 'topdown'")
        wide, high = asked.width * asked.metres, asked.height * asked.metres
        ahead, behind = asked.place * high, (1.0 - asked.place) * high
        eye = Eye(
            above=True, focal=1.0 / asked.metres, middle_u=asked.width / 2.0,
            middle_v=asked.place * asked.height, height=0.0, tilt_cos=1.0, tilt_sin=0.0,
        )  # fmt: skip
        sides = [
            [1.0, 0.0, ahead],
            [-1.0, 0.0, behind],
            [0.0, 1.0, wide / 2],
            [0.0, -1.0, wide / 2],
        ]
        self._painter = Painter(
            setup, asked, eye, sides=np.array(sides), turned=not asked.north_up, mount=0.0,
            horizon=0, own_car=True, sight=hypot(wide / 2, max(ahead, behind)) + wide,
        )  # fmt: skip
        self.space = self._painter.space
        self.requires = self._painter.reads

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, height, width, 3), or (k, height, width, 1) in gray."""
        self._painter.draw(view, cars, out)
