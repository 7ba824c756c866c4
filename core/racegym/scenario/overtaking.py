"""What a scenario says of an overtaking situation: where it begins, and what makes it a success."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from racegym.scenario.settings import Settings

__all__ = ["AWAITED", "OvertakingSettings", "Site", "Stand"]

Site = Literal["braking", "chicane"]
Stand = Literal["line", "inside", "outside"]

# Situations that need what no backend does yet; they are refused, not imitated.
AWAITED = {
    "slipstream": "a tow behind another car",
    "wet_line": "a track that is wet beside or on the line",
}


def _in_order(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError(f"is {list(span)}; the shorter gap comes first, then the longer")
    return span


Speed = Annotated[float, Field(ge=5, le=110)]
Surplus = Annotated[float, Field(ge=-50, le=300)]


class OvertakingSettings(Settings):
    """A situation: the first car attacks, all others defend."""

    situation: str = Field(description="what it is called in tables")
    site: Site = Field(
        default="braking",
        description="where: the hardest braking points of the lap, or its quickest changes from "
        "one corner to the opposite one",
    )
    before: float = Field(
        default=4.0, ge=0, le=60, description="[s] that the foremost defender starts ahead of it"
    )
    gap: Annotated[tuple[float, float], AfterValidator(_in_order)] = Field(
        default=(0.3, 0.6), strict=False,
        description="[s] nose to tail between one car and the next, drawn; below 0: they overlap",
    )  # fmt: skip
    attacker: Stand = Field(
        default="line", description="where it starts: on the racing line, or on a side of the "
        "road, by the corner to come",
    )  # fmt: skip
    defender: Stand = Field(default="line", description="the same of the others")
    lapping: bool = Field(default=False, description="the others are a lap down")
    speeds: tuple[Speed, ...] = Field(
        default=(55.0, 65.0, 75.0, 85.0), strict=False, min_length=1, max_length=20,
        description="[%] of the limit at which the others lap, a round of races each",
    )  # fmt: skip
    surplus: tuple[Surplus, ...] = Field(
        default=(), strict=False, max_length=20,
        description="[%] by which laps of the others take longer than the attacker's own, a round "
        "each; in place of speeds",
    )  # fmt: skip
    window: float = Field(default=40.0, gt=0, le=600, description="[s] within which to pass")
    held_out: bool = Field(
        default=False, description="generated circuits follow from the scenario's seed"
    )

    @property
    def rounds(self) -> tuple[float, ...]:
        """The figures of its rounds: surpluses, or else speeds."""
        return self.surplus or self.speeds

    def percent(self, number: int, own: float) -> float:
        """Return at which percentage of the limit the others lap in a round.

        Args:
            number: of the round, from 0.
            own: that of the attacker.
        """
        if self.surplus:
            return own / (1.0 + self.surplus[number] / 100.0)
        return self.speeds[number]

    @field_validator("situation")
    @classmethod
    def _is_there(cls, name: str) -> Any:
        known = name.strip().lower().replace(" ", "_").replace("-", "_")
        if known in AWAITED:
            raise ValueError(
                f"{name!r} needs {AWAITED[known]}, which arrives with realism; it is not "
                "imitated until then"
            )
        return name
