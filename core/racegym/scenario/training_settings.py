"""What a scenario says of a training beside its trainer: the same for every trainer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from racegym.errors import nearest
from racegym.scenario.curriculum import CurriculumSettings, figures_of
from racegym.scenario.settings import Settings

__all__ = ["EVALUATION", "EVALUATIONS", "EvaluateSettings", "TargetSettings", "TrainingSettings"]

EVALUATION = "evaluation/"  # begins the names of the figures that core tells
EVALUATIONS = ("completion", "lap_percent", "lap_time", "off_track_rate", "return")  # and the rest
MOST_SEEDS = 1000


class _Given(Settings):
    """Keys that are not said are left out when it is written again."""

    @model_serializer(mode="wrap")
    def _what_is_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given = serialize(self).items()
        return {key: value for key, value in given if value not in (None, (), [], {})}


def _check_source(value: Any) -> Any:
    if value is not None and not (isinstance(value, str | dict) and value):
        raise ValueError(
            "give a scenario's name, the path of its file, or a mapping of the keys that differ"
        )
    return value


class EvaluateSettings(_Given):
    """How what was learned is judged while it learns."""

    scenario: Annotated[Any, AfterValidator(_check_source)] = Field(
        default=None,
        description="a name, a path, or a mapping of the keys that differ from this scenario, "
        "such as other tracks; None: this scenario",
        json_schema_extra={"anyOf": [{"type": kind} for kind in ("string", "object", "null")]},
    )
    episodes: int = Field(default=20, ge=1, le=100_000, description="races of one evaluation")
    every: int = Field(
        default=1, ge=1, le=1_000_000, description="after each so many checkpoints; and at the end"
    )


class TargetSettings(_Given):
    """Where a figure must be for a training to be good enough."""

    at_least: float | None = Field(default=None, description="the lowest value that will do")
    at_most: float | None = Field(default=None, description="the highest value that will do")

    @model_validator(mode="after")
    def _one_of_them(self) -> TargetSettings:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        return self

    def is_met(self, value: float | None) -> bool:
        """Tell whether a figure will do; one that is not known, or is no number, will not."""
        if value is None:
            return False
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high


def _check_seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    twice = next((seed for index, seed in enumerate(seeds) if seed in seeds[:index]), None)
    if twice is not None:
        raise ValueError(f"has the seed {twice} twice; each is one training")
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**63)]


class TrainingSettings(_Given):
    """When checkpoints are written, which stay, how they are judged, and when it ends."""

    checkpoint_every: int | None = Field(
        default=None, ge=1, le=10**15,
        description="steps from checkpoint to checkpoint; None: a twentieth of the trainer's steps",
    )  # fmt: skip
    keep: int = Field(
        default=1, ge=1, le=1_000_000, description="checkpoints that stay, the latest ones"
    )
    keep_every: int | None = Field(
        default=None, ge=1, le=1_000_000, description="each so-many-th stays for good; None: none"
    )
    evaluate: EvaluateSettings | None = Field(
        default=None, description="judge checkpoints as drivers, and keep the best"
    )
    stop_at: dict[str, TargetSettings] = Field(
        default={}, description="figures by name; the training ends once all are where they should"
    )
    init_from: str | None = Field(
        default=None, min_length=1,
        description="a checkpoint, or the folder of a training, to begin from",
    )  # fmt: skip
    seeds: Annotated[
        tuple[Seed, ...], Field(strict=False, max_length=MOST_SEEDS), AfterValidator(_check_seeds)
    ] = Field(default=(), description="a training for each, in place of the scenario's seed")

    curriculum: CurriculumSettings | None = Field(
        default=None, description="stages of rising difficulty, by what figures say"
    )

    @model_validator(mode="after")
    def _evaluations_lead_on(self) -> TrainingSettings:
        asked = () if self.curriculum is None else figures_of(self.curriculum)
        self._check_evaluations("curriculum asks", asked)
        return self

    @model_validator(mode="after")
    def _evaluations_are_asked_for(self) -> TrainingSettings:
        self._check_evaluations("stop_at waits for", self.stop_at)
        return self

    def _check_evaluations(self, who: str, names: Iterable[str]) -> None:
        """Refuse figures of evaluations that nobody will tell."""
        for name in names:
            if not name.startswith(EVALUATION):
                continue
            if self.evaluate is None:
                raise ValueError(f"{who} {name}, and nothing is evaluated; add evaluate")
            known = [EVALUATION + figure for figure in EVALUATIONS]
            if name not in known:
                raise ValueError(f"{who} {name}, which no evaluation tells; {nearest(name, known)}")
