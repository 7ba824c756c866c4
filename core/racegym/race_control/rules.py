"""What race control enforces, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from racegym.race_control.penalty_rules import PenaltyRules

__all__ = ["Rules"]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of a race.

    Attributes:
        laps: race distance; 0 for no end. Once a car has driven it, the others finish the
            next time they cross the line.
        retire_stuck: [s] a car that has not moved on for so long is retired; 0 for never.
        stuck_speed: [m/s] below it a car counts as not moving on.
        leave_when_finished: a car that has finished is taken off the track.
        penalties: what is an offence and what follows; None for nothing.
    """

    laps: int = 0
    retire_stuck: float = 0.0
    stuck_speed: float = 0.5
    leave_when_finished: bool = True
    penalties: PenaltyRules | None = None
