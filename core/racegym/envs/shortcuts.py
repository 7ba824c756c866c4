"""The short way to an environment."""

from __future__ import annotations

from typing import Any

from racegym.envs.agent import ScenarioLike
from racegym.envs.single import RaceEnv
from racegym.envs.vector import RaceVectorEnv

__all__ = ["make", "make_vec"]


def make(scenario: ScenarioLike = "time_trial", **settings: Any) -> RaceEnv:
    """Return one race of a scenario as a Gymnasium environment; see ``RaceEnv``."""
    return RaceEnv(scenario, **settings)


def make_vec(
    scenario: ScenarioLike = "time_trial", n_races: int = 1, **settings: Any
) -> RaceVectorEnv:
    """Return a batch of races of a scenario as a vector environment; see ``RaceVectorEnv``."""
    return RaceVectorEnv(scenario, n_races, **settings)
