"""A batch of races as stable-baselines3 wants its environments.

    envs = RaceVecEnv(racegym.make_vec("time_trial", 256))
    PPO("MlpPolicy", envs).learn(1_000_000)

What it gives is, bit for bit, what ``DummyVecEnv`` gives over as many single environments;
it costs one step of the batch, and no Python for each race that goes on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.envs import RaceVectorEnv
from racegym.envs.held import HeldActions
from racegym.envs.info import Informant, row_of, single
from racegym.errors import MissingLibraryError, ScenarioError
from racegym.world.observer import Observation

try:
    from stable_baselines3.common.vec_env import VecEnv
except ModuleNotFoundError as error:
    raise MissingLibraryError(
        f"racegym.learners.sb3 needs stable-baselines3, and there is no module {error.name!r}; "
        "install it: pip install stable-baselines3"
    ) from error

__all__ = ["RaceVecEnv"]


class RaceVecEnv(VecEnv):
    """Drive one car in each of many races, with stable-baselines3's interface.

    A race that ends begins anew in the same step: its observation is the new episode's, its
    info holds ``terminal_observation`` and ``TimeLimit.truncated``, and all that
    ``racegym.envs.info`` tells of the step that ended it. The info of a race that goes on
    says ``TimeLimit.truncated: False`` and nothing else; it is the same mapping every step,
    not to be written to.

    The races share one world. So an attribute is the batch's, and a method is called once,
    on the batch; neither can be aimed at some of the races.

    Args:
        envs: the batch, from ``racegym.make_vec`` or ``gymnasium.make_vec``; whatever its
            ``autoreset_mode``. It must not be stepped by anyone else.
        every_info: tell all of every race in every step, as ``DummyVecEnv`` does. It takes
            a few microseconds a race.

    Raises:
        ScenarioError: ``envs`` is no batch of racegym, or a wrapper around one.
    """

    def __init__(self, envs: RaceVectorEnv, *, every_info: bool = False):
        if not isinstance(envs, RaceVectorEnv):
            raise ScenarioError(
                f"RaceVecEnv takes a batch from racegym.make_vec, not a {type(envs).__name__}; "
                "of a wrapped one give envs.unwrapped, and use stable-baselines3's own wrappers"
            )
        self.envs = envs
        self.every_info = every_info
        self._world = envs.world
        self._group = envs.world.groups[0]
        self._informant = Informant(envs.world)
        self._held = HeldActions(envs.world, [self._informant])
        self._going_on = [{"TimeLimit.truncated": False} for _ in range(envs.num_envs)]
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self.metadata = envs.metadata

    def reset(self) -> Any:
        """Start all races: of the seeds that ``seed`` gave, else their next episodes."""
        observations, _ = self.envs.reset(seed=self._seeds)
        self.reset_infos = [
            self._informant.one(row=race, stepped=False) for race in range(self.num_envs)
        ]
        self._reset_seeds()
        self._reset_options()
        return _copied(observations)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions, (num_envs, ...), for ``step_wait``."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Drive all races for one control interval, or as many as the profile holds an action.

        Raises:
            ActionError: the actions have the wrong shape or are not finite.
        """
        group = self._group
        self._held.drive((self._actions,))
        self._world.observe()
        self._world.show()
        self._held.restore()
        rewards = group.reward.astype(np.float32)
        dones = group.terminated | group.truncated
        infos: list[dict[str, Any]] = self._going_on.copy()
        if self.every_info:
            infos = [{**self._told(race), **going_on} for race, going_on in enumerate(infos)]
        if dones.any():
            self._restart(np.flatnonzero(dones), infos)
        return _copied(group.observations), rewards, dones, infos

    def _told(self, race: int) -> dict[str, Any]:
        """Return the info of the step that a race has made, or has ended with."""
        if not self._held.early[0][race]:
            return self._informant.one(row=race, stepped=True)
        early = self._held.early[0]
        return single(self._held.infos(early, early), race)

    def _restart(self, ended: NDArray[np.int64], infos: list[dict[str, Any]]) -> None:
        """Start races anew in the step that ended them, and tell what they ended in."""
        informant, group = self._informant, self._group
        for race in map(int, ended):
            info = self._told(race)
            info["TimeLimit.truncated"] = bool(group.truncated[race] and not group.terminated[race])
            info["terminal_observation"] = row_of(group.observations, race)
            infos[race] = info
        self._world.reset(races=ended)
        for race in map(int, ended):
            self.reset_infos[race] = informant.one(row=race, stepped=False)

    def close(self) -> None:
        """Release the simulator."""
        self.envs.close()

    def get_images(self) -> list[Any]:
        """Return a picture of each race if the batch renders those, else None for each."""
        pictures = self.envs.render()
        return [None] * self.num_envs if pictures is None else list(pictures)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute of the batch, once for each race asked."""
        value = getattr(self.envs, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the batch.

        Raises:
            ScenarioError: ``indices`` leaves races out.
        """
        self._check_all(indices, f"set the attribute {attr_name!r} of")
        setattr(self.envs, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once, and return its result for each race.

        Raises:
            ScenarioError: ``indices`` leaves races out.
        """
        self._check_all(indices, f"call {method_name!r} on")
        result = getattr(self.envs, method_name)(*method_args, **method_kwargs)
        return [result] * self.num_envs

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Return False for each race asked: nothing is wrapped around single races."""
        return [False for _ in self._get_indices(indices)]

    def _check_all(self, indices: Any, deed: str) -> None:
        if {int(i) for i in self._get_indices(indices)} != set(range(self.num_envs)):
            raise ScenarioError(
                f"can't {deed} some of the races: they share one world; leave indices out"
            )


def _copied(values: Observation) -> Observation:
    if isinstance(values, dict):
        return {name: part.copy() for name, part in values.items()}
    return values.copy()
