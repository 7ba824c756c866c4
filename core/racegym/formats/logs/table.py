"""CSV: RaceChrono's exports, and any other table by its headings or by a map of columns.

RaceChrono writes lines about the session, a line of headings, and in version 3 a line of units
and one of sources; version 2 has unit and source in the heading, as in ``Speed (m/s) *gps``.
Names repeat there, once for each source. Channels come at rates of their own, so a row may hold
no position.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from racegym.errors import TrackError, nearest
from racegym.formats.logs.log import Gathered, Log
from racegym.formats.logs.options import ColumnMap, LogOptions
from racegym.formats.logs.text import is_clock, lines, moment, number, shown

__all__ = ["read_table", "recognises_table"]

PREAMBLE = 60  # lines before the headings at most
_DELIMITERS = ";\t|,"  # commas may be those of decimals
_SPACES = " "
_HEADING = re.compile(r"^(?P<name>.*?)\s*(?:[(\[](?P<unit>[^)\]]*)[)\]])?\s*(?:\*(?P<source>.*))?$")
_NAMES = {  # by preference
    "time": ("timestamp", "time", "t", "utc_time", "gps_time", "utc", "datetime", "date_time",
             "elapsed_time", "elapsed", "seconds"),
    "lat": ("latitude", "lat", "gps_latitude", "gps_lat", "position_lat"),
    "lon": ("longitude", "lon", "long", "lng", "gps_longitude", "gps_lon", "gps_long",
            "position_long"),
    "x": ("x", "px", "pos_x", "x_pos", "position_x", "east", "easting"),
    "y": ("y", "py", "pos_y", "y_pos", "position_y", "north", "northing"),
    "speed": ("speed", "gps_speed", "velocity", "ground_speed", "v"),
    "heading": ("heading", "bearing", "course", "gps_heading", "gps_course", "gps_bearing"),
    "lap": ("lap_number", "lap", "lap_no"),
}  # fmt: skip
_SPEEDS = {
    "m/s": "m/s", "mps": "m/s", "ms": "m/s", "km/h": "km/h", "kmh": "km/h", "kph": "km/h",
    "kmph": "km/h", "mph": "mph", "knots": "knots", "knot": "knots", "kn": "knots", "kt": "knots",
    "kts": "knots",
}  # fmt: skip
_TIMES = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SUFFIXED: Mapping[str, Collection[str]] = {
    "time": _TIMES, "speed": _SPEEDS, "x": ("m",), "y": ("m",),
}  # fmt: skip


@dataclass(frozen=True)
class _Heading:
    """A heading of a column."""

    text: str  # as it stands
    name: str  # lower case, words joined by _
    unit: str
    source: str = ""


def _heading(text: str) -> _Heading:
    found = _HEADING.match(text.strip().strip('"').lstrip("#").strip())
    assert found is not None  # every part may be empty
    name = re.sub(r"[\s\-.#]+", "_", found["name"].strip().lower()).strip("_")
    return _Heading(text.strip(), name, (found["unit"] or "").strip().lower(),
                    (found["source"] or "").strip().lower())  # fmt: skip


def _kind(heading: _Heading, kind: str) -> tuple[int, str] | None:
    """Return the preference of a heading for what it may hold and its unit; None: it does not."""
    names = _NAMES[kind]
    if heading.name in names:
        return names.index(heading.name), heading.unit
    stem, _, ending = heading.name.rpartition("_")
    if stem in names and ending in _SUFFIXED.get(kind, ()):
        return names.index(stem), ending
    return None


def recognises_table(head: str) -> bool:
    """Return whether the beginning of a file is RaceChrono's, or names time and position."""
    if "created using RaceChrono" in head[:200]:
        return True
    for text in head.splitlines()[:20]:
        fields = [_heading(part) for part in _split(text, _delimiter(text))]
        told = {kind for kind in _NAMES for each in fields if _kind(each, kind) is not None}
        if "time" in told and ({"lat", "lon"} <= told or {"x", "y"} <= told):
            return True
    return False


def _delimiter(text: str) -> str:
    return next((each for each in _DELIMITERS if each in text), _SPACES)


def _split(text: str, delimiter: str) -> list[str]:
    if delimiter == _SPACES:
        return text.split()
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.split(delimiter)


def _words(text: str) -> list[str]:
    """Return the fields of a line that could be headings."""
    fields = (part.strip() for part in _split(text, _delimiter(text)))
    return [part for part in fields if part and not part[:1].isdigit() and part[:1] not in "+-."][
        :30
    ]


def read_table(path: Path, options: LogOptions) -> Log:
    """Return a CSV file.

    Raises:
        TrackError: naming file and line.
    """
    reader = _Reader(path, options)
    for line, text in lines(path):
        reader.take(line, text)
    return reader.finish()


