"""All agents of all races: who still drives, and what becomes of those who do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from numpy.typing import ArrayLike, NDArray

from racegym.envs.global_state import GlobalState
from racegym.envs.held import HeldActions
from racegym.envs.info import single
from racegym.envs.racing_info import RacingInformant
from racegym.errors import ScenarioError, naming
from racegym.interfaces import Array, Races, Status
from racegym.scenario import Scenario
from racegym.world import Command, World
from racegym.world.agents import AgentGroup

__all__ = ["Field"]

Mask = NDArray[np.bool_]


class Field:
    """Steps a world for any number of agents a race, each with an episode of its own.

    An agent's episode ends when a termination of its profile applies, or when its car is out of
    the race: finished, retired or disqualified. Where only the episode has ended, nobody drives
    the car any more, so it is retired at the beginning of the next step. From then on the agent
    is *idle* until its race starts anew: its actions count for nothing, it is paid 0, ends no
    second time, and is told zeros, or whatever of its space is nearest to them.

    Args:
        scenario: with at least one car that is left to agents.
        n_races: how many races.

    Attributes:
        world: the world.
        names: of the agents, as the scenario calls their cars, in the order of the cars.
        places: by name, its group and its row in each race's share of that group.
        active: by group, (k,) bool, the agents whose episodes go on.
        informants: by group.
        state: a view of everything.

    Raises:
        ScenarioError: no car is left to agents, or their profiles differ in ``action_repeat``.
    """

    def __init__(self, scenario: Scenario, n_races: int):
        self.world = _world(scenario, n_races)
        self.n_races = n_races
        world = self.world
        self.informants = [RacingInformant(world, group) for group in world.groups]
        self._held = HeldActions(world, self.informants)
        self._idle = [_Idle(group) for group in world.groups]
        self.active: list[Mask] = [np.zeros(len(g.cars), np.bool_) for g in world.groups]
        slots = {
            int(slot): (index, row)
            for index, group in enumerate(world.groups)
            for row, slot in enumerate(group.cars[: len(group.cars) // n_races])
        }
        cars = world.config.cars
        self.names = [cars[slot].name for slot in sorted(slots)]
        self.places = {cars[slot].name: place for slot, place in slots.items()}
        self.state = GlobalState(world, self.active)
        self._driverless: list[Command] = []
        self._started = False

    @property
    def over(self) -> Mask:
        """(n_races,) bool, the races in which no agent's episode goes on."""
        return self._over([~active for active in self.active])

    def _over(self, done: Sequence[Mask]) -> Mask:
        """Return the races all of whose agents are done, from those that are by group."""
        over: Mask = np.ones(self.n_races, np.bool_)
        for rows in done:
            over &= rows.reshape(self.n_races, -1).all(axis=1)
        return over

    def _between(self, done: Sequence[Mask]) -> None:
        self.state.hold(self._over(done))

    def reset(
        self, seeds: ArrayLike | None = None, races: Races | None = None, *, observe: bool = True
    ) -> None:
        """Start races afresh, with all their agents; arguments as of ``World.reset``."""
        which = np.arange(self.n_races) if races is None else np.asarray(races, np.int64)
        self.world.reset(seeds=seeds, races=which, observe=observe)
        for group, active in zip(self.world.groups, self.active, strict=True):
            active[group.rows_of(which)] = True
        self.state.release(which)
        begun = set(which.tolist())
        self._driverless = [c for c in self._driverless if c.race not in begun]
        self._started = True

    def step(self, actions: Sequence[Any], restart: Races | None = None) -> None:
        """Drive for one control interval, or for as many as the profiles hold an action.

        Args:
            actions: (k, *shape) by group; rows of agents that are idle may hold anything.
            restart: races that start anew instead of what they would do in this step.

        Raises:
            ActionError: the actions of a group have the wrong shape or are not finite.
            ResetNeeded: the races have never been started.
        """
        if not self._started:
            raise ResetNeeded("call reset() before the first step()")
        world = self.world
        given = [
            idle.without(action, active)
            for idle, action, active in zip(self._idle, actions, self.active, strict=True)
        ]
        resting = [~active for active in self.active]
        world.commands.extend(self._driverless)
        self._driverless = []
        self._held.drive(given, resting, self._between)
        if restart is not None and len(restart):
            self.reset(races=restart, observe=False)
        world.observe()
        world.show()
        self._held.restore()
        for index, group in enumerate(world.groups):
            idle, rest = self._idle[index], resting[index]
            if rest.any():
                group.reward[rest] = 0
                group.terminated[rest] = False
                group.truncated[rest] = False
                idle.hush(rest & ~self.active[index])
            ended = group.terminated | group.truncated
            if ended.any():
                self.active[index] &= ~ended
                self._driverless += self._left_behind(group, np.flatnonzero(ended))
        self.state.hold(self.over)

    def _left_behind(self, group: AgentGroup, rows: NDArray[np.int64]) -> list[Command]:
        """Return the commands that retire cars which are still in the race."""
        races, cars = np.divmod(group.cars[rows], self.world.n_cars)
        racing = self.world.view.race.status[races, cars] < Status.FINISHED
        return [
            Command(kind="retire", race=int(race), car=int(car))
            for race, car in zip(races[racing], cars[racing], strict=True)
        ]

    @property
    def driverless(self) -> NDArray[np.int64]:
        """(m, 2) int64, race and car of those that the next step retires."""
        found = [(command.race, command.car) for command in self._driverless]
        return np.array(found, np.int64).reshape(-1, 2)

    def resume(self, active: Sequence[Mask], driverless: NDArray[np.int64]) -> None:
        """Go on with a world that has been brought back, from what was kept of the agents."""
        for mine, saved in zip(self.active, active, strict=True):
            mine[:] = saved
        self._driverless = [
            Command(kind="retire", race=int(race), car=int(car)) for race, car in driverless
        ]
        self._started = True

    def infos(self, group: int, rows: Mask, stepped: Mask) -> dict[str, Any]:
        """Return the infos of agents of a group after a step; see ``RacingInformant``."""
        return self._held.infos(rows, stepped, group)

    def info(self, group: int, row: int, *, stepped: bool) -> dict[str, Any]:
        """Return the info of one agent of a group in plain Python types.

        Args:
            group: its index.
            row: of the agent, in the group.
            stepped: whether it follows a step that it acted in; else a reset.
        """
        if not self._held.early[group][row]:
            return self.informants[group].one(stepped=stepped, row=row)
        early = self._held.early[group]
        return single(self._held.infos(early, early, group), row)

    def close(self) -> None:
        """Release the simulator and close the window."""
        self.world.close()


