"""What race control enforces, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["FlagRules", "Rules", "SafetyCarRules", "TimingRules"]


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
class Rules:
    """The rules of a race.

    Attributes:
        laps: race distance; 0 for no end. Once a car has driven it, the others finish the
            next time they cross the line.
        retire_stuck: [s] a car that has not moved on for so long is retired; 0 for never.
        stuck_speed: [m/s] below it a car counts as not moving on.
        leave_when_finished: a car that has finished is taken off the track.
        classified_share: of the winner's laps, which a car must have completed to be
            classified; 0 for none.
        timing: how gaps are timed.
        flags: which flags are shown.
    """

    laps: int = 0
    retire_stuck: float = 0.0
    stuck_speed: float = 0.5
    leave_when_finished: bool = True
    classified_share: float = 0.0
    timing: TimingRules = field(default_factory=TimingRules)
    flags: FlagRules = field(default_factory=FlagRules)
