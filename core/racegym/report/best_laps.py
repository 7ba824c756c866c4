"""A picture that compares the cars' best laps along the track: where the time is won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from racegym.record import RunFolder
from racegym.record.result import Lap, read_laps
from racegym.record.telemetry_table import read_telemetry
from racegym.report.style import FAINT, INK, car_colour, clean, heading, legend, new_figure
from racegym.report.wording import lap_text, short

__all__ = ["best_lap", "best_laps_figure"]

Floats = NDArray[np.float64]

_COLUMNS = ("time", "s", "vx", "vy", "steer", "throttle", "brake",
            "control_steer", "control_throttle", "control_brake")  # fmt: skip
STRONG = 6  # cars that are drawn in full strength, the best placed


@dataclass(frozen=True, kw_only=True, eq=False)
class _Driven:
    """One lap of one car, (n,) each, by increasing distance."""

    row: Mapping[str, Any]  # of the classification
    lap: Lap
    distance: Floats  # [m] from the start line
    time: Floats  # [s] since the lap began
    speed: Floats  # [km/h]
    throttle: Floats | None  # [%]
    brake: Floats | None  # [%]
    steer: Floats | None  # in steer_unit, left positive
    steer_unit: str  # deg of the front wheels, or % of full lock


def best_lap(laps: Sequence[Lap], episode: Mapping[str, Any], car: int) -> Lap | None:
    """Return the best lap of a car in an episode, of those that count if there is one.

    Args:
        laps: of the run.
        episode: an entry of the result's ``episodes``.
        car: its index.
    """
    where = episode.get("race", 0), episode.get("episode", 0), car
    own = [x for x in laps if (x.race, x.episode, x.car) == where and x.lap_time is not None]
    valid = [lap for lap in own if lap.valid]
    return min(valid or own, key=lambda lap: lap.lap_time or 0.0, default=None)


def best_laps_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw speed, time lost, pedals and steering along each car's best lap.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None if no lap was timed.

    Raises:
        RunError: there is no telemetry, or it can't be read.
    """
    driven = _best_laps(folder, episode)
    if not driven:
        return None
    panels: list[tuple[str, float]] = [("speed [km/h]", 3.0)]
    if len(driven) > 1:
        panels.append(("time lost [s]", 1.5))
    if any(lap.throttle is not None or lap.brake is not None for lap in driven):
        panels.append(("brake | throttle [%]", 2.0))
    if any(lap.steer is not None for lap in driven):
        panels.append((f"steering [{driven[0].steer_unit}]", 1.5))
    figure = new_figure(11.0, 1.6 + 1.05 * sum(height for _, height in panels))
    grid = figure.subplots(
        len(panels), 1, sharex=True, squeeze=False, height_ratios=[height for _, height in panels]
    )[:, 0]
    fastest = min(driven, key=lambda lap: lap.lap.lap_time or np.inf)
    for place, lap in enumerate(driven):
        look = _look(lap, place)
        for (name, _), axes in zip(panels, grid, strict=True):
            _draw(axes, name, lap, fastest, look)
    for (name, _), axes in zip(panels, grid, strict=True):
        clean(axes, grid="both")
        axes.set_ylabel(name, color=INK, fontsize=9)
        if not name.startswith("speed"):
            axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    grid[-1].set_xlabel("distance from the start line [m]", color=INK)
    grid[-1].set_xlim(0, episode["track_length"])
    figure.align_ylabels(list(grid))
    heading(grid[0], "Best laps", f"{result['scenario']}  ·  {episode['track']}")
    legend(grid[0])
    return figure


def _look(lap: _Driven, place: int) -> dict[str, Any]:
    strong = place < STRONG
    return {
        "color": car_colour(lap.row["car"]),
        "linewidth": 1.5 if strong else 0.9,
        "alpha": 1.0 if strong else 0.6,
        "zorder": 3.0 - 0.01 * place,  # the winner on top
        "solid_joinstyle": "round",
    }


def _draw(axes: Axes, panel: str, lap: _Driven, fastest: _Driven, look: dict[str, Any]) -> None:
    if panel.startswith("speed"):
        label = f"P{lap.row['position']}  {short(lap.row['name'])}"
        label += f"  ({lap_text(lap.lap.lap_time)})"
        axes.plot(lap.distance, lap.speed, label=label, **look)
    elif panel.startswith("time"):
        lost = lap.time - np.interp(lap.distance, fastest.distance, fastest.time)
        axes.plot(lap.distance, lost, **look)
    elif panel.startswith("brake"):
        if lap.throttle is not None:
            axes.plot(lap.distance, lap.throttle, **look)
        if lap.brake is not None:  # not drawn while it is free: that would hide the throttle
            axes.plot(lap.distance, np.where(lap.brake > 0.0, -lap.brake, np.nan), **look)
    elif lap.steer is not None:
        axes.plot(lap.distance, lap.steer, **look)


def _best_laps(folder: RunFolder, episode: Mapping[str, Any]) -> list[_Driven]:
    laps = read_laps(folder.laps)
    rows = episode["classification"]
    found = [(row, best_lap(laps, episode, row["car"])) for row in rows]
    if all(lap is None for _, lap in found):
        return []
    table = read_telemetry(folder, episode, _COLUMNS, len(rows))
    if not {"time", "s", "vx", "vy"} <= table.keys():
        return []
    driven = (_driven(table, row, lap) for row, lap in found if lap is not None)
    return [lap for lap in driven if len(lap.distance) > 1]


def _driven(table: Mapping[str, Any], row: Mapping[str, Any], lap: Lap) -> _Driven:
    car = row["car"]
    time = table["time"][:, car]
    began = lap.time - (lap.lap_time or 0.0)
    rows = np.flatnonzero((time > began) & (time <= lap.time))
    # Only what leads on: a car that rolls back or is put back draws no line backwards.
    s = table["s"][rows, car]
    furthest = np.maximum.accumulate(s) if len(s) else s
    onward = np.concatenate([[True], s[1:] > furthest[:-1]]) if len(s) else s.astype(bool)
    rows = rows[onward]

    def column(name: str, factor: float, instead: str = "") -> Floats | None:
        for choice in (name, instead):
            if choice in table:
                values: Floats = factor * table[choice][rows, car].astype(np.float64)
                return values
        return None

    return _Driven(
        row=row,
        lap=lap,
        distance=table["s"][rows, car],
        time=time[rows] - began,
        speed=3.6 * np.hypot(table["vx"][rows, car], table["vy"][rows, car]),
        throttle=column("throttle", 100.0, "control_throttle"),
        brake=column("brake", 100.0, "control_brake"),
        steer=(
            column("steer", float(np.degrees(1.0)))
            if "steer" in table
            else column("control_steer", 100.0)
        ),
        steer_unit="deg" if "steer" in table else "% of lock",
    )
