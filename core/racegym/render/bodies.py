"""What cars look like from above."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.canvas import fill_polygons
from racegym.render.cameras import Framing
from racegym.render.colours import GLASS, SHADOW, TYRE, of_car
from racegym.render.scene import Cast, Scene

__all__ = ["Bodies"]

Floats = NDArray[np.float64]

MOST_CORNERS = 10
SHADOW_CAST = 0.08  # of the car's length, to the south-east
RIM = 1.6  # [pixels] of the dark edge around a car

# Half contours, from the front to the rear: shares of half the length and of half the width.
_HULL = ((1.0, 0.34), (0.62, 0.52), (0.05, 0.86), (-0.72, 0.92), (-1.0, 0.74))
_COCKPIT = ((0.26, 0.14), (0.16, 0.34), (-0.20, 0.42), (-0.42, 0.30), (-0.46, 0.12))
_HELMET = ((0.02, 0.10), (-0.04, 0.22), (-0.16, 0.25), (-0.28, 0.20), (-0.32, 0.09))
_STRIPE = ((0.96, 0.10), (0.3, 0.12))
_REAR = ((-0.84, 0.98), (-1.0, 0.98))
_FRONT = ((1.0, 0.80), (0.86, 0.80))
_WHEEL_LENGTH, _WHEEL_WIDTH = 0.37, 0.19  # by the wheelbase, and by the car's width

_SHADOW_PIECE, _RIM_PIECE, _FRONT_WHEELS = 0, 7, (1, 2)


class Bodies:
    """The shapes of all cars of a race.

    Args:
        cast: whose.
    """

    def __init__(self, cast: Cast):
        self._cast = cast
        cars = [_pieces(cast, car) for car in range(len(cast.names))]
        n_pieces = len(cars[0])
        self._corners = np.zeros((len(cars), n_pieces, MOST_CORNERS, 2))
        self._counts = np.zeros((len(cars), n_pieces), np.int64)
        self._colours = np.ones((len(cars), n_pieces, 4))
        for car, pieces in enumerate(cars):
            for k, (shape, colour) in enumerate(pieces):
                self._corners[car, k, : len(shape)] = shape
                self._counts[car, k] = len(shape)
                self._colours[car, k, :3] = colour
        self._colours[:, _SHADOW_PIECE, 3] = 0.35
        self._colours[:, _RIM_PIECE, 3] = 0.75
        ahead = np.nan_to_num(cast.to_front - 0.5 * cast.wheelbase)
        self._middle = np.stack([ahead, np.zeros(len(cars))], axis=1)
        self._limit = np.where(np.isfinite(cast.steer_limit), cast.steer_limit, 0.0)

    def draw(self, picture: NDArray[np.uint8], framing: Framing, scene: Scene) -> None:
        """Draw all cars that are in the picture, the first of the race on top."""
        seen = framing.to_picture(np.stack([scene.x, scene.y], axis=1))
        reach = framing.scale * self._cast.length
        inside = (seen > -reach[:, None]) & (seen < np.array(picture.shape[1::-1]) + reach[:, None])
        wanted = scene.present & inside.all(axis=1) & np.isfinite(scene.yaw)
        cars = np.array([car for car in np.argsort(-scene.position) if wanted[car]], np.int64)
        if not len(cars):
            return
        corners = self._corners[cars]
        self._steer(corners, cars, scene)
        # The rim is as wide in any scale.
        hull = corners[:, _RIM_PIECE]
        size = 0.5 * np.stack([self._cast.length[cars], self._cast.width[cars]], axis=1)
        hull *= (1.0 + RIM / framing.scale / size)[:, None, :]
        corners += self._middle[cars, None, None]
        placed = _turned(corners, scene.yaw[cars, None, None])
        placed += np.stack([scene.x[cars], scene.y[cars]], axis=1)[:, None, None]
        cast_far = SHADOW_CAST * self._cast.length[cars, None, None]
        placed[:, _SHADOW_PIECE] += cast_far * np.array([0.7, -0.7])
        shapes = framing.to_picture(placed).reshape(-1, MOST_CORNERS, 2)
        counts, colours = self._counts[cars].reshape(-1), self._colours[cars].reshape(-1, 4)
        fill_polygons(picture, shapes, counts, colours)

    def _steer(self, corners: Floats, cars: NDArray[np.int64], scene: Scene) -> None:
        """Turn the front wheels about their middles."""
        angle = np.nan_to_num(scene.steer[cars]) * self._limit[cars]
        for piece in _FRONT_WHEELS:
            wheel = corners[:, piece, :4]
            hub = wheel.mean(axis=1, keepdims=True)
            wheel[...] = hub + _turned(wheel - hub, angle[:, None])


def _turned(places: Floats, angle: Floats) -> Floats:
    """Return places (..., 2) turned counter-clockwise by angles (...)."""
    c, s = np.cos(angle), np.sin(angle)
    x, y = places[..., 0], places[..., 1]
    return np.stack([c * x - s * y, s * x + c * y], axis=-1)


def _pieces(cast: Cast, car: int) -> list[tuple[Floats, tuple[int, ...]]]:
    """Return the polygons of a car about its middle [m] with their colours, the lowest first."""
    length, width = float(cast.length[car]), float(cast.width[car])
    colour = of_car(car)
    dark = tuple(int(0.55 * part) for part in colour)
    light = tuple(int(part + 0.75 * (255 - part)) for part in colour)

    def body(half: tuple[tuple[float, float], ...]) -> Floats:
        ends = np.array(half) * 0.5 * np.array([length, width])
        return np.concatenate([ends, ends[::-1] * np.array([1.0, -1.0])])

    base = float(cast.wheelbase[car])
    base = base if np.isfinite(base) and base > 0.0 else 0.6 * length
    long, wide = 0.5 * _WHEEL_LENGTH * base, 0.5 * _WHEEL_WIDTH * width
    wheel = np.array([[long, wide], [long, -wide], [-long, -wide], [-long, wide]])
    side = 0.5 * width - 0.5 * wide
    wheels = [
        (wheel + np.array([x, y]), TYRE) for x in (0.5 * base, -0.5 * base) for y in (side, -side)
    ]
    return [
        (body(_HULL), SHADOW),
        *wheels,
        (body(_FRONT), dark),
        (body(_REAR), dark),
        (body(_HULL), SHADOW),
        (body(_HULL), colour),
        (body(_STRIPE), light),
        (body(_COCKPIT), GLASS),
        (body(_HELMET), light),
    ]
