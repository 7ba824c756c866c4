"""Several agents in each of many races, as arrays over races and agents: for self-play."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.envs.agent import ScenarioLike, as_scenario
from racegym.envs.field import Field
from racegym.envs.raced import raced
from racegym.errors import ActionError, RacegymError, ScenarioError
from racegym.interfaces import Array
from racegym.world.asked import actions_asked, indices_asked, seeds_from
from racegym.world.packing import pack, unpack

__all__ = ["RaceVector"]

Mask = NDArray[np.bool_]
ACTIVE = "active"  # in what ``save`` returns: (n_races, n_agents) bool
DRIVERLESS = "driverless"  # and: (m, 2) int64, race and car of those to be retired
SCENARIO = "scenario"  # and: (32,) uint8, which scenario it is of


class RaceVector:
    """Drive all cars that a scenario leaves to agents, in many races at once.

    Arrays are led by ``(n_races, n_agents)``, agents in the order of their cars. An agent whose
    episode has ended is idle, as ``racegym.envs.field.Field`` says, until the last one of its
    race has ended, too; in the step after that one the race starts anew, whatever its actions
    are, and is paid nothing. Race i of ``reset(seed=k)`` is, bit for bit, the race that a batch
    of one has after ``reset(seed=k + i)``.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        n_races: how many races.
        copy: return copies; without, all that is returned but the infos is the batch's own
            memory, which the next step overwrites.
        autoreset: races start anew by themselves; without, they wait for ``reset``.

    Attributes:
        scenario, world: what is raced.
        agents: their names.
        single_observation_space, single_action_space: of one agent.
        single_critic_observation_space: of ``infos["critic_observation"]``; None without one.
        state_space: of ``state()``, of one race.

    Raises:
        ScenarioError: no car is left to agents, or they are of several profiles.
    """

    def __init__(
        self,
        scenario: ScenarioLike,
        n_races: int = 1,
        *,
        copy: bool = True,
        autoreset: bool = True,
    ):
        self.scenario = as_scenario(scenario)
        self._field = Field(self.scenario, n_races)
        self.world = self._field.world
        if len(self.world.groups) > 1:
            self.world.close()
            names = ", ".join(group.profile for group in self.world.groups)
            raise ScenarioError(
                f"a batch holds agents of one profile, and those of this scenario have "
                f"{len(self.world.groups)} ({names}); give their cars the same, or take "
                "racegym_multicar.parallel_env"
            )
        self.copy, self.autoreset = copy, autoreset
        self._group = self.world.groups[0]
        self.agents = list(self._field.names)
        self.n_races, self.n_agents = n_races, len(self.agents)
        self.single_observation_space = self._group.observation_space
        self.single_action_space = self._group.action_space
        critic = self._group.critic
        self.single_critic_observation_space = None if critic is None else critic.space
        self.state_space = self._field.state.space
        self._seeded = False
        self._rng = np.random.default_rng()
        self._everyone: Mask = np.ones(n_races * self.n_agents, np.bool_)
        group = self._group
        self._seen = _shaped(group.observations, self._shape)
        self._paid: tuple[Array, Array, Array] = (
            group.reward.reshape(self._shape),
            group.terminated.reshape(self._shape),
            group.truncated.reshape(self._shape),
        )

    @property
    def _shape(self) -> tuple[int, int]:
        return self.n_races, self.n_agents

    @property
    def active(self) -> Mask:
        """(n_races, n_agents) bool, whose episodes go on: whose actions count in the next step."""
        return self._field.active[0].reshape(self._shape)

    def reset(
        self, *, seed: int | None = None, races: ArrayLike | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start races with all their agents.

        Args:
            seed: race i takes ``seed + i``; None goes on with the seeds before, or draws some.
            races: (k,) int64, only these; None for all. The first reset starts all.

        Returns:
            Observations, and the infos of those that were started.

        Raises:
            RacegymError: there is no such race, or the seed is none.
        """
        if not self._seeded and seed is None:
            seed = int(self._rng.integers(2**62))
        which = np.arange(self.n_races)
        if races is not None and self._seeded:
            which = indices_asked(races, self.n_races, "race")
        seeds = None if seed is None else seeds_from(seed, which)
        self._field.reset(seeds, which)
        self._seeded = True
        started = np.zeros(self._shape, np.bool_)
        started[which] = True
        informant = self._field.informants[0]
        infos = informant.batch(started.reshape(-1), ~self._everyone)
        return self._told(self._seen), _shaped(infos, self._shape)

    def step(self, actions: Any) -> tuple[Any, Array, Mask, Mask, dict[str, Any]]:
        """Drive all races for one control interval, or for as many as an action is held.

        Args:
            actions: (n_races, n_agents, *shape); those of idle agents may hold anything.

        Returns:
            Observations, rewards (real), terminated and truncated, and infos: as
            ``racegym.envs.racing_info`` lists them, of the agents that acted or started anew.

        Raises:
            ActionError: the actions have the wrong shape or are not finite.
            ResetNeeded: ``reset`` was never called.
        """
        given = actions_asked(actions)
        shape = (*self._shape, *(self.single_action_space.shape or ()))
        if given.shape != shape:
            raise ActionError(
                f"actions have shape {given.shape}; {shape} was expected, by race and agent"
            )
        field = self._field
        acted = field.active[0].copy()
        restart = np.flatnonzero(field.over) if self.autoreset else None
        field.step((given.reshape(-1, *shape[2:]),), restart)
        infos = field.infos(0, acted | field.active[0], acted)
        reward, terminated, truncated = (self._told(array) for array in self._paid)
        return self._told(self._seen), reward, terminated, truncated, _shaped(infos, self._shape)

    def state(self) -> Array:
        """Return all of every race for critics: (n_races, n_cars, columns) float32.

        The columns are those of ``racegym.envs.global_state.COLUMNS``.
        """
        values: Array = self._told(self._field.state.fill())
        return values

    def save(self) -> dict[str, NDArray[Any]]:
        """Return the exact state of all races by name, to be kept in a file.

        Raises:
            BackendError: the engine has no snapshots.
        """
        return {
            **pack(self.world),
            ACTIVE: self.active.copy(),
            DRIVERLESS: self._field.driverless,
            SCENARIO: self._raced.copy(),
        }

    @cached_property
    def _raced(self) -> NDArray[np.uint8]:
        return raced(self.scenario)

    def fits(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Tell whether ``load`` takes what was saved: the same races, and as many of them."""
        return (
            ACTIVE in saved
            and DRIVERLESS in saved
            and saved[ACTIVE].shape == self._shape
            and np.array_equal(saved.get(SCENARIO, ()), self._raced)
        )

    def load(self, saved: Mapping[str, NDArray[Any]]) -> Any:
        """Bring back what ``save`` returned, of this or an equal batch; return observations.

        Raises:
            RacegymError: the state is of another batch.
        """
        if ACTIVE not in saved or DRIVERLESS not in saved or saved[ACTIVE].shape != self._shape:
            raise RacegymError(
                f"the state is of another batch than one of {self.n_races} races with "
                f"{self.n_agents} agents"
            )
        if not self.fits(saved):
            raise RacegymError("the state is of another scenario; begin new races, with reset()")
        own = (ACTIVE, DRIVERLESS, SCENARIO)
        unpack(self.world, {k: v for k, v in saved.items() if k not in own})
        self._field.resume([saved[ACTIVE].reshape(-1)], saved[DRIVERLESS])
        self._seeded = True
        return self._told(self._seen)

    def close(self) -> None:
        """Release the simulator. May be called twice."""
        self._field.close()

    def _told(self, values: Any) -> Any:
        return deepcopy(values) if self.copy else values


def _shaped(values: Any, shape: tuple[int, int]) -> Any:
    """Return arrays led by k rows as arrays led by races and agents, without copying."""
    if isinstance(values, dict):
        return {name: _shaped(part, shape) for name, part in values.items()}
    return values.reshape(*shape, *values.shape[1:])
