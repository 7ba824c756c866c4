"""What race control saw, in words: the same on a terminal, in pictures and on the page of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from racegym.entrants.failure import Fault
from racegym.interfaces import (
    BlameKind,
    Event,
    EventKind,
    Offence,
    OvertakeKind,
    PenaltyKind,
    Retirement,
    Signal,
)

__all__ = [
    "BLAMES",
    "FAULTS",
    "OFFENCES",
    "RACE_WIDE",
    "is_news",
    "penalty_words",
    "sentence",
    "side_words",
    "told",
]

# Events that concern everybody, whichever car they name.
RACE_WIDE = frozenset(
    (EventKind.SIGNAL, EventKind.YELLOW, EventKind.CLEAR, EventKind.SAFETY_CAR)
)  # fmt: skip

BLAMES: Mapping[BlameKind, str] = {
    BlameKind.RACING: "racing incident",
    BlameKind.REAR_END: "ran into the back",
    BlameKind.DIVE: "dive to the inside",
    BlameKind.SQUEEZE: "squeeze, no room left",
    BlameKind.SECOND_MOVE: "second move in defence",
    BlameKind.REJOIN: "unsafe rejoin",
    BlameKind.WRONG_WAY: "wrong way",
    BlameKind.AVOIDABLE: "avoidable: the other could be seen",
}
OFFENCES: Mapping[Offence, str] = {
    Offence.OFF_TRACK: "leaving the track",
    Offence.CUT: "a cut",
    Offence.WALL: "contact with a wall",
    Offence.OBSTACLE: "contact with an obstacle",
    Offence.CONTACT: "contact",
    Offence.JUMP_START: "a jump start",
    Offence.PIT_SPEEDING: "speeding in the pit lane",
    Offence.YELLOW_OVERTAKE: "overtaking under yellow",
    Offence.BLUE_FLAG: "ignoring blue flags",
    Offence.RESCUE: "a rescue",
    Offence.STUCK: "not moving on",
    Offence.REVERSED: "driving backwards",
    Offence.WARNINGS: "too many warnings",
}
FAULTS: Mapping[Fault, str] = {
    Fault.RAISED: "raised an error",
    Fault.WRONG_ACTION: "returned no valid action",
    Fault.LATE: "was too slow",
    Fault.HUNG: "hung",
    Fault.ENDED: "ended",
}
_RETIREMENTS: Mapping[Retirement, str] = {
    Retirement.ASKED: "",
    Retirement.STUCK: ", stuck",
    Retirement.FLUNG: ", flung away",
    Retirement.UPSIDE_DOWN: ", upside down",
    Retirement.BROKEN: ", its state is no number",
}
_OVERTAKES: Mapping[OvertakeKind, str] = {
    OvertakeKind.TRACK: "passes {other}",
    OvertakeKind.LAPPING: "laps {other}",
    OvertakeKind.PIT: "gets past {other} in the pits",
    OvertakeKind.RETIREMENT: "inherits the place of {other}",
    OvertakeKind.PENALTY: "gains the place of {other} by a ruling",
}
_SIGNALS: Mapping[Signal, str] = {
    Signal.HELD: "cars are held",
    Signal.LIGHTS: "red lights",
    Signal.FORMATION: "formation lap",
    Signal.GREEN: "green: the race begins",
}
_PLAIN: Mapping[EventKind, str] = {
    EventKind.FINISH: "finishes",
    EventKind.RESCUE: "is put back on the track",
    EventKind.HAND_OVER: "is handed to another driver",
}
_UNCOUNTED = (  # why a pass on the track is no overtake, as its figures name it
    ("under_flag", "under a flag"), ("off_track", "off the track"), ("moved", "moved"),
    ("from_overlap", "from alongside"), ("by_result", "by the result"),
)  # fmt: skip


def side_words(side: float | None) -> str:
    """Return on which side a car passed; nothing for none.

    >>> side_words(1.0), side_words(-1.0), side_words(0.0)
    ('on the left', 'on the right', '')
    """
    return "" if not side else "on the left" if side > 0 else "on the right"


def penalty_words(kind: PenaltyKind, amount: float | None) -> str:
    """Return a penalty.

    >>> penalty_words(PenaltyKind.TIME, 10.0), penalty_words(PenaltyKind.PLACES, 1.0)
    ('10 s', '1 place')
    """
    many = 0.0 if amount is None else amount
    plural = "" if many == 1 else "s"
    return {
        PenaltyKind.NONE: "nothing",
        PenaltyKind.WARNING: "a warning",
        PenaltyKind.TIME: f"{many:g} s",
        PenaltyKind.DRIVE_THROUGH: "a drive-through",
        PenaltyKind.STOP_GO: f"a stop-go of {many:g} s",
        PenaltyKind.PLACES: f"{many:g} place{plural}",
        PenaltyKind.RESTART_BEHIND: "a restart behind",
        PenaltyKind.LAP: f"{many:g} lap{plural}",
        PenaltyKind.DISQUALIFICATION: "disqualification",
        PenaltyKind.SCORE: f"the score times {many:.3g}",
    }[kind]


def is_news(kind: EventKind, value: float | None, details: Mapping[str, float | None]) -> bool:
    """Tell whether somebody who watches a race wants to hear of an event as it happens.

    Args:
        kind, value, details: as of an ``Event``.
    """
    if kind is EventKind.OVERTAKE:
        return bool(details.get("counted"))
    if kind is EventKind.CONTACT:
        return value is not None and value >= 2
    if kind is EventKind.SIGNAL:
        return value == Signal.GREEN
    return kind in (
        EventKind.RETIRE, EventKind.RESCUE, EventKind.JUMP_START, EventKind.YELLOW,
        EventKind.SAFETY_CAR, EventKind.WARNING, EventKind.PENALTY, EventKind.PENALTY_SERVED,
        EventKind.DISQUALIFIED,
    )  # fmt: skip


def sentence(event: Event, names: Sequence[str]) -> str:
    """Return an event in words, with the names of the cars."""
    other = names[event.other] if event.other >= 0 else ""
    words = told(event.kind, event.value, event.details, other)
    if event.car < 0 or event.kind in RACE_WIDE:
        return words
    return f"{names[event.car]} {words}"


def told(
    kind: EventKind,
    value: float | None,
    details: Mapping[str, float | None] | None = None,
    other: str = "another car",
) -> str:
    """Return what a car did or what became of it, without its name.

    >>> told(EventKind.OVERTAKE, 0.0, {"side": 1.0, "counted": 1.0}, "Kart 3")
    'passes Kart 3 on the left'
    >>> told(EventKind.CONTACT, 2.0, {"share": 1.0, "other_share": 0.0, "blame": 1.0}, "Kart 3")
    'touches Kart 3, 2x: ran into the back'

    Args:
        kind: of the event.
        value: its figure; None for one that is not known.
        details: more figures, by the names in ``EVENT_DETAILS``.
        other: name of the other car.
    """
    figures = details or {}
    if kind in _PLAIN:
        return _PLAIN[kind]
    if value is None or not isfinite(value):
        return kind.name.lower().replace("_", " ")
    between = _between(kind, value, figures, other)
    return between or _conduct(kind, value, figures) or _alone(kind, value)


def _between(kind: EventKind, value: float, figures: Mapping[str, float | None], other: str) -> str:
    """Return an event of two cars; nothing for one of another kind."""
    if kind is EventKind.OVERTAKE:
        return _overtake(OvertakeKind(int(value)), figures, other)
    if kind is EventKind.FAILED_ATTEMPT:
        side = side_words(figures.get("side"))
        return f"tries to pass {other}" + (f" {side}" if side else "") + f", {value:.1f} s"
    if kind is EventKind.CONTACT:
        blame = figures.get("blame")
        why = "" if blame is None else f": {BLAMES[BlameKind(int(blame))]}"
        return f"touches {other}, {value:.0f}x{why}"
    if kind is EventKind.BLUE:
        return f"is shown blue: {other} is {value:.1f} s behind, and laps it"
    return ""


def _overtake(kind: OvertakeKind, figures: Mapping[str, float | None], other: str) -> str:
    words = _OVERTAKES[kind].format(other=other)
    if kind is OvertakeKind.LAPPING and (figures.get("laps") or 0) < 0:
        words = f"unlaps itself from {other}"
    side = side_words(figures.get("side"))
    if side and kind in (OvertakeKind.TRACK, OvertakeKind.LAPPING):
        words += f" {side}"
    if kind is OvertakeKind.TRACK and not figures.get("counted", 1.0):
        reason = next((word for name, word in _UNCOUNTED if figures.get(name)), "")
        words += f", not counted: {reason}" if reason else ", not counted"
    return words


def _conduct(kind: EventKind, value: float, figures: Mapping[str, float | None]) -> str:
    """Return a warning or a penalty with its reason; nothing for another kind."""
    offence = figures.get("offence")
    why = "" if offence is None else f" for {OFFENCES[Offence(int(offence))]}"
    if kind is EventKind.WARNING:
        return f"is warned{why}, warning {value:.0f}"
    if kind is EventKind.PENALTY:
        punished = penalty_words(PenaltyKind(int(value)), figures.get("amount"))
        before = figures.get("instead_of")
        if before:
            unserved = penalty_words(PenaltyKind(int(before)), None).removeprefix("a ")
            return f"gets {punished} instead of a {unserved.split(' of ')[0]} not served"
        return f"gets {punished}{why}"
    if kind is EventKind.PENALTY_SERVED:
        served = penalty_words(PenaltyKind(int(value)), None).removeprefix("a ")
        return f"has served its {served.split(' of ')[0]}"
    if kind is EventKind.DISQUALIFIED:
        return f"is disqualified{why}"
    return ""


def _alone(kind: EventKind, value: float) -> str:
    """Return what concerns one car, or the race."""
    forms = {
        EventKind.LAP: "completes a lap in {:.3f} s",
        EventKind.SECTOR: "completes a sector in {:.3f} s",
        EventKind.OFF_TRACK: "leaves the track, {:.1f} m beyond the edge",
        EventKind.REJOIN: "is back on the track after {:.1f} s",
        EventKind.WALL: "hits the wall, {:.0f} N s",
        EventKind.OBSTACLE: "hits an obstacle, {:.0f} N s",
        EventKind.CUT: "cuts {:.0f} m",
        EventKind.JUMP_START: "jumps the start, by {:.2f} m",
        EventKind.PIT_ENTRY: "enters the pit lane",
        EventKind.PIT_EXIT: "leaves the pit lane after {:.1f} s",
    }
    if kind in forms:
        return forms[kind].format(value)
    if kind is EventKind.RETIRE:
        return f"retires{_RETIREMENTS[Retirement(int(value))]}"
    if kind is EventKind.SIGNAL:
        return _SIGNALS[Signal(int(value))]
    if kind is EventKind.SAFETY_CAR:
        return "safety car: the field slows down" if value else "safety car in: racing again"
    if kind is EventKind.YELLOW:
        return f"yellow flag in sector {value + 1:.0f}"
    if kind is EventKind.CLEAR:
        return f"sector {value + 1:.0f} is clear"
    if kind is EventKind.FAULT:
        return f"its driver {FAULTS[Fault(int(value))]}"
    return kind.name.lower().replace("_", " ")
