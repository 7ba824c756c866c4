"""A scenario: everything about a race, checked, and ready to become a world."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import Field, PrivateAttr, field_validator, model_validator
from pydantic_core import to_jsonable_python

from racegym.scenario.building import build_config, build_world
from racegym.scenario.faults import Places
from racegym.scenario.overtaking import OvertakingSettings
from racegym.scenario.racing import RulesSettings, StartSettings
from racegym.scenario.settings import (
    CarSettings,
    Name,
    Observation,
    ProfileSettings,
    RecordSettings,
    Settings,
    Stages,
    StagesByLabel,
    StageSettings,
    TrackSettings,
    VariationSettings,
    WeightedSettings,
)
from racegym.scenario.sweep_settings import SweepSettings
from racegym.scenario.training_settings import TrainingSettings
from racegym.scenario.writing import resolved, to_yaml
from racegym.world import World, WorldConfig
from racegym.world.config import Draw

__all__ = ["VERSION", "Scenario"]

VERSION = 1  # of the format


class Scenario(Settings):
    """What to race. Made by ``load_scenario``; two are equal when they say the same.

    Every key is described in ``docs/scenarios.md``. The keys of ``default_profile``
    stand here for it; ``profiles`` holds the others.
    """

    racegym: int = Field(default=VERSION, description="version of the format")
    name: Name = Field(default="scenario", description="what it is called")
    description: str = Field(default="", max_length=10_000, description="for people")
    task: Literal["race", "evaluate", "train", "overtake"] = Field(
        default="race", description="what `racegym run` does"
    )
    seed: int = Field(
        default=1, ge=0, lt=2**63, description="of the first race; race i has seed + i"
    )
    episodes: int = Field(default=1, ge=1, le=1_000_000, description="races that evaluate drives")
    time_limit: float = Field(
        default=600.0, gt=0, le=1e7, description="[s] after which a race is ended"
    )
    laps: int = Field(ge=0, le=100_000, description="race distance; 0: no end")
    backend: StageSettings = Field(description="the simulator")
    dt: float | None = Field(
        default=None, gt=0, le=10, description="[s] control interval; None: its own"
    )
    rounds: int = Field(
        default=1, ge=1, le=1000, description="parts of a step for realism and backend"
    )
    track: TrackSettings | None = Field(default=None, description="the only track")
    tracks: tuple[TrackSettings, ...] = Field(
        default=(), strict=False, description="several, dealt out over the races in turn"
    )
    draw_tracks: Draw = Field(
        default="fixed",
        description="what each episode is driven on: `fixed`: the race's own track; `pool`: one "
        "of all; `renewed`: one of `count` circuits, others after some episodes; `fresh`: a "
        "circuit of its own",
    )
    renew_tracks: int = Field(
        default=10, ge=1, le=1_000_000, description="episodes of a race in a renewed pool"
    )
    rules: RulesSettings = Field(default=RulesSettings(), description="what race control enforces")
    start: StartSettings = Field(default=StartSettings(), description="where and how cars start")
    variation: VariationSettings = Field(
        default=VariationSettings(), description="what is drawn anew for every episode"
    )
    realism: Stages = Field(default=(), description="modules, in the order they act")
    cars: tuple[CarSettings, ...] = Field(min_length=1, max_length=1000, strict=False)
    relief: Stages = Field(default=(), description="drivers without a car, to be handed one")
    observation: Observation = Field(description="of the default profile")
    action: StageSettings = Field(description="of the default profile")
    reward: dict[str, WeightedSettings] = Field(description="of the default profile")
    termination: StagesByLabel = Field(description="of the default profile")
    critic_observation: Observation | None = Field(
        default=None, description="of the default profile"
    )
    action_repeat: int = Field(default=1, ge=1, le=1000, description="of the default profile")
    profiles: dict[str, ProfileSettings] = Field(default={}, description="all others, by name")
    trainer: StageSettings | None = Field(
        default=None, description="what learns, where the task is train"
    )
    training: TrainingSettings = Field(
        default=TrainingSettings(), description="checkpoints, evaluations, seeds and the end of it"
    )
    sweep: SweepSettings | None = Field(
        default=None, description="what `racegym sweep` tries of this scenario"
    )
    overtaking: OvertakingSettings | None = Field(
        default=None, description="the situation, where the task is overtake"
    )
    record: RecordSettings = Field(default=RecordSettings(), description="what a run keeps")

    _places: Places = PrivateAttr(default_factory=lambda: Places(None, {}))

    @field_validator("racegym")
    @classmethod
    def _known_version(cls, version: int) -> int:
        if version != VERSION:
            raise ValueError(
                f"is {version}; this racegym reads version {VERSION} of the scenario format"
            )
        return version

    @field_validator("profiles")
    @classmethod
    def _no_second_default(cls, profiles: dict[str, Any]) -> dict[str, Any]:
        if "default" in profiles:
            raise ValueError("the profile 'default' is written in the scenario itself, not here")
        return profiles

    @model_validator(mode="after")
    def _track_or_tracks(self) -> Scenario:
        if self.track is not None and self.tracks:
            raise ValueError("give either track or tracks, not both")
        return self

    @model_validator(mode="after")
    def _somebody_to_pass(self) -> Scenario:
        if self.task == "overtake" and self.overtaking is None:
            raise ValueError(
                "task: overtake needs a situation; write overtaking: {situation: NAME}"
            )
        if self.task == "overtake" and sum(car.count for car in self.cars) < 2:
            raise ValueError("task: overtake needs two cars; the first attacks, the others defend")
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]  # it holds mappings

    @property
    def file(self) -> Path | None:
        """The file it was read from, as the caller wrote it; None for one from code."""
        return self._places.file

    @property
    def places(self) -> Places:
        """Where each value was written."""
        return self._places

    @property
    def default_profile(self) -> ProfileSettings:
        """The profile of every agent that names no other."""
        return ProfileSettings.model_construct(
            observation=self.observation,
            action=self.action,
            reward=self.reward,
            termination=self.termination,
            critic_observation=self.critic_observation,
            action_repeat=self.action_repeat,
        )

    @property
    def every_track(self) -> tuple[TrackSettings, ...]:
        """Its tracks; none for a backend that has its own."""
        return self.tracks if self.track is None else (self.track,)

    def seeds(self, n_races: int = 1, seed: int | None = None) -> NDArray[np.uint64]:
        """Return uint64 (n_races,): what ``World.reset`` takes to start the races of ``seed``.

        Args:
            n_races: how many.
            seed: of the first race; None for the scenario's own. Race i has seed + i.
        """
        first = np.uint64(self.seed if seed is None else seed)
        return first + np.arange(n_races, dtype=np.uint64)

    def build(self, n_races: int = 1, *, real: DTypeLike = np.float32) -> WorldConfig:
        """Return what a world is built from: tracks are read and drawn, classes imported.

        Args:
            n_races: how many races run at once.
            real: float32, or float64 for validation.

        Raises:
            TrackError: a track's file or geometry is wrong; names its file and line.
            ScenarioError, BackendError: the parts do not fit each other.
        """
        return build_config(self, n_races, real)

    def world(self, n_races: int = 1, *, real: DTypeLike = np.float32) -> World:
        """Return a new world, to be reset before its first step; arguments as for ``build``."""
        return build_world(self, n_races, real)

    def resolved(self) -> dict[str, Any]:
        """Return all of it as plain data, defaults spelt out and paths absolute.

        ``load_scenario`` makes an equal scenario of it.
        """
        return resolved(to_jsonable_python(self.model_dump(), inf_nan_mode="constants"))

    def to_yaml(self) -> str:
        """Return ``resolved`` as YAML, headed by the versions of racegym and its plugins."""
        return to_yaml(self.resolved())
