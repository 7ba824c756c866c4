"""Reading and writing centerlines in the CSV form of TUM's racetrack database [1].

One row a point, in the order of driving: ``x_m, y_m, w_tr_right_m, w_tr_left_m`` and, in
some files, ``banking_rad``. Lines that begin with # are comments, as is a first line of
these names; the loop is closed from the last point to the first.

[1] https://github.com/TUMFTM/racetrack-database
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from racegym.errors import TrackError
from racegym.formats.registry import FormatOptions as Options
from racegym.formats.writing import write_whole
from racegym.track import Track

__all__ = ["Options", "read", "read_tum", "recognises", "write", "write_tum"]

MAX_BYTES = 5_000_000
MAX_POINTS = 100_000
COLUMNS = ("x_m", "y_m", "w_tr_right_m", "w_tr_left_m", "banking_rad")
_SHOWN = 40  # characters of a faulty field in a message


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the first row that is no comment has four or five numbers."""
    del path
    for line in head.decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:20]:
        content = line.strip()
        if content and not content.startswith("#"):
            return _is_heading(content) or len(re.split("[,;]", content)) in (4, 5)
    return False


def read(path: Path, options: Options) -> Track:
    """Return the track in ``path``, see ``read_tum``."""
    return read_tum(path, options.name)


def write(track: Track, path: Path) -> list[Path]:
    """Write ``track``, see ``write_tum``."""
    write_tum(track, path)
    return [path]


def read_tum(path: str | Path, name: str | None = None) -> Track:
    """Return the track in the CSV file ``path``.

    A crossing is admitted where the track plainly passes over itself, as at Suzuka.

    Args:
        path: a text file of at most 5 MB and 100,000 points, separated by , or ;.
        name: of the track. Default: the file's name without its ending.

    Raises:
        TrackError: naming the file and, where there is one, the line at fault.
    """
    path = Path(path)
    rows, lines = _parse(_read_text(path), path)
    table = np.array(rows)
    try:
        return Track.from_points(
            table[:, :2],
            width_right=table[:, 2],
            width_left=table[:, 3],
            banking=table[:, 4] if table.shape[1] == 5 else 0.0,
            name=name if name is not None else path.stem,
            crossings="allow",
            source=path.name,
            label=lambda k: f"line {lines[k]}",
        )
    except TrackError as error:
        raise TrackError(error.what, file=path) from None


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
    lines = ["# " + ",".join(COLUMNS[: len(columns)])]
    lines += [",".join(f"{v:.6f}" for v in row) for row in np.column_stack(columns).tolist()]
    write_whole(Path(path), "\n".join(lines) + "\n")


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise TrackError("there is no such track file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"can't be read: {error}", file=path) from None
    if len(content) > MAX_BYTES:
        raise TrackError(f"is larger than {MAX_BYTES / 1e6:g} MB; no track is", file=path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TrackError("is no UTF-8 text; is it a CSV file?", file=path, line=line) from None


def _parse(text: str, path: Path) -> tuple[list[list[float]], list[int]]:
    """Return the rows of numbers, and the line that each stands in."""
    rows: list[list[float]] = []
    lines: list[int] = []
    for line, content in enumerate(text.split("\n"), start=1):
        content = content.strip()
        if not content or content.startswith("#"):
            continue
        if not rows and _is_heading(content):
            continue
        row = _parse_row(content, path, line)
        if rows and len(row) != len(rows[0]):
            raise TrackError(
                f"has {len(row)} columns, and the lines before it {len(rows[0])}",
                file=path,
                line=line,
            )
        if len(rows) == MAX_POINTS:
            raise TrackError(f"holds more than {MAX_POINTS:,} points", file=path, line=line)
        rows.append(row)
        lines.append(line)
    if not rows:
        raise TrackError(f"holds no points; rows are {', '.join(COLUMNS[:4])}", file=path)
    return rows, lines


def _is_heading(content: str) -> bool:
    """Return whether a line names the columns; some writers put no # before it."""
    return all(field.strip().lower() in COLUMNS for field in re.split("[,;]", content))


def _parse_row(content: str, path: Path, line: int) -> list[float]:
    fields = re.split("[,;]", content)
    if len(fields) not in (4, 5):
        raise TrackError(
            f"has {len(fields)} columns; rows are {', '.join(COLUMNS[:4])} and, if known, "
            f"{COLUMNS[4]}",
            file=path,
            line=line,
        )
    row = []
    for column, text in zip(COLUMNS, fields, strict=False):
        try:
            value = float(text)
        except ValueError:
            raise TrackError(
                f"{column} is {text.strip()[:_SHOWN]!r}, which is no number", file=path, line=line
            ) from None
        if not np.isfinite(value):
            raise TrackError(
                f"{column} is {text.strip()[:_SHOWN]}; it must be finite", file=path, line=line
            )
        row.append(value)
    return row
