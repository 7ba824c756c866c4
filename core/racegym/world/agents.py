"""The cars that are driven from outside, and what they are told, paid and ended by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.errors import ActionError
from racegym.interfaces import (
    ActionMap,
    Array,
    Cars,
    Control,
    Races,
    RewardTerm,
    Termination,
    View,
)
from racegym.kernels.scoring import settle
from racegym.world.asked import actions_asked
from racegym.world.observer import Observation, Observer
from racegym.world.seats import AGENT

__all__ = ["AgentGroup"]


class AgentGroup:
    """All agents' cars of one profile, over all races.

    Attributes:
        profile: its name.
        cars: (k,) flat indices.
        observer, action_map, rewards, terminations: the stages at work, the last two by name.
        critic: fills what a critic is told; None where the profile has nothing for it.
        observation_space, action_space: of one car.
        action_repeat: control intervals for which environments hold an action.
        reward: (k,) real, of the last step.
        terms: by name, (k,) real, before weighting.
        terminated, truncated: (k,) bool.
        reasons: by name of the termination, (k,) bool.
    """

    def __init__(
        self,
        *,
        profile: str,
        observer: Observer,
        critic: Observer | None = None,
        action_repeat: int = 1,
        action_map: ActionMap,
        rewards: Mapping[str, tuple[RewardTerm, float]],
        terminations: Mapping[str, Termination],
        view: View,
    ):
        self.profile = profile
        self.cars: Cars = observer.cars
        self.observer = observer
        self.critic = critic
        self.action_repeat = action_repeat
        self.observation_space: spaces.Space[Any] = observer.space
        self.action_space: spaces.Space[Any] = action_map.space
        self.action_map = action_map
        self.rewards = {name: term for name, (term, _) in rewards.items()}
        self.terminations = dict(terminations)
        count, real = len(self.cars), view.state.yaw.dtype
        shape = (view.n_races, view.n_cars)
        self._action_shape = (count, *(self.action_space.shape or ()))
        # Stages write every car's value; where not every car is an agent's, the agents'
        # rows are taken from there.
        self._everybody = count == view.n_races * view.n_cars
        self._values = np.zeros(shape, real)
        self._flags = np.zeros(shape, np.bool_)
        self._weights = np.array([weight for _, weight in rewards.values()], real)
        self._truncates = np.array([end.truncates for end in terminations.values()], np.bool_)
        self._terms = np.zeros((len(rewards), count), real)
        self._endings = np.zeros((len(terminations), count), np.bool_)
        self.terms = dict(zip(rewards, self._terms, strict=True))
        self.reasons = dict(zip(terminations, self._endings, strict=True))
        self.reward = np.zeros(count, real)
        self.terminated = np.zeros(count, np.bool_)
        self.truncated = np.zeros(count, np.bool_)
        self._settle = settle.bind(
            self.cars, self._terms, self._weights, self._endings, self._truncates,
            view.race.status, view.race.present, self.reward, self.terminated, self.truncated,
        )  # fmt: skip
        self._shape = shape
        self._n_races = view.n_races
        self._race = self.cars // view.n_cars
        self._own: Cars | None = None  # rows whose cars are driven from outside; None for all

    def assign(self, pilot: Array) -> None:
        """Leave cars alone that others drive: whose ``pilot``, int16 by race and car, is a seat."""
        own = pilot.reshape(-1)[self.cars] == AGENT
        self._own = None if own.all() else np.flatnonzero(own)

    @property
    def observations(self) -> Observation:
        """What the cars were told last: an array, or one a sensor, led by k."""
        return self.observer.values

    def observe(self, view: View, races: Races | None = None) -> None:
        """Fill what the agents and their critics are told, in some races or in all."""
        self.observe_rows(view, None if races is None else self.rows_of(races))

    def observe_rows(self, view: View, rows: Cars | None) -> None:
        """Fill what some of the agents and their critics are told, or all for None."""
        for observer in (self.observer, self.critic):
            if observer is not None:
                if rows is None:
                    observer.observe(view)
                else:
                    observer.observe_some(view, rows)

    def apply(self, actions: Any, control: Control) -> None:
        """Turn the agents' actions into control, save for cars that are in others' hands.

        Args:
            actions: ``(k, *action_space.shape)``.
            control: written in the rows of the agents' cars.

        Raises:
            ActionError: the shape is wrong or a value is not finite.
        """
        given = actions_asked(actions)
        if given.shape != self._action_shape:
            raise ActionError(
                f"actions have shape {given.shape}; {self._action_shape} was expected, "
                f"one row for each of the {len(self.cars)} cars of profile {self.profile!r}"
            )
        if given.dtype.kind == "f":
            if not np.isfinite(given).all():
                rows = ~np.isfinite(given.reshape(len(given), -1)).all(axis=1)
                index = int(np.flatnonzero(rows)[0])
                raise ActionError(f"the action of {self._who(index)} is not finite: {given[index]}")
        elif given.dtype.kind not in "iub":
            raise ActionError(f"actions are {given.dtype}; numbers were expected")
        if self._own is None:
            self.action_map.apply(given, self.cars, control)
        else:
            self.action_map.apply(given[self._own], self.cars[self._own], control)

    def _who(self, row: int) -> str:
        if len(self.cars) == self._n_races:
            return f"environment {row}"
        return f"the car in slot {self.cars[row] % self._shape[1]} of race {self._race[row]}"

    def score(self, view: View) -> None:
        """Compute rewards and terminations of the step that was just made."""
        for name, term in self.rewards.items():
            self._compute(term, view, self._values, self.terms[name])
        for name, termination in self.terminations.items():
            self._compute(termination, view, self._flags, self.reasons[name])
        self._settle()

    def _compute(
        self, stage: RewardTerm | Termination, view: View, scratch: Array, out: Array
    ) -> None:
        if self._everybody:
            stage.compute(view, out.reshape(self._shape))
        else:
            stage.compute(view, scratch)
            np.take(scratch.reshape(-1), self.cars, out=out, mode="clip")

    def rows_of(self, races: Races) -> NDArray[np.int64]:
        """Return which of the group's rows belong to these races, rising."""
        wanted = np.zeros(self._n_races, np.bool_)
        wanted[races] = True
        return np.flatnonzero(wanted[self._race])

    def buffers(self) -> Sequence[Array]:
        """Return everything that a snapshot must hold beside the world's arrays."""
        seen: list[Array] = []
        for observer in (self.observer, self.critic):
            if observer is not None:
                values = observer.values
                seen += values.values() if isinstance(values, dict) else [values]
        return [*seen, self.reward, self.terminated, self.truncated, *self.terms.values(),
                *self.reasons.values()]  # fmt: skip
