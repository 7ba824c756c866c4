"""Named difficulty: how fast, how rude, how prone to mistakes and how quick to react.

A level's ``percent`` is measured: alone on the track and without a mistake, a lap takes
100 / percent times the reference lap, the limit that ``racegym tracks limit`` prints. A driver
plans its laps itself, so it knows how long its own plan takes at full pace, and

    pace = effort / 100 * planned time / reference time                                  (1)

scales that plan; ``effort`` is a little more than the percentage, for what is lost on the road.
``racegym calibrate`` measures it, for full-size vehicles and for models, and ``levels.yaml``
keeps what it found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field

from racegym.documents.document import read_document
from racegym.errors import ScenarioError
from racegym.interfaces import StageOptions

__all__ = [
    "KINDS",
    "LEVELS",
    "MODEL_LENGTH",
    "TABLE",
    "Level",
    "LevelName",
    "Racer",
    "RacerOptions",
    "efforts",
    "kind_of",
    "pace_up_to",
    "racer",
]

LevelName = Literal["rookie", "amateur", "club", "pro", "expert", "alien"]
TABLE = Path(__file__).with_name("levels.yaml")
KINDS = ("car", "model")  # of vehicles
MODEL_LENGTH = 1.0  # [m] shorter vehicles are models


@dataclass(frozen=True, kw_only=True)
class Level:
    """What a level sets.

    Attributes:
        percent: [%] reference lap time over its own.
        aggression, error_rate, reaction: as in ``RacerOptions``.
    """

    percent: float
    aggression: float
    error_rate: float
    reaction: float


LEVELS: dict[LevelName, Level] = {
    "rookie": Level(percent=70.0, aggression=0.2, error_rate=0.6, reaction=0.6),
    "amateur": Level(percent=76.0, aggression=0.35, error_rate=0.4, reaction=0.5),
    "club": Level(percent=82.0, aggression=0.5, error_rate=0.25, reaction=0.4),
    "pro": Level(percent=87.0, aggression=0.6, error_rate=0.12, reaction=0.3),
    "expert": Level(percent=91.0, aggression=0.7, error_rate=0.06, reaction=0.25),
    "alien": Level(percent=94.0, aggression=0.8, error_rate=0.0, reaction=0.2),
}


def kind_of(length: float) -> str:
    """Return the class of a vehicle of that length [m]; one that nobody knows is a car."""
    return "model" if length < MODEL_LENGTH else "car"


def pace_up_to(most: float) -> Any:
    """Return the setting ``pace`` of a racer."""
    return Field(
        None,
        gt=0,
        le=most,
        description="[%] of the speed that it trusts the car with; None: that of the level, or 100",
    )


class RacerOptions(StageOptions):
    """Settings that every racer has; each driver says how great its ``pace`` may be."""

    pace: float | None = pace_up_to(110)
    level: LevelName | None = Field(
        None, description="sets pace, aggression, error_rate and reaction; None: no level"
    )
    aim: float | None = Field(
        None,
        gt=0,
        le=110,
        description="[%] reference lap time over that of its plan, instead of pace; "
        "None: by level or pace",
    )
    aggression: float | None = Field(
        None,
        ge=0,
        le=1,
        description="0 lives and lets live, 1 takes every gap and covers every corner; "
        "None: that of the level, or 0.5",
    )
    error_rate: float | None = Field(
        None,
        ge=0,
        le=100,
        description="mistakes a lap: it brakes late, runs wide or lifts; "
        "None: that of the level, or 0",
    )
    reaction: float | None = Field(
        None,
        ge=0,
        le=5,
        description="[s] before it acts on what another car does; None: that of the level, or 0.3",
    )


class Racer(NamedTuple):
    """A driver's settings, with what its level sets.

    ``effort`` is by the class of vehicle, ``car`` or ``model`` [%]; None where the pace was
    given itself.
    """

    pace: float
    effort: dict[str, float] | None
    aggression: float
    error_rate: float
    reaction: float

    def factor(self, length: float, planned: float, reference: float) -> float:
        """Return what the driver's own plan is scaled with, by (1).

        Args:
            length: of the vehicle [m].
            planned, reference: [s] of a lap.
        """
        assert self.effort is not None
        return self.effort[kind_of(length)] / 100.0 * planned / reference


@cache
def efforts() -> dict[str, dict[str, dict[str, float]]]:
    """Return the measured table: by driver, class of vehicle and level, [%]."""
    found: dict[str, Any] = read_document(TABLE).data["efforts"]
    return found


def racer(driver: str, given: RacerOptions) -> Racer:
    """Return a driver's settings: those given, then those of its level.

    Args:
        driver: its name.
        given: what its options say.

    Raises:
        ScenarioError: the driver does not reach that level, or it is told two paces.
    """
    pace, level = given.pace, given.level
    if given.aim is not None and pace is not None:
        raise ScenarioError(
            f"driver {driver!r}: pace and aim both say how fast it is; leave one of them out"
        )
    set_by = Level(percent=0.0, aggression=0.5, error_rate=0.0, reaction=0.3)
    effort = None if given.aim is None else dict.fromkeys(KINDS, given.aim)
    if level is not None:
        set_by = LEVELS[level]
        if pace is None and effort is None:
            effort = _effort(driver, level)
    return Racer(
        pace=100.0 if pace is None else pace,
        effort=effort,
        aggression=set_by.aggression if given.aggression is None else given.aggression,
        error_rate=set_by.error_rate if given.error_rate is None else given.error_rate,
        reaction=set_by.reaction if given.reaction is None else given.reaction,
    )


def _effort(driver: str, level: LevelName) -> dict[str, float]:
    table = efforts()[driver]
    if all(level in row for row in table.values()):
        return {kind: row[level] for kind, row in table.items()}
    reached = [name for name in get_args(LevelName) if all(name in row for row in table.values())]
    raise ScenarioError(
        f"driver {driver!r} does not reach level {level!r}; the nearest that it reaches is "
        f"{reached[-1]!r}, and driver 'raceline' reaches all of them"
    )
