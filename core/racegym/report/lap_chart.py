"""A lap chart: who was where at the end of each lap, and in the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from racegym.record import RunFolder
from racegym.record.result import Lap, read_laps
from racegym.report.moments import start_of
from racegym.report.style import FAINT, INK, car_colour, clean, heading, new_figure
from racegym.report.tables import penalty_text
from racegym.report.wording import short

__all__ = ["lap_chart", "lap_chart_figure"]

PENALTY = "#d02a2a"
_OUT = {"retired": "x", "disqualified": "X"}  # the mark where a car's race ends


def lap_chart(laps: Sequence[Lap], start_progress: Sequence[float]) -> dict[int, list[int]]:
    """Return each car's place on the grid and at the end of every lap that it completed.

    Args:
        laps: of one episode.
        start_progress: by car [m]; who starts further on is in front.
    """
    grid = sorted(range(len(start_progress)), key=lambda car: -start_progress[car])
    places = {car: [place] for place, car in enumerate(grid, 1)}
    for number in range(1, max((lap.number for lap in laps), default=0) + 1):
        ends = sorted((lap.time, lap.car) for lap in laps if lap.number == number)
        for place, (_, car) in enumerate(ends, 1):
            places[car].append(place)
    return places


def lap_chart_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw each car's place over laps, from the grid on, and on the right in the result.

    A dotted line leads from the last lap of a car to its place in the result, which penalties
    and retirements may have moved.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None for a car alone and where nobody completed a lap.
    """
    rows = episode["classification"]
    where = episode["race"], episode["episode"]
    laps = [lap for lap in read_laps(folder.laps) if (lap.race, lap.episode) == where]
    start = start_of(folder, episode)
    if len(rows) < 2 or not laps or not start:
        return None
    origin = start.get("lap_origin", [0.0] * len(rows))
    ahead = [a - b for a, b in zip(start["start_progress"], origin, strict=True)]
    places = lap_chart(laps, ahead)
    last = max(len(own) for own in places.values()) - 1
    end = last + max(0.5, 0.06 * last)
    figure = new_figure(11.0, max(3.6, 0.27 * len(rows) + 1.7))
    axes = figure.add_subplot()
    for row in rows:
        _draw_car(axes, row, places[row["car"]], end)
    clean(axes, grid="x")
    axes.set_xlim(-0.02 * last, end)
    axes.set_ylim(len(rows) + 0.6, 0.4)
    axes.set_yticks(range(1, len(rows) + 1))
    ticks = [t for t in MaxNLocator(integer=True, min_n_ticks=1).tick_values(0, last) if t <= last]
    axes.xaxis.set_major_locator(FixedLocator([*ticks, end]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: "grid" if x == 0 else "result" if x == end else f"{x:g}")
    )
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("lap", color=INK)
    axes.set_ylabel("position", color=INK)
    heading(axes, "Lap chart", f"{result['scenario']}  ·  {episode['track']}")
    _legend(axes, rows)
    return figure


def _draw_car(axes: Axes, row: Mapping[str, Any], own: Sequence[int], end: float) -> None:
    colour, last = car_colour(row["car"]), len(own) - 1
    axes.plot(
        range(len(own)), own, color=colour, linewidth=2.4, solid_joinstyle="round",
        solid_capstyle="round", marker="o", markersize=4, clip_on=False, zorder=3,
    )  # fmt: skip
    axes.plot(
        [last, end], [own[-1], row["position"]], color=colour, linewidth=1.2, linestyle=":",
        clip_on=False, zorder=2,
    )  # fmt: skip
    mark = _OUT.get(row["status"])
    if mark is not None:
        axes.plot(
            last, own[-1], mark, color=INK, markersize=8, markeredgewidth=1.8, clip_on=False,
            zorder=5,
        )  # fmt: skip
    for penalty in row.get("penalties", ()):
        lap = min(penalty["lap"] or 0, last)
        if penalty["penalty"] != "disqualification":
            axes.plot(
                lap, own[lap], "o", markersize=9, markerfacecolor="none", clip_on=False,
                markeredgecolor=PENALTY, markeredgewidth=1.7, zorder=4,
            )  # fmt: skip
    told = [penalty_text(row), row["status"] if row["status"] in _OUT else ""]
    name = axes.annotate(
        short(row["name"]), xy=(end, row["position"]), xytext=(8, 0),
        textcoords="offset points", va="center", fontsize=9, color=INK, annotation_clip=False,
        parse_math=False,
    )  # fmt: skip
    axes.annotate(
        ", ".join(text for text in told if text), xy=(1, 0.5), xycoords=name, xytext=(6, 0),
        textcoords="offset points", va="center", fontsize=8.5, color=PENALTY if told[0] else FAINT,
        annotation_clip=False,
    )  # fmt: skip


def _legend(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Say what the marks mean that are there."""

    def mark(marker: str, label: str, **look: Any) -> Line2D:
        return Line2D([], [], linestyle="", marker=marker, label=label, **look)

    handles = [
        mark(shape, status, color=INK, markersize=8, markeredgewidth=1.8)
        for status, shape in _OUT.items()
        if any(row["status"] == status for row in rows)
    ]
    if any(row.get("penalties") for row in rows):
        look = {"markerfacecolor": "none", "markeredgecolor": PENALTY, "markeredgewidth": 1.7}
        handles.append(mark("o", "penalty", markersize=9, **look))
    if handles:
        axes.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(handles),
            frameon=False, fontsize=9, labelcolor=INK, handletextpad=0.2,
        )  # fmt: skip
