"""Who came where, from what each car drove and what it was punished with: a pure function.

On the road a race has an order; penalties change it:

- Cars are grouped: those that finished or still race, the retired, the disqualified.
- In a group more laps come first, less those taken off. Among cars of as many laps, one that
  still races comes before one that has finished, as on the road; finishers are compared by
  their times with penalties added; others by how far they got, less what they drive in their
  penalties' time at their own average speed, and less the laps taken off.
- Equal cars are ordered by their best lap, then as on the road.
- At last places are lost: a car moves down by so many inside its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor, inf
from typing import Any

from racegym.interfaces import PenaltyKind

__all__ = ["Entry", "Punished", "classify", "punished_by"]

_GROUPS = {"finished": 0, "not finished": 0, "retired": 1, "disqualified": 2}


@dataclass(frozen=True, kw_only=True)
class Punished:
    """What a car's penalties come to.

    Attributes:
        time: [s] added.
        places: lost.
        laps: taken off.
        score: factor.
        warnings: given.
    """

    time: float = 0.0
    places: int = 0
    laps: int = 0
    score: float = 1.0
    warnings: int = 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One car of a race that is over.

    Attributes:
        car: unique in the race.
        road: its place on the road, from 1.
        status: ``finished``, ``not finished``, ``retired`` or ``disqualified``.
        laps: completed.
        finish: [s] race time at the flag; None for a car that saw none.
        progress: [m] how far it got, from the line.
        speed: [m/s] its average.
        best_lap: [s]; None for none that counts.
        punished: what its penalties come to.
    """

    car: int
    road: int
    status: str
    laps: int
    finish: float | None
    progress: float
    speed: float
    best_lap: float | None = None
    punished: Punished = field(default_factory=Punished)


def punished_by(events: Iterable[Mapping[str, Any]]) -> Punished:
    """Return what penalties come to, from a car's events as ``events.jsonl`` holds them."""
    total = Punished()
    for event in events:
        if event["kind"] == "warning":
            total = replace(total, warnings=total.warnings + 1)
        elif event["kind"] == "penalty":
            total = _with(total, PenaltyKind(int(event["value"])), event["evidence"]["amount"])
    return total


def _with(total: Punished, kind: PenaltyKind, amount: float) -> Punished:
    if kind is PenaltyKind.TIME:
        return replace(total, time=total.time + amount)
    if kind is PenaltyKind.PLACES:
        return replace(total, places=total.places + int(amount))
    if kind is PenaltyKind.LAP:
        return replace(total, laps=total.laps + int(amount))
    if kind is PenaltyKind.SCORE:
        return replace(total, score=total.score * amount)
    return total  # what is served or carried out on the track changes no result


def classify(entries: Sequence[Entry], length: float) -> list[Entry]:
    """Return the cars in the order of the result.

    Args:
        entries: the cars of one race, in any order.
        length: [m] of a lap.
    """
    ordered = sorted(entries, key=lambda entry: _key(entry, length))
    found: list[Entry] = []
    for group in sorted(set(_GROUPS.values())):
        members = [entry for entry in ordered if _GROUPS[entry.status] == group]
        # Who loses n places stands right behind the car that was n places further back.
        places = [index + 0.5 * (e.punished.places > 0) + e.punished.places
                  for index, e in enumerate(members)]  # fmt: skip
        order = sorted(range(len(members)), key=places.__getitem__)
        found += [members[index] for index in order]
    return found


def _key(entry: Entry, length: float) -> tuple[float, ...]:
    done = entry.status == "finished" and entry.finish is not None
    punished = entry.punished
    if done:
        assert entry.finish is not None
        laps, far = entry.laps - punished.laps, entry.finish + punished.time
    else:
        progress = entry.progress - punished.time * entry.speed - punished.laps * length
        unchanged = punished.time == 0.0 and punished.laps == 0
        laps, far = (entry.laps if unchanged else floor(progress / length)), -progress
    best = inf if entry.best_lap is None else entry.best_lap
    return (_GROUPS[entry.status], -laps, done, far, best, entry.road, entry.car)
