"""A batch of races as a Gymnasium vector environment, stepped at once."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from racegym.envs.agent import ScenarioLike, agent_world, as_scenario
from racegym.envs.held import HeldActions
from racegym.envs.info import Informant, merged, row_of
from racegym.envs.raced import raced
from racegym.envs.rendering import renderer_of
from racegym.errors import RacegymError
from racegym.render import RENDER_MODES, Camera, EnvRenderer, RenderMode, check_mode
from racegym.world.packing import pack, unpack

__all__ = ["RaceVectorEnv"]

ENDED = "ended"  # in what ``save`` returns: (num_envs,) bool, races that wait for their reset
SCENARIO = "scenario"  # and: uint8, which scenario it is of


class RaceVectorEnv(VectorEnv[Any, Any, Any]):
    """Drive one car in each of many races of one scenario.

    Race i of ``reset(seed=k)`` is, bit for bit and through all later episodes, the race that
    ``RaceEnv`` has after ``reset(seed=k + i)``. Infos: ``racegym.envs.info``.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        num_envs: how many races.
        copy: return copies of the observations; without, the arrays returned are
            overwritten by the next step.
        autoreset_mode: when a race that ended starts anew: ``"NextStep"``, ``"SameStep"``
            or ``"Disabled"``, as Gymnasium defines them.
        agent: the name of the car to drive; see ``racegym.envs.agent``.
        render_mode: ``"rgb_array"`` for a picture of each race, ``"human"`` for a window on the
            first, None for neither.
        render_size, render_camera, render_line: as in ``RaceEnv``.

    Attributes:
        single_critic_observation_space, critic_observation_space: of
            ``infos["critic_observation"]``, of one race and of all; None without one.
    """

    def __init__(
        self,
        scenario: ScenarioLike = "time_trial",
        num_envs: int = 1,
        *,
        copy: bool = True,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        agent: str | None = None,
        render_mode: RenderMode | None = None,
        render_size: tuple[int, int] = (640, 480),
        render_camera: Camera = "follow",
        render_line: ArrayLike | None = None,
    ):
        check_mode(render_mode)
        self.scenario = as_scenario(scenario)
        self.world = agent_world(self.scenario, num_envs, agent)
        self._group = self.world.groups[0]
        self.num_envs = num_envs
        self.copy = copy
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.render_mode = render_mode
        self.metadata = {
            "render_modes": RENDER_MODES,
            "render_fps": max(1, round(1 / (self.world.dt * self._group.action_repeat))),
            "autoreset_mode": self.autoreset_mode,
        }
        self.single_observation_space = self._group.observation_space
        self.single_action_space = self._group.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        critic = self._group.critic
        self.single_critic_observation_space = None if critic is None else critic.space
        self.critic_observation_space = (
            None if critic is None else batch_space(critic.space, num_envs)
        )
        self._informant = Informant(self.world)
        self._held = HeldActions(self.world, [self._informant])
        self._seeded = False
        self._ended: NDArray[np.bool_] = np.zeros(num_envs, np.bool_)
        self._everyone: NDArray[np.bool_] = np.ones(num_envs, np.bool_)
        self._renderer: EnvRenderer | None = None
        if render_mode is not None:
            self._renderer = renderer_of(self.world, render_size, render_camera, render_line)

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Start episodes.

        Args:
            seed: race i takes ``seed + i``, or item i of a list; None goes on with the
                seeds before, or draws some.
            options: ``reset_mask``, bool (num_envs,), starts only some races; anything
                else is ignored.
        """
        super().reset(seed=seed if isinstance(seed, int) else None)
        mask = _reset_mask(options, self.num_envs)
        seeds = self._seeds(seed)
        # A first reset starts all races, since a world can't step races that never began.
        chosen = self._everyone if mask is None or not self._seeded else mask
        self._seeded = True
        given = np.array([s is not None for s in seeds])
        fresh = np.flatnonzero(chosen & given)
        self.world.reset(seeds=[seeds[i] or 0 for i in fresh], races=fresh)
        self.world.reset(races=np.flatnonzero(chosen & ~given))
        self._ended &= ~chosen
        if self.render_mode == "human":
            self.render()
        return self._observations(), self._informant.batch(chosen, ~self._everyone)

    def _seeds(self, seed: int | list[int | None] | None) -> list[int | None]:
        """Return the seed of each race; None where it goes on with the one before."""
        if isinstance(seed, int):
            return [seed + i for i in range(self.num_envs)]
        seeds: list[int | None] = [None] * self.num_envs
        if seed is not None:
            seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ValueError(f"{self.num_envs} seeds wanted, one a race, {len(seeds)} given")
        if self._seeded:
            return seeds
        drawn = int(self.np_random.integers(2**62))
        return [drawn + i if s is None else s for i, s in enumerate(seeds)]

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Drive all races for one control interval, or for as many as an action is repeated.

        Raises:
            ActionError: the actions have the wrong shape or are not finite.
            ResetNeeded: autoreset is disabled and a race that ended was not reset.
        """
        world, group = self.world, self._group
        restarted = self._ended
        if self.autoreset_mode is AutoresetMode.DISABLED and restarted.any():
            raise ResetNeeded(
                f"environment {int(np.flatnonzero(restarted)[0])} has ended and autoreset is "
                "disabled: call reset(options={'reset_mask': mask}) first"
            )
        next_step = self.autoreset_mode is AutoresetMode.NEXT_STEP
        self._held.drive((actions,), (restarted,) if next_step else None)
        if next_step and restarted.any():
            # What these races did in this step is undone: a reset leaves no trace of it.
            world.reset(races=np.flatnonzero(restarted), observe=False)
            group.reward[restarted] = 0
            group.terminated[restarted] = False
            group.truncated[restarted] = False
        world.observe()
        world.show()
        self._held.restore()
        if self.render_mode == "human":
            self.render()

        reward = group.reward.astype(np.float64)
        terminated, truncated = group.terminated.copy(), group.truncated.copy()
        ended = terminated | truncated
        if self.autoreset_mode is AutoresetMode.SAME_STEP and ended.any():
            infos = self._restart(ended)
            self._ended = np.zeros_like(ended)
        else:
            self._ended = ended
            infos = self._held.infos(self._everyone, ~restarted if next_step else self._everyone)
        return self._observations(), reward, terminated, truncated, infos

    def _restart(self, ended: NDArray[np.bool_]) -> dict[str, Any]:
        """Reset races in the step that ended them; return infos with what they ended in."""
        final = self._held.infos(ended, ended)
        final_obs = np.full(self.num_envs, None, dtype=object)
        for race in np.flatnonzero(ended):
            final_obs[race] = row_of(self._group.observations, int(race))
        terms = self._informant.batch(~ended, ~ended)
        self.world.reset(races=np.flatnonzero(ended))
        infos = merged(terms, self._informant.batch(ended, ~self._everyone))
        infos["final_obs"], infos["_final_obs"] = final_obs, ended.copy()
        infos["final_info"], infos["_final_info"] = final, ended.copy()
        return infos

    def _observations(self) -> Any:
        return deepcopy(self._group.observations) if self.copy else self._group.observations

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """Return a picture of each race as it is now.

        Returns:
            One (height, width, 3) uint8 a race; None in the mode ``"human"``, which shows the
            first race in a window by itself, and without a mode.

        Raises:
            RacegymError: no window can be opened.
        """
        if self._renderer is None:
            return None
        if self.render_mode == "human":
            self._renderer.show()
            return None
        return tuple(self._renderer.paint(race) for race in range(self.num_envs))

    def save(self) -> dict[str, NDArray[Any]]:
        """Return the exact state of all races by name, to be kept in a file.

        Raises:
            BackendError: the engine has no snapshots.
        """
        return {**pack(self.world), ENDED: self._ended.copy(), SCENARIO: self._raced.copy()}

    @cached_property
    def _raced(self) -> NDArray[np.uint8]:
        """(32,): a digest of what the scenario says of its races."""
        return raced(self.scenario)

    def fits(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Tell whether ``load`` takes what was saved: the same races, and as many of them."""
        return (
            ENDED in saved
            and saved[ENDED].shape == self._ended.shape
            and np.array_equal(saved.get(SCENARIO, ()), self._raced)
        )

    def load(self, saved: Mapping[str, NDArray[Any]]) -> Any:
        """Bring back what ``save`` returned, of this or an equal batch.

        Returns:
            The observations.

        Raises:
            RacegymError: the state is of another batch.
        """
        if ENDED not in saved or saved[ENDED].shape != self._ended.shape:
            raise RacegymError(f"the state is of another batch than one of {self.num_envs} races")
        if not self.fits(saved):
            raise RacegymError("the state is of another scenario; begin new episodes, with reset()")
        unpack(self.world, {k: v for k, v in saved.items() if k not in (ENDED, SCENARIO)})
        self._ended, self._seeded = saved[ENDED].astype(np.bool_), True
        return self._observations()

    def close_extras(self, **kwargs: Any) -> None:
        """Release the simulator and close the window."""
        self.world.close()


def _reset_mask(options: dict[str, Any] | None, count: int) -> NDArray[np.bool_] | None:
    """Return the mask of races to reset, None for all; refuse what Gymnasium refuses."""
    if not options or "reset_mask" not in options:
        return None
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError(f"options['reset_mask'] must be a numpy array of bool, not {mask!r}")
    if mask.shape != (count,):
        raise ValueError(f"options['reset_mask'] must have shape ({count},), not {mask.shape}")
    if not mask.any():
        raise ValueError("options['reset_mask'] must name at least one environment")
    return mask
