"""What people see of a run: live standings, tables, pictures, a page, a word on compiling.

Each name loads on first use: pictures need Matplotlib, and who asks for a table does not wait
for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from racegym.lazy import on_first_use

if TYPE_CHECKING:
    from racegym.report.compiling import announce_compiling
    from racegym.report.lap_times import draw_lap_times
    from racegym.report.learning_curve import draw_learning_curve
    from racegym.report.live import LiveStandings
    from racegym.report.page import write_page
    from racegym.report.pictures import draw_pictures
    from racegym.report.tables import (
        classification_table,
        episodes_table,
        laps_table,
        runs_table,
        summary_line,
    )
    from racegym.report.track_map import draw_track_map

__all__ = [
    "LiveStandings",
    "announce_compiling",
    "classification_table",
    "draw_lap_times",
    "draw_learning_curve",
    "draw_pictures",
    "draw_track_map",
    "episodes_table",
    "laps_table",
    "runs_table",
    "summary_line",
    "write_page",
]

# Public name -> the module it lives in.
_HOMES = {
    "LiveStandings": "racegym.report.live",
    "announce_compiling": "racegym.report.compiling",
    "classification_table": "racegym.report.tables",
    "draw_lap_times": "racegym.report.lap_times",
    "draw_learning_curve": "racegym.report.learning_curve",
    "draw_pictures": "racegym.report.pictures",
    "draw_track_map": "racegym.report.track_map",
    "episodes_table": "racegym.report.tables",
    "laps_table": "racegym.report.tables",
    "runs_table": "racegym.report.tables",
    "summary_line": "racegym.report.tables",
    "write_page": "racegym.report.page",
}

__getattr__, __dir__ = on_first_use(__name__, _HOMES)
