"""The head-up display: times, gauges, standings and a small map, over the picture of a race.

Everything is laid out for 640 x 480 pixels and grows with the picture. The left column holds
the times of the car that is looked at above its gauges, the right one the standings above the
map.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Flag, PenaltyKind, Status
from racegym.kernels.canvas import draw_ring, draw_strokes, fill_box
from racegym.race_control.telling import sentence
from racegym.render import colours
from racegym.render.cameras import Framing, overview
from racegym.render.colours import Colour, of_car, on
from racegym.render.ground import Ground
from racegym.render.history import History
from racegym.render.letters import Letters, letters
from racegym.render.scene import Cast, Scene

__all__ = ["Hud", "gap_text", "lap_text", "signs"]

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

LEFT, RIGHT = 168, 164  # [units] width of the columns
TIMES_HIGH, GAUGES_HIGH, ROW = 154.0, 118.0, 17.0  # [units] of panels, of standings
EDGE = 8  # [units] around panels
DIM = 0.8  # alpha of panels
STANDINGS = 10  # rows at most
G = 9.80665  # [m/s^2]
G_SHOWN = 1.5  # [g] at the rim of the g meter; doubled for cars that exceed it
MAP_POINTS = 160

_OUT = {
    Status.FINISHED: "flag",
    Status.RETIRED: "out",
    Status.DISQUALIFIED: "dsq",
    Status.PIT: "pit",
}

_FLAGS = (  # those that are told in words
    (Flag.SAFETY_CAR, "SAFETY CAR", colours.FLAG_CAR),
    (Flag.YELLOW, "YELLOW FLAG", colours.FLAG_YELLOW),
    (Flag.BLUE, "BLUE FLAG: LET BY", colours.FLAG_BLUE),
    (Flag.WARNING, "WARNING", colours.FLAG_WHITE),
)


def lap_text(seconds: float) -> str:
    """Return a time as on a stop watch.

    >>> lap_text(83.4567), lap_text(float("nan"))
    ('1:23.457', '–:––.–––')
    """
    if not isfinite(seconds):
        return "–:––.–––"
    thousandths = round(abs(seconds) * 1000.0)
    sign = "-" if seconds < 0.0 and thousandths else ""
    return f"{sign}{thousandths // 60000}:{thousandths % 60000 / 1000.0:06.3f}"


def gap_text(seconds: float) -> str:
    """Return a difference with its sign.

    >>> gap_text(0.5), gap_text(-12.3456)
    ('+0.500', '-12.346')
    """
    return f"{seconds:+.3f}" if isfinite(seconds) else ""


def _mark(scene: Scene, car: int) -> Colour | None:
    """Return the colour of what a car is shown first; None for nothing."""
    shown = [sign for sign in signs(scene, car) if sign[1] != colours.FLAG_CAR]
    return shown[0][1] if shown else None


def signs(scene: Scene, car: int) -> list[tuple[str, Colour]]:
    """Return what a car is shown and has to do, the most urgent first.

    Args:
        scene: the race.
        car: that is looked at.
    """
    if scene.status[car] > Status.PIT:
        return []
    flags = int(scene.flags[car])
    shown = [(text, colour) for flag, text, colour in _FLAGS if flags & flag]
    due = PenaltyKind(int(scene.penalty_due[car]))
    if due is not PenaltyKind.NONE:
        kind = due.name.replace("_", "-")
        shown.insert(0, (f"PENALTY: {kind}", colours.FLAG_RED))
    return shown


class Hud:
    """Draws the display into pictures of one size.

    Args:
        size: [pixels] width and height.
    """

    def __init__(self, size: tuple[int, int]):
        self.width, self.height = size
        self.unit = max(0.5, min(self.width / 640.0, self.height / 480.0))
        self._small = letters(self._pixels(10.5))
        self._plain = letters(self._pixels(12))
        self._bold = letters(self._pixels(12), bold=True)
        self._large = letters(self._pixels(21), bold=True)
        self._huge = letters(self._pixels(28), bold=True)
        self._g_rim = G_SHOWN
        self._chart: tuple[Ground, Framing, Floats, Floats] | None = None

    def _pixels(self, units: float) -> int:
        return max(6, round(units * self.unit))

    def panels(self, n_cars: int) -> list[tuple[float, float, float, float]]:
        """Return what it covers while the whole track is shown.

        Returns:
            [pixels] left, top, right and bottom of each panel.
        """
        u, right, bottom = self.unit, self.width / self.unit - EDGE, self.height / self.unit - EDGE
        boxes: list[tuple[float, float, float, float]] = [
            (EDGE, EDGE, EDGE + LEFT, EDGE + TIMES_HIGH),
            (EDGE, bottom - GAUGES_HIGH, EDGE + LEFT, bottom),
        ]
        if n_cars > 1:
            rows = min(n_cars, STANDINGS)
            boxes.append((right - RIGHT, EDGE, right, EDGE + ROW * rows + 8))
        return [(a * u, b * u, c * u, d * u) for a, b, c, d in boxes]

    def draw(
        self,
        picture: Picture,
        cast: Cast,
        scene: Scene,
        history: History,
        focus: int,
        *,
        chart: Ground | None = None,
        message: str = "",
    ) -> None:
        """Draw all of it.

        Args:
            picture: (height, width, 3) uint8; written.
            cast, scene, history: the race.
            focus: the car that is looked at.
            chart: the ground, for a small map; None for none.
            message: shown in the middle of the upper edge, above flags and news.
        """
        self._times(picture, cast, scene, history, focus)
        self._gauges(picture, scene, focus)
        if len(cast.names) > 1:
            self._standings(picture, cast, scene, focus)
        if chart is not None:
            self._map(picture, chart, scene, focus)
        line = float(EDGE)
        if message:
            line = self._say(picture, message, line)
        for text, colour in signs(scene, focus):
            line = self._say(picture, text, line, colour)
        news = history.news(scene.time)
        if news is not None:
            self._say(picture, sentence(news, cast.names), line)

    def _box(
        self, picture: Picture, x: float, y: float, width: float, height: float,
        colour: Colour = colours.PANEL, alpha: float = DIM, radius: float = 6.0,
    ) -> None:  # fmt: skip
        """Fill a box; all lengths in units."""
        u = self.unit
        radius = min(radius, 0.5 * width, 0.5 * height)
        fill_box(
            picture, x * u, y * u, (x + width) * u, (y + height) * u, radius * u,
            float(colour[0]), float(colour[1]), float(colour[2]), alpha,
        )  # fmt: skip

    def _write(
        self, picture: Picture, font: Letters, text: str, x: float, y: float,
        colour: Colour = colours.TEXT, align: str = "left",
    ) -> None:  # fmt: skip
        u = self.unit
        font.draw(picture, text, x * u, y * u, colour, align=align)  # type: ignore[arg-type]

    def _times(
        self, picture: Picture, cast: Cast, scene: Scene, history: History, focus: int
    ) -> None:
        """Draw name, lap and times of the car that is looked at."""
        x, y, wide = float(EDGE), float(EDGE), float(LEFT)
        u = self.unit
        self._box(picture, x, y, wide, TIMES_HIGH)
        self._box(picture, x, y, 5, TIMES_HIGH, of_car(focus), 1.0, 2.5)
        left, right = x + 14, x + wide - 8
        name = self._bold.fitted(cast.names[focus], (wide - 64) * u)
        self._write(picture, self._bold, name, left, y + 14)
        laps = (
            f"{min(int(scene.lap[focus]) + 1, cast.laps)}/{cast.laps}"
            if cast.laps
            else str(int(scene.lap[focus]) + 1)
        )
        self._write(picture, self._bold, f"LAP {laps}", right, y + 14, align="right")
        place = ""
        if len(cast.names) > 1:
            place = f"P {int(scene.position[focus])}/{len(cast.names)}"
            self._write(picture, self._bold, place, right, y + 31, align="right")
        room = (wide - 28) * u - self._bold.width(place)
        track = self._small.fitted(scene.track.name, room)
        self._write(picture, self._small, track, left, y + 31, colours.QUIET)
        running = scene.time - float(scene.lap_start[focus])
        if scene.status[focus] > Status.PIT:
            running = float(scene.last_lap[focus])
        colour = colours.TEXT if scene.lap_valid[focus] or not isfinite(running) else colours.WORSE
        self._write(picture, self._large, lap_text(running), left, y + 54, colour)
        self._write(picture, self._plain, "last", left, y + 79, colours.QUIET)
        last, best = float(scene.last_lap[focus]), history.best_lap(focus)
        colour = colours.BEST if last == best else colours.TEXT
        self._write(picture, self._bold, lap_text(last), right, y + 79, colour, "right")
        self._write(picture, self._plain, "best", left, y + 97, colours.QUIET)
        self._write(picture, self._bold, lap_text(best), right, y + 97, align="right")
        self._sectors(picture, scene, history, focus, left, y + 112, wide - 22)

    def _sectors(
        self, picture: Picture, scene: Scene, history: History, focus: int,
        x: float, y: float, wide: float,
    ) -> None:  # fmt: skip
        """Draw a cell for each sector: how much faster or slower than the own best it was."""
        marks, count = history.sectors(focus), len(scene.track.sectors)
        shown = min(count, 4)  # more don't fit; those about the current one are shown
        first = min(max(0, int(scene.sector[focus]) - shown + 1), count - shown)
        cell = (wide - 4 * (shown - 1)) / shown
        for k in range(shown):
            sector = first + k
            mark = marks.get(sector)
            at = x + k * (cell + 4)
            colour, text = colours.TRACK, ""
            if mark is not None and isfinite(mark.delta):
                colour = colours.BETTER if mark.delta < 0.0005 else colours.WORSE
                text = f"{mark.delta:+.3f}" if abs(mark.delta) < 9.9995 else f"{mark.delta:+.1f}"
            elif mark is not None:
                text = f"{mark.time:.1f}"
            current = sector == int(scene.sector[focus])
            self._box(picture, at, y, cell, 3, colours.TEXT if current else colour, 1.0, 1.5)
            label = colours.TEXT if current else colours.QUIET
            self._write(
                picture, self._small, f"S{sector + 1}", at + cell / 2, y + 13, label, "middle"
            )
            colour = colours.TEXT if colour == colours.TRACK else colour
            self._write(picture, self._small, text, at + cell / 2, y + 28, colour, "middle")

    def _gauges(self, picture: Picture, scene: Scene, focus: int) -> None:
        """Draw speed, pedals, steering and accelerations."""
        high = GAUGES_HIGH
        x, y, wide = float(EDGE), self.height / self.unit - EDGE - high, float(LEFT)
        self._box(picture, x, y, wide, high)
        speed = f"{abs(float(scene.speed[focus])) * 3.6:.0f}"
        self._write(picture, self._huge, speed, x + 97, y + 29, align="right")
        self._write(picture, self._small, "km/h", x + 97, y + 54, colours.QUIET, "right")
        for k, (label, value, colour) in enumerate(
            (
                ("T", float(scene.throttle[focus]), colours.THROTTLE),
                ("B", float(scene.brake[focus]), colours.BRAKE),
            )
        ):
            at = x + 14 + 12.0 * k
            self._box(picture, at - 4, y + 12, 8, 36, colours.TRACK, 1.0, 2)
            full = 36.0 * min(max(value if isfinite(value) else 0.0, 0.0), 1.0)
            if full > 0.5:
                self._box(picture, at - 4, y + 48 - full, 8, full, colour, 1.0, 2)
            self._write(picture, self._small, label, at, y + 57, colours.QUIET, "middle")
        self._steering(picture, scene, focus, x + 10, y + 76, 87)
        self._accelerations(picture, scene, focus, x + wide - 36, y + 46, 29)

    def _steering(
        self, picture: Picture, scene: Scene, focus: int, x: float, y: float, wide: float
    ) -> None:
        """Draw a bar that fills from its middle toward the side that is steered to."""
        self._box(picture, x, y, wide, 8, colours.TRACK, 1.0, 2)
        steer = float(np.nan_to_num(scene.steer[focus]))
        long = 0.5 * wide * min(abs(steer), 1.0)
        if long > 0.5:
            start = x + 0.5 * wide - (long if steer > 0.0 else 0.0)
            self._box(picture, start, y, long, 8, colours.STEER, 1.0, 1)
        self._box(picture, x + 0.5 * wide - 0.75, y - 2, 1.5, 12, colours.TEXT, 1.0, 0.5)
        self._write(picture, self._small, "steer", x + 0.5 * wide, y + 21, colours.QUIET, "middle")

    def _accelerations(
        self, picture: Picture, scene: Scene, focus: int, x: float, y: float, radius: float
    ) -> None:
        """Draw the g meter: up is accelerating, right is a force to the right."""
        u = self.unit
        ahead, left = float(scene.ax[focus]) / G, float(scene.ay[focus]) / G
        known = isfinite(ahead) and isfinite(left)
        while known and np.hypot(ahead, left) > self._g_rim and self._g_rim < 12.0:
            self._g_rim *= 2.0
        grey = [float(part) for part in colours.TRACK]
        self._box(picture, x - radius, y - radius, 2 * radius, 2 * radius, colours.TRACK, 0.45, 99)
        for share in (0.5, 1.0):
            draw_ring(picture, x * u, y * u, share * radius * u, 1.2 * u, *grey, 1.0)
        self._box(picture, x - radius, y - 0.5, 2 * radius, 1, colours.TRACK, 1.0, 0)
        self._box(picture, x - 0.5, y - radius, 1, 2 * radius, colours.TRACK, 1.0, 0)
        text = f"{np.hypot(ahead, left):.1f} g" if known else "– g"
        self._write(picture, self._bold, text, x, y + radius + 21, align="middle")
        if known:
            shown = radius / max(self._g_rim, float(np.hypot(ahead, left)))
            at_x, at_y = x - shown * left, y - shown * ahead
            self._box(picture, at_x - 4, at_y - 4, 8, 8, colours.STEER, 1.0, 4)

    def _standings(self, picture: Picture, cast: Cast, scene: Scene, focus: int) -> None:
        """Draw who is where: the first ones, and always the car that is looked at."""
        order = np.argsort(scene.position, kind="stable").tolist()
        rows = order[:STANDINGS]
        if focus not in rows:
            rows[-1] = focus
        wide, pitch = float(RIGHT), ROW
        x, y = self.width / self.unit - EDGE - wide, float(EDGE)
        self._box(picture, x, y, wide, pitch * len(rows) + 8)
        for k, car in enumerate(rows):
            middle = y + 4 + pitch * (k + 0.5)
            if car == focus:
                self._box(picture, x + 2, middle - 8, wide - 4, 16, colours.TEXT, 0.16, 3)
            place = str(order.index(car) + 1)
            self._write(picture, self._bold, place, x + 20, middle, align="right")
            colour = of_car(car)
            self._box(picture, x + 25, middle - 6.5, 18, 13, colour, 1.0, 3)
            number = str(car + 1)
            self._write(picture, self._small, number, x + 34, middle, on(colour), "middle")
            gap = self._gap(scene, car, order[0])
            self._write(picture, self._small, gap, x + wide - 7, middle, colours.QUIET, "right")
            room = (wide - 60) * self.unit - self._small.width(gap)
            mark = _mark(scene, car)
            if mark is not None:
                room -= 10 * self.unit
                at = x + wide - 12 - self._small.width(gap) / self.unit
                self._box(picture, at - 7, middle - 4, 8, 8, mark, 1.0, 2)
            name = self._small.fitted(cast.names[car], room)
            self._write(picture, self._small, name, x + 48, middle)

    def _gap(self, scene: Scene, car: int, leader: int) -> str:
        out = _OUT.get(Status(int(scene.status[car])))
        if out is not None:
            return out
        if car == leader:
            return ""
        behind = int(scene.laps_behind[car])
        if behind > 0:
            return f"+{behind} lap" if behind == 1 else f"+{behind} laps"
        gap = float(scene.gap[car])
        return f"{gap:+.1f}" if isfinite(gap) else ""

    def _map(self, picture: Picture, chart: Ground, scene: Scene, focus: int) -> None:
        """Draw the whole track as a line, and every car as a dot."""
        side = 120.0
        u = self.unit
        x, y = self.width / u - EDGE - side, self.height / u - EDGE - side
        self._box(picture, x, y, side, side)
        if self._chart is None or self._chart[0] is not chart:
            self._chart = chart, *self._charted(chart, side - 14)
        _, framing, line, ink = self._chart
        corner = np.array([(x + 7) * u, (y + 7) * u])
        line = line + corner
        draw_strokes(picture, line, ink, 1.4 * u, 0.8 * u)
        start = line[0] / u
        self._box(picture, start[0] - 1.5, start[1] - 1.5, 3, 3, colours.TEXT, 1.0, 0.5)
        places = framing.to_picture(np.stack([scene.x, scene.y], axis=1)) + corner
        for car in [*np.argsort(-scene.position).tolist(), focus]:
            if scene.present[car] and np.isfinite(places[car]).all():
                big = 4.6 if car == focus else 3.2
                at = places[car] / u
                self._box(
                    picture, at[0] - big - 1, at[1] - big - 1, 2 * big + 2, 2 * big + 2,
                    colours.TEXT if car == focus else colours.PANEL, 1.0, 99,
                )  # fmt: skip
                self._box(picture, at[0] - big, at[1] - big, 2 * big, 2 * big, of_car(car), 1.0, 99)

    def _charted(self, chart: Ground, side: float) -> tuple[Framing, Floats, Floats]:
        """Return how a track lies in a square, its line and the colours of that."""
        pixels = round(side * self.unit)
        framing = overview(chart.bounds, (pixels, pixels))
        line = chart.points[:: max(1, len(chart.points) // MAP_POINTS), :2]
        line = framing.to_picture(np.concatenate([line, line[:1]]))
        ink = np.full((len(line), 4), 1.0)
        ink[:, :3] = colours.QUIET
        return framing, line, ink

    def _say(
        self, picture: Picture, message: str, y: float, colour: Colour = colours.PANEL
    ) -> float:
        """Write a line in the middle; returns [units] where the next one begins."""
        u = self.unit
        left, right = LEFT + 2.0 * EDGE, self.width / u - RIGHT - 2.0 * EDGE
        text = self._bold.fitted(message, (right - left - 20) * u)
        wide = self._bold.width(text) / u + 20
        middle = 0.5 * (left + right)
        alpha = 0.85 if colour == colours.PANEL else 1.0
        self._box(picture, middle - 0.5 * wide, y, wide, 24, colour, alpha, radius=12)
        self._write(picture, self._bold, text, middle, y + 12, on(colour), align="middle")
        return y + 28.0
