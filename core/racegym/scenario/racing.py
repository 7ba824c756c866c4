"""What a scenario may say of the race itself: its rules, and how it starts."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from racegym.race_control import Rules
from racegym.scenario.penalty_settings import PenaltySettings
from racegym.scenario.settings import Name, Settings
from racegym.world.config import Order, StartKind

__all__ = [
    "FlagSettings",
    "IncidentSettings",
    "OvertakeSettings",
    "PitSettings",
    "RulesSettings",
    "SafetyCarSettings",
    "StartSettings",
    "TimingSettings",
    "WreckSettings",
    "race_rules",
]


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


class TimingSettings(Settings):
    """How gaps between cars are timed."""

    mini_sectors: int = Field(
        default=0, ge=0, le=1024, description="of a lap; 0: one every 10 m, from 16 to 128"
    )


class SafetyCarSettings(Settings):
    """When the field is slowed down, how much and for how long."""

    after: float = Field(
        default=10.0, ge=0, le=1e4, description="[s] that a sector has been yellow"
    )
    seconds: float = Field(default=30.0, ge=0, le=1e4, description="[s] at least so long")
    laps: int = Field(
        default=0, ge=0, le=1000, description="and until the leader has completed so many"
    )
    speed_share: float = Field(
        default=0.6, gt=0, le=1, description="of the mean speed of the best lap so far"
    )


class FlagSettings(Settings):
    """Which flags are shown, and when."""

    yellow: bool = Field(default=True, description="in the sector of a car that stands or has spun")
    yellow_after: float = Field(
        default=2.0, ge=0, le=1000, description="[s] a car that stood so long is a danger"
    )
    yellow_hold: float = Field(
        default=3.0, ge=0, le=1000, description="[s] from the last danger seen to the clear"
    )
    yellow_margin: float = Field(
        default=5.0, ge=0, le=1000, description="[m] beyond the edge a car is no danger"
    )
    blue: bool = Field(default=True, description="to a car that is about to be lapped")
    blue_gap: float = Field(default=1.0, gt=0, le=60, description="[s] to the car that laps it")
    safety_car: SafetyCarSettings | None = Field(
        default=None, description="slows the field down after an incident; missing: never"
    )

    @model_validator(mode="after")
    def _seen(self) -> FlagSettings:
        if self.safety_car is not None and not self.yellow:
            raise ValueError("safety_car comes out after yellow flags; set yellow to true")
        return self


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
    incidents: IncidentSettings = Field(
        default=IncidentSettings(), description="classes of contacts, and blame"
    )
    overtakes: OvertakeSettings = Field(
        default=OvertakeSettings(), description="what an overtake is"
    )
    classified_share: float = Field(
        default=0.0, ge=0, le=1, description="of the winner's laps, to be classified; 0: all are"
    )
    timing: TimingSettings = Field(
        default=TimingSettings(), description="how gaps between cars are timed"
    )
    flags: FlagSettings = Field(default=FlagSettings(), description="which flags are shown, when")
    penalties: PenaltySettings | None = Field(
        default=None, description="what is an offence, and what follows; None: nothing"
    )
    wrecks: WreckSettings = Field(default=WreckSettings(), description="when a car can't go on")
    pit: PitSettings = Field(default=PitSettings(), description="what holds in the pit lane")


_RULES = TypeAdapter(Rules)


def race_rules(settings: RulesSettings, laps: int) -> Rules:
    """Return the rules of a race over ``laps``; sections become those of ``Rules``."""
    return _RULES.validate_python({"laps": laps, **settings.model_dump()})


Names = Annotated[tuple[Name, ...], Field(strict=False)]
Seconds = Annotated[float, Field(ge=0, le=1000)]
LapTime = Annotated[float, Field(gt=0)]


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
    qualifying: str | Names | dict[Name, LapTime] = Field(
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
        default=0.0, ge=0, le=1000,
        description="[m] between slots; 0: 1.6 times the longest car, or equal distances (random)",
    )  # fmt: skip
    speed: float = Field(default=0.0, ge=0, le=200, description="[m/s] forward")
    lateral_noise: float = Field(default=0.0, ge=0, le=100, description="[m] half-width of scatter")
    heading_noise: float = Field(
        default=0.0, ge=0, le=3.2, description="[rad] half-width of scatter"
    )
    speed_noise: float = Field(default=0.0, ge=0, le=200, description="[m/s] half-width of scatter")
    race_speed_noise: float = Field(
        default=0.0, ge=0, le=200,
        description="[m/s] half-width of scatter, the same for all cars of a race",
    )  # fmt: skip
