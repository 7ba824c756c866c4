"""Who came where, from what each car drove and what it was punished with: a pure function.

On the road a race has an order; penalties change it:

- Cars are grouped: those that are classified before those that are not, the disqualified last.
  Without a share of the winner's laps to complete, the retired are not before any other.
- In a group more laps come first, less those taken off. Among cars of as many laps, one that
  still races comes before one that has finished, as on the road; finishers are compared by
  their times with penalties added; others by how far they got, less what they drive in their
  penalties' time at their own average speed, and less the laps taken off.
- Equal cars are ordered by their best lap, then as on the road.
- At last places are lost: a car moves down by so many inside its group.

The definitions stand in ``docs/race_control.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import copysign, floor, inf
from typing import Any

from racegym.interfaces import PenaltyKind

__all__ = ["UNPUNISHED", "classify", "penalties_of"]

Row = Mapping[str, Any]

UNPUNISHED: Mapping[str, float] = {
    "penalty_time": 0.0, "penalty_places": 0, "penalty_laps": 0, "score": 1.0, "warnings": 0,
}  # fmt: skip


def penalties_of(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what penalties come to, by column of a classification.

    Args:
        events: of one car, as ``events.jsonl`` holds them.
    """
    total: dict[str, Any] = dict(UNPUNISHED)
    for event in events:
        if event["kind"] == "warning":
            total["warnings"] += 1
        elif event["kind"] == "penalty":
            _book(total, PenaltyKind(int(event["value"])), event["evidence"]["amount"])
    return total


def _book(total: dict[str, Any], kind: PenaltyKind, amount: float) -> None:
    """Add a penalty; what is served or carried out on the track changes no result."""
    if kind is PenaltyKind.TIME:
        total["penalty_time"] += amount
    elif kind is PenaltyKind.PLACES:
        total["penalty_places"] += int(amount)
    elif kind is PenaltyKind.LAP:
        total["penalty_laps"] += int(amount)
    elif kind is PenaltyKind.SCORE:
        total["score"] *= amount


def classify(rows: Iterable[Row], *, length: float, share: float = 0.0) -> list[dict[str, Any]]:
    """Return the rows in the order of the classification, with places and gaps made anew.

    Args:
        rows: a car each, with ``car``, ``status``, ``laps``, ``total_time``, ``best_lap``,
            ``progress``, ``average_speed``, ``road_position`` and the columns of
            ``UNPUNISHED``; and as race control had them, ``gap``, ``gap_laps`` and
            ``interval``, which a car keeps that has not finished.
        length: [m] of a lap.
        share: of the winner's laps, which a car must have completed to be classified; 0 for none.
    """
    cars = [dict(row) for row in rows]
    needed = floor(share * _winning_laps(cars) + 1e-9)
    for row in cars:
        row["classified"] = row["status"] != "disqualified" and _laps(row) >= needed
    cars.sort(key=lambda row: (_group(row, share), *_rank(row, length)))
    ordered: list[dict[str, Any]] = []
    for group in range(3):
        ordered += _moved_back([row for row in cars if _group(row, share) == group])
    for place, row in enumerate(ordered):
        row["position"] = place + 1
    _take_gaps(ordered)
    return ordered


def _laps(row: Row) -> int:
    return int(row["laps"]) - int(row["penalty_laps"])


def _winning_laps(rows: Iterable[Row]) -> int:
    return max((_laps(row) for row in rows if row["status"] != "disqualified"), default=0)


def _group(row: Row, share: float) -> int:
    """Return 0 for cars in front, 1 for those that are out, 2 for the disqualified."""
    if row["status"] == "disqualified":
        return 2
    return 0 if row["classified"] and (share > 0 or row["status"] != "retired") else 1


_AT_EQUAL_LAPS = {"not finished": 0, "finished": 1, "retired": 2, "disqualified": 3}


def _rank(row: Row, length: float) -> tuple[float, ...]:
    """Return what sorts the cars of a group."""
    if row["status"] == "finished":
        laps = _laps(row)
        # A journal that was cut off has lost the time of a finisher.
        far = inf if row["total_time"] is None else _time(row)
    else:
        lost = row["penalty_time"] * row["average_speed"] + row["penalty_laps"] * length
        far = lost - row["progress"]
        laps = row["laps"] if lost == 0.0 else floor(-far / length)
    best = inf if row["best_lap"] is None else row["best_lap"]
    return -laps, _AT_EQUAL_LAPS[row["status"]], far, best, row["road_position"], row["car"]


def _time(row: Row) -> float:
    return float(row["total_time"] + row["penalty_time"])


def _moved_back(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows after penalties in places; whose place is claimed twice, goes first.

    A steward may give places, too, as less than none: who is given k goes before the car at its
    place less k.
    """

    def claim(item: tuple[int, Row]) -> float:
        place, row = item
        lost = int(row["penalty_places"])
        return place + lost + (copysign(0.5, lost) if lost else 0.0)

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