@dataclass
class _Columns:
    """Where is what in a row."""

    at: dict[str, int] = field(default_factory=dict)
    headings: list[_Heading] = field(default_factory=list)
    delimiter: str = ","
    time_factor: float = 1.0
    speed_unit: str | None = None


class _Reader:
    """Looks for the headings first, then takes row by row."""

    def __init__(self, path: Path, options: LogOptions):
        self._path, self._options = path, options
        self._map = {k: v for k, v in options.columns.model_dump().items() if v is not None}
        self._check_map(options.columns)
        self._columns: _Columns | None = None
        self._rows: Gathered | None = None
        self._first = True
        self._waiting = 0
        self._short: tuple[int, int] | None = None
        self._tried: list[tuple[int, str]] = []

    def _check_map(self, columns: ColumnMap) -> None:
        for one, other in (("lat", "lon"), ("x", "y")):
            if (getattr(columns, one) is None) != (getattr(columns, other) is None):
                raise TrackError(
                    f"columns names {one} or {other} alone; they belong together", file=self._path
                )
        if columns.lat is not None and columns.x is not None:
            raise TrackError("columns names lat, lon and x, y; give one pair", file=self._path)
        for name, column in self._map.items():
            if isinstance(column, int) and column < 1:
                raise TrackError(
                    f"columns.{name} is {column}; columns count from 1", file=self._path
                )

    def take(self, line: int, text: str) -> None:
        """Take a line of the file."""
        if self._columns is None:
            if text.strip():
                self._find(line, text)
        elif text.strip() and not text.lstrip().startswith("#"):
            self._take_row(line, _split(text, self._columns.delimiter))

    def _find(self, line: int, text: str) -> None:
        """Take a line for that of the headings if it can be."""
        delimiter = self._options.delimiter or _delimiter(text)
        fields = _split(text, delimiter)
        headings = [_heading(part) for part in fields]
        numbered = bool(self._map) and all(isinstance(c, int) for c in self._map.values())
        at = self._by_number(fields, line) if numbered else self._by_name(headings)
        if at is None:
            self._tried.append((line, text))
            if line >= PREAMBLE:
                self._complain()
            return
        self._columns = _Columns(at=at, headings=headings, delimiter=delimiter)
        self._rows = Gathered(self._path, geographic="lat" in at)
        self._settle_units()
        if numbered and self._numeric(fields):
            self._take_row(line, fields)

    def _by_number(self, fields: list[str], line: int) -> dict[str, int] | None:
        at = {name: int(column) - 1 for name, column in self._map.items()}
        if "time" not in at or not ({"lat", "x"} & at.keys()):
            raise TrackError(
                "columns by number need time and x, y or lat, lon", file=self._path, line=line
            )
        return at if len(fields) > max(at.values()) else None

    def _by_name(self, headings: list[_Heading]) -> dict[str, int] | None:
        at: dict[str, int] = {}
        for kind in _NAMES:
            wanted = self._map.get(kind)
            if isinstance(wanted, int):
                at[kind] = wanted - 1
            elif wanted is not None:
                spelt = wanted.strip().lower(), _heading(wanted).name
                found = [k for k, h in enumerate(headings) if h.text.lower() == spelt[0]]
                found += [k for k, h in enumerate(headings) if h.name == spelt[1]]
                if not found:
                    return None
                at[kind] = found[0]
            else:
                known = [
                    (told[0], "gps" not in heading.source, k)
                    for k, heading in enumerate(headings)
                    if (told := _kind(heading, kind)) is not None
                ]
                if known:
                    at[kind] = min(known)[2]
        self._choose_place(at)
        if max(at.values(), default=0) >= len(headings):
            return None
        complete = "time" in at and ({"lat", "lon"} <= at.keys() or {"x", "y"} <= at.keys())
        return at if complete else None

    def _choose_place(self, at: dict[str, int]) -> None:
        """Leave one pair of coordinates: that which is asked for, else degrees."""
        if {"lat", "lon"} <= at.keys() and "x" not in self._map:
            at.pop("x", None), at.pop("y", None)
        elif {"x", "y"} <= at.keys():
            for other in ("lat", "lon"):
                at.pop(other, None)
            if "heading" not in self._map:  # in a plane it may be counted in any way
                at.pop("heading", None)

    def _settle_units(self) -> None:
        columns, options = self._columns, self._options
        assert columns is not None and self._rows is not None
        told = _kind(columns.headings[columns.at["time"]], "time")
        unit = options.time_unit or (told[1] if told else columns.headings[columns.at["time"]].unit)
        columns.time_factor = _TIMES.get(unit, 1.0)
        if "speed" in columns.at:
            heading = columns.headings[columns.at["speed"]]
            told = _kind(heading, "speed")
            columns.speed_unit = options.speed_unit or _SPEEDS.get(
                told[1] if told else heading.unit
            )
        self._rows.speed_unit = columns.speed_unit

    def _numeric(self, fields: list[str]) -> bool:
        assert self._columns is not None
        try:
            moment(self._plain(fields[self._columns.at["time"]]), "", self._path, 0)
        except TrackError:
            return False
        return True

    def _take_row(self, line: int, fields: list[str]) -> None:
        columns, rows = self._columns, self._rows
        assert columns is not None and rows is not None
        if self._short is not None:
            at, count = self._short
            raise TrackError(
                f"has {count} fields, too few for its headings", file=self._path, line=at
            )
        if len(fields) <= max(columns.at.values()):
            self._short = line, len(fields)  # the last line of a log that was cut off
            return
        if self._first and self._waiting < 2 and not self._numeric(fields):
            self._waiting += 1
            self._take_units(line, fields)
            return
        if self._first:
            rows.time_of_day = is_clock(self._plain(fields[columns.at["time"]]))
            self._first = False
        told = {kind: self._plain(fields[k]) for kind, k in columns.at.items()}
        place = ("lat", "lon") if rows.geographic else ("x", "y")
        if not told["time"] or not all(told[name] for name in place):
            rows.skip()
            return
        time = moment(told["time"], "time", self._path, line) * columns.time_factor
        first, second = (number(told[name], name, self._path, line) for name in place)
        rows.add(
            line,
            time,
            first,
            second,
            speed=self._optional(told, "speed", line),
            heading=self._optional(told, "heading", line),
            lap=self._optional(told, "lap", line),
        )

    def _take_units(self, line: int, fields: list[str]) -> None:
        """Take a line below the headings that holds no time: units, or RaceChrono's sources."""
        columns, rows = self._columns, self._rows
        assert columns is not None and rows is not None
        text = [part.strip().lower() for part in fields]
        time, speed = text[columns.at["time"]], columns.at.get("speed")
        if self._waiting == 1 and time and time not in (*_TIMES, "unix time", "hh:mm:ss"):
            raise TrackError(
                f"time is {shown(time)}, which is no time; write seconds, 12:34:56.7 or "
                "2026-05-28T12:34:56.7Z",
                file=self._path,
                line=line,
            )
        if time in _TIMES and self._options.time_unit is None:
            columns.time_factor = _TIMES[time]
        if speed is not None and text[speed] in _SPEEDS and self._options.speed_unit is None:
            rows.speed_unit = _SPEEDS[text[speed]]
        self._prefer_receiver(text)

    def _prefer_receiver(self, sources: list[str]) -> None:
        """Take the columns that come from the receiver, where a line of sources says which."""
        columns = self._columns
        assert columns is not None
        if not any("gps" in source for source in sources):
            return
        for kind in ("speed", "heading"):
            names = [
                k
                for k, heading in enumerate(columns.headings[: len(sources)])
                if _kind(heading, kind) is not None and "gps" in sources[k]
            ]
            if names and kind not in self._map:
                columns.at[kind] = names[0]

    def _plain(self, text: str) -> str:
        text = text.strip().strip('"').strip()
        assert self._columns is not None
        if self._columns.delimiter != "," and text.count(",") == 1 and "." not in text:
            return text.replace(",", ".")
        return text

    def _optional(self, told: dict[str, str], name: str, line: int) -> float:
        text = told.get(name, "")
        return number(text, name, self._path, line) if text else np.nan

    def _complain(self) -> None:
        """Refuse a file whose headings were not found.

        Raises:
            TrackError: always.
        """
        told = [(_words(text), line) for line, text in self._tried]
        names, line = max(told, key=lambda each: len(each[0]), default=([], None))
        for kind, wanted in self._map.items():
            if isinstance(wanted, str) and wanted.lower() not in (name.lower() for name in names):
                raise TrackError(
                    f"has no column {wanted!r} for {kind}; {nearest(wanted, names)}",
                    file=self._path,
                    line=line,
                )
        raise TrackError(
            "has no headings that tell time and position; say which columns hold them, such as "
            "columns.time=t columns.x=px columns.y=py (or lat and lon)"
            + (f"; its columns are {', '.join(names)}" if names else ""),
            file=self._path,
            line=line,
        )

    def finish(self) -> Log:
        """Return the log."""
        if self._columns is None:
            self._complain()
        assert self._rows is not None
        if self._short is not None:
            self._rows.notes.append(f"line {self._short[0]} is cut off and was left out")
        return self._rows.checked()
