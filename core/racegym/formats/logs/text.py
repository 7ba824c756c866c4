"""Reading text that strangers' programs wrote: line by line, bounded, with places for messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from racegym.errors import TrackError

__all__ = ["MAX_BYTES", "MAX_ROWS", "is_clock", "lines", "moment", "number", "shown"]

MAX_BYTES = 100_000_000
MAX_ROWS = 1_000_000  # eleven hours at 25 Hz
MAX_LINE = 20_000  # [bytes]
_SHOWN = 40  # characters of a faulty field in a message
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line, without its end.

    Raises:
        TrackError: the file can't be read, is too large, or is no text.
    """
    total = 0
    try:
        with path.open("rb") as file:
            line = 0
            while content := file.readline(MAX_LINE + 1):
                line += 1
                total += len(content)
                if len(content) > MAX_LINE:
                    raise TrackError(
                        f"is longer than {MAX_LINE:,} bytes; is this a log?", file=path, line=line
                    )
                if total > MAX_BYTES:
                    raise TrackError(
                        f"is larger than {MAX_BYTES / 1e6:g} MB; cut the log in parts",
                        file=path,
                        line=line,
                    )
                if b"\0" in content:
                    raise TrackError(
                        "holds bytes that are no text; save the log as UTF-8", file=path, line=line
                    )
                yield line, _decoded(content).rstrip("\r\n").removeprefix("\ufeff")
    except FileNotFoundError:
        raise TrackError("there is no such log", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"can't be read: {error}", file=path) from None


def _decoded(content: bytes) -> str:
    """Return text; makers of loggers write their signs of degree and copyright in Latin 1."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def shown(text: str) -> str:
    """Return a field as messages quote it.

    >>> shown("x" * 50)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"
    """
    return repr(text.strip()[:_SHOWN])


def number(text: str, what: str, path: Path, line: int) -> float:
    """Return a field as a finite number.

    Raises:
        TrackError: it is none; names what it should be.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        value = float(text)
        if isfinite(value):
            return value
    raise TrackError(f"{what} is {shown(text)}, which is no finite number", file=path, line=line)


def is_clock(text: str) -> bool:
    """Return whether a field is a time of day, which begins anew at midnight.

    >>> is_clock("23:59:59.9"), is_clock("86399.9")
    (True, False)
    """
    return _CLOCK.fullmatch(text.strip()) is not None


def moment(text: str, what: str, path: Path, line: int) -> float:
    """Return a point in time [s]: a number, a time of day, or a date and time.

    Dates count from 1970 in UTC, which is taken where no zone stands.

    Raises:
        TrackError: it is none of them.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return number(text, what, path, line)
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups(default="0")
        return 3600.0 * int(hours) + 60.0 * int(minutes) + float(seconds)
    try:
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise TrackError(
            f"{what} is {shown(text)}, which is no time; write seconds, 12:34:56.7 or "
            "2026-05-28T12:34:56.7Z",
            file=path,
            line=line,
        ) from None
