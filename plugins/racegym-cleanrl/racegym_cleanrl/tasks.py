"""What an algorithm learns on: a batch of races, or of somebody else's environments.

Both are a ``gymnasium.vector.VectorEnv``. Scenarios make one native batch, which can be saved
and goes on bit for bit; environments of Gymnasium are there to compare an algorithm with its
published results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from racegym import Scenario, make_vec
from racegym.envs import PolicyNote, RaceVectorEnv, policy_note
from racegym.errors import BackendError

__all__ = ["Episodes", "Task"]


@dataclass(frozen=True)
class Task:
    """A batch of environments to learn on.

    Attributes:
        envs: the batch.
        seed: from which all is drawn.
        note: what a policy is told here; None for somebody else's environments.
    """

    envs: VectorEnv[Any, Any, Any]
    seed: int
    note: PolicyNote | None = None

    @classmethod
    def of_scenario(cls, scenario: Scenario, n_envs: int) -> Task:
        """Return ``n_envs`` races of a scenario."""
        envs = make_vec(scenario, n_envs, copy=False)
        return cls(envs, scenario.seed, policy_note(scenario, envs.world))

    @classmethod
    def of_gymnasium(cls, name: str, n_envs: int, seed: int, **options: Any) -> Task:
        """Return ``n_envs`` environments of Gymnasium by their id."""
        return cls(gymnasium.make_vec(name, n_envs, vectorization_mode="sync", **options), seed)

    @property
    def autoreset_mode(self) -> AutoresetMode:
        """Return when an environment that has ended starts anew."""
        mode: AutoresetMode = self.envs.metadata["autoreset_mode"]
        return mode

    def last_and_next(
        self, told: Any, ended: NDArray[np.bool_], infos: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        """Return what was told last of the episodes before, and of those that go on from here.

        For a batch that does not reset in a step of its own: one that did it in the same step
        tells the last observations in its infos, one that never does is reset here.

        Args:
            told: the observations that the step returned.
            ended: (n,) environments whose episode ended in it.
            infos: of the step.
        """
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            final = _copied(told)
            for row in np.flatnonzero(ended):
                _put_row(final, int(row), infos["final_obs"][row])
            return final, told
        final = _copied(told)
        return final, self.envs.reset(options={"reset_mask": ended})[0]

    def save(self) -> dict[str, NDArray[Any]]:
        """Return the exact state of the batch; nothing where it can't be told."""
        if not isinstance(self.envs, RaceVectorEnv):
            return {}
        try:
            return self.envs.save()
        except BackendError:  # an engine without snapshots
            return {}

    def goes_on(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Tell whether ``start`` goes on with saved episodes: with those of this very task."""
        return isinstance(self.envs, RaceVectorEnv) and self.envs.fits(saved)

    def start(self, saved: Mapping[str, NDArray[Any]], steps: int) -> Any:
        """Start the episodes, or go on with saved ones, and return the first observations.

        Args:
            saved: what ``save`` returned, or nothing; of another task it starts new ones.
            steps: that were learned before, from which new episodes draw their seeds.
        """
        if isinstance(self.envs, RaceVectorEnv) and self.goes_on(saved):
            return self.envs.load(saved)
        return self.envs.reset(seed=(self.seed + steps) % 2**31)[0]


def _copied(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: values.copy() for name, values in told.items()}
    return told.copy()


def _put_row(told: Any, row: int, values: Any) -> None:
    if isinstance(told, dict):
        for name, part in values.items():
            told[name][row] = part
    else:
        told[row] = values


class Episodes:
    """Counts what the environments of a batch have been through.

    Args:
        n_envs: how many.
    """

    def __init__(self, n_envs: int):
        self.returns: NDArray[np.float64] = np.zeros(n_envs)
        self.lengths: NDArray[np.int64] = np.zeros(n_envs, np.int64)
        self._ended: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
        self._laps: list[NDArray[np.float64]] = []
        self._off_track = 0

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
            restarted: (n,), environments whose step was only their reset.
            infos: of the batch.
        """
        self.returns += rewards
        self.lengths += ~restarted
        if ended.any():
            self._ended.append((self.returns[ended], self.lengths[ended]))
            told = infos.get("final_info", infos)
            if "off_track" in told:
                self._off_track += int((told["off_track"] & ended & terminated).sum())
            if "best_lap_time" in told:
                laps = told["best_lap_time"][ended & told["_best_lap_time"]]
                if len(laps):
                    self._laps.append(laps)
            self.returns[ended] = 0.0
            self.lengths[ended] = 0

    def save(self) -> dict[str, NDArray[Any]]:
        """Return what episodes that go on have seen so far."""
        return {"returns": self.returns, "lengths": self.lengths}

    def load(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Bring back what ``save`` returned."""
        self.returns[:] = saved["returns"]
        self.lengths[:] = saved["lengths"]

    def figures(self) -> dict[str, float]:
        """Return the means over the episodes that have ended since it was asked last."""
        if not self._ended:
            return {}
        returns = np.concatenate([returns for returns, _ in self._ended])
        lengths = np.concatenate([lengths for _, lengths in self._ended])
        told = {
            "charts/episodic_return": float(returns.mean()),
            "charts/episodic_length": float(lengths.mean()),
        }
        if self._laps or self._off_track:
            laps = np.concatenate(self._laps) if self._laps else np.zeros(0)
            told["racing/lap_rate"] = len(laps) / len(returns)
            told["racing/off_track_rate"] = self._off_track / len(returns)
            if len(laps):
                told["racing/best_lap"] = float(laps.min())
                told["racing/lap_time"] = float(laps.mean())
        self._ended.clear()
        self._laps.clear()
        self._off_track = 0
        return told
