"""Make the pictures of the pages of sensors: ``python docs/figures/senses.py``.

Needs racegym and racegym-kart2d. What is drawn is what the sensors give: beams end where they
read, pictures are those that a policy gets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D
from PIL import Image

from racegym import load_scenario
from racegym.report.style import FAINT, GRID, INK, car_colour, heading, new_figure, save, settle
from racegym.sensors.opponents import Opponents
from racegym.world import World

IMAGES = Path(__file__).resolve().parents[1] / "images"
BLUE, RED, GREEN, ORANGE = (car_colour(k) for k in range(4))
LENGTH = 600.0
COLOURS = 64  # of a picture


def save_small(figure: Figure, name: str) -> None:
    """Write a PNG of as few colours as it takes."""
    path = IMAGES / name
    save(figure, path)
    with Image.open(path) as full:
        few = full.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def karts(observation: Any, *starts: dict[str, float], **keys: Any) -> World:
    """Return a world of karts that begin where they are told, the first one an agent's."""
    cars = [{"vehicle": "rental_kart", "variation": {"start": start}} for start in starts]
    for car in cars[1:]:
        car["driver"] = "idle"
    scenario = {
        "backend": "kart2d",
        "track": {"generate": {"seed": 7, "length": LENGTH}},
        "cars": cars,
        "observation": observation,
        **keys,
    }
    world = load_scenario(scenario).world()
    world.reset([3])
    return world


def told(world: World, name: str | None = None) -> Any:
    """Return what the first car is told, by one sensor of several."""
    values: Any = world.groups[0].observations
    return np.asarray(values if name is None else values[name])[0]


def place(world: World, car: int = 0) -> tuple[float, float, float]:
    """Return where a car is: x, y [m] and yaw [rad]."""
    state = world.view.state
    return float(state.x[0, car]), float(state.y[0, car]), float(state.yaw[0, car])


def on_map(world: World, forward: Any, left: Any) -> tuple[Any, Any]:
    """Return x, y [m] of what the first car sees ahead of it and to its left."""
    x, y, yaw = place(world)
    cs, sn = np.cos(yaw), np.sin(yaw)
    return x + cs * forward - sn * left, y + sn * forward + cs * left


def draw_track(axes: Axes, world: World) -> None:
    """Draw the asphalt, with its edges."""
    track = world.config.tracks[0]
    line = np.stack([track.x, track.y], axis=1)
    normal = np.stack([-np.sin(track.heading), np.cos(track.heading)], axis=1)
    left = line + normal * track.width_left[:, None]
    right = line - normal * track.width_right[:, None]
    around = np.concatenate([left, left[:1], right[::-1], right[-1:]])
    axes.fill(around[:, 0], around[:, 1], color=GRID, lw=0)
    for side in (left, right):
        axes.plot(*np.vstack([side, side[:1]]).T, color=FAINT, lw=1.0)
    axes.set_aspect("equal")
    axes.set_axis_off()


def draw_car(axes: Axes, world: World, car: int, colour: str) -> None:
    """Draw a car's outline."""
    vehicle = world.view.vehicle
    long, wide = float(vehicle.length[0, car]), float(vehicle.width[0, car])
    middle = float(vehicle.to_front[0, car] - 0.5 * vehicle.wheelbase[0, car])
    x, y, yaw = place(world, car)
    body = Rectangle((middle - long / 2, -wide / 2), long, wide, facecolor=colour, edgecolor=INK)
    body.set(linewidth=0.8, zorder=5)
    body.set_transform(Affine2D().rotate(yaw).translate(x, y) + axes.transData)
    axes.add_patch(body)


