"""What the driver sees: a picture in perspective."""

from __future__ import annotations

from math import ceil, cos, hypot, pi, sin, tan
from typing import Annotated

import numpy as np
from pydantic import Field

from racegym.interfaces import Array, Cars, Sensor, Setup, View, options
from racegym.sensors.angles import in_radians
from racegym.sensors.pictures import Eye, Painter, PictureOptions

__all__ = ["Camera"]


class Camera(Sensor):
    """A picture from the car, of asphalt, kerbs, lines, grass, walls, obstacles, sky and cars.

    A pinhole camera: a point ``a`` metres ahead of it, ``l`` to the left and ``u`` up, along
    its own axes, is at column ``width / 2 - f l / a`` and row ``height / 2 - f u / a``, with
    ``f = width / (2 tan(field_of_view / 2))``; a pixel's middle is at a half.
    """

    class Options(PictureOptions):
        """Settings of the sensor."""

        field_of_view: Annotated[float, in_radians(3.0)] = Field(
            pi / 2, gt=0.1, le=3.0, description="[rad] from the left edge to the right one"
        )
        above: float = Field(1.2, gt=0, le=100, description="[m] of the camera above the ground")
        pitch: Annotated[float, in_radians(1.5)] = Field(
            0.1, ge=-1.5, le=1.5, description="[rad] tilted downward"
        )
        mount: float = Field(
            0.0, ge=-20, le=20, description="[m] ahead of the car's centre of mass"
        )
        sight: float = Field(100.0, gt=0, le=2000, description="[m] how far the track is drawn")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = asked = options.read(self.Options, setup.options, "sensor 'camera'")
        focal = asked.width / (2.0 * tan(asked.field_of_view / 2.0))
        eye = Eye(
            above=False, focal=focal, middle_u=asked.width / 2.0, middle_v=asked.height / 2.0,
            height=asked.above, tilt_cos=cos(asked.pitch), tilt_sin=sin(asked.pitch),
        )  # fmt: skip
        wide = tan(asked.field_of_view / 2.0) / max(cos(asked.pitch), 0.1)
        norm = hypot(1.0, wide)
        # Behind, to the right, to the left; nothing else is outside for its direction alone.
        sides = [
            [-1.0, 0.0, 0.0],
            [-wide / norm, -1.0 / norm, 0.0],
            [-wide / norm, 1.0 / norm, 0.0],
            [0.0, 0.0, 1.0],
        ]
        self._painter = Painter(
            setup, asked, eye, sides=np.array(sides), turned=True, mount=asked.mount,
            horizon=ceil(asked.height / 2.0 - focal * tan(asked.pitch) - 0.5),
            own_car=False, sight=asked.sight,
        )  # fmt: skip
        self.space = self._painter.space
        self.requires = self._painter.reads

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, height, width, 3), or (k, height, width, 1) in gray."""
        self._painter.draw(view, cars, out)
