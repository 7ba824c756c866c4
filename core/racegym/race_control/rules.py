"""What race control enforces, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["PitRules", "Rules", "StartProcedure", "WreckRules"]


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
        wrecks: when a car can't go on.
        pit: what holds in the pit lane.
    """

    laps: int = 0
    retire_stuck: float = 0.0
    stuck_speed: float = 0.5
    leave_when_finished: bool = True
    wrecks: WreckRules = field(default_factory=WreckRules)
    pit: PitRules = field(default_factory=PitRules)
