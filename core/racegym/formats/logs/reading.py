"""Reading a log of any form."""

from __future__ import annotations

from pathlib import Path

from racegym.errors import TrackError
from racegym.formats.logs.gpx import read_gpx, recognises_gpx
from racegym.formats.logs.log import Log
from racegym.formats.logs.options import LogOptions
from racegym.formats.logs.table import read_table, recognises_table
from racegym.formats.logs.vbo import read_vbo, recognises_vbo

__all__ = ["is_log", "read_log"]

HEAD = 4096  # [bytes] that a form is recognised by


def is_log(path: Path, head: bytes) -> bool:
    """Return whether a file is plainly a log: positions with times.

    Args:
        path: of it.
        head: its beginning.
    """
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    if text.lstrip().startswith("<"):
        return recognises_gpx(text)
    return recognises_vbo(text) or path.suffix.lower() == ".vbo" or recognises_table(text)


def read_log(path: str | Path, options: LogOptions | None = None) -> Log:
    """Return the log in a file: a GPX, a VBO, or else a CSV.

    Args:
        path: of it.
        options: what is known of its columns and units.

    Raises:
        TrackError: naming file and, where there is one, the line at fault.
    """
    path = Path(path)
    text = _head(path)
    if text.lstrip().startswith("<"):
        return read_gpx(path)
    if recognises_vbo(text) or path.suffix.lower() == ".vbo":
        return read_vbo(path)
    return read_table(path, options or LogOptions())


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(HEAD).decode("utf-8", "replace").removeprefix("\ufeff")
    except FileNotFoundError:
        raise TrackError("there is no such log", file=path) from None
    except (OSError, ValueError) as error:
        raise TrackError(f"can't be read: {error}", file=path) from None
