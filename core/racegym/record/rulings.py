"""A steward's rulings on a run that is over: the official result, beside what was recorded.

The recorded result stays as it is; ``official.json`` follows from it, from ``events.jsonl`` and
from the rulings alone, so applying the same rulings again gives the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from racegym.documents.describing import describe
from racegym.documents.document import read_document
from racegym.errors import RunError, ScenarioError, nearest
from racegym.interfaces import EventKind, PenaltyKind
from racegym.record.classification import classify
from racegym.record.folder import RunFolder, read_json, write_json
from racegym.record.result import read_events
from racegym.scenario.faults import Faults, Places
from racegym.scenario.settings import Settings

__all__ = ["Moment", "Ruling", "Rulings", "make_official", "read_rulings"]

NEAR = 0.05  # [s] by which the time of an event may be off
_BOOKED = {"time": "penalty_time", "places": "penalty_places", "laps": "penalty_laps"}


class Moment(Settings):
    """An event, by when it was and whose."""

    time: float = Field(ge=0, description="[s] race time, to 0.05 s")
    car: str = Field(description="its name")
    other: str | None = Field(default=None, description="the other car, of events that have one")
    kind: str | None = Field(default=None, description="as in events.jsonl")

    @field_validator("kind")
    @classmethod
    def _is_kind(cls, kind: str | None) -> str | None:
        known = [one.name.lower() for one in EventKind]
        if kind is not None and kind not in known:
            raise ValueError(f"no event is called {kind!r}; {nearest(kind, known)}")
        return kind


class Ruling(Settings):
    """One decision, with its reason."""

    reason: str = Field(min_length=1, max_length=10_000, description="why")
    event: int | Moment | None = Field(
        default=None, description="what it is about: its line in events.jsonl, or time and car"
    )
    race: int = Field(default=0, ge=0, description="where several were recorded")
    episode: int = Field(default=0, ge=0, description="where there are several, from 0")
    car: str | None = Field(default=None, description="whom it is about; by default the event's")
    cancel: bool = Field(default=False, description="the event's penalty is taken back")
    shares: dict[str, float] | None = Field(
        default=None, description="of the blame for the contact, by name"
    )
    time: float = Field(default=0.0, ge=-1e6, le=1e6, description="[s] added")
    places: int = Field(default=0, ge=-1000, le=1000, description="places lost")
    laps: int = Field(default=0, ge=-1000, le=1000, description="laps taken off")
    disqualify: bool = Field(default=False, description="out of the result")
    reinstate: bool = Field(default=False, description="not disqualified any more")

    @model_validator(mode="after")
    def _sensible(self) -> Ruling:
        if self.disqualify and self.reinstate:
            raise ValueError("a car is either disqualified or reinstated, not both")
        if self.cancel and self.event is None:
            raise ValueError("cancel takes back an event's penalty: name the event")
        if self.shares is not None and self.event is None:
            raise ValueError("shares are of a contact: name its event")
        if self.shares and not (
            all(0 <= share <= 1 for share in self.shares.values())
            and sum(self.shares.values()) <= 1 + 1e-9
        ):
            raise ValueError("shares lie between 0 and 1, and come to no more than 1")
        return self


class Rulings(Settings):
    """All decisions on a run, in the order that they are applied."""

    rulings: tuple[Ruling, ...] = Field(strict=False, min_length=1, description="the decisions")


def read_rulings(path: Path) -> list[tuple[Ruling, int | None]]:
    """Return the rulings of a file, each with its line.

    Raises:
        ScenarioError: the file is missing or wrong; names each line.
    """
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise ScenarioError("a file of rulings holds a mapping with rulings", file=path, line=1)
    faults = Faults(Places(path, document.lines))
    try:
        read = Rulings.model_validate(document.data)
    except ValidationError as error:
        for location, what in describe(error, Rulings, document.data):
            faults.add(location, what)
        faults.tell()
        raise
    return [(r, document.lines.get(("rulings", k))) for k, r in enumerate(read.rulings)]


def make_official(folder: RunFolder, file: Path) -> dict[str, Any]:
    """Apply the rulings of ``file`` to a run, write ``official.json`` and return its content.

    Raises:
        RunError: the run has no result, or a ruling names a car or an event that it has not.
        ScenarioError: the file is missing or wrong.
    """
    rulings = read_rulings(file)
    result = read_json(folder.result)
    if any("road_position" not in row for row in result["classification"]):
        raise RunError("was recorded before penalties were known: there is nothing to rule on",
                       file=folder.result)  # fmt: skip
    events = list(read_events(folder.events))
    episodes = [dict(episode) for episode in result["episodes"]]
    for episode in episodes:
        episode["classification"] = [dict(row) for row in episode["classification"]]
    applied = []
    touched: set[int] = set()
    cancelled: list[Mapping[str, Any]] = []
    for ruling, line in rulings:
        try:
            index, told = _apply(ruling, episodes, events, cancelled)
        except LookupError as error:
            raise RunError(str(error.args[0]), file=file, line=line) from None
        touched.add(index)
        applied.append(told)
    for index in touched:
        episode = episodes[index]
        episode["classification"] = classify(
            episode["classification"],
            length=episode["track_length"],
            share=episode["classified_share"],
        )
    official = {
        "format": result["format"],
        "scenario": result["scenario"],
        "classification": episodes[0]["classification"] if episodes else [],
        "rulings": applied,
        "episodes": episodes,
    }
    write_json(folder.official, official)
    return official


def _apply(
    ruling: Ruling,
    episodes: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    cancelled: list[Mapping[str, Any]],
) -> tuple[int, dict[str, Any]]:
    """Write a ruling into the rows; returns the episode's index and what is told of it.

    ``cancelled``: events whose penalties have been taken back; one more is added.

    Raises:
        LookupError: with a message.
    """
    event = _line(ruling.event, events) if isinstance(ruling.event, int) else None
    key = (ruling.race, ruling.episode) if event is None else (event["race"], event["episode"])
    index = next((k for k, e in enumerate(episodes) if (e["race"], e["episode"]) == key), None)
    if index is None:
        raise LookupError(f"there is no race {key[0]}, episode {key[1]}, in this run")
    if event is not None:
        _check_same_race(ruling, key)
    rows = {row["name"]: row for row in episodes[index]["classification"]}
    if isinstance(ruling.event, Moment):
        for name in (ruling.event.car, ruling.event.other):
            _check_car(name, rows)
        of = (e for e in events if e["kind"] != "start" and (e["race"], e["episode"]) == key)
        event = _event(ruling.event, of)
    told: dict[str, Any] = ruling.model_dump(exclude_defaults=True)
    if event is not None:
        told["event"] = dict(event)
    if ruling.shares is not None:
        _check_shares(ruling.shares, event, rows)
    name = ruling.car if ruling.car is not None or event is None else event["name"]
    acts = ruling.time or ruling.places or ruling.laps or ruling.disqualify or ruling.reinstate
    if ruling.car is not None or acts or ruling.cancel:
        if name is None:
            raise LookupError("whom is it about? name the car")
        _check_car(name, rows)
        told["car"] = name
        row = rows[name]
        if ruling.cancel:
            assert event is not None
            if name != event["name"] and not acts:
                raise LookupError(
                    f"the event is one of {event['name']!r}, and the ruling is about {name!r}"
                )
            if any(event is other for other in cancelled):
                raise LookupError("the penalty of this event has been taken back already")
            cancelled.append(event)
            _cancel(event, rows[event["name"]])
        for what, booked in _BOOKED.items():
            row[booked] += getattr(ruling, what)
        if ruling.disqualify:
            row["status"] = "disqualified"
        elif ruling.reinstate:
            _reinstate(row)
    return index, told


def _check_same_race(ruling: Ruling, key: tuple[int, int]) -> None:
    """Refuse a race or an episode that is told beside an event of another one."""
    for what, index in zip(("race", "episode"), key, strict=True):
        asked = getattr(ruling, what)
        if what in ruling.model_fields_set and asked != index:
            raise LookupError(f"the event is of {what} {index}, not {asked}; leave {what} out")


def _check_car(name: str | None, rows: Mapping[str, Any]) -> None:
    if name is not None and name not in rows:
        raise LookupError(f"there is no car {name!r} in this race; {nearest(name, rows)}")


def _line(number: int, events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not (1 <= number <= len(events)) or events[number - 1]["kind"] == "start":
        raise LookupError(f"line {number} of events.jsonl is no event; it has {len(events)} lines")
    return events[number - 1]


def _event(wanted: Moment, events: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    of = [
        event
        for event in events
        if event["name"] == wanted.car
        and wanted.other in (None, event.get("other_name"))
        and wanted.kind in (None, event["kind"])
    ]
    found = [event for event in of if abs(event["time"] - wanted.time) <= NEAR]
    whose = f"{wanted.kind or 'event'} of {wanted.car!r}"
    if not found:
        near = min(of, key=lambda event: abs(event["time"] - wanted.time), default=None)
        hint = "there is none" if near is None else f"the nearest is at {near['time']:.3f} s"
        raise LookupError(f"no {whose} at {wanted.time:g} s; {hint}")
    if len(found) > 1:
        kinds = ", ".join(f"{event['kind']} at {event['time']:.3f} s" for event in found)
        raise LookupError(f"several events of {wanted.car!r} there: {kinds}; name its kind or line")
    return found[0]


def _check_shares(
    shares: Mapping[str, float], event: Mapping[str, Any] | None, rows: Mapping[str, Any]
) -> None:
    assert event is not None
    if event["kind"] != "contact":
        raise LookupError(f"shares are of a contact, and this event is {event['kind']}")
    both = (event["name"], event.get("other_name"))
    for name in shares:
        if name not in both:
            known = "" if name in rows else f"; {nearest(name, [n for n in both if n])}"
            raise LookupError(f"car {name!r} was not in this contact{known}")


def _cancel(event: Mapping[str, Any], row: dict[str, Any]) -> None:
    if event["kind"] == "disqualified":
        _reinstate(row)
    elif event["kind"] == "warning":
        row["warnings"] -= 1
    elif event["kind"] == "penalty":
        amount, kind = event["evidence"]["amount"], PenaltyKind(int(event["value"]))
        if kind is PenaltyKind.TIME:
            row["penalty_time"] -= amount
        elif kind is PenaltyKind.PLACES:
            row["penalty_places"] -= int(amount)
        elif kind is PenaltyKind.LAP:
            row["penalty_laps"] -= int(amount)
        elif kind is PenaltyKind.SCORE:
            row["score"] /= amount
        else:
            raise LookupError(
                f"a {kind.name.lower().replace('_', '-')} was carried out on the track; it can't "
                "be taken back, give time instead"
            )
    else:
        raise LookupError(f"this event is {event['kind']}, which has no penalty to cancel")


def _reinstate(row: dict[str, Any]) -> None:
    if row["status"] != "disqualified":
        raise LookupError(
            f"car {row['name']!r} can't be reinstated: it is not disqualified ({row['status']})"
        )
    row["status"] = "retired" if row["total_time"] is None else "finished"
