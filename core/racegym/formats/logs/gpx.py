"""GPX with times: track points of a phone or a watch [1].

Speed and course are taken from the elements of GPX 1.0 or from extensions of GPX 1.1 of any
name space, in m/s and degrees. A document type is refused: no GPX needs one, and entities that
expand into others could fill the memory.

[1] https://www.topografix.com/GPX/1/1/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from racegym.errors import TrackError
from racegym.formats.logs.log import Gathered, Log
from racegym.formats.logs.text import MAX_BYTES, moment, number

__all__ = ["read_gpx", "recognises_gpx"]

CHUNK = 1 << 18  # [bytes]
LONGEST = 200  # characters of an element that are looked at
DEEPEST = 64  # elements within each other
_FIELDS = ("time", "speed", "course")


def recognises_gpx(head: str) -> bool:
    """Return whether the beginning of a file is that of a GPX with times."""
    point = head.find("<trkpt")
    return "<gpx" in head and point >= 0 and "<time" in head[point:]


def read_gpx(path: Path) -> Log:
    """Return the track points of a GPX file, those of all segments one after the other.

    Raises:
        TrackError: naming file and line.
    """
    reader = _Reader(path)
    total = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                total += len(chunk)
                if total > MAX_BYTES:
                    raise TrackError(
                        f"is larger than {MAX_BYTES / 1e6:g} MB; cut the log in parts", file=path
                    )
                reader.parser.Parse(chunk, False)
            reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise TrackError(
            f"is no whole XML: {what}; was the file cut off?", file=path, line=error.lineno
        ) from None
    except FileNotFoundError:
        raise TrackError("there is no such log", file=path) from None
    except (OSError, ValueError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise TrackError(f"can't be read: {error}", file=path) from None
    if not reader.points:
        raise TrackError("holds no track points (trkpt)", file=path)
    return reader.rows.checked()


class _Reader:
    """What expat calls back."""

    def __init__(self, path: Path):
        self.path = path
        self.rows = Gathered(path, geographic=True, speed_unit="m/s")
        self.points = 0
        self.parser: Any = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._place: tuple[float, float] | None = None
        self._line = 0
        self._depth = 0
        self._told: dict[str, str] = {}
        self._open = ""

    def _refuse(self, *_: object) -> None:
        raise TrackError(
            "declares a document type or an entity; no GPX needs one, so it is not read",
            file=self.path,
            line=self.parser.CurrentLineNumber,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._depth += 1
        if self._depth > DEEPEST:
            raise TrackError(
                f"has more than {DEEPEST} elements within each other; is this a GPX?",
                file=self.path,
                line=self.parser.CurrentLineNumber,
            )
        if self._depth == 1 and local != "gpx":
            raise TrackError(
                f"is XML of a {local[:40]!r}, not of a 'gpx'", file=self.path,
                line=self.parser.CurrentLineNumber,
            )  # fmt: skip
        if local == "trkpt":
            self._line = line = self.parser.CurrentLineNumber
            self._place = (
                number(attributes.get("lat", ""), "lat", self.path, line),
                number(attributes.get("lon", ""), "lon", self.path, line),
            )
            self._told = {}
        # The first of a name counts: some write a speed both as an element and as an extension.
        fresh = self._place is not None and local not in self._told
        self._open = local if fresh and local in _FIELDS else ""

    def _text(self, text: str) -> None:
        if self._open:
            had = self._told.get(self._open, "")
            self._told[self._open] = (had + text)[:LONGEST]

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._open = ""
        if name.rpartition(":")[2] != "trkpt" or self._place is None:
            return
        if "time" not in self._told:
            raise TrackError(
                "a track point has no time, so no laps can be timed; a line without times is "
                "imported as a track, not as a log",
                file=self.path,
                line=self._line,
            )
        self.points += 1
        self.rows.add(
            self._line,
            moment(self._told["time"], "time", self.path, self._line),
            *self._place,
            speed=self._number("speed"),
            heading=self._number("course"),
        )
        self._place = None

    def _number(self, name: str) -> float:
        text = self._told.get(name, "").strip()
        return number(text, name, self.path, self._line) if text else np.nan
