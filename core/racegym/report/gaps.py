"""Gaps to the leader as race control told them: how long ago he was where a car is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

from racegym.interfaces import Array, Status
from racegym.record import RunFolder
from racegym.record.telemetry_table import read_telemetry
from racegym.report.style import INK, car_colour, clean, heading, legend, new_figure
from racegym.report.wording import gap_text, short

__all__ = ["COLUMNS", "gaps_figure", "gaps_to_leader"]

COLUMNS = ("position", "gap_leader", "status")  # of telemetry

Floats = NDArray[np.float64]


def gaps_to_leader(table: Mapping[str, Array]) -> Floats:
    """Return (n_steps, n_cars) [s]: the gaps that race control told, 0 for the leader.

    NaN where there is none, and for a car that is out of the race.

    Args:
        table: columns of telemetry, ``COLUMNS`` if they are there, each (n_steps, n_cars).
    """
    racing = table["status"] <= Status.PIT
    if "gap_leader" not in table:
        return np.full(racing.shape, np.nan)
    gaps = np.where(table["position"] == 1, 0.0, table["gap_leader"])
    return np.where(racing, np.maximum(gaps, 0.0), np.nan)


def gaps_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw the gap of each car to the leader over race time, the leader on top.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None for a car alone.

    Raises:
        RunError: there is no telemetry, or it can't be read.
    """
    rows = episode["classification"]
    if len(rows) < 2:
        return None
    table = read_telemetry(folder, episode, ("time", *COLUMNS), len(rows))
    time = table["time"][:, 0]
    if len(time) < 2:
        return None
    gaps = gaps_to_leader(table)
    figure = new_figure(11.0, max(4.8, 0.24 * len(rows) + 1.6))
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        own = gaps[:, row["car"]]
        axes.plot(
            time, own, color=car_colour(row["car"]), linewidth=1.5, zorder=3.0 - 0.01 * place,
            label=f"P{row['position']}  {short(row['name'])}" + (_last(row, own) if place else ""),
        )  # fmt: skip
    clean(axes, grid="y")
    axes.set_xlim(float(time[0]), float(time[-1]))
    deepest = _deepest(gaps, rows)
    axes.set_ylim(1.06 * deepest, -0.03 * deepest)
    axes.xaxis.set_major_locator(MultipleLocator(_tick_distance(float(time[-1]))))
    axes.xaxis.set_major_formatter(FuncFormatter(_clock))
    axes.set_xlabel("race time", color=INK)
    axes.set_ylabel("gap to the leader [s]", color=INK)
    heading(axes, "Gaps", f"{result['scenario']}  ·  {episode['track']}")
    legend(axes)
    return figure


def _tick_distance(duration: float) -> float:
    """Return a round number of seconds that divides a race into about ten parts."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
    return float(next((step for step in steps if duration / step <= 10), duration / 10))


def _clock(seconds: float, _position: int | None = None) -> str:
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02d}"


def _deepest(gaps: Floats, rows: Any) -> float:
    """Return the largest gap [s] to be shown: a car that stands still must not press the rest."""
    enough = max(1, max(row["laps"] for row in rows) // 2)
    usual = [gaps[:, row["car"]] for row in rows if row["laps"] >= enough]
    shown = np.concatenate(usual) if usual else gaps.ravel()
    shown = shown[np.isfinite(shown)]
    if not len(shown):
        return 1.0
    return max(float(shown.max() if usual else np.quantile(shown, 0.9)), 0.5)


def _last(row: Mapping[str, Any], gaps: Floats) -> str:
    """Return the gap at the flag, or for a car that has not finished the last that was known."""
    if row["total_time"] is not None:
        return f"  ({gap_text(row['gap'], row['gap_laps'])})"
    known = gaps[np.isfinite(gaps)]
    return f"  ({gap_text(float(known[-1]))})" if len(known) else ""
