"""What race control enforces, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from racegym.race_control.penalty_rules import PenaltyRules

__all__ = [
    "FlagRules",
    "IncidentRules",
    "OvertakeRules",
    "PitRules",
    "Rules",
    "SafetyCarRules",
    "StartProcedure",
    "TimingRules",
    "WreckRules",
]


@dataclass(frozen=True, kw_only=True)
class IncidentRules:
    """What contacts between cars count as; see ``docs/blame.md``.

    Speeds are those of a car of 4.5 m; they grow with the root of a car's length.

    Attributes:
        window: [s] without a touch, after which a touch of the same two is a new incident.
        aftermath: [s] after the last touch, in which a spin or an excursion is put down to it.
        touch: [m/s] change of speed of the lighter car, from which a contact is 1x.
        heavy: [m/s] the same for 4x.
        alone: points also for a car by itself: 1x off the track, 2x into a wall or turned round.
        rejoin: [s] after its return to the track, in which a car answers for a contact.
        seen: [s] for which a stopped or spun car stands there, to be avoidable.
    """

    window: float = 1.0
    aftermath: float = 2.0
    touch: float = 0.3
    heavy: float = 3.0
    alone: bool = False
    rejoin: float = 2.0
    seen: float = 1.5


@dataclass(frozen=True, kw_only=True)
class OvertakeRules:
    """What an overtake is; see ``docs/overtakes.md``.

    Attributes:
        hold: [s] that the passing car must stay clear ahead.
        alongside: overlap, in mean car lengths, that makes an attempt of a car that falls back.
    """

    hold: float = 1.0
    alongside: float = 0.5


@dataclass(frozen=True, kw_only=True)
class TimingRules:
    """How gaps are timed.

    Attributes:
        mini_sectors: of a lap, all of one length; 0 for one about every 10 m, from 16 to 128.
    """

    mini_sectors: int = 0


@dataclass(frozen=True, kw_only=True)
class SafetyCarRules:
    """When the field is slowed down, how much and for how long.

    Attributes:
        after: [s] that a sector has been yellow.
        seconds: [s] at least so long.
        laps: and until the leader has completed so many.
        speed_share: of the mean speed of the race's best lap so far.
    """

    after: float = 10.0
    seconds: float = 30.0
    laps: int = 0
    speed_share: float = 0.6


@dataclass(frozen=True, kw_only=True)
class FlagRules:
    """Which flags are shown, and when.

    Attributes:
        yellow: in the sector of a car that stands or has spun, or of a heavy contact.
        yellow_after: [s] a car that has stood so long is a danger.
        yellow_hold: [s] a sector is cleared so long after the danger was last seen.
        yellow_margin: [m] a car farther than this beyond the edge is no danger.
        blue: to a car that is about to be lapped.
        blue_gap: [s] to the car that laps it.
        safety_car: whether and how the field is slowed down; None for never.
    """

    yellow: bool = True
    yellow_after: float = 2.0
    yellow_hold: float = 3.0
    yellow_margin: float = 5.0
    blue: bool = True
    blue_gap: float = 1.0
    safety_car: SafetyCarRules | None = None


@dataclass(frozen=True, kw_only=True)
class WreckRules:
    """When a car can't go on, whatever its driver does. 0 switches a rule off.

    Attributes:
        upside_down: [s] a car that has lain on its side or roof for so long is retired.
        flung: [m] a car that moved so much farther in a step than its speed explains is.
        astray: [m] so is one that is so far beyond the edge of the asphalt.
    """

    upside_down: float = 3.0
    flung: float = 100.0
    astray: float = 1000.0


@dataclass(frozen=True, kw_only=True)
class PitRules:
    """What holds in the pit lane.

    Attributes:
        speed_limit: [m/s]; 0 for that of the track.
    """

    speed_limit: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StartProcedure:
    """How a race begins.

    Attributes:
        begins: with the signal ``green``, under red ``lights`` or in ``formation``.
        lights: [s] the shortest and the longest time that the lights are red.
        hold: cars are held under the lights; else moving is a jump start.
        jump_distance: [m] that a car may move under the lights before it counts.
        speed: [m/s] of the formation.
    """

    begins: Literal["green", "lights", "formation"] = "green"
    lights: tuple[float, float] = (2.0, 4.0)
    hold: bool = True
    jump_distance: float = 0.1
    speed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of a race.

    Attributes:
        laps: race distance; 0 for no end. Once a car has driven it, the others finish the
            next time they cross the line.
        retire_stuck: [s] a car that has not moved on for so long is retired; 0 for never.
        stuck_speed: [m/s] below it a car counts as not moving on.
        leave_when_finished: a car that has finished is taken off the track.
        incidents: contacts between cars.
        overtakes: what an overtake is.
        classified_share: of the winner's laps, which a car must have completed to be
            classified; 0 for none.
        timing: how gaps are timed.
        flags: which flags are shown.
        penalties: what is an offence and what follows; None for nothing.
        wrecks: when a car can't go on.
        pit: what holds in the pit lane.
    """

    laps: int = 0
    retire_stuck: float = 0.0
    stuck_speed: float = 0.5
    leave_when_finished: bool = True
    incidents: IncidentRules = field(default_factory=IncidentRules)
    overtakes: OvertakeRules = field(default_factory=OvertakeRules)
    classified_share: float = 0.0
    timing: TimingRules = field(default_factory=TimingRules)
    flags: FlagRules = field(default_factory=FlagRules)
    penalties: PenaltyRules | None = None
    wrecks: WreckRules = field(default_factory=WreckRules)
    pit: PitRules = field(default_factory=PitRules)
