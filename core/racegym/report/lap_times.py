"""A picture of how lap times went, car by car."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from racegym.record import RunFolder
from racegym.record.result import Lap, read_laps
from racegym.report.style import FAINT, INK, car_colour, clean, new_figure, save
from racegym.report.wording import lap_text

__all__ = ["draw_lap_times"]

MARKERS = "osD^vP"


def draw_lap_times(folder: RunFolder, result: Mapping[str, Any]) -> Path | None:
    """Draw every lap time over laps, or over episodes where there are several.

    Hollow marks are laps that do not count.

    Args:
        folder: of a run that is over; written to.
        result: its result.

    Returns:
        The picture's path, or None if no lap was timed.
    """
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
    axes.set_title("Lap times", loc="left", fontsize=14, fontweight="bold", color=INK, pad=20)
    about = result["scenario"]
    if not all(lap.valid for lap in laps):
        about += "  ·  hollow: not valid"
    axes.text(
        0, 1.01, about, transform=axes.transAxes,
        fontsize=10, color=FAINT, va="bottom",
    )  # fmt: skip
    axes.set_xlabel("episode" if over_episodes else "lap", color=INK)
    axes.set_ylabel("lap time", color=INK)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9, borderaxespad=0
    )
    save(figure, folder.lap_times)
    return folder.lap_times


def _draw_car(
    axes: Axes, row: Mapping[str, Any], laps: Sequence[Lap], *, over_episodes: bool
) -> None:
    number = np.array([lap.episode + 1 if over_episodes else lap.number for lap in laps])
    time = np.array([lap.lap_time for lap in laps], float)
    valid = np.array([lap.valid for lap in laps], bool)
    colour = car_colour(row["car"])
    label = f"P{row['position']}  {row['name']}"
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
    clean(axes)
    axes.grid(axis="y", color="#e7e9ec", linewidth=0.9)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    times = np.array([lap.lap_time for lap in laps], float)
    low, high = float(times.min()), float(times.max())
    # One lap with a long stop must not press all others into one line.
    high = min(high, 3.0 * float(np.median(times)))
    room = max(0.08 * (high - low), 0.01 * low)
    axes.set_ylim(low - room, high + room)
    axes.margins(x=0.04)
    axes.set_xlim(left=max(0.5, axes.get_xlim()[0]))


def _tick(seconds: float) -> str:
    minutes, tenths = divmod(round(10 * seconds), 600)
    return f"{minutes}:{tenths / 10:04.1f}" if minutes else f"{tenths / 10:.1f}"
