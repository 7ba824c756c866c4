"""Make the picture of the page of blame: ``python docs/figures/blame.py``.

Needs racegym alone. The corner is the one that race control finds; the cars stand where the
hand-made incidents of the tests have them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D

from racegym.kernels.bends import corner_around
from racegym.report.style import FAINT, GRID, INK, car_colour, heading, new_figure, save, settle
from racegym.track import Track, TrackSet

IMAGES = Path(__file__).resolve().parents[1] / "images"
INSIDE, OUTSIDE = car_colour(1), car_colour(0)
LENGTH, WIDTH, TO_FRONT, WHEELBASE = 2.0, 1.3, 0.55, 1.05  # [m] of the cars
STEP = 0.1  # [m]


def circuit() -> Track:
    """Return two straights of 200 m and two left-handers of 100 m, 10 m wide."""
    s = np.arange(0.0, 300.0, STEP)
    bend = np.where(s >= 200.0, np.sin(np.pi * (s - 200.0) / 100.0) ** 2 * np.pi / 50.0, 0.0)
    angle = np.cumsum(np.concatenate([bend, bend])) * STEP
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * STEP
    points = np.concatenate([[[0.0, 0.0]], np.cumsum(steps, axis=0)[:-1]])
    return Track.from_points(points[::20], 5.0, 5.0, name="corner", runoff=np.inf)


class Corner:
    """A drawing of the corner, in which cars can be put by s and d [m]."""

    def __init__(self, axes: Axes, first: float, last: float):
        self.axes, self.tracks = axes, TrackSet([circuit()], [0])
        s = np.linspace(first, last, 200)
        left, right = self.at(s, 5.0), self.at(s, -5.0)
        axes.fill(*np.concatenate([left, right[::-1]]).T, color=GRID, lw=0)
        for edge in (left, right):
            axes.plot(*edge.T, color=FAINT, lw=1.0)
        axes.set_aspect("equal")
        axes.set_axis_off()

    def at(self, s: object, d: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return x, y [m] of places on the track."""
        along = np.atleast_1d(np.asarray(s, np.float64))
        across = np.broadcast_to(np.asarray(d, np.float64), along.shape)
        return self.tracks.pose(np.zeros(len(along), np.int64), along, across)[:, :2]

    def across(self, s: float, text: str) -> None:
        """Draw a line over the track, with its name on the outside."""
        ends = self.at([s, s], [-5.0, 5.0])
        self.axes.plot(*ends.T, color=FAINT, lw=1.0, ls=(0, (4, 3)))
        x, y = self.at(s, -6.0)[0]
        self.axes.text(x, y, text, color=FAINT, fontsize=9, ha="left", va="center")

    def car(self, s: float, d: float, colour: str, *, then: bool, mirror: bool = False) -> None:
        """Draw a car, pale where it is long gone, with its front axle or its mirror line."""
        zero = np.zeros(1, np.int64)
        x, y, yaw = self.tracks.pose(zero, np.array([s]), np.array([d]))[0]
        place = Affine2D().rotate(yaw).translate(x, y) + self.axes.transData
        body = Rectangle((-LENGTH / 2, -WIDTH / 2), LENGTH, WIDTH, facecolor=colour, lw=0.8)
        body.set(edgecolor=INK, alpha=0.4 if then else 1.0, transform=place, zorder=4)
        self.axes.add_patch(body)
        line = TO_FRONT - WHEELBASE / 3 if mirror else TO_FRONT
        half = 1.6 if mirror else 0.65
        ends = {"color": INK, "lw": 1.4, "ls": "-" if not mirror else (0, (1.5, 1))}
        self.axes.plot([line, line], [-half, half], transform=place, zorder=5, **ends)


def main() -> None:
    """Draw a dive and a shut door side by side."""
    tracks = TrackSet([circuit()], [0])
    _, entry, _, _ = corner_around(tracks.points, tracks.table, 0, 240.0)
    figure = new_figure(9.0, 3.1)
    left, right = figure.subplots(1, 2)
    cases = (
        (left, "No claim: a dive", "share 1 to the inside car (red), far behind at the entry",
         (4.6, 1.0, -3.0), (233.0, 0.2, 1.0, -0.4)),
        (right, "A claim: the door is shut", "share 1 to the outside car (blue), which moved over",
         (0.2, 3.2, -1.0), (225.0, 0.2, 3.2, 1.8)),
    )  # fmt: skip
    for axes, title, about, (gap_then, inside_then, outside_then), touch in cases:
        corner = Corner(axes, 204.0, 238.0)
        corner.across(entry, "entry")
        nose_at_entry = entry - TO_FRONT
        corner.car(nose_at_entry, outside_then, OUTSIDE, then=True, mirror=True)
        corner.car(nose_at_entry - gap_then, inside_then, INSIDE, then=True)
        s, gap, inside, outside = touch
        corner.car(s, outside, OUTSIDE, then=False, mirror=True)
        corner.car(s - gap, inside, INSIDE, then=False)
        heading(axes, title, about)
    note = "pale: when the outside car reaches the entry; full: at the touch; dotted: mirror line"
    figure.supxlabel(note, fontsize=9, color=FAINT)
    settle(figure)
    IMAGES.mkdir(exist_ok=True)
    save(figure, IMAGES / "blame-dive.png")


if __name__ == "__main__":
    main()
