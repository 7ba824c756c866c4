"""VBO, the text form of Racelogic's loggers and of the programs that follow them [1].

Sections in square brackets; of them ``[column names]`` and ``[data]`` are needed. Latitude and
longitude are in minutes, longitude is positive to the WEST; the time is UTC as hhmmss.ss, the
velocity in km/h unless ``[header]`` says knots. ``[laptiming]`` may hold the ends of a start
line, longitude first.

[1] https://en.racelogic.support/VBOX_Automotive/Knowledge_Base/VBO_File_Format
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from racegym.errors import TrackError, nearest
from racegym.formats.logs.log import Gathered, Log
from racegym.formats.logs.text import lines, number

__all__ = ["read_vbo", "recognises_vbo"]

_NAMES = {
    "time": ("time",),
    "lat": ("lat", "latitude"),
    "long": ("long", "longitude", "lon"),
    "velocity": ("velocity", "speed"),
    "heading": ("heading", "course"),
}
MINUTES = 60.0  # a degree
NEAR = 0.2  # [deg] from the middle of the log, for a start line to be of this place


def recognises_vbo(head: str) -> bool:
    """Return whether the beginning of a file is that of a VBO."""
    lower = head.lower()
    return "[column names]" in lower or ("[header]" in lower and "satellites" in lower)


def read_vbo(path: Path) -> Log:
    """Return a VBO file.

    Raises:
        TrackError: naming file and line.
    """
    reader = _Reader(path)
    for line, text in lines(path):
        reader.take(line, text.strip())
    return reader.finish()


class _Reader:
    """Goes from section to section."""

    def __init__(self, path: Path):
        self._path = path
        self._rows = Gathered(path, geographic=True, time_of_day=True, speed_unit="km/h")
        self._section = ""
        self._sections: set[str] = set()
        self._columns: list[str] = []
        self._at: dict[str, int] = {}
        self._short: int | None = None
        self._gates: list[tuple[float, float, float, float]] = []
        self._sums = np.zeros(3)

    def take(self, line: int, text: str) -> None:
        """Take a line of the file."""
        if text.startswith("[") and "]" in text:
            self._section = text[1 : text.index("]")].strip().lower()
            self._sections.add(self._section)
        elif not text:
            return
        elif self._section == "header" and "knots" in text.lower():
            self._rows.speed_unit = "knots"
        elif self._section == "column names":
            self._columns += text.lower().split()
        elif self._section == "laptiming" and text.lower().startswith("start"):
            self._take_gate(text.split()[1:5])
        elif self._section == "data":
            self._take_row(line, text.split())

    def _take_gate(self, fields: list[str]) -> None:
        try:
            a, b, c, d = (float(field) / MINUTES for field in fields)
        except ValueError:
            return  # a line that is drawn otherwise is found from the laps
        self._gates.append((a, b, c, d))

    def _take_row(self, line: int, fields: list[str]) -> None:
        if not self._at:
            self._find_columns(line)
        if self._short is not None:
            raise TrackError(
                f"has fewer fields than the {len(self._columns)} columns", file=self._path,
                line=self._short,
            )  # fmt: skip
        if len(fields) < len(self._columns):
            self._short = line  # the last line of a log that was cut off
            return
        told = {name: fields[k] for name, k in self._at.items()}
        time = number(told["time"], "time", self._path, line)
        clock = int(time)
        hours, minutes, seconds = clock // 10_000, clock // 100 % 100, time % 100.0
        if not (0.0 <= time < 250_000.0 and minutes < 60 and seconds < 61.0):
            raise TrackError(
                f"time is {told['time'][:40]!r}, which is no hhmmss.ss", file=self._path, line=line
            )
        latitude = number(told["lat"], "lat", self._path, line) / MINUTES
        longitude = -number(told["long"], "long", self._path, line) / MINUTES
        if latitude or longitude:  # not what is written before the receiver knows
            self._sums += (latitude, longitude, 1.0)
        self._rows.add(
            line,
            3600.0 * hours + 60.0 * minutes + seconds,
            latitude,
            longitude,
            speed=self._optional(told, "velocity", line),
            heading=self._optional(told, "heading", line),
        )

    def _optional(self, told: dict[str, str], name: str, line: int) -> float:
        return number(told[name], name, self._path, line) if name in told else np.nan

    def _find_columns(self, line: int) -> None:
        if not self._columns:
            raise TrackError(
                "has no section [column names] before [data], so its columns mean nothing",
                file=self._path,
                line=line,
            )
        for name, aliases in _NAMES.items():
            found = next((k for k, c in enumerate(self._columns) if c in aliases), None)
            if found is not None:
                self._at[name] = found
            elif name in ("time", "lat", "long"):
                raise TrackError(
                    f"has no column {name!r}; {nearest(name, self._columns)}", file=self._path,
                    line=line,
                )  # fmt: skip

    def finish(self) -> Log:
        """Return the log."""
        if "data" not in self._sections:
            raise TrackError("has no section [data]; was the file cut off?", file=self._path)
        if self._short is not None:
            self._rows.notes.append(f"line {self._short} is cut off and was left out")
        self._add_gate()
        return self._rows.checked()

    def _add_gate(self) -> None:
        """Keep the start line that is drawn, if it is of this place, in either order."""
        if not self._gates or not self._sums[2]:
            return
        a, b, c, d = self._gates[0]
        middle = self._sums[:2] / self._sums[2]
        for ends in (((b, -a), (d, -c)), ((a, -b), (c, -d))):
            if np.abs(np.mean(ends, axis=0) - middle).max() < NEAR:
                self._rows.starts += ends
                return
        self._rows.notes.append("the start line of [laptiming] lies elsewhere and is not used")
