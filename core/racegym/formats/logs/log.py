"""A log of positions, checked: what every reader returns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.local_plane import LocalPlane
from racegym.formats.logs.text import MAX_ROWS

__all__ = ["UNITS", "Gathered", "Log"]

Floats = NDArray[np.float64]

UNITS = {"m/s": 1.0, "km/h": 1.0 / 3.6, "mph": 0.44704, "knots": 1852.0 / 3600.0}  # to m/s

FEWEST = 20  # positions
SLOWEST = 2.5  # [s] between positions
LONGEST = 172_800.0  # [s] of positions
COARSE = 0.05  # share of positions with the time of the one before that is let pass
LARGEST = 200_000.0  # [m] that a log may reach
STOPPED = 0.5  # [m/s]
DAY = 86_400.0  # [s]
MOVING = 3.0  # [m/s] above which speeds are held against the way
AGREES = 0.15  # how far speeds may be off the way, as a share, in the median


@dataclass(frozen=True, kw_only=True, eq=False)
class Log:
    """Positions of one car over time, (n,) each.

    Attributes:
        source: the file's name.
        t: [s] increasing, from 0.
        x, y: [m] on a plane, east and north.
        speed: [m/s], NaN where it is not told; None if it is nowhere.
        heading: [rad] of motion, counter-clockwise from x, NaN where it is not told; or None.
        plane: which plane that is; None where the file has metres.
        start: x, y [m] and, if known, heading [rad] of a start line that the file tells.
        notes: what was left out or assumed.
    """

    source: str
    t: Floats
    x: Floats
    y: Floats
    speed: Floats | None = None
    heading: Floats | None = None
    plane: LocalPlane | None = None
    start: tuple[float, float, float | None] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.t)

    @property
    def step(self) -> float:
        """Return the usual time between positions [s]."""
        return float(np.median(np.diff(self.t)))


@dataclass(eq=False)
class Gathered:
    """Rows of a log as a reader finds them, and the checks that all logs go through.

    Attributes:
        path: the file.
        geographic: positions are latitude and longitude [deg], not x and y [m].
        time_of_day: times begin anew at midnight.
        speed_unit: of ``UNITS``; None if nobody says.
        notes: grows.
        starts: positions of a start line that the file tells, in its own terms.
    """

    path: Path
    geographic: bool
    time_of_day: bool = False
    speed_unit: str | None = None
    notes: list[str] = field(default_factory=list)
    starts: list[tuple[float, float]] = field(default_factory=list)
    _rows: array[float] = field(default_factory=lambda: array("d"))
    _without: int = 0

    def add(
        self,
        line: int,
        time: float,
        first: float,
        second: float,
        speed: float = np.nan,
        heading: float = np.nan,
        lap: float = np.nan,
    ) -> None:
        """Take a row.

        Args:
            line: of the file.
            time: [s].
            first, second: latitude and longitude [deg], or x and y [m].
            speed: in the file's unit.
            heading: [deg] clockwise from north.
            lap: its number.

        Raises:
            TrackError: there are too many, or a place is none on Earth.
        """
        if self.geographic:
            if first == 0.0 and second == 0.0:  # what receivers write before they know
                self._without += 1
                return
            for what, value, most in (("latitude", first, 90.0), ("longitude", second, 180.0)):
                if not abs(value) <= most:
                    raise TrackError(
                        f"{what} is {value:g} degrees; it must be -{most:g} to {most:g}",
                        file=self.path,
                        line=line,
                    )
        if len(self._rows) >= 7 * MAX_ROWS:
            raise TrackError(f"holds more than {MAX_ROWS:,} positions", file=self.path, line=line)
        self._rows.extend((line, time, first, second, speed, heading, lap))

    def skip(self) -> None:
        """Note a row without a position."""
        self._without += 1

    def checked(self) -> Log:
        """Return the log.

        Raises:
            TrackError: naming the file and, where there is one, the line at fault.
        """
        if self._without:
            self.notes.append(f"{self._without:,} rows hold no position and were left out")
        rows = np.frombuffer(self._rows, np.float64).reshape(-1, 7)
        rows = self._in_time(rows)
        rows = self._without_repeats(rows)
        if len(rows) < FEWEST:
            raise TrackError(
                f"holds {len(rows)} positions; laps need at least {FEWEST}", file=self.path
            )
        line, t, first, second, speed, heading, lap = (np.ascontiguousarray(c) for c in rows.T)
        step = float(np.median(np.diff(t)))
        if step > SLOWEST:
            raise TrackError(
                f"has a position every {step:.3g} s; laps need one a second or more (of a CSV, "
                "time_unit=ms says that its times are milliseconds)",
                file=self.path,
            )
        if step * len(rows) > LONGEST:
            raise TrackError(
                f"holds {step * len(rows) / 3600.0:.0f} h of positions; cut the log in parts",
                file=self.path,
            )
        plane = None
        x, y = first, second
        if self.geographic:
            middle = (round(float(np.median(values)), 9) for values in (first, second))
            plane = LocalPlane(*middle)  # its note holds nine decimals
            x, y = plane.to_plane(first, second)
        self._check_reach(line, x, y)
        start = self._start(plane, lap, x, y)
        return Log(
            source=self.path.name,
            t=t - t[0],
            x=x,
            y=y,
            speed=self._speed(t, x, y, speed),
            heading=(np.deg2rad(90.0 - heading) if np.isfinite(heading).mean() > 0.5 else None),
            plane=plane,
            start=start,
            notes=tuple(self.notes),
        )

    def _in_time(self, rows: Floats) -> Floats:
        """Return the rows in order; refuse a time that runs back, or that hardly moves."""
        t = rows[:, 1].copy()
        if self.time_of_day:
            t += DAY * np.cumsum(np.diff(t, prepend=t[:1]) < -0.5 * DAY)
        back = np.flatnonzero(np.diff(t) < 0.0)
        if len(back):
            k = int(back[0])
            raise TrackError(
                f"the time runs back by {t[k] - t[k + 1]:.6g} s from the position before; is the "
                "log put together from several, or sorted by something else?",
                file=self.path,
                line=int(rows[k + 1, 0]),
            )
        fresh = np.concatenate([[True], np.diff(t) > 0.0])[: len(t)]
        same = len(t) - int(fresh.sum())
        place = np.diff(rows[:, 2:4], axis=0, prepend=np.nan) != 0.0
        moved = int((~fresh & place.any(axis=1)).sum())
        if moved > COARSE * len(t):
            k = int(np.flatnonzero(~fresh & place.any(axis=1))[0])
            raise TrackError(
                f"{100.0 * moved / len(t):.0f} % of the positions have the time of the one "
                "before: the log's times are too coarse for its rate; export it with fractions of "
                "a second",
                file=self.path,
                line=int(rows[k, 0]),
            )
        if moved:
            self.notes.append(f"{moved:,} positions had the time of the one before; left out")
        kept = rows[fresh] if same else rows.copy()
        kept[:, 1] = t[fresh]
        return kept

    def _without_repeats(self, rows: Floats) -> Floats:
        """Return the rows without those of a logger that is faster than its receiver."""
        if not len(rows):
            return rows
        moved = (np.diff(rows[:, 2:4], axis=0, prepend=np.nan) != 0.0).any(axis=1)
        stands = np.nan_to_num(rows[:, 4], nan=np.inf) * UNITS[self.speed_unit or "m/s"] < STOPPED
        repeats = int((~moved & ~stands).sum())
        if repeats:
            self.notes.append(f"{repeats:,} rows repeat the position before and were left out")
        fresh: Floats = rows[moved | stands]
        return fresh

    def _check_reach(self, line: Floats, x: Floats, y: Floats) -> None:
        far = np.maximum(np.abs(x - np.median(x)), np.abs(y - np.median(y)))
        k = int(np.argmax(far))
        if far[k] > LARGEST:
            raise TrackError(
                f"lies {far[k] / 1000.0:.0f} km from the middle of the log", file=self.path,
                line=int(line[k]),
            )  # fmt: skip

    def _start(
        self, plane: LocalPlane | None, lap: Floats, x: Floats, y: Floats
    ) -> tuple[float, float, float | None] | None:
        """Return the start line that the file draws, or where its laps change."""
        if self.starts:
            places = np.array(self.starts)
            if plane is not None:
                places = np.column_stack(plane.to_plane(places[:, 0], places[:, 1]))
            middle = places.mean(axis=0)
            return float(middle[0]), float(middle[1]), None
        changes = np.flatnonzero(np.diff(lap) > 0.0)
        if len(changes) < 2:
            return None
        at_x, at_y = (0.5 * (v[changes] + v[changes + 1]) for v in (x, y))
        middle_x, middle_y = float(np.median(at_x)), float(np.median(at_y))
        off = np.hypot(at_x - middle_x, at_y - middle_y)
        near = np.hypot(x[changes + 1] - x[changes], y[changes + 1] - y[changes])
        if np.median(off) > 10.0 + np.median(near):
            return None
        return middle_x, middle_y, None

    def _speed(self, t: Floats, x: Floats, y: Floats, told: Floats) -> Floats | None:
        """Return speeds [m/s] if they agree with the way, which tells a unit that nobody says."""
        if np.isfinite(told).mean() < 0.5:
            return None
        # Over a second or so, noise of the positions hardly counts.
        k = max(1, round(1.0 / max(float(np.median(np.diff(t))), 1e-3)))
        way = np.hypot(x[2 * k :] - x[: -2 * k], y[2 * k :] - y[: -2 * k])
        way /= t[2 * k :] - t[: -2 * k]
        own = told[k:-k]
        sure = np.isfinite(own) & (way > MOVING) & (own > 0.0)
        if sure.sum() < FEWEST // 2:
            return None
        share = float(np.median(way[sure] / own[sure]))  # m/s in the file's unit
        choices = UNITS if self.speed_unit is None else {self.speed_unit: UNITS[self.speed_unit]}
        unit = min(choices, key=lambda name: abs(np.log(share / choices[name])))
        if abs(share / choices[unit] - 1.0) > AGREES:
            self.notes.append(
                f"speeds were left out: in {unit} they are {choices[unit] / share:.2f} times what "
                "the positions say"
            )
            return None
        if self.speed_unit is None and unit != "m/s":
            self.notes.append(f"speeds are taken as {unit}, which agrees with the positions")
        return np.where(told >= 0.0, told * choices[unit], np.nan)
