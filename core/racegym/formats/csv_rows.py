"""Rows of numbers from CSV files, each with the line that it stands in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.content import MAX_POINTS, number, read_text

__all__ = ["Layout", "Rows", "read_rows", "starts_like"]

Floats = NDArray[np.float64]

MAX_BYTES = 20_000_000
PLAIN = {  # what people call columns who know no program's names for them
    "x": "x_m",
    "y": "y_m",
    "width_right": "w_tr_right_m",
    "width_left": "w_tr_left_m",
    "banking": "banking_rad",
}


class Layout(NamedTuple):
    """What the columns of a file are, in the order in which ``Rows`` has them."""

    columns: tuple[str, ...]
    optional: int = 0  # so many of the last may be missing
    headed: bool = False  # only a heading makes it known

    def fits(self, count: int) -> bool:
        """Return whether a row may have so many numbers."""
        return len(self.columns) - self.optional <= count <= len(self.columns)


class Rows(NamedTuple):
    """The numbers of a file."""

    layout: Layout
    table: Floats  # (n, columns)
    lines: list[int]  # (n,) counted from 1

    def label(self, k: int) -> str:
        """Return what row ``k`` is called in messages."""
        return f"line {self.lines[k]}"


def starts_like(head: bytes, layouts: Sequence[Layout]) -> bool:
    """Return whether the beginning of a file has such a heading, or rows of such a length."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    for line in text.splitlines()[:20]:
        content = line.strip()
        if _heading(content, layouts) is not None:
            return True
        if content and not content.startswith("#"):
            fields = _fields(content)
            if not all(_is_number(field) for field in fields):
                return False
            return any(not lay.headed and lay.fits(len(fields)) for lay in layouts)
    return False


def read_rows(path: Path, layouts: Sequence[Layout], most_bytes: int = MAX_BYTES) -> Rows:
    """Return the rows of a CSV file, separated by , or ;.

    Lines that begin with # are comments; a first line, or a comment before the first row, that
    names the columns may have them in another order.

    Args:
        path: of a UTF-8 file of at most 100,000 rows.
        layouts: what it may hold; told apart by a heading or by the number of columns.
        most_bytes: of the file.

    Raises:
        TrackError: naming the file and the line at fault.
    """
    text = read_text(path, most_bytes, "CSV")
    heading: list[str] | None = None
    layout: Layout | None = None
    rows: list[list[float]] = []
    lines: list[int] = []
    for line, content in enumerate(text.split("\n"), start=1):
        content = content.strip()
        if not content:
            continue
        if not rows and heading is None:
            heading = _heading(content, layouts)
            if heading is not None:
                continue
        if content.startswith("#"):
            continue
        fields = _fields(content)
        if layout is None:
            layout, heading = _layout(fields, heading, layouts, path, line)
        elif len(fields) != len(rows[0]):
            raise TrackError(
                f"has {len(fields)} columns, and the lines before it {len(rows[0])}",
                file=path,
                line=line,
            )
        names = heading or layout.columns
        if len(rows) == MAX_POINTS:
            raise TrackError(f"holds more than {MAX_POINTS:,} points", file=path, line=line)
        rows.append(
            [number(field, what, path, line) for what, field in zip(names, fields, strict=False)]
        )
        lines.append(line)
    if layout is None:
        told = ", ".join(layouts[0].columns[: len(layouts[0].columns) - layouts[0].optional])
        raise TrackError(f"holds no points; rows are {told}", file=path)
    table = np.array(rows)
    if heading is not None:
        table = table[:, [heading.index(name) for name in layout.columns[: table.shape[1]]]]
    return Rows(layout, table, lines)


def _layout(
    fields: list[str], heading: list[str] | None, layouts: Sequence[Layout], path: Path, line: int
) -> tuple[Layout, list[str] | None]:
    """Return what the columns are, by the first row, and the heading if it tells of them.

    Raises:
        TrackError: none of the layouts has so many columns.
    """
    if heading is not None and len(heading) == len(fields):
        for each in layouts:
            if set(heading) == set(each.columns[: len(heading)]) and each.fits(len(heading)):
                return each, heading
    for each in layouts:
        if each.fits(len(fields)) and not each.headed:
            return each, None
    told = "; or ".join(
        ", ".join(each.columns[: len(each.columns) - each.optional])
        + "".join(f"[, {name}]" for name in each.columns[len(each.columns) - each.optional :])
        for each in layouts
    )
    raise TrackError(f"has {len(fields)} columns; rows are {told}", file=path, line=line)


def _heading(content: str, layouts: Sequence[Layout]) -> list[str] | None:
    """Return the names of the columns, if the line is nothing else."""
    names = [PLAIN.get(field, field) for field in _fields(content.lstrip("# \t").lower())]
    known = any(set(names) <= set(each.columns) and each.fits(len(names)) for each in layouts)
    return names if known and len(set(names)) == len(names) else None


def _fields(content: str) -> list[str]:
    return [field.strip() for field in re.split("[,;]", content)]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
