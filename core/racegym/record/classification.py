"""The classification of a race: who came where, once penalties have been applied.

Pure functions of the rows of a result, so that a race can be classified anew when a steward has
ruled on it. The definitions stand in ``docs/race_control.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, inf
from typing import Any

__all__ = ["NO_PENALTY", "Penalty", "classify"]

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What a car is charged with in the classification.

    Attributes:
        time: [s] added to its time at the flag.
        places: lost.
        laps: taken from those it has completed.
        disqualified: it is listed last.
    """

    time: float = 0.0
    places: int = 0
    laps: int = 0
    disqualified: bool = False


NO_PENALTY = Penalty()


def classify(
    rows: Iterable[Row], penalties: Mapping[int, Penalty], *, share: float = 0.0
) -> list[dict[str, Any]]:
    """Return the rows in the order of the classification, with places and gaps made anew.

    Args:
        rows: a car each, with ``car``, ``status``, ``laps``, ``total_time``, ``best_lap``; and
            as race control had them, ``position``, ``gap``, ``gap_laps`` and ``interval``, which
            a car keeps that has not finished.
        penalties: by ``car``; who is absent has none.
        share: of the winner's laps, which a car must have completed to be classified; 0 for none.
    """
    charged = [_charged(row, penalties.get(row["car"], NO_PENALTY)) for row in rows]
    needed = floor(share * _winning_laps(charged) + 1e-9)
    for row in charged:
        row["classified"] = row["status"] != "disqualified" and _laps(row) >= needed
    finished = any(row["status"] == "finished" for row in charged)
    in_front = [row for row in charged if _in_front(row, share)]
    in_front.sort(key=lambda row: _rank(row, finished=finished))
    out = [row for row in charged if not _in_front(row, share)]
    out.sort(key=lambda row: (row["status"] == "disqualified", row["position"]))
    ordered = [*_moved_back(in_front), *out]
    for place, row in enumerate(ordered):
        row["position"] = place + 1
    _take_gaps(ordered)
    return ordered


def _charged(row: Row, penalty: Penalty) -> dict[str, Any]:
    return {
        **row,
        "status": "disqualified" if penalty.disqualified else row["status"],
        "penalty_time": penalty.time,
        "penalty_places": penalty.places,
        "penalty_laps": penalty.laps,
    }


def _laps(row: Row) -> int:
    return int(row["laps"]) - int(row["penalty_laps"])


def _winning_laps(rows: Iterable[Row]) -> int:
    return max((_laps(row) for row in rows if row["status"] != "disqualified"), default=0)


def _in_front(row: Row, share: float) -> bool:
    """Return whether a car lies before those that are out; a share decides that by laps alone."""
    return bool(row["classified"]) and (share > 0 or row["status"] != "retired")


_AT_EQUAL_LAPS = {"not finished": 0, "finished": 1, "retired": 2}


def _rank(row: Row, *, finished: bool) -> tuple[float, ...]:
    """Return what sorts cars that are not out: laps, the time with penalties, the best lap."""
    if not finished:
        return row["penalty_laps"], row["status"] == "retired", row["position"]
    rank = -_laps(row), _AT_EQUAL_LAPS[row["status"]]
    if row["status"] != "finished":
        return *rank, row["position"]
    if row["total_time"] is None:  # a journal that was cut off has lost it
        return *rank, inf, inf, row["position"]
    best = row["best_lap"]
    return *rank, _time(row), inf if best is None else best, row["position"]


def _time(row: Row) -> float:
    return float(row["total_time"] + row["penalty_time"])


def _moved_back(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows after penalties in places; whose place is claimed twice, goes first."""

    def claim(item: tuple[int, Row]) -> float:
        place, row = item
        lost = int(row["penalty_places"])
        return place + lost + (0.5 if lost else 0.0)

    return [row for _, row in sorted(enumerate(rows), key=claim)]


def _take_gaps(rows: list[dict[str, Any]]) -> None:
    """Write the gaps of finishers: in time if they are on one lap, else in laps.

    Who is disqualified has none. After places are lost, times and so gaps may be out of order.
    """
    leader = rows[0] if rows else None
    before = leader
    for row in rows:
        if row["status"] == "disqualified":
            row["gap"], row["gap_laps"], row["interval"] = None, 0, None
            continue
        if row["total_time"] is not None and leader and leader["total_time"] is not None:
            row["gap"], row["gap_laps"] = _gap(row, leader)
        if row["total_time"] is not None and before and before["total_time"] is not None:
            row["interval"], _ = _gap(row, before)
        before = row


def _gap(row: Row, other: Row) -> tuple[float | None, int]:
    """Return how far [s] a finisher is behind another, and how many laps fewer it completed."""
    behind = _laps(other) - _laps(row)
    return (None if behind else _time(row) - _time(other)), behind
