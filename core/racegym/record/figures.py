"""The table of a training's figures, ``train.csv``: a row an update."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from racegym.errors import RunError
from racegym.record.folder import RunFolder

__all__ = ["OWN_COLUMNS", "Figures", "as_text", "cells_of", "read_figures"]

OWN_COLUMNS = ("steps", "seconds")


def as_text(columns: Sequence[str], rows: Sequence[Mapping[str, float]]) -> str:
    """Return a whole table as it stands in the file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(cells_of(columns, row) for row in rows)
    return text.getvalue()


def cells_of(columns: Sequence[str], row: Mapping[str, float]) -> list[str]:
    """Return a row as it stands in the file, empty where it tells nothing."""
    return [_cell(name, row[name]) if name in row else "" for name in columns]


def _cell(name: str, value: float) -> str:
    return str(int(value)) if name == "steps" else repr(float(value))


class Figures(NamedTuple):
    """What ``train.csv`` holds.

    Attributes:
        columns: ``steps``, ``seconds`` and the names of all figures.
        rows: the figures of each update by name; one that it did not tell is absent.
    """

    columns: list[str]
    rows: list[dict[str, float]]


def read_figures(folder: RunFolder) -> Figures:
    """Return a training's figures. A last line that was cut off is no row.

    Raises:
        RunError: the file is damaged.
    """
    try:
        text = folder.figures.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Figures(list(OWN_COLUMNS), [])
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"can't be read: {error}", file=folder.figures) from error
    lines = csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))
    try:
        columns = next(lines, list(OWN_COLUMNS))
        if tuple(columns[:2]) != OWN_COLUMNS:
            raise ValueError("its first columns are not steps and seconds")
        rows = [
            {name: float(cell) for name, cell in zip(columns, line, strict=True) if cell}
            for line in lines
        ]
        if not all(row.keys() >= set(OWN_COLUMNS) for row in rows):
            raise ValueError("a row lacks its steps or seconds")
    except (ValueError, csv.Error) as error:
        raise RunError(f"is no table of figures: {error}", file=folder.figures) from error
    return Figures(columns, rows)
