"""A g-g diagram: which accelerations the cars reached, along and across."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from racegym.interfaces import Array, Status
from racegym.record import RunFolder
from racegym.record.telemetry_table import read_telemetry
from racegym.report.style import (
    FAINT,
    GRID,
    INK,
    car_colour,
    clean,
    heading,
    legend,
    new_figure,
    settle,
)
from racegym.report.wording import short

__all__ = ["accelerations_figure"]

Floats = NDArray[np.float64]

GRAVITY = 9.80665  # [m/s^2]
POINTS = 24_000  # drawn at most, over all cars
SHARE = 0.999  # of a car's points lie within its outline; the rest are knocks
DIRECTIONS = 72  # corners of an outline


def accelerations_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw every car's accelerations as points, and how far it went in each direction.

    What the backend measures is drawn, or else what follows from how the velocity changes.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None if no car moved.

    Raises:
        RunError: there is no telemetry, or it can't be read.
    """
    rows = episode["classification"]
    names = ("time", "status", "vx", "vy", "yaw_rate", "ax", "ay")
    table = read_telemetry(folder, episode, names, len(rows))
    measured = {"ax", "ay"} <= table.keys()
    if not measured and not {"vx", "vy", "yaw_rate"} <= table.keys():
        return None
    along, across = _measured(table) if measured else _estimated(table)
    moving = (table["status"] <= Status.PIT) & (np.hypot(table["vx"], table["vy"]) > 1.0)
    moving &= np.isfinite(along) & np.isfinite(across)
    if not (moving.sum(axis=0) >= DIRECTIONS).any():
        return None
    reach = 0.0
    figure = new_figure(8.2, 6.2)
    axes = figure.add_subplot()
    _draw_points(axes, along, across, moving)
    for place, row in enumerate(rows):
        own = moving[:, row["car"]]
        if own.sum() < DIRECTIONS:
            continue
        x, y = _outline(across[own, row["car"]], along[own, row["car"]])
        reach = max(reach, float(np.hypot(x, y).max()))
        axes.plot(
            x, y, color=car_colour(row["car"]), linewidth=1.8, solid_joinstyle="round",
            label=f"P{row['position']}  {short(row['name'])}", zorder=4.0 - 0.01 * place,
        )  # fmt: skip
    _frame(axes, 1.12 * reach)
    how = "" if measured else "  ·  from changes of velocity"
    heading(axes, "Accelerations", f"{result['scenario']}  ·  {episode['track']}{how}")
    legend(axes)
    settle(figure)
    return figure


def _measured(table: Mapping[str, Array]) -> tuple[Floats, Floats]:
    """Return the acceleration forward and to the left [g]."""
    return table["ax"] / GRAVITY, table["ay"] / GRAVITY


def _estimated(table: Mapping[str, Array]) -> tuple[Floats, Floats]:
    """Return the same from velocities: the car frame turns, so each feeds the other."""
    if len(table["time"]) < 2:
        nothing = np.full(table["vx"].shape, np.nan)
        return nothing, nothing
    time = table["time"][:, 0]
    vx, vy, rate = (table[name].astype(np.float64) for name in ("vx", "vy", "yaw_rate"))
    along = np.gradient(vx, time, axis=0) - rate * vy
    across = np.gradient(vy, time, axis=0) + rate * vx
    return along / GRAVITY, across / GRAVITY


def _draw_points(axes: Axes, along: Floats, across: Floats, moving: Array) -> None:
    step, car = np.nonzero(moving)
    # A fixed shuffle, so that no car's points lie on top of all others'.
    chosen = np.random.default_rng(0).permutation(len(step))[:POINTS]
    step, car = step[chosen], car[chosen]
    colours = np.array([car_colour(index) for index in range(moving.shape[1])])
    axes.scatter(
        across[step, car], along[step, car], s=3, c=colours[car], alpha=0.22, linewidths=0,
        rasterized=True, zorder=2,
    )  # fmt: skip


def _outline(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the closed convex hull of a car's points, but for the furthest few."""
    far = np.hypot(x, y)
    points = np.column_stack([x, y])[far <= np.quantile(far, SHARE)]
    # The furthest in each direction are the hull's corners, to the width of a line.
    angle = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    furthest = (points @ np.stack([np.cos(angle), np.sin(angle)])).argmax(axis=0)
    corners = points[np.append(furthest, furthest[0])]
    return corners[:, 0], corners[:, 1]


def _frame(axes: Axes, limit: float) -> None:
    clean(axes)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    rings = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(0, limit)[1:]
    angle = np.linspace(0, 2 * np.pi, 181)
    for ring in rings:
        axes.plot(ring * np.cos(angle), ring * np.sin(angle), color=GRID, linewidth=0.9, zorder=1)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xlim(limit, -limit)  # left is on the left
    axes.set_ylim(-limit, limit)
    axes.set_box_aspect(1)
    axes.tick_params(length=0)
    axes.set_xlabel("across [g], to the left positive", color=INK)
    axes.set_ylabel("along [g], braking negative", color=INK)