def picture(axes: Axes, image: Any, title: str, about: str) -> None:
    """Show a picture, each of its pixels a square."""
    axes.imshow(image, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    heading(axes, title, about)


def rays() -> None:
    """Beams from a kart in a corner, with another kart in the way."""
    reach = 24.0
    sensor = {"name": "rays", "beams": 108, "field_of_view": 4.7, "range": reach, "unit": "m"}
    world = karts([sensor], {"s": 147.0, "d": -1.5}, {"s": 158.0, "d": 0.5, "heading": 0.2})
    ranges = told(world)
    angles: Any = world.groups[0].observer.sensors[0].angles  # type: ignore[attr-defined]
    ends = np.stack(on_map(world, ranges * np.cos(angles), ranges * np.sin(angles)), axis=1)
    x, y, _ = place(world)
    figure = new_figure(6.4, 4.4)
    axes = figure.subplots()
    draw_track(axes, world)
    lines = [[(x, y), end] for end in ends]
    axes.add_collection(LineCollection(lines, colors=BLUE, linewidths=0.6, alpha=0.7))
    stopped = ranges < reach - 1e-3
    axes.plot(*ends[stopped].T, ".", color=BLUE, ms=4)
    axes.plot(*ends[~stopped].T, "o", mfc="white", mec=BLUE, ms=4)
    draw_car(axes, world, 0, BLUE)
    draw_car(axes, world, 1, RED)
    axes.autoscale_view()
    low, high = np.minimum(ends.min(0), [x, y]) - 4, np.maximum(ends.max(0), [x, y]) + 4
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    heading(axes, "108 beams in a corner", "dots: an edge or a car; circles: nothing within 24 m")
    settle(figure)
    save_small(figure, "rays.png")
    world.close()


FOLLOWING = (
    {"s": 187.0, "d": 0.5}, {"s": 194.0, "d": -1.3}, {"s": 201.0, "d": 1.9, "heading": -0.1},
)  # fmt: skip
CORNER = ({"s": 150.0, "d": -1.0}, {"s": 158.0, "d": 1.0}, {"s": 166.0, "d": -1.5, "heading": 0.2})


def camera() -> None:
    """One moment, as a policy gets it and in a size for people."""
    larger = {"name": "camera", "width": 480, "height": 320}
    world = karts({"policy": "camera", "people": larger}, *FOLLOWING)
    figure = new_figure(9.0, 3.9)
    one, other = figure.subplots(1, 2, width_ratios=(1, 1.5))
    picture(one, told(world, "policy"), "84 x 84", "the default, as a policy gets it")
    picture(other, told(world, "people"), "480 x 320", "the same moment, the same field of view")
    settle(figure)
    save_small(figure, "camera.png")
    world.close()


def topdown() -> None:
    """One moment from above, turned with the car and with north up."""
    world = karts({"turned": "topdown", "north": {"name": "topdown", "north_up": True}}, *CORNER)
    figure = new_figure(9.0, 4.9)
    one, other = figure.subplots(1, 2)
    picture(one, told(world, "turned"), "Turned with the car", "the default: ahead is up")
    picture(other, told(world, "north"), "North is up", "north_up: true, at the same moment")
    settle(figure)
    save_small(figure, "topdown.png")
    world.close()


def opponents() -> None:
    """The two nearest karts, with what is told of each."""
    starts = (
        {"s": 160.0, "d": -1.0, "speed": 12.0}, {"s": 168.0, "d": 1.6, "speed": 9.0},
        {"s": 150.0, "d": 0.5, "speed": 13.0}, {"s": 181.0, "d": 0.0, "speed": 10.0},
    )  # fmt: skip
    world = karts([{"name": "opponents", "most": 2}], *starts)
    rows = told(world)
    units = (1.0, 20.0, 20.0, 20.0, 20.0, 10.0, 10.0, 1.0, 1.0, 6.0)
    names = [value.name.replace("_", " ") for value in Opponents.of_each]
    signs = ["", "m", "m", "m", "m", "m/s", "m/s", "", "", "s"]
    figure = new_figure(8.4, 3.9)
    where, what = figure.subplots(1, 2, width_ratios=(1.1, 1))
    draw_track(where, world)
    for car, colour in enumerate((BLUE, RED, ORANGE, FAINT)):
        draw_car(where, world, car, colour)
    x, y, _ = place(world)
    shifts = ((-4, 40), (22, -2))
    for number, (row, colour) in enumerate(zip(rows, (RED, ORANGE), strict=True)):
        shift = shifts[number]
        corner = on_map(world, row[3] * 20.0, 0.0)
        there = on_map(world, row[3] * 20.0, row[4] * 20.0)
        where.plot(*zip((x, y), corner, there, strict=True), color=colour, lw=1.2, ls="--")
        where.annotate(
            f"row {number}: {row[3] * 20:.1f} m forward,\n{row[4] * 20:.1f} m left", there, shift,
            textcoords="offset points", color=colour, fontsize=9,
        )  # fmt: skip
    near = [place(world, car)[:2] for car in range(4)]
    low, high = np.min(near, axis=0), np.max(near, axis=0)
    where.set(xlim=(low[0] - 4, high[0] + 12), ylim=(low[1] - 5, high[1] + 9))
    heading(where, "Two of three karts", "most: 2; the grey one is third")
    what.set_axis_off()
    what.set(xlim=(0, 1), ylim=(len(names) + 0.5, -1))
    for at, text, colour in ((0.56, "row 0", RED), (0.88, "row 1", ORANGE)):
        what.text(at, -0.3, text, color=colour, ha="right", fontweight="bold", fontsize=10)
    for line, (name, unit, sign) in enumerate(zip(names, units, signs, strict=True)):
        what.text(0.0, line + 0.7, name, color=INK, fontsize=9)
        for at, row in ((0.56, rows[0]), (0.88, rows[1])):
            what.text(at, line + 0.7, f"{row[line]:.2f}", color=INK, ha="right", fontsize=9)
            measured = f"{row[line] * unit:.1f} {sign}" if sign else ""
            what.text(at + 0.015, line + 0.7, measured, color=FAINT, fontsize=8)
    heading(what, "What is told", "beside each number, in grey, what it stands for")
    settle(figure)
    save_small(figure, "opponents.png")
    world.close()


def track_points() -> None:
    """Ten rows of points ahead, the first, the fifth and the last with their numbers."""
    world = karts([{"name": "track_points", "points": 10, "metres": 60}], {"s": 165.0, "d": -1.0})
    rows = np.round(told(world), 2) + 0.0  # which knows no -0
    figure = new_figure(9.0, 3.8)
    axes = figure.subplots()
    draw_track(axes, world)
    points = np.stack(on_map(world, rows[:, 0::2] * 50.0, rows[:, 1::2] * 50.0), axis=-1)
    for row in points:
        axes.plot(*row.T, color=FAINT, lw=0.8)
    for side, colour in ((0, GREEN), (1, BLUE), (2, RED)):
        axes.plot(*points[:, side].T, "o", color=colour, ms=5)
    for row in (0, 4, 9):
        for side, colour in ((0, GREEN), (2, RED)):
            out = points[row, side] - points[row, 1]
            shift = 16.0 * out / np.hypot(*out)
            axes.annotate(
                f"{rows[row, 2 * side]:.2f}, {rows[row, 2 * side + 1]:.2f}", points[row, side],
                tuple(shift), textcoords="offset points", color=colour, fontsize=9, va="center",
                ha="left" if shift[0] > 0 else "right",
            )  # fmt: skip
    draw_car(axes, world, 0, INK)
    low, high = points.min((0, 1)) - 9, points.max((0, 1)) + 9
    axes.set(xlim=(low[0] - 8, high[0] + 8), ylim=(low[1], high[1]))
    heading(axes, "Ten rows over 60 m", "forward, left of the car, of 50 m that read 1")
    settle(figure)
    save_small(figure, "track_points.png")
    world.close()


if __name__ == "__main__":
    for draw in (rays, camera, topdown, opponents, track_points):
        draw()
