"""Make the pictures of the pages of stages: ``python docs/figures/stages.py``.

Needs racegym and racegym-kart2d. What can be asked of the code is asked: sensors, rewards and
speed profiles are those that race.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Rectangle

from racegym import load_scenario
from racegym.drivers.speed_profile import Envelope, speed_profile
from racegym.kernels.scoring import pay_progress
from racegym.report.style import (
    FAINT,
    GRID,
    INK,
    car_colour,
    clean,
    heading,
    new_figure,
    save,
    settle,
)
from racegym.sensors.lookahead import DISTANCES
from racegym.world import World

IMAGES = Path(__file__).resolve().parents[1] / "images"
BLUE, RED, GREEN, ORANGE = (car_colour(k) for k in range(4))


def kart(**keys: Any) -> World:
    """Return a world with one kart on a circuit, at its start."""
    scenario = {
        "backend": "kart2d",
        "track": {"generate": {"seed": 7, "length": 600}},
        "cars": [{"vehicle": "rental_kart"}],
        **keys,
    }
    world = load_scenario(scenario).world()
    world.reset([3])
    return world


def draw_track(axes: Axes, world: World) -> None:
    """Draw the asphalt and the centerline, and keep the scales equal."""
    track = world.config.tracks[0]
    line = np.stack([track.x, track.y], axis=1)
    normal = np.stack([-np.sin(track.heading), np.cos(track.heading)], axis=1)
    left = line + normal * track.width_left[:, None]
    right = line - normal * track.width_right[:, None]
    around = np.concatenate([left, left[:1], right[::-1], right[-1:]])
    axes.fill(around[:, 0], around[:, 1], color=GRID, lw=0)
    axes.plot(line[:, 0], line[:, 1], color=FAINT, lw=0.8, ls=(0, (6, 4)))
    axes.set_aspect("equal")
    axes.set_axis_off()


def lookahead() -> None:
    """The default places along a circuit, and what the sensor reads there."""
    world = kart(observation="lookahead", variation={"start": {"s": 165.0}})
    frame, track = world.view.frame, world.config.tracks[0]
    read = np.asarray(world.groups[0].observations)[0, : len(DISTANCES)]
    along = np.arange(len(track.x)) * track.spacing
    s = (float(frame.s[0, 0]) + np.array(DISTANCES)) % track.length
    x, y = (np.interp(s, along, values, period=track.length) for values in (track.x, track.y))
    figure = new_figure(9.0, 3.6)
    where, what = figure.subplots(1, 2, width_ratios=(1.1, 1))
    draw_track(where, world)
    where.plot(x[1:], y[1:], "o", color=BLUE, ms=5)
    where.plot(x[0], y[0], "o", color=RED, ms=8)
    where.annotate("car, 0 m", (x[0], y[0]), (0, 8), textcoords="offset points", color=RED)
    for k, at in ((5, (-8, -20)), (8, (10, -3)), (11, (10, -3))):
        where.annotate(
            f"{DISTANCES[k]:g} m", (x[k], y[k]), at, textcoords="offset points", color=INK
        )
    heading(where, "Twelve places ahead", "default distances along the centerline")
    what.axhline(0, color=FAINT, lw=0.8)
    what.vlines(DISTANCES, 0, read, color=BLUE, lw=2)
    what.plot(DISTANCES, read, "o", color=BLUE, ms=5)
    what.set(xlabel="distance ahead [m]", ylabel="reads (1: left, radius 10 m)")
    clean(what, grid="y")
    heading(what, "Curvature as it is read", "left positive")
    settle(figure)
    save(figure, IMAGES / "lookahead.png")
    world.close()


def paid(moves: np.ndarray, jumps: list[int]) -> np.ndarray:
    """Return the sum of what the reward term pays for these changes of progress."""
    progress = np.zeros((1, 1))
    previous, debt, out = np.zeros_like(progress), np.zeros_like(progress), np.zeros((1, 1))
    total = []
    for step, move in enumerate(moves):
        previous[:] = progress
        progress += move
        jumped = np.array([[step in jumps]])
        pay_progress(out, progress, previous, jumped, np.zeros((1, 1), bool), debt, True)
        total.append(out[0, 0])
    return np.cumsum(total)


def progress() -> None:
    """Two tricks that earn nothing: skipping ground, and gaining it twice."""
    figure = new_figure(9.0, 3.2)
    tricks = (
        ("A cut forward", "60 m skipped at 4 s", 60.0),
        ("A cut back", "40 m given up at 4 s, to gain them twice", -40.0),
    )
    for axes, (title, about, jump) in zip(figure.subplots(1, 2), tricks, strict=True):
        moves = np.full(100, 1.2)
        moves[40] = jump
        time = np.arange(1, 101) * 0.1
        axes.plot(time, np.cumsum(moves), color=FAINT, lw=2, label="progress")
        axes.plot(time, paid(moves, [40]), color=BLUE, lw=2, label="paid so far")
        axes.set(xlabel="time [s]", ylabel="[m]")
        axes.legend(frameon=False, fontsize=9)
        clean(axes, grid="y")
        heading(axes, title, about)
    settle(figure)
    save(figure, IMAGES / "progress.png")


def off_track() -> None:
    """Where a car of 1.4 m width is on the track, off it, and beyond a margin of 3 m."""
    margin, width, wide, length = 3.0, 4.0, 1.4, 1.9
    figure = new_figure(9.0, 3.4)
    axes = figure.subplots()
    axes.add_patch(Rectangle((0, -width), 30, 2 * width, color=GRID, lw=0))
    axes.axhline(0, color=FAINT, lw=0.8, ls=(0, (6, 4)))
    for side in (-width, width):
        axes.axhline(side, color=INK, lw=1.5)
    axes.axhline(width + margin, color=RED, lw=1, ls="--")
    cars = (
        (2.5, 4.5, GREEN, "on the track:\nin part above the asphalt"),
        (11.0, 5.4, ORANGE, "off the track, within the margin:\nthe episode goes on"),
        (20.5, 7.6, RED, "its middle is beyond the margin:\nthe episode ends"),
    )
    for x, d, colour, text in cars:
        corner = (x - length / 2, d - wide / 2)
        axes.add_patch(Rectangle(corner, length, wide, facecolor=colour, edgecolor=INK, lw=0.8))
        axes.plot(x, d, "k.", ms=4)
        axes.annotate(text, (x + length / 2 + 0.4, d + 0.5), color=INK, fontsize=9, va="center")
    axes.annotate("edge", (0.3, width - 0.2), color=INK, fontsize=9, va="top")
    axes.annotate("margin 3 m", (0.3, width + margin + 0.2), color=RED, fontsize=9)
    axes.annotate("centerline", (0.3, 0.15), color=FAINT, fontsize=9)
    axes.set(xlim=(0, 30), ylim=(-1.5, 9.2), ylabel="offset d [m]")
    axes.set_aspect("equal")
    clean(axes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    heading(axes, "off_track with a margin", "seen from above; the dot is the middle of the car")
    settle(figure)
    save(figure, IMAGES / "off_track.png")


def pure_pursuit() -> None:
    """The circle to the point ahead, and the speed profile of a lap."""
    world = kart()
    track, vehicle = world.config.tracks[0], world.view.vehicle
    figure = new_figure(9.0, 3.4)
    wheel, speed = figure.subplots(1, 2, width_ratios=(1, 1.5))
    px, py = 6.0, 3.0
    radius = (px * px + py * py) / (2 * py)
    sweep = np.degrees(np.arctan2(px, radius - py))
    wheel.add_patch(Arc((0, radius), 2 * radius, 2 * radius, theta1=-90, theta2=-90 + sweep,
                        color=BLUE, lw=2))  # fmt: skip
    bend = np.linspace(0, 7.5, 60)
    wheel.plot(bend, 1.2 + 0.05 * bend**2, color=FAINT, lw=1, ls=(0, (6, 4)))
    wheel.plot([0, 1.05], [0, 0], color=INK, lw=5, solid_capstyle="butt")
    wheel.plot([0, 7], [0, 0], color=GRID, lw=1, zorder=0)
    wheel.plot([px, px], [0, py], color=GRID, lw=1, zorder=0)
    wheel.plot(px, py, "o", color=RED, ms=7)
    wheel.annotate("point ahead (x, y)", (px, py), (-8, 8), textcoords="offset points",
                   color=RED, ha="right")  # fmt: skip
    wheel.annotate("rear axle", (0, -0.15), color=INK, fontsize=9, va="top")
    wheel.annotate("centerline", (0.2, 0.95), color=FAINT, fontsize=9)
    wheel.annotate("2y / (x² + y²)", (5.8, 0.7), color=BLUE, fontsize=9, ha="right")
    wheel.set(xlim=(-0.5, 7.8), ylim=(-1.0, 4.2))
    wheel.set_aspect("equal")
    wheel.set_axis_off()
    heading(wheel, "The wheel", "one circle to the point ahead")
    along = np.arange(len(track.x)) * track.spacing
    values = {name: float(getattr(vehicle, name)[0, 0]) for name in Envelope._fields}
    for pace, colour in ((100.0, BLUE), (80.0, ORANGE)):
        profile = speed_profile(track.curvature, track.spacing, Envelope(**values), pace)
        speed.plot(along, profile * 3.6, color=colour, lw=1.8, label=f"pace {pace:g}")
    speed.set(xlabel="distance along the lap [m]", ylabel="speed [km/h]", ylim=(0, None))
    speed.legend(frameon=False, fontsize=9, loc="lower right")
    clean(speed, grid="y")
    heading(speed, "The pedals", "speed profile of a rental kart")
    settle(figure)
    save(figure, IMAGES / "pure_pursuit.png")
    world.close()


if __name__ == "__main__":
    for draw in (lookahead, progress, off_track, pure_pursuit):
        draw()
