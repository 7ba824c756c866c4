"""Events of a race with where they were: for maps, lists and charts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from racegym.errors import RunError
from racegym.interfaces import Array, EventKind
from racegym.record import RunFolder
from racegym.record.result import read_events
from racegym.record.telemetry_table import read_telemetry

__all__ = ["Moment", "moments", "start_of"]

_COLUMNS = ("time", "x", "y", "lap", "sector")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One event.

    Attributes:
        line: of ``events.jsonl``, from 1.
        time: [s] race time.
        kind: what happened.
        car, other: indices; -1 for none.
        other_name: of the other car; empty for none.
        value: the event's figure; None for one that is not known.
        details: more figures, by the names in ``EVENT_DETAILS``.
        lap, sector: where ``car`` was, both from 1; None where that is not known.
        x, y: [m] there, of two cars between both; NaN where that is not known.
    """

    line: int
    time: float
    kind: EventKind
    car: int
    other: int = -1
    other_name: str = ""
    value: float | None = None
    details: Mapping[str, float | None] = field(default_factory=dict)
    lap: int | None = None
    sector: int | None = None
    x: float = float("nan")
    y: float = float("nan")

    @property
    def is_placed(self) -> bool:
        """Whether it is known where it was."""
        return bool(np.isfinite(self.x) and np.isfinite(self.y))


def moments(
    folder: RunFolder, episode: Mapping[str, Any], kinds: Collection[EventKind]
) -> list[Moment]:
    """Return the events of some kinds of one episode, by time.

    Without telemetry their places are not known.

    Args:
        folder: of a run that is over.
        episode: an entry of the result's ``episodes``.
        kinds: which.
    """
    names = {kind.name.lower(): kind for kind in kinds}
    key = episode["race"], episode["episode"]
    lines = [
        (number, event)
        for number, event in enumerate(read_events(folder.events), 1)
        if event["kind"] in names and (event["race"], event["episode"]) == key
    ]
    if not lines:
        return []
    try:
        n_cars = len(episode["classification"])
        table = read_telemetry(folder, episode, _COLUMNS, n_cars)
    except RunError:
        table = {}
    found = [_moment(number, event, names[event["kind"]], table) for number, event in lines]
    return sorted(found, key=lambda moment: moment.time)


def _moment(
    number: int, event: Mapping[str, Any], kind: EventKind, table: Mapping[str, Array]
) -> Moment:
    car, other = int(event["car"]), int(event.get("other", -1))
    details = event.get("evidence", {})
    lap, sector = details.get("lap"), None
    x = y = float("nan")
    if car >= 0 and len(table.get("time", ())):
        time = table["time"][:, 0]
        row = min(int(np.searchsorted(time, event["time"])), len(time) - 1)
        here = max(row - 1, 0)  # that lap and sector went on until this row
        if "lap" in table and lap is None:
            lap = int(table["lap"][here, car]) + 1
        if "sector" in table:
            sector = int(table["sector"][here, car]) + 1
        if "x" in table and "y" in table:
            both = [car] if other < 0 else [car, other]
            x, y = (float(table[axis][row, both].mean()) for axis in "xy")
    return Moment(
        line=number,
        time=float(event["time"]),
        kind=kind,
        car=car,
        other=other,
        other_name=str(event.get("other_name", "")),
        value=event["value"],
        details=details,
        lap=None if lap is None else int(lap),
        sector=sector,
        x=x,
        y=y,
    )


def start_of(folder: RunFolder, episode: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``events.jsonl`` says of an episode's start; nothing where it is lost."""
    key = episode["race"], episode["episode"]
    for event in read_events(folder.events):
        if event["kind"] == "start" and (event["race"], event["episode"]) == key:
            return event
    return {}
