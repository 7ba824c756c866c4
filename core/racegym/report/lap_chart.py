"""A lap chart: who was where at the end of each lap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from racegym.record import RunFolder
from racegym.record.result import Lap, read_events, read_laps
from racegym.report.style import INK, car_colour, clean, heading, new_figure
from racegym.report.wording import short

__all__ = ["lap_chart", "lap_chart_figure"]


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
    """Draw each car's place over laps, from the grid on.

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
    starts = [
        event["start_progress"]
        for event in read_events(folder.events)
        if event["kind"] == "start" and (event["race"], event["episode"]) == where
    ]
    if len(rows) < 2 or not laps or not starts:
        return None
    places = lap_chart(laps, starts[0])
    last = max(len(own) for own in places.values()) - 1
    figure = new_figure(11.0, max(3.6, 0.3 * len(rows) + 1.6))
    axes = figure.add_subplot()
    for row in rows:
        own, colour = places[row["car"]], car_colour(row["car"])
        axes.plot(
            range(len(own)), own, color=colour, linewidth=2.4, solid_joinstyle="round",
            solid_capstyle="round", marker="o", markersize=4, clip_on=False, zorder=3,
        )  # fmt: skip
        axes.annotate(
            short(row["name"]), xy=(len(own) - 1, own[-1]), xytext=(8, 0),
            textcoords="offset points", va="center", fontsize=9, color=INK,
            annotation_clip=False, parse_math=False,
        )  # fmt: skip
    clean(axes, grid="x")
    axes.set_xlim(-0.02 * last, 1.005 * last)
    axes.set_ylim(len(rows) + 0.5, 0.5)
    axes.set_yticks(range(1, len(rows) + 1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("lap; 0 is the grid", color=INK)
    axes.set_ylabel("position", color=INK)
    heading(axes, "Lap chart", f"{result['scenario']}  ·  {episode['track']}")
    return figure
