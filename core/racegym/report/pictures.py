"""The pictures that are drawn on request, from what a run has recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from racegym.record import RunFolder
from racegym.report.accelerations import accelerations_figure
from racegym.report.best_laps import best_laps_figure
from racegym.report.gaps import gaps_figure
from racegym.report.incident_map import incident_map_figure
from racegym.report.lap_chart import lap_chart_figure
from racegym.report.overtake_map import overtake_map_figure
from racegym.report.style import save

__all__ = ["EPISODE_FIGURES", "draw_pictures"]

_Drawer = Callable[[RunFolder, Mapping[str, Any], Mapping[str, Any]], Figure | None]

EPISODE_FIGURES: dict[str, _Drawer] = {  # in the order of a report
    "lap_chart": lap_chart_figure,
    "gaps": gaps_figure,
    "overtakes": overtake_map_figure,
    "incidents": incident_map_figure,
    "best_laps": best_laps_figure,
    "accelerations": accelerations_figure,
}


def draw_pictures(folder: RunFolder, result: Mapping[str, Any]) -> list[Path]:
    """Draw the pictures of a run's first episode.

    Args:
        folder: of a run that is over; written to.
        result: its result.

    Returns:
        Those that there was something to draw for.

    Raises:
        RunError: there is no telemetry, or it can't be read.
        OSError: a picture can't be written.
    """
    if not result["episodes"]:
        return []
    drawn = []
    for name, figure_of in EPISODE_FIGURES.items():
        figure = figure_of(folder, result, result["episodes"][0])
        if figure is not None:
            path: Path = getattr(folder, name)
            save(figure, path)
            drawn.append(path)
    return drawn
