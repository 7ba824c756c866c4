"""What readers share: files read within bounds, and numbers checked."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from racegym.errors import TrackError

__all__ = ["MAX_POINTS", "is_file", "number", "read_bytes", "read_text"]

MAX_POINTS = 100_000  # of one line
SHOWN = 40  # characters of a faulty field in a message


def is_file(path: Path) -> bool:
    """Return whether a file is there; no path that a file system refuses, as too long, is one."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a file of at most ``most`` bytes.

    Raises:
        TrackError: there is none, it can't be read or is larger.
    """
    try:
        if path.exists() and not path.is_file():
            raise TrackError("can't be read: it is no plain file", file=path)
        with path.open("rb") as file:
            content = file.read(most + 1)
    except FileNotFoundError:
        raise TrackError("there is no such track file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"can't be read: {error}", file=path) from None
    if len(content) > most:
        raise TrackError(f"is larger than {most / 1e6:g} MB; no track is", file=path)
    return content


def read_text(path: Path, most: int, kind: str) -> str:
    """Return the text of a UTF-8 file of at most ``most`` bytes, without a byte order mark.

    Args:
        path: of the file.
        most: bytes.
        kind: what it should be, such as "CSV", for the message.

    Raises:
        TrackError: as ``read_bytes``, or the file is no such text; names the line.
    """
    content = read_bytes(path, most)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TrackError(f"is no UTF-8 text; is it a {kind} file?", file=path, line=line) from None


def number(text: str, what: str, path: Path, line: int | None) -> float:
    """Return the finite number that ``text`` is.

    Raises:
        TrackError: it is none; says ``what`` it should be, and where.
    """
    try:
        value = float(text)
    except ValueError:
        raise TrackError(
            f"{what} is {text.strip()[:SHOWN]!r}, which is no number", file=path, line=line
        ) from None
    if not isfinite(value):
        raise TrackError(
            f"{what} is {text.strip()[:SHOWN]}; it must be finite", file=path, line=line
        )
    return value
