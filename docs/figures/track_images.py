"""Make the pictures of the page on drawn tracks: ``python docs/figures/track_images.py``.

Two circuits are drawn as one draws them in a paint program, read by racegym, and drawn again with
what was found. Needs racegym with its extra ``images``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from racegym.formats import read_track
from racegym.report.style import GRID, INK, car_colour
from racegym.track import Track
from racegym.track.spline import PeriodicSpline

Floats = NDArray[np.float64]

IMAGES = Path(__file__).resolve().parents[1] / "images"
FINE = 4  # times finer than the picture the pen draws
GRASS, ASPHALT, KERB, PAPER, INK_BLACK = "#5f9e4b", "#5c5c60", "#c8281e", "white", "black"
CLUB = (
    (90, 330), (90, 130), (190, 70), (330, 120), (400, 215), (500, 200), (560, 95), (690, 80),
    (760, 180), (690, 300), (560, 330), (500, 400), (330, 430), (180, 440),
)  # fmt: skip
EIGHT = (
    (90, 150), (190, 70), (310, 140), (420, 260), (560, 300), (660, 220), (600, 90), (470, 100),
    (330, 260), (190, 320), (95, 250),
)  # fmt: skip


def curve(corners: tuple[tuple[int, int], ...]) -> Floats:
    """Return points (n, 2) along the smooth loop through the corners, in pixels."""
    points = np.column_stack([np.array(corners, float), np.zeros(len(corners))])
    spline = PeriodicSpline.through(points)
    return spline.evaluate(np.linspace(0.0, spline.knots[-1], 800, endpoint=False))[0][:, :2]


def stroke(pen: ImageDraw.ImageDraw, points: Floats, width: float, colour: str) -> None:
    """Draw along points with a round pen."""
    half = 0.5 * width * FINE
    for x, y in FINE * (points + 0.5):
        pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def club() -> Image.Image:
    """Return a kart club's circuit: asphalt on grass, kerbs, a start line, a pond and a name."""
    picture = Image.new("RGB", (840 * FINE, 510 * FINE), GRASS)
    pen = ImageDraw.Draw(picture)
    line = curve(CLUB)
    for k in range(0, len(line), 8):
        stroke(pen, line[k : k + 8], 52.0, KERB if (k // 8) % 2 else PAPER)
    stroke(pen, line, 42.0, ASPHALT)
    x, y = FINE * line[20]
    pen.rectangle((x - 20 * FINE, y - 3 * FINE, x + 20 * FINE, y + 3 * FINE), fill=PAPER)
    pen.ellipse((210 * FINE, 250 * FINE, 330 * FINE, 330 * FINE), fill="#3f6fb0")
    font = ImageFont.load_default(30 * FINE)
    pen.text((590 * FINE, 180 * FINE), "CLUB", fill=PAPER, font=font, anchor="mm")
    return picture.reduce(FINE)


def eight() -> Image.Image:
    """Return a figure of eight: a black pen on white paper."""
    picture = Image.new("L", (760 * FINE, 390 * FINE), PAPER)
    stroke(ImageDraw.Draw(picture), curve(EIGHT), 30.0, INK_BLACK)
    return picture.reduce(FINE)


def draw_found(picture: Path, track: Track, scale: float, name: str) -> None:
    """Draw what racegym found over a pale picture."""
    with Image.open(picture) as image:
        pale = 0.55 * 255 + 0.45 * np.asarray(image.convert("RGB"), float)
    height, width = pale.shape[:2]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(pale.astype(np.uint8), extent=(0, width, 0, height))
    axes.set_axis_off()
    s = track.spacing * np.arange(len(track) + 1)

    def line(d: Floats, colour: str, width: float) -> None:
        x, y, _ = track.at(s, np.append(d, d[0]))
        axes.plot((x + track.origin[0]) / scale, (y + track.origin[1]) / scale, colour, lw=width)

    line(track.width_left, car_colour(0), 1.6)
    line(-track.width_right, car_colour(0), 1.6)
    line(0.0 * track.x, car_colour(1), 1.2)
    for gate in track.checkpoints:
        x, y, _ = track.at([gate] * 2, [track.width_left[0], -track.width_right[0]])
        axes.plot((x + track.origin[0]) / scale, (y + track.origin[1]) / scale, GRID, lw=1.0)
    x, y, heading = track.at(0.0)
    away = 45.0 * np.array([np.cos(heading), np.sin(heading)])
    begin = np.array([x + track.origin[0], y + track.origin[1]]) / scale
    axes.annotate(
        "", begin + away, begin, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 2.0}
    )
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    figure.savefig(IMAGES / name, dpi=100)
    with Image.open(IMAGES / name) as image:
        small = image.convert("RGB").quantize(64)
    small.save(IMAGES / name, optimize=True)


def main() -> None:
    """Draw the two circuits and what is found in them."""
    for name, draw, options in (
        ("drawn_club", club, {"length": 700.0}),
        ("drawn_eight", eight, {"width": 8.0}),
    ):
        path = IMAGES / f"{name}.png"
        draw().quantize(32).save(path, optimize=True)
        track = read_track(path, "image", options)
        (note,) = (note for note in track.notes if note.startswith("a pixel is "))
        draw_found(path, track, float(note.split()[3]), f"{name}_found.png")
        print(path.name, track, *track.notes, sep="\n  ")  # noqa: T201


if __name__ == "__main__":
    main()
