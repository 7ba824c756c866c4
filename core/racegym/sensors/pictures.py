"""What the sensors ``camera`` and ``topdown`` share: a picture for each car."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pydantic import Field

from racegym.interfaces import Array, Cars, Setup, StageOptions, View
from racegym.kernels import scenery
from racegym.sensors.palette import gray, palette

__all__ = ["Eye", "Painter", "PictureOptions"]

Floats = NDArray[np.float64]


class Eye(NamedTuple):
    """How a picture is looked at, as ``racegym.kernels.scenery`` takes it."""

    above: bool  # from above, without perspective
    focal: float  # pixels of a metre across: from above; or at 1 m ahead
    middle_u: float  # [pixels] from the left: where straight ahead is, or the car
    middle_v: float  # [pixels] from the top
    height: float  # [m] of the camera above the ground
    tilt_cos: float  # of its tilt downward
    tilt_sin: float


class PictureOptions(StageOptions):
    """Settings of every sensor that gives pictures."""

    width: int = Field(84, ge=8, le=1024, description="pixels")
    height: int = Field(84, ge=8, le=1024, description="pixels")
    gray: bool = Field(False, description="one channel of brightness in place of three colours")
    light: float = Field(1.0, ge=0, le=1, description="from 0, night, to 1, day")
    wetness: float = Field(0.0, ge=0, le=1, description="of the asphalt's look, from 0 to 1, wet")


class Painter:
    """Draws pictures of all cars, with memory of its own to draw in.

    Args:
        setup: of the sensor.
        options: size and colours.
        eye: how it is looked at.
        sides: (4, 3) float64, what is beyond the picture; see ``scenery.outside``.
        turned: whether the view turns with the car; else north is up.
        mount: [m] of the camera ahead of the car's centre of mass.
        horizon: row of the horizon.
        own_car: whether the car itself is drawn.
        sight: [m] how far the track is drawn.
    """

    def __init__(
        self,
        setup: Setup,
        options: PictureOptions,
        eye: Eye,
        *,
        sides: Floats,
        turned: bool,
        mount: float,
        horizon: int,
        own_car: bool,
        sight: float,
    ):
        self._palette = palette(options.light, options.wetness)
        codes = np.arange(scenery.CODES, dtype=np.uint8)
        self._inks = gray(self._palette) if options.gray else codes
        shape = (options.height, options.width, 1 if options.gray else 3)
        self.space = spaces.Box(0, 255, shape, np.uint8)
        self._look = (tuple(eye), turned, mount, horizon, own_car, sides, sight)
        blocks = -(-setup.view.n_races * setup.view.n_cars // scenery.BLOCK)
        self._images = np.zeros((0 if options.gray else blocks, *shape[:2]), np.uint8)
        self._scratch = (
            np.zeros((blocks, scenery.MOST_PORTALS, scenery.ACROSS, 5)),
            np.zeros((blocks, scenery.MOST_PORTALS, 3)),
            np.zeros((blocks, 4, 3)),
            np.zeros((blocks, 2, 5)),
        )

    def draw(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, height, width, channels)."""
        state, vehicle, tracks = view.state, view.vehicle, view.tracks
        direct = out.shape[-1] == 1
        images = out.reshape(out.shape[:3]) if direct else self._images
        scenery.draw_views(
            cars, out, state.x, state.y, state.z, state.yaw, view.frame.segment,
            view.race.present, vehicle.length, vehicle.width, vehicle.wheelbase, vehicle.to_front,
            tracks.race_track, tracks.points, tracks.borders, tracks.crossings,
            tracks.obstacles, tracks.table, self._inks, self._palette, *self._look, images,
            *self._scratch,
        )  # fmt: skip
