"""What SuperSuit makes for stable-baselines3, with seeds and attributes that reach the races."""

from __future__ import annotations

from typing import Any

import numpy as np
from supersuit.vector.sb3_vector_wrapper import SB3VecEnvWrapper

from racegym.world.asked import seeds_from

__all__ = ["SeededVecEnv"]


class SeededVecEnv(SB3VecEnvWrapper):  # type: ignore[misc]  # untyped
    """A vector environment of stable-baselines3 that ``model.learn`` can seed.

    SuperSuit's own passes ``seed`` on to what has no such method, and forgets it at a reset.

    Args:
        venv: of SuperSuit, for Gymnasium.
    """

    def __init__(self, venv: Any):
        super().__init__(venv)
        self._seed: int | None = None

    def seed(self, seed: int | None = None) -> list[int | None]:
        """Let race i start with ``seed + i`` at the next reset.

        Raises:
            RacegymError: it is no seed.
        """
        if seed is not None:
            seeds_from(seed, np.arange(self.num_envs))
        self._seed = seed
        return [seed] * self.num_envs

    def reset(self) -> Any:
        """Start all races: of the seed given, else their next episodes."""
        observations, self.reset_infos = self.venv.reset(seed=self._seed)
        self._seed = None
        return observations

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of the whole, once for each environment asked."""
        count = self.num_envs if indices is None else len(list(self._get_indices(indices)))
        return [getattr(self.venv, attr_name)] * count
