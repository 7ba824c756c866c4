"""All cars that a scenario leaves to agents, in many races, as the rows of one batch.

Row ``race * n_agents + agent``. Who drives a row is drawn anew for every race that starts: the
policy that learns, a past self of it, or a scripted driver. Rows of the latter two, and those of
agents whose episode is over while their race goes on, are not *acting*: nothing is learned there.
A race starts anew as soon as no row of it is acting any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from racegym import Scenario
from racegym.envs import RaceVector
from racegym.interfaces import Status
from racegym.world.seats import AGENT

__all__ = ["POLICY", "Director", "Races", "n_agents_of"]

POLICY = 0  # in a cast: the policy that learns; n > 0 is past self n, -1 - k the k-th script
CAST, OUT = "cast", "out"  # in what ``save`` returns: (n_races, n_agents) int64, and bool

Cast = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Director(Protocol):
    """Decides who drives, and is told how it went."""

    seats: Sequence[int]  # of the scripts, in the world

    def cast(self, keys: NDArray[np.uint64], n_agents: int) -> Cast:
        """Return (k, n_agents) who drives in races that start, by the keys of these."""

    def told(self, cast: Cast, places: NDArray[np.int64]) -> None:
        """Take in a race that is over: by agent who drove, and its place among them, from 0."""


def n_agents_of(scenario: Scenario) -> int:
    """Return how many cars a scenario leaves to agents."""
    return sum(car.is_agent for car in scenario.cars)


class Races(VectorEnv[Any, Any, Any]):
    """Races of several agents; see above.

    Args:
        scenario: with any number of cars for agents.
        n_races: how many races.

    Attributes:
        vector: the races by themselves.
        cast: (n_races, n_agents) int64, who drives.
        director: who decides that; None: the policy drives everything.
    """

    def __init__(self, scenario: Scenario, n_races: int):
        self.vector = RaceVector(scenario, n_races, copy=False, autoreset=False)
        self.world = self.vector.world
        self.n_races, self.n_agents = n_races, self.vector.n_agents
        self.num_envs = n_races * self.n_agents
        self.metadata = {"autoreset_mode": AutoresetMode.DISABLED}
        self.single_observation_space = self.vector.single_observation_space
        self.single_action_space = self.vector.single_action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.director: Director | None = None
        self.cast: Cast = np.zeros((n_races, self.n_agents), np.int64)
        self._out: Mask = np.zeros(self.cast.shape, np.bool_)  # and not at the finish
        self._cars = self.world.groups[0].cars.reshape(self.cast.shape)

    @property
    def acting(self) -> Mask:
        """(num_envs,) bool, rows that the policy drives and whose episodes go on."""
        rows: Mask = (self.vector.active & (self.cast == POLICY)).reshape(-1)
        return rows

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start all races; race i takes ``seed + i``."""
        assert seed is None or isinstance(seed, int)
        told, infos = self.vector.reset(seed=seed)
        self._begin(np.arange(self.n_races))
        return _rows(told), _rows(infos)

    def renew(self) -> tuple[Any, Mask]:
        """Start the races anew in which no row is acting.

        Returns:
            All observations, and the rows (num_envs,) bool of these races.
        """
        idle = ~self.acting.reshape(self.cast.shape).any(axis=1)
        over = np.flatnonzero(idle)
        if len(over):
            self._tell(over)
            self.vector.reset(races=over)
            self._begin(over)
        return self._told(), np.repeat(idle, self.n_agents)

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Drive all races on; rows that are not acting are paid nothing and end nothing.

        Args:
            actions: (num_envs, *shape); those of past selves count, those of scripts don't.
        """
        acted, active = self.acting, self.vector.active.copy()
        given = np.asarray(actions)
        told, reward, terminated, truncated, infos = self.vector.step(
            given.reshape(*self.cast.shape, *given.shape[1:])
        )
        status = self.world.view.race.status.reshape(-1)[self._cars]
        self._out |= terminated & active & (status != Status.FINISHED)
        paid = np.where(acted, reward.reshape(-1).astype(np.float64), 0.0)
        ended, cut = terminated.reshape(-1) & acted, truncated.reshape(-1) & acted
        return _rows(told), paid, ended, cut, _rows(infos)

    def _told(self) -> Any:
        return self.world.groups[0].observations

    def _begin(self, races: NDArray[np.int64]) -> None:
        """Draw who drives in races that have just been reset."""
        self._out[races] = False
        if self.director is None:
            self.cast[races] = POLICY
            return
        self.cast[races] = self.director.cast(self.world.view.race.key[races], self.n_agents)
        scripted = self.cast[races] < POLICY
        if scripted.any():
            seats = np.array([AGENT, *self.director.seats])
            drivers = seats[np.where(scripted, -self.cast[races], 0)]
            self.world.hand_over(self._cars[races].reshape(-1), drivers.reshape(-1))

    def _tell(self, races: NDArray[np.int64]) -> None:
        """Tell the director how races went; who is out is behind all who are not."""
        if self.director is None:
            return
        position = self.world.view.race.position.reshape(-1)[self._cars[races]]
        behind = position + self.world.n_cars * self._out[races]
        places = behind.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        for cast, place in zip(self.cast[races], places, strict=True):
            self.director.told(cast, place)

    def save(self) -> dict[str, NDArray[Any]]:
        """Return the exact state of all races by name."""
        return {**self.vector.save(), CAST: self.cast.copy(), OUT: self._out.copy()}

    def fits(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Tell whether ``load`` takes what was saved."""
        return CAST in saved and OUT in saved and self.vector.fits(saved)

    def load(self, saved: Mapping[str, NDArray[Any]]) -> Any:
        """Bring back what ``save`` returned, and return the observations."""
        self.cast[:], self._out[:] = saved[CAST], saved[OUT]
        told = self.vector.load({k: v for k, v in saved.items() if k not in (CAST, OUT)})
        return _rows(told)

    def close_extras(self, **kwargs: Any) -> None:
        """Release the simulator."""
        self.vector.close()


def _rows(values: Any) -> Any:
    """Return arrays led by races and agents as arrays led by rows, without copying."""
    if isinstance(values, dict):
        return {name: _rows(part) for name, part in values.items()}
    return values.reshape(-1, *values.shape[2:])
