"""Tracks and race lines in the CSV forms of TUM's racetrack database and trajectory planner.

The columns tell which form a file has:

- ``x_m, y_m, w_tr_right_m, w_tr_left_m[, banking_rad]``: a centerline and its widths [1];
- ``x_m, y_m``: a line alone [1]; the option ``width`` says how wide the asphalt is;
- ``s_m; x_m; y_m; psi_rad; kappa_radpm; vx_mps; ax_mps2``: a trajectory [2], read as a line;
- ``right_bound_x, right_bound_y, right_bound_z, left_bound_x, left_bound_y, left_bound_z``:
  the two edges, from which a line between them, elevation and banking are made.

One row a point, in the order of driving. Lines that begin with # are comments, as is a first
line of these names; the loop is closed from the last point to the first. A race line that
belongs to a track stands in a file of its own: NAME_raceline.csv beside NAME.csv, or the one
that the option ``raceline`` names.

[1] https://github.com/TUMFTM/racetrack-database
[2] https://github.com/TUMFTM/global_racetrajectory_optimization
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from racegym.errors import TrackError
from racegym.formats.closed_line import FARTHEST, closed, refuse_open
from racegym.formats.content import is_file
from racegym.formats.csv_rows import Layout, Rows, read_rows, starts_like
from racegym.formats.edges import track_between
from racegym.formats.race_line import TRAJECTORY, XY, laid, refuse_line_of_another
from racegym.formats.registry import FormatOptions
from racegym.formats.writing import write_whole
from racegym.track import Track

__all__ = [
    "Options",
    "outputs",
    "read",
    "read_tum",
    "recognises",
    "write",
    "write_line",
    "write_tum",
]

Floats = NDArray[np.float64]

MAX_BYTES = 5_000_000
WIDTHS = Layout(("x_m", "y_m", "w_tr_right_m", "w_tr_left_m", "banking_rad"), optional=1)
BOUNDS = Layout(
    (
        "right_bound_x", "right_bound_y", "right_bound_z",
        "left_bound_x", "left_bound_y", "left_bound_z",
    ),
    headed=True,
)  # fmt: skip
LAYOUTS = (WIDTHS, XY, TRAJECTORY, BOUNDS)
COMPANION = "_raceline.csv"


class Options(FormatOptions):
    """What the reader may be told."""

    width: float | None = Field(
        None, gt=0.0, description="of the asphalt [m]; needed where a file holds a line alone"
    )
    raceline: Path | None = Field(
        None,
        description="file of the race line, laid onto the track; None: NAME_raceline.csv "
        "beside NAME.csv, if there is one",
    )


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the columns are named so, or the first row has as many numbers."""
    del path
    return starts_like(head, LAYOUTS)


def read(path: Path, options: Options) -> Track:
    """Return the track in ``path``, with its race line if it has one.

    Raises:
        TrackError: naming the file and, where there is one, the line at fault.
    """
    track = read_tum(path, options.name, options.width)
    line = options.raceline
    if line is not None and not line.is_absolute() and not is_file(line):
        line = path.parent / line
    if line is None:
        companion = path.with_name(path.stem + COMPANION)
        line = companion if is_file(companion) else None
    return track if line is None else laid(track, line)


def outputs(track: Track, path: Path) -> list[Path]:
    """Return the files that ``write`` makes."""
    return [path] if track.line is None else [path, path.with_name(path.stem + COMPANION)]


def write(track: Track, path: Path) -> list[Path]:
    """Write ``track``, see ``write_tum``, and its racing line, if it has one, beside it.

    Raises:
        TrackError: a file can't be written, or another's race line lies beside it.
    """
    if track.line is None:
        refuse_line_of_another(path.with_name(path.stem + COMPANION), path)
    files = outputs(track, path)
    write_tum(track, path)
    if track.line is not None:
        write_line(track, files[1])
    return files


def read_tum(path: str | Path, name: str | None = None, width: float | None = None) -> Track:
    """Return the track in the CSV file ``path``, without its race line.

    A crossing is admitted where the track plainly passes over itself, as at Suzuka.

    Args:
        path: a text file of at most 5 MB and 100,000 points, separated by , or ;.
        name: of the track. Default: the file's name without its ending.
        width: of the asphalt [m], of a line alone.

    Raises:
        TrackError: naming the file and, where there is one, the line at fault.
    """
    path = Path(path)
    rows = read_rows(path, LAYOUTS, MAX_BYTES)
    name = name if name is not None else path.stem
    if rows.layout is BOUNDS:
        return _between(rows, path, name)
    if rows.layout is WIDTHS:
        return _with_widths(rows, path, name)
    first = rows.layout.columns.index("x_m")
    return _of_width(rows, rows.table[:, first : first + 2], path, name, width)


def _with_widths(rows: Rows, path: Path, name: str) -> Track:
    table = rows.table
    if (np.abs(table[:, :2]) < FARTHEST).all():  # what is farther is told with its line
        refuse_open(table, path, "the centerline")
    try:
        return Track.from_points(
            table[:, :2],
            width_right=table[:, 2],
            width_left=table[:, 3],
            banking=table[:, 4] if table.shape[1] == 5 else 0.0,
            name=name,
            crossings="allow",
            source=path.name,
            label=rows.label,
        )
    except TrackError as error:
        raise TrackError(error.what, file=path) from None


def _of_width(rows: Rows, points: Floats, path: Path, name: str, width: float | None) -> Track:
    if width is None:
        raise TrackError(
            "is a line without widths: say how wide the asphalt is, with the option width=...; "
            "or import its track and lay the line onto it, with the option raceline=...",
            file=path,
        )
    line = closed(points, path, "the line")
    try:
        track = Track.from_points(
            line.points,
            0.5 * width,
            0.5 * width,
            name=name,
            crossings="allow",
            source=path.name,
            label=lambda k: rows.label(int(line.source[k])),
        )
    except TrackError as error:
        raise TrackError(error.what, file=path) from None
    return replace(track, notes=(f"its width of {width:g} m was given, not measured", *line.notes))


def _between(rows: Rows, path: Path, name: str) -> Track:
    right = closed(rows.table[:, :3], path, "the right edge")
    left = closed(rows.table[:, 3:], path, "the left edge")
    track = track_between(
        left.points, right.points, name=name, source=path.name, path=path, sides_known=True
    )
    return replace(track, notes=(*left.notes, *right.notes, *track.notes))


def write_tum(track: Track, path: str | Path) -> None:
    """Write the samples of ``track``, at the place they had before recentring, to ``path``.

    Elevation has no column in this form and is left out; banking is written if there is any.

    Raises:
        TrackError: if the file can't be written.
    """
    columns = [
        track.x + track.origin[0],
        track.y + track.origin[1],
        track.width_right,
        track.width_left,
    ]
    if track.banking.any():
        columns.append(track.banking)
    _write_columns(Path(path), WIDTHS.columns[: len(columns)], columns)


def write_line(track: Track, path: str | Path) -> None:
    """Write the racing line of ``track``, or else its centerline, as ``x_m, y_m``.

    Raises:
        TrackError: if the file can't be written.
    """
    d = np.zeros(len(track)) if track.line is None else track.line
    x = track.x - d * track.tangent_y + track.origin[0]
    y = track.y + d * track.tangent_x + track.origin[1]
    _write_columns(Path(path), XY.columns, [x, y])


def _write_columns(path: Path, names: tuple[str, ...], columns: list[Floats]) -> None:
    lines = ["# " + ",".join(names)]
    lines += [",".join(f"{v:.6f}" for v in row) for row in np.column_stack(columns).tolist()]
    write_whole(path, "\n".join(lines) + "\n")
