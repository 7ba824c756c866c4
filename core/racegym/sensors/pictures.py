"""What the sensors ``camera`` and ``topdown`` share: a picture for each car."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from racegym.interfaces import Array, Cars, Setup, StageOptions, View
from racegym.kernels import scenery
from racegym.sensors.palette import gray, palette

__all__ = ["Eye", "Painter", "PictureOptions"]

Floats = NDArray[np.float64]

LIGHT, WETNESS = "light", "wetness"  # channels of a race, by which colours change


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
    light: float = Field(
        1.0, ge=0, le=1, description="from 0, night, to 1, day; a channel of this name goes first"
    )
    wetness: float = Field(
        0.0,
        ge=0,
        le=1,
        description="of the asphalt, from 0 to 1; a channel of this name goes first",
    )


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

    Attributes:
        space: of one picture.
        reads: channels that change its colours.
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
        self._gray = options.gray
        # What realism says of light and water is seen; else what the options say.
        offered = setup.view.channels.keys() & {LIGHT, WETNESS}
        specs = setup.view.channel_specs
        self.reads = frozenset(name for name in offered if specs[name].axes == "race")
        self._asked = {LIGHT: options.light, WETNESS: options.wetness}
        self._palette = palette(**self._asked)[None]
        codes = np.arange(scenery.CODES, dtype=np.uint8)[None]
        self._inks = gray(self._palette) if options.gray else codes
        shape = (options.height, options.width, 1 if options.gray else 3)
        self.space = spaces.Box(0, 255, shape, np.uint8)
        self._look = (tuple(eye), turned, mount, horizon, own_car, sides, sight)
        blocks = -(-setup.view.n_races * setup.view.n_cars // scenery.BLOCK)
        self._images = np.zeros((0 if options.gray else blocks, *shape[:2]), np.uint8)
        self._scratch = (
            np.zeros((blocks, scenery.MOST_PORTALS, 5, scenery.ACROSS)),
            np.zeros((blocks, scenery.MOST_PORTALS, 3)),
            np.zeros((blocks, 4, 3)),
            np.zeros((blocks, 2, 5)),
        )

    def draw(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, height, width, channels)."""
        state, vehicle, tracks = view.state, view.vehicle, view.tracks
        direct = out.shape[-1] == 1
        images = out.reshape(out.shape[:3]) if direct else self._images
        if self.reads:
            seen = {name: view.channels[name] for name in self.reads}
            now: dict[str, ArrayLike] = {**self._asked, **seen}
            self._palette = palette(**now)
            self._inks = gray(self._palette) if self._gray else self._inks
        scenery.draw_views(
            cars, out, state.x, state.y, state.z, state.yaw, view.frame.segment,
            view.race.present, vehicle.length, vehicle.width, vehicle.wheelbase, vehicle.to_front,
            tracks.race_track, tracks.points, tracks.borders, tracks.verges, tracks.crossings,
            tracks.obstacles, tracks.table, self._inks, self._palette, *self._look, images,
            *self._scratch,
        )  # fmt: skip
