"""A picture of how lap times went, car by car."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from racegym.record import RunFolder
from racegym.record.result import Lap, read_laps
from racegym.report.style import INK, car_colour, clean, heading, legend, new_figure, save
from racegym.report.wording import lap_text, short

__all__ = ["draw_lap_times", "lap_times_figure"]

MARKERS = "osD^vP"


def draw_lap_times(folder: RunFolder, result: Mapping[str, Any]) -> Path | None:
    """Draw every lap time over laps, or over episodes where there are several.

    Args:
        folder: of a run that is over; written to.
        result: its result.

    Returns:
        The picture's path, or None if no lap was timed.
    """
    figure = lap_times_figure(folder, result)
    if figure is None:
        return None
    save(figure, folder.lap_times)
    return folder.lap_times


def lap_times_figure(folder: RunFolder, result: Mapping[str, Any]) -> Figure | None:
    """Return the picture of ``draw_lap_times``. Hollow marks are laps that do not count."""
    laps = [lap for lap in read_laps(folder.laps) if lap.lap_time is not None and lap.race == 0]
    if not laps or not result["classification"]:
        return None
    over_episodes = len(result["episodes"]) > 1
    figure = new_figure(10.0, max(4.8, 0.24 * len(result["classification"]) + 1.6))
    axes = figure.add_subplot()
    for row in result["classification"]:
        own = [lap for lap in laps if lap.car == row["car"]]
        _draw_car(axes, row, own, over_episodes=over_episodes)
    _frame(axes, laps)
    about = result["scenario"]
    if not all(lap.valid for lap in laps):
        about += "  ·  hollow: not valid"
    heading(axes, "Lap times", about)
    axes.set_xlabel("episode" if over_episodes else "lap", color=INK)
    axes.set_ylabel("lap time", color=INK)
    legend(axes)
    return figure


def _draw_car(
    axes: Axes, row: Mapping[str, Any], laps: Sequence[Lap], *, over_episodes: bool
) -> None:
    number = np.array([lap.episode + 1 if over_episodes else lap.number for lap in laps])
    time = np.array([lap.lap_time for lap in laps], float)
    valid = np.array([lap.valid for lap in laps], bool)
    colour = car_colour(row["car"])
    label = f"P{row['position']}  {short(row['name'])}"
    if row["best_lap"] is not None and not over_episodes:
        label += f"  ({lap_text(row['best_lap'])})"
    marker = MARKERS[row["car"] // 10 % len(MARKERS)]
    style = "none" if over_episodes else "-"
    axes.plot(number, time, color=colour, linewidth=1.6, linestyle=style, zorder=3)
    axes.plot(number[valid], time[valid], marker, color=colour, markersize=6, label=label, zorder=4)
    axes.plot(
        number[~valid], time[~valid], marker, markerfacecolor="white", markeredgecolor=colour,
        markersize=6, zorder=4,
    )  # fmt: skip


def _frame(axes: Axes, laps: Sequence[Lap]) -> None:
    clean(axes, grid="y")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    times = np.array([lap.lap_time for lap in laps], float)
    low, high = float(times.min()), float(times.max())
    # One lap with a long stop must not press all others into one line.
    high = min(high, 3.0 * float(np.median(times)))
    room = max(0.08 * (high - low), 0.01 * low)
    axes.set_ylim(low - room, high + room)
    axes.margins(x=0.04)
    axes.set_xlim(left=max(0.5, axes.get_xlim()[0]))


def _tick(seconds: float, _position: int | None = None) -> str:
    whole, tenths = divmod(round(10 * seconds), 600)
    return f"{whole}:{tenths / 10:04.1f}" if whole else f"{tenths / 10:.1f}"
