"""What is measured: every car driven by random actions, races starting anew as they end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.errors import ScenarioError
from racegym.interfaces import Array
from racegym.scenario import Scenario
from racegym.world import World, WorldConfig
from racegym.world.agents import AgentGroup

__all__ = ["Course", "all_agents"]

POOL = 16  # distinct sets of actions, drawn before the clock starts


def all_agents(scenario: Scenario, n_races: int) -> WorldConfig:
    """Return the scenario's world with every car left to an agent of its profile.

    Raises:
        BackendError: the backend has no room for so many races.
    """
    config = scenario.build(n_races)
    return replace(config, cars=[replace(car, driver=None) for car in config.cars])


class Course:
    """A world that steps for ever.

    Args:
        world: all of whose cars are left to agents; reset here.
        seed: of its first race.
    """

    def __init__(self, world: World, seed: int):
        if not world.groups:
            raise ScenarioError("no car is left to an agent: nothing can be measured")
        self.world = world
        rng = np.random.default_rng(seed)
        self._pool = [tuple(_draw(group, rng) for group in world.groups) for _ in range(POOL)]
        self._step = 0
        self._ended: NDArray[np.bool_] = np.zeros(world.n_races, np.bool_)
        world.reset(seeds=np.uint64(seed) + np.arange(world.n_races, dtype=np.uint64))

    def step(self) -> int:
        """Step once, starting anew the races whose agents are all done.

        Returns:
            How many cars were driven.
        """
        world = self.world
        cars = int(np.count_nonzero(world.view.race.present))
        world.advance(self._actions())
        ended = self._all_done()
        if ended.any():
            world.reset(races=np.flatnonzero(ended), observe=False)
        world.observe()
        return cars

    def _actions(self) -> Sequence[Any]:
        self._step += 1
        return self._pool[self._step % POOL]

    def _all_done(self) -> NDArray[np.bool_]:
        ended = self._ended
        ended[:] = True
        for group in self.world.groups:
            done = group.terminated | group.truncated
            if len(done) == len(ended):
                ended &= done
            else:
                ended &= done.reshape(len(ended), -1).all(axis=1)
        return ended


def _draw(group: AgentGroup, rng: np.random.Generator) -> Array:
    """Return random actions for all cars of a group."""
    space, count = group.action_space, len(group.cars)
    if isinstance(space, spaces.Box):
        return np.asarray(rng.uniform(space.low, space.high, (count, *space.shape)), space.dtype)
    if isinstance(space, spaces.Discrete):
        return np.asarray(space.start + rng.integers(0, space.n, count))
    if isinstance(space, spaces.MultiDiscrete):
        return np.asarray(rng.integers(0, space.nvec, (count, *space.nvec.shape)))
    return np.array([space.sample() for _ in range(count)])
