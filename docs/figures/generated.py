"""Make the pictures of the page of generated circuits: ``python docs/figures/generated.py``.

Needs racegym. Each shows the first circuits of a style, with the start line and the gravel.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from PIL import Image

from racegym.report.style import FAINT, INK, car_colour, new_figure, save
from racegym.track import Track, generate
from racegym.track.generate import STYLES

IMAGES = Path(__file__).resolve().parents[1] / "images"
SHOWN = 5  # circuits of each style
COLOURS = 32
GRAVEL = "#e8d9b0"


def main() -> None:
    """Write one picture for each style."""
    for style in STYLES:
        figure = new_figure(8.0, 1.9)
        for seed, axes in enumerate(figure.subplots(1, SHOWN), 1):
            draw(axes, generate(seed, style=style, pit=True))
        raw = io.BytesIO()
        save(figure, raw)
        picture = Image.open(raw).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        picture.save(IMAGES / f"generated_{style}.png", optimize=True)


def draw(axes: Axes, track: Track) -> None:
    """Draw a circuit with its start line, pit lane and gravel."""
    s = track.spacing * np.arange(len(track))
    for codes, inner, outer in (
        (track.surface_left, track.width_left, track.width_left + track.runoff),
        (track.surface_right, -track.width_right, -track.width_right - track.runoff),
    ):
        if codes is not None:
            strip(axes, track, s, np.where(codes == 3, inner, np.nan), outer, GRAVEL)
    pit = track.pit
    if pit is not None:
        lane = np.where([pit.covers(place, track.length) for place in s], pit.offset, np.nan)
        x, y, _ = track.at(s, lane)
        axes.plot(x, y, color=car_colour(0), lw=1.2)
    strip(axes, track, s, track.width_left, -track.width_right, INK)
    x, y, _ = track.at(np.zeros(2), [2.0 * track.width_left[0], -2.0 * track.width_right[0]])
    axes.plot(x, y, color=car_colour(1), lw=2.0)
    radius = 1.0 / np.abs(track.curvature).max()
    wide = track.width_left + track.width_right
    width = f"{wide.min():.0f} to {wide.max():.0f} m" if np.ptp(wide) > 0.5 else f"{wide[0]:.0f} m"
    axes.set_title(f"{track.length:.0f} m", fontsize=8, color=INK, pad=3)
    axes.text(
        0.5, -0.02, f"{width} wide, from {radius:.0f} m", transform=axes.transAxes, fontsize=6.5,
        color=FAINT, ha="center", va="top",
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.axis("off")


def strip(
    axes: Axes, track: Track, s: np.ndarray, one: np.ndarray, other: np.ndarray, colour: str
) -> None:
    """Fill what lies between two offsets [m] along the whole track."""
    x, y, _ = track.at(s, one)
    u, v, _ = track.at(s, other)
    quads = np.stack(
        [np.stack([x, y], 1), np.stack([u, v], 1), np.roll(np.stack([u, v], 1), -1, 0),
         np.roll(np.stack([x, y], 1), -1, 0)], axis=1,
    )  # fmt: skip
    quads = quads[np.isfinite(quads).all(axis=(1, 2))]
    axes.add_collection(PolyCollection(quads, facecolors=colour, edgecolors=colour, linewidths=0.4))
    axes.autoscale_view()


if __name__ == "__main__":
    main()