class _Idle:
    """What idle agents of a group do and are told."""

    def __init__(self, group: AgentGroup):
        self._action = np.zeros(group.action_space.shape or (), group.action_space.dtype)
        self._told: list[tuple[Array, Array]] = []
        for observer in (group.observer, group.critic):
            if observer is None:
                continue
            if isinstance(observer.values, dict):
                assert isinstance(observer.space, spaces.Dict)
                boxes = observer.space.spaces
                self._told += [(part, _nothing(boxes[n])) for n, part in observer.values.items()]
            else:
                self._told.append((observer.values, _nothing(observer.space)))

    def without(self, actions: Any, active: Mask) -> Any:
        """Return actions in which idle agents do nothing."""
        if active.all():
            return actions
        given = np.array(actions)
        if len(given) == len(active) and given.shape[1:] == self._action.shape:
            given[~active] = self._action
        return given

    def hush(self, rows: Mask) -> None:
        """Tell agents nothing."""
        for values, nothing in self._told:
            values[rows] = nothing


def _nothing(space: Any) -> Array:
    """Return zeros, or what of a box is nearest to them."""
    nothing: Array = np.clip(np.zeros(space.shape, space.dtype), space.low, space.high)
    return nothing


def _world(scenario: Scenario, n_races: int) -> World:
    with naming(scenario.file):
        config = scenario.build(n_races=n_races)
        if all(car.driver is not None for car in config.cars):
            raise ScenarioError(
                "no car is left to agents; give those that they are to drive 'driver: agent'"
            )
        return World(config)
