"""A curriculum: a scenario in stages, each of which is learned until it has been mastered.

A stage is the scenario with some values replaced, as ``--set`` replaces them. Conditions on
figures of the training lead from a stage to the next and, if there are such, back again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from math import isfinite
from operator import ge, gt, le, lt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, field_validator, model_validator

from racegym.errors import RacegymError, ScenarioError
from racegym.scenario.canonical import is_path
from racegym.scenario.faults import Faults, Location, Places
from racegym.scenario.files import absolute
from racegym.scenario.held_out import forget_laps
from racegym.scenario.overrides import apply_changes, location_of
from racegym.scenario.settings import Name, Settings

if TYPE_CHECKING:
    from racegym.scenario.scenario import Scenario

__all__ = [
    "Condition", "CurriculumSettings", "CurriculumStage", "check_curriculum", "figures_of",
    "read_condition", "settle_paths", "staged",
]  # fmt: skip

PATH: Location = ("training", "curriculum")
FIXED = ("name", "racegym", "seed", "sweep", "task", "trainer", "training")  # of a whole training
SPACES = ("observation", "action", "profiles", "critic_observation", "action_repeat")

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {">=": ge, "<=": le, ">": gt, "<": lt}
_CONDITION = re.compile(r"\s*(?P<figure>[^\s<>=]+)\s*(?P<sign>>=|<=|>|<)\s*(?P<value>\S+)\s*")


class Condition(NamedTuple):
    """``racing/lap_rate >= 0.9``: what is asked of a figure."""

    figure: str
    sign: str
    value: float

    def holds(self, value: float) -> bool:
        """Tell whether a value is as it is asked; one that is not finite never is."""
        return isfinite(value) and _COMPARISONS[self.sign](value, self.value)


def read_condition(text: str) -> Condition:
    """Return the condition that a text says.

    Raises:
        ValueError: it says none.
    """
    found = _CONDITION.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        value = float(found["value"])
        if not isfinite(value):
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{text!r} is no condition; write a figure of train.csv, >=, <=, > or <, and a number: "
            "racing/lap_rate >= 0.9"
        ) from None
    return Condition(found["figure"], found["sign"], value)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_MOST = 20  # conditions of a stage
Conditions = Annotated[
    Annotated[tuple[str, ...], Field(strict=False, max_length=_MOST)],
    BeforeValidator(
        _listed, json_schema_input_type=str | Annotated[list[str], Field(max_length=_MOST)]
    ),
]


class CurriculumStage(Settings):
    """One stage: what is replaced in the scenario, and when it is over."""

    name: Name = Field(description="what it is called")
    set: dict[str, Any] = Field(
        default={}, description="values of the scenario in this stage, by their paths, as `--set`"
    )
    up: Conditions = Field(
        default=(), description="the next stage comes when all of these hold; of the last: nothing"
    )
    down: Conditions = Field(
        default=(), description="the stage before comes back when all of these hold"
    )

    @field_validator("up", "down")
    @classmethod
    def _are_conditions(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            read_condition(text)
        return texts

    @property
    def conditions(self) -> tuple[list[Condition], list[Condition]]:
        """What leads up, and what leads down."""
        return [read_condition(t) for t in self.up], [read_condition(t) for t in self.down]


class CurriculumSettings(Settings):
    """Stages of rising difficulty, and how their figures are measured."""

    stages: Annotated[tuple[CurriculumStage, ...], Field(strict=False)] = Field(
        min_length=2, max_length=1000, description="in their order; the first begins"
    )
    window: int = Field(
        default=10, ge=1, le=100_000,
        description="values of a figure, told since the stage began, whose mean is asked",
    )  # fmt: skip
    least_steps: int = Field(
        default=0, ge=0, le=10**15, description="steps that a stage lasts at least"
    )

    @model_validator(mode="after")
    def _lead_on(self) -> CurriculumSettings:
        first, last = self.stages[0], self.stages[-1]
        for stage in self.stages[:-1]:
            if not stage.up:
                raise ValueError(
                    f"the stage {stage.name!r} is never over; say when, with up: [figure >= 0.9]"
                )
        if last.up:
            raise ValueError(f"there is no stage above {last.name!r}, the last; leave out its up")
        if first.down:
            raise ValueError(f"there is no stage below {first.name!r}, the first; leave out down")
        names = [stage.name for stage in self.stages]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two stages are called {twice!r}")
        return self


def settle_paths(data: dict[str, Any], places: Places) -> None:
    """Make the paths of files absolute that stand in the stages of ``data``."""
    node: Any = data
    for key in (*PATH, "stages"):
        node = node.get(key) if isinstance(node, dict) else None
    for index, stage in enumerate(node if isinstance(node, list) else []):
        changes = stage.get("set") if isinstance(stage, dict) else None
        if isinstance(changes, dict):
            folder = places.folder((*PATH, "stages", index, "set"))
            stage["set"] = {key: _settled(value, folder) for key, value in changes.items()}


def _settled(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return str(absolute(value, folder)) if is_path(value) else value
    if isinstance(value, dict):
        return {key: _settled(inner, folder) for key, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner, folder) for inner in value]
    return value


def staged(
    scenario: Scenario, stage: CurriculumStage, load: Callable[[Mapping[str, Any]], Scenario]
) -> Scenario:
    """Return what is learned on in a stage.

    Args:
        scenario: the whole, which each stage is made of.
        stage: one of its curriculum.
        load: ``load_scenario``.

    Raises:
        ScenarioError: the stage changes what it must not, or is no scenario.
    """
    for path in stage.set:
        key = location_of(path)[0]
        if key in FIXED:
            raise ScenarioError(f"{path}: a stage can't change {key}; it is the whole training's")
        if key in SPACES:
            raise ScenarioError(
                f"{path}: a stage can't change {key}; what is told and done stays the same"
            )
    data = scenario.resolved()
    training = dict(data.pop("training", None) or {})
    training.pop("curriculum", None)
    if training:
        data["training"] = training
    data = deepcopy(data)
    forget_laps(data)
    apply_changes(data, stage.set)
    return load(data)


def check_curriculum(
    scenario: Scenario, faults: Faults, load: Callable[[Mapping[str, Any]], Scenario]
) -> None:
    """Note what is wrong with the stages of a scenario's curriculum."""
    for index, stage in enumerate(_stages(scenario)):
        try:
            staged(scenario, stage, load)
        except RacegymError as error:
            faults.add((*PATH, "stages", index, "set"), f"stage {stage.name!r}: {error.what}")


def _stages(scenario: Scenario) -> Sequence[CurriculumStage]:
    curriculum = scenario.training.curriculum
    return () if curriculum is None else curriculum.stages


def figures_of(settings: CurriculumSettings) -> Iterator[str]:
    """Yield the names of the figures that are asked, some more than once."""
    for stage in settings.stages:
        for conditions in stage.conditions:
            for condition in conditions:
                yield condition.figure
