"""Reading the border files of AssettoCorsaGym [1], with the racing line beside them.

A border file has a row for each point of the game's line: ``left_border_x, left_border_y,
right_border_x, right_border_y, pos_x, pos_y`` [m], in a frame as racegym's. The racing line is
TRACK-racing_line.csv (``pos_x, pos_y``) beside TRACK.csv, or what the option names; without one
it is ``pos_x, pos_y`` of the border file.

[1] https://github.com/dasGringuen/assetto_corsa_gym
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import Field

from racegym.errors import TrackError
from racegym.formats.closed_line import closed
from racegym.formats.content import is_file
from racegym.formats.csv_rows import Layout, read_rows, starts_like
from racegym.formats.edges import track_between
from racegym.formats.race_line import GAME, beside_track, laid
from racegym.formats.registry import FormatOptions
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]

BORDERS = Layout(
    ("left_border_x", "left_border_y", "right_border_x", "right_border_y", "pos_x", "pos_y"),
    optional=2,
    headed=True,
)
COMPANION = "-racing_line.csv"
LINE = "assetto_corsa"


class Options(FormatOptions):
    """What the reader may be told."""

    raceline: Path | None = Field(
        None,
        description="file of the racing line; None: TRACK-racing_line.csv beside TRACK.csv, if "
        "there is one",
    )


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the columns are named so."""
    del path
    return starts_like(head, (BORDERS, GAME))


def read(path: Path, options: Options) -> Track:
    """Return the track between the borders, with its racing line.

    Raises:
        TrackError: naming the file and, where there is one, the line at fault.
    """
    rows = read_rows(path, (BORDERS, GAME))
    if rows.layout is GAME:
        raise TrackError(
            "is a racing line: import the file of its borders, TRACK.csv, with the option "
            f"raceline={path.name}",
            file=path,
        )
    left = closed(rows.table[:, :2], path, "the left border")
    right = closed(rows.table[:, 2:4], path, "the right border")
    track = track_between(
        left.points,
        right.points,
        name=options.name if options.name is not None else path.stem,
        source=path.name,
        path=path,
        sides_known=True,
    )
    track = replace(track, notes=(*left.notes, *right.notes, *track.notes))
    line = options.raceline
    if line is not None:
        beside = path.parent / line
        return laid(track, beside if not is_file(line) and is_file(beside) else line, LINE)
    companion = path.with_name(path.stem + COMPANION)
    if is_file(companion):
        return laid(track, companion, LINE)
    if rows.table.shape[1] < len(BORDERS.columns):
        return track
    try:
        return beside_track(track, closed(rows.table[:, 4:6], path, "the line").points, LINE)
    except TrackError as error:
        raise TrackError(error.what, file=path) from None
