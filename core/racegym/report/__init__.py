"""What people see of a run: live standings, tables, pictures, a page, a word on compiling."""

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
