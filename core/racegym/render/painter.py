"""Pictures of a race for people."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import RacegymError, nearest
from racegym.kernels.canvas import draw_strokes, fill_box
from racegym.render import colours
from racegym.render.bodies import Bodies
from racegym.render.cameras import CAMERAS, Camera, Framing, overview, pursuit
from racegym.render.colours import by_speed, of_car, on
from racegym.render.ground import Ground, Tiles
from racegym.render.history import TRAIL_EVERY, History
from racegym.render.hud import Hud
from racegym.render.letters import letters
from racegym.render.scene import JUMP, Cast, Scene
from racegym.track import Track
from racegym.track.line_shape import line_places

__all__ = ["Painter", "check_camera", "check_size"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

SMALLEST, LARGEST = 160, 4096  # [pixels] of a picture's sides
FADE = 30.0  # [s] over which trails fade
BADGE = 7.5  # [units] radius of a car's number


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size as whole numbers.

    Args:
        size: [pixels] width and height.

    Raises:
        RacegymError: a side is too short or too long, or these are no two sides.
    """
    try:
        width, height = (int(side) for side in size)
    except (TypeError, ValueError):
        raise RacegymError(
            f"the size of a picture is (width, height) in pixels, and not: {size!r}"
        ) from None
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise RacegymError(
            f"a picture of {width} x {height} pixels was asked for; its sides should be from "
            f"{SMALLEST} to {LARGEST}"
        )
    return width, height


def check_camera(camera: str) -> None:
    """Refuse a camera that there is not.

    Raises:
        RacegymError: names those that there are.
    """
    if camera not in CAMERAS:
        raise RacegymError(f"there is no camera {camera!r}; {nearest(camera, CAMERAS)}")


