"""Numbers as people read them: minutes, km/h, gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = [
    "MISSING",
    "OF_LIMIT",
    "clock_text",
    "gap_text",
    "interval_text",
    "kmh",
    "lap_text",
    "percent_text",
    "short",
    "time_text",
    "total_text",
]

LONGEST = 24  # letters of a name in a picture, as a rule

MISSING = "–"
OF_LIMIT = "% limit"  # heading of best laps in percent of the limit


def lap_text(seconds: float | None) -> str:
    """Return a lap time.

    >>> lap_text(83.4567), lap_text(47.8), lap_text(None)
    ('1:23.457', '47.800', '–')
    """
    return MISSING if seconds is None or not math.isfinite(seconds) else time_text(seconds)


def time_text(seconds: float) -> str:
    """Return a time to the millisecond.

    >>> time_text(3723.5), time_text(59.9996)
    ('1:02:03.500', '1:00.000')
    """
    total = round(abs(seconds) * 1000)
    minutes, milliseconds = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if seconds < 0 and total else ""
    rest = milliseconds / 1000
    if hours:
        return f"{sign}{hours}:{minutes:02d}:{rest:06.3f}"
    return f"{sign}{minutes}:{rest:06.3f}" if minutes else f"{sign}{rest:.3f}"


def clock_text(seconds: float) -> str:
    """Return a moment of a race, to a tenth.

    >>> clock_text(83.46), clock_text(9.97)
    ('1:23.5', '0:10.0')
    """
    minutes, tenths = divmod(round(10 * max(seconds, 0.0)), 600)
    return f"{minutes}:{tenths // 10:02d}.{tenths % 10}"


def percent_text(share: float | None) -> str:
    """Return a share in percent, without the sign.

    >>> percent_text(103.449), percent_text(None)
    ('103.4', '–')
    """
    return MISSING if share is None else f"{share:.1f}"


def gap_text(seconds: float | None, laps: int = 0) -> str:
    """Return what a car is behind; one that lost places may be ahead in time.

    >>> gap_text(1.5), gap_text(-1.5), gap_text(None, 2), gap_text(None)
    ('+1.500', '-1.500', '+2 laps', '–')
    """
    if laps:
        return f"+{laps} lap{'s' if laps > 1 else ''}"
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    return f"{'' if seconds < 0 else '+'}{time_text(seconds)}"


def total_text(row: Mapping[str, Any]) -> str:
    """Return a winner's time with its penalties, the gap of another finisher, else nothing.

    Args:
        row: of a classification, as in ``result.json``.
    """
    if row["total_time"] is None:
        return MISSING
    if row["position"] == 1:
        return time_text(row["total_time"] + row.get("penalty_time", 0.0))
    return gap_text(row["gap"], row["gap_laps"])


def interval_text(row: Mapping[str, Any]) -> str:
    """Return what the car of a row is behind the one before it; nothing for the first."""
    return MISSING if row["position"] == 1 else gap_text(row.get("interval"))


def kmh(speed: float | None) -> str:
    """Return a speed [m/s] in km/h.

    >>> kmh(10.0)
    '36.0'
    """
    return MISSING if speed is None or not math.isfinite(speed) else f"{3.6 * speed:.1f}"


def short(name: str, longest: int = LONGEST) -> str:
    """Return a name that leaves room for the picture beside it.

    >>> short("Kart 1"), short("The car of a very proud owner")
    ('Kart 1', 'The car of a very proud…')
    """
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"
