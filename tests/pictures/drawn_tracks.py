"""Draws tracks as people draw them in paint programs, from curves that are known exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from racegym.track import generate

GREEN, GRAY, RED, WHITE, BLACK = (
    (70, 140, 60, 255), (96, 96, 100, 255), (200, 30, 30, 255), (255,) * 4, (0, 0, 0, 255)
)  # fmt: skip
CLEAR = (0, 0, 0, 0)
FINE = 4  # times finer than the picture it is drawn, then averaged
STYLES = ("antialiased", "jpeg", "alpha", "kerbs", "clutter", "white_on_black", "eight", "border")


class Curve(NamedTuple):
    """A closed track in pixels of its picture, y down as in a paint program."""

    points: np.ndarray  # (n, 2)
    width: np.ndarray  # (n,)
    size: tuple[int, int]

    @property
    def length(self) -> float:
        return float(np.hypot(*(np.roll(self.points, -1, axis=0) - self.points).T).sum())

    @property
    def normals(self) -> np.ndarray:
        along = np.roll(self.points, -1, axis=0) - np.roll(self.points, 1, axis=0)
        along /= np.hypot(*along.T)[:, None]
        return np.column_stack([along[:, 1], -along[:, 0]])  # to the left of travel, y down

    def edge(self, side: float, beyond: float = 0.0) -> np.ndarray:
        return self.points + side * (0.5 * self.width + beyond)[:, None] * self.normals

    def cut(self) -> Curve:
        """Return it on a picture just as large as its outermost edges."""
        edges = np.concatenate([self.edge(1.0), self.edge(-1.0)])
        low = np.floor(edges.min(axis=0))
        size = np.ceil(edges.max(axis=0) - low + 0.5).astype(int)
        return Curve(self.points - low, self.width, (int(size[0]), int(size[1])))


def circuit(seed: int, length: float = 2400.0, width: float = 30.0) -> Curve:
    """A generated circuit, so many pixels long and wide."""
    track = generate(seed, length=length, width=width, min_radius=1.5 * width)
    return _placed(np.column_stack([track.x, -track.y]), track.width_left + track.width_right)


def eight(width: float = 30.0) -> Curve:
    """A figure of eight whose loops are unlike, crossing at about 75 degrees."""
    t = 2.0 * np.pi * np.arange(600) / 600
    x = 250.0 * np.sin(t) + 40.0 * np.sin(2.0 * t + 0.4)
    y = 165.0 * np.sin(2.0 * t) + 25.0 * np.cos(t)
    return _placed(np.column_stack([x, y]), np.full(600, width))


def _placed(points: np.ndarray, width: np.ndarray, margin: float = 60.0) -> Curve:
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.ceil(high - low + 2 * margin).astype(int)
    return Curve(points - low + margin, width, (int(size[0]), int(size[1])))


def curve_of(style: str, seed: int) -> Curve:
    if style == "eight":
        return eight()
    return circuit(seed).cut() if style == "border" else circuit(seed)


def draw(style: str, curve: Curve, path: Path) -> Path:
    """Draw ``curve`` in a style; return the file, whose ending is changed to what fits."""
    under, track = {
        "alpha": (CLEAR, GRAY),
        "kerbs": (GREEN, GRAY),
        "jpeg": (GREEN, GRAY),
        "white_on_black": (BLACK, WHITE),
    }.get(style, (WHITE, BLACK))
    fine = FINE
    picture = Image.new("RGBA", (curve.size[0] * fine, curve.size[1] * fine), under)
    pen = ImageDraw.Draw(picture)
    if style == "clutter":
        _clutter_below(pen, curve, fine)
    if style == "kerbs":
        _kerbs(pen, curve, fine)
    _band(pen, curve.edge(1.0), curve.edge(-1.0), track, fine)
    if style == "kerbs":
        _start_line(pen, curve, fine)
    if style == "clutter":
        _clutter_above(pen, curve, fine)
    picture = picture.reduce(fine)
    if style == "white_on_black":  # as a pencil without anti-aliasing draws
        picture = picture.convert("L").point(lambda value: 255 * (value > 127))
    path = path.with_suffix(".jpg" if style == "jpeg" else ".png")
    if style == "jpeg":
        picture.convert("RGB").save(path, quality=55)
    else:
        (picture if style == "alpha" else picture.convert("RGB")).save(path)
    return path


def gates(curve: Curve, count: int = 8, start: float = 0.1) -> list:
    """Gates across the track, the first at a share of the lap."""
    n = len(curve.points)
    at = [(round(start * n) + round(k * n / count)) % n for k in range(count)]
    left, right = curve.edge(1.0, 1.0), curve.edge(-1.0, 1.0)
    return [[left[k].round(1).tolist(), right[k].round(1).tolist()] for k in at]


def write_gates(curve: Curve, picture: Path, **more: object) -> None:
    k = round(0.1 * len(curve.points))
    along = curve.points[k + 1] - curve.points[k]
    entry = {
        "checkpoints": gates(curve),
        "start_position": curve.points[k].round(1).tolist(),
        "start_angle": float(np.rad2deg(np.arctan2(-along[1], along[0]))),
    } | more
    picture.with_name("checkpoints.json").write_text(json.dumps({picture.name: entry}), "utf-8")


def _band(pen, left: np.ndarray, right: np.ndarray, colour: tuple, fine: int) -> None:
    # A pixel's middle is at whole numbers in a paint program, and at halves where it is drawn.
    left, right = (left + 0.5) * fine - 0.5, (right + 0.5) * fine - 0.5
    for k in range(len(left)):
        n = (k + 1) % len(left)
        pen.polygon([tuple(p) for p in (left[k], left[n], right[n], right[k])], fill=colour)


def _kerbs(pen, curve: Curve, fine: int) -> None:
    """Blocks of red and white along both edges, half on and half off the asphalt's rim."""
    for side in (1.0, -1.0):
        inner, outer = curve.edge(side, -2.0), curve.edge(side, 5.0)
        for k in range(0, len(inner) - 4, 4):
            colour = RED if (k // 4) % 2 else WHITE
            part = slice(k, k + 5)
            ring = np.concatenate([inner[part], outer[part][::-1]])
            pen.polygon([tuple(p) for p in (ring + 0.5) * fine - 0.5], fill=colour)


def _start_line(pen, curve: Curve, fine: int) -> None:
    for row in range(2):
        for k in range(6):
            side = [-1.0 + k / 3.0, -1.0 + (k + 1) / 3.0]
            at = [round(0.1 * len(curve.points)) + row, round(0.1 * len(curve.points)) + row + 1]
            half = 0.5 * curve.width[at[0]]
            ring = [
                curve.points[i] + half * s * curve.normals[i]
                for i, s in ((at[0], side[0]), (at[0], side[1]), (at[1], side[1]), (at[1], side[0]))
            ]
            pen.polygon(
                [tuple((p + 0.5) * fine - 0.5) for p in ring],
                fill=WHITE if (k + row) % 2 else BLACK,
            )


def _clutter_below(pen, curve: Curve, fine: int) -> None:
    """A lake, a stand and a title, wherever they do not touch the track."""
    font = ImageFont.load_default(22 * fine)
    taken = [(tuple(p), w) for p, w in zip(curve.points, curve.width, strict=True)]

    def free(x: float, y: float, radius: float) -> bool:
        inside = radius < x < curve.size[0] - radius and radius < y < curve.size[1] - radius
        return inside and all(np.hypot(x - p[0], y - p[1]) > radius + 0.5 * w + 4 for p, w in taken)

    marks = iter([("CIRCUIT O", BLACK), ("8", BLACK), ("GP 0Q", RED), ("lake", (60, 90, 200, 255))])
    rng = np.random.default_rng(3)
    mark = next(marks)
    for _ in range(4000):
        x, y = rng.uniform(0, curve.size[0]), rng.uniform(0, curve.size[1])
        text, colour = mark
        radius = 60.0 if len(text) > 2 else 20.0
        if not free(x, y, radius):
            continue
        if text == "lake":
            box = [(x - 40) * fine, (y - 25) * fine, (x + 40) * fine, (y + 25) * fine]
            pen.ellipse(box, fill=colour, outline=BLACK, width=3 * fine)
        else:
            pen.text((x * fine, y * fine), text, fill=colour, font=font, anchor="mm")
        taken.append(((x, y), 2 * radius))
        mark = next(marks, None)
        if mark is None:
            return


def _clutter_above(pen, curve: Curve, fine: int) -> None:
    """A number on the asphalt, and a thin line that leads away from it."""
    font = ImageFont.load_default(14 * fine)
    k = len(curve.points) // 3
    at = (curve.points[k] + 0.5) * fine - 0.5
    pen.text(tuple(at), "5", fill=WHITE, font=font, anchor="mm")
    k = len(curve.points) // 2
    edge, far = curve.edge(1.0)[k], curve.edge(1.0, 25.0)[k]
    pen.line([tuple((p + 0.5) * fine - 0.5) for p in (edge, far)], fill=BLACK, width=2 * fine)
