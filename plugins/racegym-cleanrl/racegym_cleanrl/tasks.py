"""What an algorithm learns on: a batch of races, or of somebody else's environments.

Both are a ``gymnasium.vector.VectorEnv``. Scenarios make one native batch, which can be saved
and goes on bit for bit; environments of Gymnasium are there to compare an algorithm with its
published results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from torch import Tensor

from racegym import Scenario, make_vec
from racegym.envs import PolicyNote, RaceVectorEnv, policy_note
from racegym.errors import BackendError, ScenarioError, TrainingError
from racegym_cleanrl.races import Races

__all__ = ["Episodes", "Task", "check_numbers"]

RETURN, LENGTH = "charts/episodic_return", "charts/episodic_length"
LAPS = "laps"  # best lap times of the episodes that have one [s]
TERM = "term."  # begins the names of what is saved of a reward's terms


@dataclass(frozen=True)
class Task:
    """A batch of environments to learn on.

    Attributes:
        envs: the batch; its rows are races, or of ``Races`` the cars of races.
        seed: from which all is drawn.
        note: what a policy is told here; None for somebody else's environments.
    """

    envs: VectorEnv[Any, Any, Any]
    seed: int
    note: PolicyNote | None = None

    @classmethod
    def of_scenario(cls, scenario: Scenario, n_envs: int) -> Task:
        """Return ``n_envs`` races of a scenario, with one agent each.

        Raises:
            ScenarioError: it leaves several cars to agents.
        """
        agents = [car.name for car in scenario.cars if car.is_agent]
        if len(agents) > 1 and scenario.trainer is not None:
            raise ScenarioError(
                f"the trainer {scenario.trainer.name!r} learns with one car of a race, and the "
                f"scenario leaves {len(agents)} to agents ({', '.join(agents)}); give all but one "
                "a driver, or write trainer: ppo, which learns with all of them",
                file=scenario.file,
            )
        envs = make_vec(scenario, n_envs, copy=False)
        return cls(envs, scenario.seed, policy_note(scenario, envs.world))

    @classmethod
    def of_races(cls, scenario: Scenario, n_races: int) -> Task:
        """Return ``n_races`` races of a scenario, with any number of agents."""
        races = Races(scenario, n_races)
        return cls(races, scenario.seed, policy_note(scenario, races.world))

    @classmethod
    def of_gymnasium(cls, name: str, n_envs: int, seed: int, **options: Any) -> Task:
        """Return ``n_envs`` environments of Gymnasium by their id."""
        return cls(gymnasium.make_vec(name, n_envs, vectorization_mode="sync", **options), seed)

    @property
    def autoreset_mode(self) -> AutoresetMode:
        """Return when an environment that has ended starts anew."""
        mode: AutoresetMode = self.envs.metadata["autoreset_mode"]
        return mode

    @property
    def acting(self) -> NDArray[np.bool_] | None:
        """(n,) bool, the rows that the policy drives in the next step; None for all."""
        return self.envs.acting if isinstance(self.envs, Races) else None

    def last_and_next(
        self, told: Any, ended: NDArray[np.bool_], infos: Mapping[str, Any]
    ) -> tuple[Any, Any, NDArray[np.bool_]]:
        """Return what was told last of the episodes before, and of those that go on from here.

        For a batch that does not reset in a step of its own: one that did it in the same step
        tells the last observations in its infos, one that never does is reset here.

        Args:
            told: the observations that the step returned.
            ended: (n,) environments whose episode ended in it.
            infos: of the step.

        Returns:
            The last observations of the rows that ended, all observations of now, and the rows
            (n,) bool of which these are the first.
        """
        final = _chosen(told, ended)
        if isinstance(self.envs, Races):
            return final, *self.envs.renew()
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            for index, row in enumerate(np.flatnonzero(ended)):
                _put_row(final, index, infos["final_obs"][row])
            return final, told, ended
        return final, self.envs.reset(options={"reset_mask": ended})[0], ended

    def save(self) -> dict[str, NDArray[Any]]:
        """Return the exact state of the batch; nothing where it can't be told."""
        if not isinstance(self.envs, RaceVectorEnv | Races):
            return {}
        try:
            return self.envs.save()
        except BackendError:  # an engine without snapshots
            return {}

    def goes_on(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Tell whether ``start`` goes on with saved episodes: with those of this very task."""
        return isinstance(self.envs, RaceVectorEnv | Races) and self.envs.fits(saved)

    def start(self, saved: Mapping[str, NDArray[Any]], steps: int) -> Any:
        """Start the episodes, or go on with saved ones, and return the first observations.

        Args:
            saved: what ``save`` returned, or nothing; of another task it starts new ones.
            steps: that were learned before, from which new episodes draw their seeds.
        """
        if isinstance(self.envs, RaceVectorEnv | Races) and self.goes_on(saved):
            return self.envs.load(saved)
        return self.envs.reset(seed=(self.seed + steps) % 2**31)[0]


def _chosen(told: Any, rows: NDArray[np.bool_]) -> Any:
    """Return a copy of some rows."""
    if isinstance(told, dict):
        return {name: values[rows] for name, values in told.items()}
    return told[rows]


def _put_row(told: Any, row: int, values: Any) -> None:
    if isinstance(told, dict):
        for name, part in values.items():
            told[name][row] = part
    else:
        told[row] = values


def check_numbers(told: Mapping[str, Tensor], steps: int) -> None:
    """Refuse to learn from what is no finite number.

    Args:
        told: by environments, (n, ...) each, under the name that it has in a sentence.
        steps: that are done.

    Raises:
        TrainingError: names the first that is not finite, and its environment.
    """
    for name, values in told.items():
        rows = (~values.isfinite()).reshape(len(values), -1).any(dim=1).nonzero()
        if len(rows):
            raise TrainingError(
                f"{name} of environment {int(rows[0])} is not finite after {steps:,} steps; "
                "whatever tells it is at fault, and the checkpoints before stay"
            )


class Episodes:
    """Counts what the environments of a batch have been through.

    Args:
        n_envs: how many.
    """

    def __init__(self, n_envs: int):
        self.returns: NDArray[np.float64] = np.zeros(n_envs)
        self.lengths: NDArray[np.int64] = np.zeros(n_envs, np.int64)
        self.terms: dict[str, NDArray[np.float64]] = {}  # of the reward, summed up
        self._ended: list[dict[str, NDArray[Any]]] = []

    def step(
        self,
        rewards: NDArray[np.float64],
        terminated: NDArray[np.bool_],
        ended: NDArray[np.bool_],
        restarted: NDArray[np.bool_],
        infos: Mapping[str, Any],
    ) -> None:
        """Take in a step of all environments.

        Args:
            rewards: (n,).
            terminated, ended: (n,), ended for whatever reason.
            restarted: (n,), rows whose step was only their reset, or somebody else's.
            infos: of the batch.
        """
        self.returns += rewards
        self.lengths += ~restarted
        last = infos.get("final_info", {})
        for told in (infos, last):
            for name, values in _named(told, "rewards"):
                if name not in self.terms:
                    self.terms[name] = np.zeros(len(rewards))
                self.terms[name] += np.where(restarted, 0.0, values)
        if not ended.any():
            return
        told = last or infos
        over: dict[str, NDArray[Any]] = {
            RETURN: self.returns[ended],
            LENGTH: self.lengths[ended],
        }
        for name, sums in self.terms.items():
            over[f"racing/reward/{name}"] = sums[ended]
            sums[ended] = 0.0
        for name, values in _named(told, "ended_by"):
            over[f"racing/ended_by/{name}"] = values[ended]
        if "off_track" in told:
            over["racing/off_track_rate"] = (told["off_track"] & terminated)[ended]
        if "laps" in told:
            none = np.zeros(len(rewards), np.bool_)
            laps = told.get("_best_lap_time", none)
            over["racing/lap_rate"] = laps[ended]
            over[LAPS] = told.get("best_lap_time", none)[ended & laps]
        self._ended.append(over)
        self.returns[ended] = 0.0
        self.lengths[ended] = 0

    def save(self) -> dict[str, NDArray[Any]]:
        """Return what episodes that go on have seen so far."""
        terms = {f"{TERM}{name}": sums for name, sums in self.terms.items()}
        return {"returns": self.returns, "lengths": self.lengths, **terms}

    def load(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Bring back what ``save`` returned."""
        self.returns[:] = saved["returns"]
        self.lengths[:] = saved["lengths"]
        self.terms = {
            name.removeprefix(TERM): sums.copy()
            for name, sums in saved.items()
            if name.startswith(TERM)
        }

    def figures(self) -> dict[str, float]:
        """Return the means over the episodes that have ended since it was asked last."""
        if not self._ended:
            return {}
        joined = {
            name: np.concatenate([over[name] for over in self._ended if name in over])
            for name in dict.fromkeys(name for over in self._ended for name in over)
        }
        laps = joined.pop(LAPS, np.zeros(0))
        told = {name: float(values.mean()) for name, values in joined.items()}
        if len(laps):
            told["racing/best_lap"] = float(laps.min())
            told["racing/lap_time"] = float(laps.mean())
        self._ended.clear()
        return told


def _named(infos: Mapping[str, Any], key: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays (n,) of an info that is a mapping, such as the terms of the reward."""
    for name, values in infos.get(key, {}).items():
        if not name.startswith("_"):
            yield name, values
