"""What a search for good settings tries: ``sweep:`` of a scenario, or a file of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    field_validator,
    model_serializer,
    model_validator,
)

from racegym.errors import ScenarioError
from racegym.scenario.overrides import location_of
from racegym.scenario.settings import Settings

__all__ = ["ChoiceSettings", "Dimension", "RangeSettings", "SweepSettings"]

FIXED = ("name", "racegym", "sweep", "task")  # what no trial can change


class _Given(Settings):
    """Keys that are not said are left out when it is written again."""

    @model_serializer(mode="wrap")
    def _what_is_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialize(self).items() if value is not None}


class RangeSettings(_Given):
    """A number between two others; whole where both are."""

    low: float | int = Field(description="the least")
    high: float | int = Field(description="the most")
    log: bool = Field(default=False, description="tried as often between 1 and 10 as 10 and 100")
    step: float | int | None = Field(
        default=None, gt=0, description="from value to value; None: any, or every whole number"
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> RangeSettings:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}; low must be below high")
        if self.log and self.low <= 0:
            raise ValueError(f"low is {self.low}; with log it must be above 0")
        if self.log and self.step is not None:
            raise ValueError("give log or step, not both")
        if self.is_whole and isinstance(self.step, float):
            raise ValueError(f"step is {self.step}, and low and high are whole numbers")
        if self.step is not None and self.step > self.high - self.low:
            raise ValueError(f"step is {self.step}, and leads from low beyond high")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are tried."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class ChoiceSettings(Settings):
    """One of some values."""

    choices: Annotated[tuple[Any, ...], Field(strict=False, min_length=2)] = Field(
        description="any values, also lists and mappings"
    )


def _as_choices(value: Any) -> Any:
    return {"choices": value} if isinstance(value, list | tuple) else value


def _form(value: Any) -> str:
    choices = isinstance(value, ChoiceSettings) or (isinstance(value, dict) and "choices" in value)
    return "<choices>" if choices else "<range>"


Dimension = Annotated[
    Annotated[RangeSettings, Tag("<range>")] | Annotated[ChoiceSettings, Tag("<choices>")],
    Discriminator(_form),
    BeforeValidator(_as_choices, json_schema_input_type=RangeSettings | ChoiceSettings | list[Any]),
]


class SweepSettings(_Given):
    """A search for good settings."""

    figure: str = Field(
        default="charts/episodic_return", min_length=1,
        description="of train.csv, that a trial is judged by",
    )  # fmt: skip
    goal: Literal["maximize", "minimize"] = Field(
        default="maximize", description="what is good: much of it, or little"
    )
    trials: int = Field(default=30, ge=1, le=100_000, description="how many trainings")
    steps: int | None = Field(
        default=None, ge=1, le=10**15, description="of each; None: as the trainer says"
    )
    last: float = Field(
        default=0.1, gt=0, le=1, description="share of the steps, at the end, whose mean counts"
    )
    prune: bool = Field(
        default=True, description="end trials early that are worse than most were at that point"
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="of the search, not of the trainings")
    space: dict[str, Dimension] = Field(
        min_length=1, max_length=100, description="what is tried, by paths in the scenario"
    )

    @field_validator("space")
    @classmethod
    def _are_paths(cls, space: dict[str, Any]) -> dict[str, Any]:
        for path in space:
            try:
                key = location_of(path)[0]
            except ScenarioError as error:
                raise ValueError(error.what) from None
            if path == "trainer.preset":
                raise ValueError(
                    "trainer.preset can't be searched; search the settings that it stands for"
                )
            if key in FIXED or path in ("trainer", "trainer.name"):
                raise ValueError(f"{path} can't be searched; it is the same for all trials")
            if path == "trainer.steps":
                raise ValueError("trainer.steps can't be searched; longer trials are better")
        return space