class Painter:
    """Paints one race, picture after picture, in one size.

    Args:
        cast: who races.
        size: [pixels] width and height.
        camera: ``"follow"`` turns with a car, ``"north"`` keeps it in the middle with north up,
            ``"track"`` shows the whole track.
        focus: the car that is looked at.
        line: (n, 2) [m], a line drawn on the track; closed. By default the track's racing line,
            if it has one; an empty one for none.
        display: draw the head-up display.

    Attributes:
        camera, focus: as above; may be changed at any time.

    Raises:
        RacegymError: there is no such camera or car, or the size is out of range.
    """

    def __init__(
        self,
        cast: Cast,
        size: tuple[int, int] = (640, 480),
        *,
        camera: Camera = "follow",
        focus: int = 0,
        line: ArrayLike | None = None,
        display: bool = True,
    ):
        check_camera(camera)
        if not 0 <= focus < len(cast.names):
            raise RacegymError(
                f"there is no car {focus} to look at; there are 0 to {len(cast.names) - 1}"
            )
        self.size = check_size(size)
        self.camera: Camera = camera
        self.focus = focus
        self._cast = cast
        self._bodies = Bodies(cast)
        self._line = None if line is None else _closed(line)
        self._own: tuple[Track, Floats] | None = None
        self._hud = Hud(self.size) if display else None
        self._unit = max(0.5, min(self.size[0] / 640.0, self.size[1] / 480.0))
        self._numbers = letters(max(7, round(9.5 * self._unit)), bold=True)
        self._picture: Picture = np.empty((self.size[1], self.size[0], 3), np.uint8)
        self._whole: tuple[Track, Framing, Picture] | None = None

    def framing(self, scene: Scene) -> Framing:
        """Return where map coordinates come to lie in the picture of a scene."""
        car = self.focus
        x, y, yaw = float(scene.x[car]), float(scene.y[car]), float(scene.yaw[car])
        if self.camera == "track" or not isfinite(x + y + yaw):
            return self._overview(scene.track)[0]
        length, turning = float(self._cast.length[car]), self.camera == "follow"
        return pursuit(x, y, yaw, length, self.size, turning=turning)

    def paint(self, scene: Scene, history: History, message: str = "") -> Picture:
        """Return the picture of a scene, (height, width, 3) uint8.

        Args:
            scene: the race now.
            history: what has been, up to now.
            message: shown at the top.

        Returns:
            Memory that the next picture overwrites.
        """
        picture, framing = self._picture, self.framing(scene)
        if self.camera == "track":
            picture[...] = self._overview(scene.track)[1]
        else:
            _tiles_of(scene.track, framing.scale).fill(picture, framing)
        self._draw_line(framing, self._line_of(scene.track))
        self._draw_trails(framing, scene, history)
        if self.camera == "track":
            self._draw_markers(framing, scene)
        else:
            self._bodies.draw(picture, framing, scene)
            self._draw_badges(framing, scene)
        if self._hud is not None:
            chart = None if self.camera == "track" else _ground_of(scene.track)
            self._hud.draw(
                picture, self._cast, scene, history, self.focus, chart=chart, message=message
            )
        return picture

    def _overview(self, track: Track) -> tuple[Framing, Picture]:
        """Return how the whole track lies in the picture, and its ground."""
        if self._whole is None or self._whole[0] is not track:
            ground = _ground_of(track)
            panels = self._hud.panels(len(self._cast.names)) if self._hud else ()
            framing = overview(ground.bounds, self.size, ground.points[:, :2], panels)
            picture = np.empty_like(self._picture)
            corner = framing.to_map(np.zeros(2))
            ground.paint(picture, corner[0], corner[1], framing.scale)
            self._whole = track, framing, picture
        return self._whole[1:]

    def _line_of(self, track: Track) -> Floats:
        """Return the line to draw on a track, (n, 2) [m]; empty for none."""
        if self._line is not None:
            return self._line
        if self._own is None or self._own[0] is not track:
            empty = track.line is None or not track.line.any()
            self._own = track, _closed(() if empty else np.column_stack(line_places(track)))
        return self._own[1]

    def _draw_line(self, framing: Framing, line: Floats) -> None:
        if not len(line):
            return
        points = framing.to_picture(line)
        ink = np.full((len(points), 4), 0.85)
        ink[:, :3] = colours.OVERLAY
        ink[1::2, 3] = 0.0  # dashes
        draw_strokes(self._picture, points, ink, 1.1 * self._unit, 0.0)

    def _draw_trails(self, framing: Framing, scene: Scene, history: History) -> None:
        """Draw where the cars have been, coloured by how fast they were there."""
        for car in range(len(self._cast.names)):
            if self.camera == "track" and car != self.focus:
                continue  # one over the other they would hide each other
            trail = history.trail(car)
            if len(trail) == 0 or not scene.present[car]:
                continue
            here = np.array([[scene.x[car], scene.y[car], scene.speed[car]]])
            trail = np.concatenate([trail, here])
            ink = np.empty((len(trail), 4))
            ink[:, :3] = by_speed(trail[:, 2] / self._cast.top_speed)
            age = TRAIL_EVERY * np.arange(len(trail))[::-1]
            ink[:, 3] = 0.85 * np.clip(1.0 - age / FADE, 0.0, 1.0)
            far = np.hypot(*np.diff(trail[:, :2], axis=0).T)
            ink[:-1, 3][far > JUMP + 3.0 * TRAIL_EVERY * trail[:-1, 2]] = 0.0
            wide = max(0.06 * self._cast.length[car] * framing.scale, 1.3 * self._unit)
            draw_strokes(self._picture, framing.to_picture(trail[:, :2]), ink, float(wide), 0.0)

    def _disc(self, x: float, y: float, radius: float, colour: colours.Colour) -> None:
        fill_box(
            self._picture, x - radius, y - radius, x + radius, y + radius, radius,
            float(colour[0]), float(colour[1]), float(colour[2]), 1.0,
        )  # fmt: skip

    def _number(self, x: float, y: float, car: int) -> None:
        """Draw a car's number in a disc of its colour."""
        radius = BADGE * self._unit
        edge: colours.Colour = (255, 255, 255) if car == self.focus else (16, 20, 27)
        self._disc(x, y, radius + 1.4 * self._unit, edge)
        self._disc(x, y, radius, of_car(car))
        self._numbers.draw(self._picture, str(car + 1), x, y, on(of_car(car)), align="middle")

    def _draw_markers(self, framing: Framing, scene: Scene) -> None:
        """Draw each car as its number, the first of the race on top."""
        places = framing.to_picture(np.stack([scene.x, scene.y], axis=1))
        for car in [*np.argsort(-scene.position).tolist(), self.focus]:
            if scene.present[car] and np.isfinite(places[car]).all():
                self._number(float(places[car, 0]), float(places[car, 1]), car)

    def _draw_badges(self, framing: Framing, scene: Scene) -> None:
        """Draw the number of every other car beside it."""
        places = framing.to_picture(np.stack([scene.x, scene.y], axis=1))
        off = 0.5 * float(self._cast.length.max()) * framing.scale + 6.0 * self._unit
        for car in np.argsort(-scene.position).tolist():
            if car == self.focus or not scene.present[car] or not np.isfinite(places[car]).all():
                continue
            x, y = places[car].tolist()
            if -50 < x < self.size[0] + 50 and -50 < y < self.size[1] + 50:
                self._number(x + 0.8 * off, y - 0.8 * off, car)


def _closed(line: ArrayLike) -> Floats:
    points = np.asarray(line, np.float64)
    if not points.size:
        return np.empty((0, 2))
    return np.concatenate([points[:, :2], points[:1, :2]])


@lru_cache(maxsize=16)
def _ground_of(track: Track) -> Ground:
    """Return the ground of a track, made when it is first asked for."""
    return Ground(track)


@lru_cache(maxsize=4)
def _tiles_of(track: Track, scale: float) -> Tiles:
    """Return the painted ground of a track at a scale, shared by all painters."""
    return Tiles(_ground_of(track), scale)
