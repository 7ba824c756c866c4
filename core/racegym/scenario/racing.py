"""What a scenario may say of the race itself: its rules, and how it starts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from racegym.scenario.penalty_settings import PenaltySettings
from racegym.scenario.settings import Settings

__all__ = ["RulesSettings", "StartSettings"]


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
    penalties: PenaltySettings | None = Field(
        default=None, description="what is an offence, and what follows; None: nothing"
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
