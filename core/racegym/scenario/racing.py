"""What a scenario may say of the race itself: its rules, and how it starts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from racegym.race_control.rules import IncidentRules, OvertakeRules, Rules
from racegym.scenario.settings import Settings

__all__ = ["IncidentSettings", "OvertakeSettings", "RulesSettings", "StartSettings", "race_rules"]


class IncidentSettings(Settings):
    """What contacts between cars count as; speeds are those of a car of 4.5 m."""

    window: float = Field(
        default=1.0, ge=0, le=60, description="[s] without a touch, then a touch is a new incident"
    )
    aftermath: float = Field(
        default=2.0, ge=0, le=60, description="[s] in which a spin is put down to the contact"
    )
    touch: float = Field(
        default=0.3, gt=0, le=100, description="[m/s] change of speed from which it is 1x"
    )
    heavy: float = Field(
        default=3.0, gt=0, le=100, description="[m/s] change of speed from which it is 4x"
    )
    alone: bool = Field(
        default=False,
        description="points without a contact, too: off the track 1x, wall or spin 2x",
    )
    rejoin: float = Field(
        default=2.0, ge=0, le=60, description="[s] in which a car that rejoins is to blame"
    )
    seen: float = Field(
        default=1.5, ge=0, le=60, description="[s] that a stopped car stands, to be avoidable"
    )

    @model_validator(mode="after")
    def _check_classes(self) -> IncidentSettings:
        if self.heavy <= self.touch:
            raise ValueError(f"heavy ({self.heavy:g}) must be above touch ({self.touch:g})")
        return self


class OvertakeSettings(Settings):
    """What an overtake is."""

    hold: float = Field(
        default=1.0, ge=0, le=60, description="[s] that the passing car must stay clear ahead"
    )
    alongside: float = Field(
        default=0.5,
        gt=0,
        le=2,
        description="overlap, in mean car lengths, that makes an attempt of a car that falls back",
    )


class RulesSettings(Settings):
    """What race control enforces, beside the distance."""

    retire_stuck: float = Field(
        default=0.0, ge=0, le=1e6, description="[s] without moving on, then retired; 0: never"
    )
    stuck_speed: float = Field(
        default=0.5, gt=0, le=100, description="[m/s] below which a car does not move on"
    )
    leave_when_finished: bool = Field(
        default=True, description="a finished car is taken off the track"
    )
    incidents: IncidentSettings = Field(
        default=IncidentSettings(), description="classes of contacts, and blame"
    )
    overtakes: OvertakeSettings = Field(
        default=OvertakeSettings(), description="what an overtake is"
    )


class StartSettings(Settings):
    """Where and how fast the cars start."""

    kind: Literal["grid", "random"] = Field(
        default="grid", description="grid: behind the line; random: anywhere on the track"
    )
    gap: float = Field(
        default=0.0, ge=0, le=1000, description="[m] between slots; 0: 1.6 times the longest car"
    )
    speed: float = Field(default=0.0, ge=0, le=200, description="[m/s] forward")
    lateral_noise: float = Field(default=0.0, ge=0, le=100, description="[m] half-width of scatter")
    heading_noise: float = Field(
        default=0.0, ge=0, le=3.2, description="[rad] half-width of scatter"
    )
    speed_noise: float = Field(default=0.0, ge=0, le=200, description="[m/s] half-width of scatter")


def race_rules(settings: RulesSettings, laps: int) -> Rules:
    """Return the rules of a race over ``laps`` laps."""
    given = settings.model_dump()
    given["incidents"] = IncidentRules(**given["incidents"])
    given["overtakes"] = OvertakeRules(**given["overtakes"])
    return Rules(laps=laps, **given)
