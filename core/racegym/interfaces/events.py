"""What happens in a race, in words: status, requests, flags, events, overtakes, penalties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from racegym.interfaces.arrays import Arrays
from racegym.interfaces.columns import Array

__all__ = [
    "DETAILS",
    "EVENT_DETAILS",
    "BlameKind",
    "Event",
    "EventKind",
    "Events",
    "Flag",
    "Offence",
    "OvertakeKind",
    "PenaltyKind",
    "Request",
    "Retirement",
    "Signal",
    "Status",
]

DETAILS = 16  # figures beside ``value`` that an event can carry
A_RACE, A_CAR = 8, 8  # events in a step that there is room for


class Status(IntEnum):
    """Where a car is in its race."""

    GRID = 0
    RACING = 1
    PIT = 2
    FINISHED = 3
    RETIRED = 4
    DISQUALIFIED = 5


class Request(IntEnum):
    """Bits of ``Control.request``: what a driver asks of race control."""

    PIT = 1
    RETIRE = 2
    RESCUE = 4


class Retirement(IntEnum):
    """Why a car is out of the race."""

    ASKED = 0  # by its driver, by a person, or its engine has lost it
    STUCK = 1  # it has not moved on
    FLUNG = 2  # moved by more than driving, or far off the map
    UPSIDE_DOWN = 3
    BROKEN = 4  # its state was no number


class EventKind(IntEnum):
    """What happened; ``Events.value`` holds the figure named here."""

    LAP = 0  # lap time [s]
    SECTOR = 1  # sector time [s]
    FINISH = 2  # race time [s]
    RETIRE = 3  # a `Retirement`
    OFF_TRACK = 4  # distance beyond the edge [m]
    REJOIN = 5  # time off the track [s]
    WALL = 6  # impulse [N s]
    CUT = 7  # progress jumped [m]
    RESCUE = 8  # 0
    HAND_OVER = 9  # index of the new driver
    FAULT = 10  # what its driver did: a `racegym.entrants.failure.Fault`
    OBSTACLE = 11  # impulse [N s]
    SIGNAL = 12  # the new `Signal`, of the race: `car` is -1
    JUMP_START = 13  # distance moved before the race began [m]
    PIT_ENTRY = 14  # speed [m/s]
    PIT_EXIT = 15  # time in the pit lane [s]
    YELLOW = 16  # index of the sector
    CLEAR = 17  # index of the sector that is free again
    BLUE = 18  # gap to `other`, which laps the car [s]
    SAFETY_CAR = 19  # 1: the field slows down; 0: it races again
    CONTACT = 20  # class: 0, 1, 2 or 4; `other` is the other car
    OVERTAKE = 21  # an `OvertakeKind`; `other` has been passed
    FAILED_ATTEMPT = 22  # how long it lasted [s]; `other` was not passed
    WARNING = 23  # warnings so far
    PENALTY = 24  # a `PenaltyKind`
    PENALTY_SERVED = 25  # a `PenaltyKind`
    DISQUALIFIED = 26  # 0


class Signal(IntEnum):
    """Whether a race has begun."""

    HELD = 0
    LIGHTS = 1
    FORMATION = 2
    GREEN = 3


class Flag(IntEnum):
    """Bits of ``RaceState.flags``."""

    YELLOW = 1  # danger in the car's sector: no overtaking
    BLUE = 2  # a car that laps it is close
    SAFETY_CAR = 4  # the field is slowed down
    BLACK = 8  # out of the race
    WARNING = 16  # black and white: the next offence is punished
    PENALTY = 32  # a penalty is to be served
    CHEQUERED = 64  # the race is over at the next line


class OvertakeKind(IntEnum):
    """How one car got past another."""

    TRACK = 0
    LAPPING = 1
    PIT = 2
    RETIREMENT = 3
    PENALTY = 4


class BlameKind(IntEnum):
    """What a contact was, by its evidence."""

    RACING = 0  # nobody's more than the other's
    REAR_END = 1
    DIVE = 2  # from the inside, without a claim to the corner
    SQUEEZE = 3  # no room left
    SECOND_MOVE = 4  # a defence that moved twice
    REJOIN = 5  # came back onto the track into the other's way
    WRONG_WAY = 6
    AVOIDABLE = 7  # a slow, stopped or spun car, which could be seen


class PenaltyKind(IntEnum):
    """What race control can impose."""

    NONE = 0
    WARNING = 1
    TIME = 2
    DRIVE_THROUGH = 3
    STOP_GO = 4
    PLACES = 5
    RESTART_BEHIND = 6
    LAP = 7
    DISQUALIFICATION = 8
    SCORE = 9


class Offence(IntEnum):
    """What race control punishes; each has a figure, which a rule may ask to be large enough."""

    OFF_TRACK = 0  # for so long [s]
    CUT = 1  # progress gained [m]
    WALL = 2  # change of speed [m/s]: the impulse over the mass
    OBSTACLE = 3  # the same
    CONTACT = 4  # class: 1, 2 or 4
    JUMP_START = 5  # 0
    PIT_SPEEDING = 6  # above the pit lane's limit [m/s]
    YELLOW_OVERTAKE = 7  # 0
    BLUE_FLAG = 8  # shown for so long [s]
    RESCUE = 9  # 0
    STUCK = 10  # for so long [s]
    REVERSED = 11  # for so long [s]
    WARNINGS = 12  # one more was given


# The names of an event's figures in ``Events.detail``, in order.
EVENT_DETAILS: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.CONTACT: (  # `docs/blame.md` defines them; `car` is the one that was behind
        "share",
        "other_share",
        "blame",
        "delta_v",
        "closing_speed",
        "gap",
        "gap_before",
        "claim_entry",
        "claim",
        "speed",
        "other_speed",
        "lateral_speed",
        "other_lateral_speed",
        "moves",
        "room",
        "since",
    ),
    EventKind.OVERTAKE: (
        "counted",
        "place",
        "side",
        "closing_speed",
        "duration",
        "gap",
        "contact",
        "repasses",
        "lap",
        "sector",
        "laps",
        "under_flag",
        "off_track",
        "moved",
        "from_overlap",
        "by_result",
    ),
    EventKind.FAILED_ATTEMPT: ("side", "overlap", "closing_speed", "gap", "contact", "laps"),
    EventKind.WARNING: ("offence", "lap"),
    EventKind.PENALTY: ("amount", "offence", "lap", "serve_by", "instead_of"),
    EventKind.PENALTY_SERVED: ("stood", "offence"),
    EventKind.DISQUALIFIED: ("offence", "lap"),
    # [m/s] most above the limit, [s] longest stand, 1 where it drove all of the lane
    EventKind.PIT_EXIT: ("speeding", "standing", "whole"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that race control saw, for people: the row form of ``Events``.

    Attributes:
        time: race time [s].
        race, car: whose it is; car -1 for what concerns the whole race.
        kind: what happened.
        value: the figure that ``EventKind`` names.
        other: another car, or -1.
        details: more figures, by the names in ``EVENT_DETAILS``.
    """

    time: float
    race: int
    car: int
    kind: EventKind
    value: float
    other: int = -1
    details: Mapping[str, float] = field(default_factory=dict)


