"""What a scenario may say of the race itself: its rules, and how it starts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from racegym.scenario.settings import Name, Settings
from racegym.world.config import Order, StartKind

__all__ = ["PitSettings", "RulesSettings", "StartSettings", "WreckSettings"]


class WreckSettings(Settings):
    """When a car can't go on, whatever its driver does. 0 switches a rule off.

    A car whose state is no number is always retired.
    """

    upside_down: float = Field(
        default=3.0, ge=0, le=1e6, description="[s] on its side or roof, then retired; 0: never"
    )
    flung: float = Field(
        default=100.0, ge=0, le=1e6,
        description="[m] moved in a step beyond what its speed explains, then retired; 0: never",
    )  # fmt: skip
    astray: float = Field(
        default=1000.0, ge=0, le=1e6,
        description="[m] beyond the edge of the asphalt, then retired; 0: never",
    )  # fmt: skip


class PitSettings(Settings):
    """What holds in the pit lane, where the track has one."""

    speed_limit: float = Field(
        default=0.0, ge=0, le=200, description="[m/s] in the pit lane; 0: that of the track"
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
    wrecks: WreckSettings = Field(default=WreckSettings(), description="when a car can't go on")
    pit: PitSettings = Field(default=PitSettings(), description="what holds in the pit lane")


Names = Annotated[tuple[Name, ...], Field(strict=False)]
Seconds = Annotated[float, Field(ge=0, le=1000)]


def _in_order(lights: tuple[float, float]) -> tuple[float, float]:
    if lights[0] > lights[1]:
        raise ValueError(f"is {list(lights)}; the shortest time comes first, then the longest")
    return lights


class StartSettings(Settings):
    """Where and how fast the cars start, and what lets them go."""

    kind: StartKind = Field(
        default="grid",
        description="grid: behind the line, off at once; standing: the same under red lights; "
        "rolling: in a formation up to the line; pursuit: at equal distances round the lap; "
        "side_by_side: in a row at the line; random: anywhere on the track, off at once",
    )
    order: Order = Field(
        default="given",
        description="who has which slot: as given, reversed, random for every episode, or by "
        "qualifying",
    )
    qualifying: str | Names | dict[Name, float] = Field(
        default=(),
        description="cars by name, the pole first; or their times [s]; or an earlier run's folder "
        "or result.json, of which the fastest valid laps count",
    )  # fmt: skip
    lights: Annotated[tuple[Seconds, Seconds], AfterValidator(_in_order)] = Field(
        default=(2.0, 4.0), strict=False, description="[s] red lights, at least and at most"
    )
    hold: bool = Field(
        default=True, description="cars are held under red lights; else moving is a jump start"
    )
    jump_distance: float = Field(
        default=0.1, ge=0, le=100, description="[m] moved under red lights that is no jump start"
    )
    run_up: float = Field(
        default=50.0, ge=0, le=10_000, description="[m] from a rolling start's grid to the line"
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