class Events:
    """What race control saw in this step, up to a fixed number a race.

    Arrays are ``(n_races, capacity)``, valid up to ``count``. There is room for eight of each car
    and for a change of places of every pair, as when all go out at once; what finds no room is
    counted, and the world warns of it.

    Attributes:
        count: (n_races,) int32.
        lost: (n_races,) int32, events since the start of the race that found no room.
        kind: int32, an ``EventKind``.
        car: int32.
        other: int32, another car, or -1.
        time: float64 [s], race time.
        value: float64, the figure that ``EventKind`` names.
        detail: (n_races, capacity, DETAILS) real, the figures that ``EVENT_DETAILS`` names.
    """

    def __init__(self, arrays: Arrays, n_cars: int):
        self.capacity = A_RACE + A_CAR * n_cars + n_cars * (n_cars - 1) // 2
        cap = (self.capacity,)
        self.count: Array = arrays.new("events.count", (), "int32")
        self.lost: Array = arrays.new("events.lost", (), "int32")
        self.kind: Array = arrays.new("events.kind", cap, "int32")
        self.car: Array = arrays.new("events.car", cap, "int32")
        self.other: Array = arrays.new("events.other", cap, "int32")
        self.time: Array = arrays.new("events.time", cap, "float64")
        self.value: Array = arrays.new("events.value", cap, "float64")
        self.detail: Array = arrays.new("events.detail", (*cap, DETAILS))
