"""One race as a PettingZoo environment: agents act at the same times, or one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Literal, get_args

import numpy as np
import pettingzoo
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import EzPickle
from numpy.typing import ArrayLike, NDArray
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils import OrderEnforcingWrapper
from pettingzoo.utils.conversions import parallel_to_aec_wrapper

from racegym.envs import Field, ScenarioLike, as_scenario, renderer_of, row_of
from racegym.errors import ActionError, MissingLibraryError, ScenarioError, nearest
from racegym.interfaces import Array
from racegym.render import RENDER_MODES, Camera, EnvRenderer, RenderMode, check_mode
from racegym_multicar.asked import UnknownAgentError, check_action, unknown
from racegym_multicar.happenings import Happenings
from racegym_multicar.turns import InTurn

__all__ = ["ENV_ID", "Leave", "RaceParallelEnv", "env", "parallel_env", "register_envs"]

ENV_ID = "racegym/Race-v1"

Leave = Literal["out", "park"]
Told = dict[str, Any]


class RaceParallelEnv(ParallelEnv[str, Any, Any], EzPickle):  # type: ignore[misc]  # untyped
    """Drive every car that a scenario leaves to agents; the others follow their own drivers.

    Agents are called as their cars are in the scenario. ``reset(seed=k)`` starts the race of
    seed k; later ``reset()`` calls start its next episodes, so the whole sequence is a function
    of k. Spaces, rewards and terminations are those of the profile of each agent's car. An
    agent's episode ends with a termination or when its car has finished, retired or been
    disqualified; a car whose agent has ended while it was still racing is retired.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        leave: what becomes of an agent whose episode has ended. ``"out"``: it is told so and is
            gone from ``agents``, as PettingZoo has it. ``"park"``: it stays in ``agents`` until
            the last one's episode has ended; its actions count for nothing, it is paid 0, told
            zeros, and its info says ``parked``. All are then told at once how they ended, so
            that the number of agents never changes, which vector environments need.
        render_mode: ``"rgb_array"`` for pictures, ``"human"`` for a window, None for neither.
        render_size, render_camera, render_line: as of ``racegym.envs.RaceEnv``.

    Attributes:
        scenario, world: what is raced.
        possible_agents: all agents, in the order of their cars.
        agents: those whose episodes go on, or all while any does, as ``leave`` says.
        state_space: of ``state()``.

    Raises:
        ScenarioError: the scenario is wrong, or no car of it is left to agents.
    """

    def __init__(
        self,
        scenario: ScenarioLike = "six_agents",
        *,
        leave: Leave = "out",
        render_mode: RenderMode | None = None,
        render_size: tuple[int, int] = (640, 480),
        render_camera: Camera = "follow",
        render_line: ArrayLike | None = None,
    ):
        EzPickle.__init__(
            self,
            scenario,
            leave=leave,
            render_mode=render_mode,
            render_size=render_size,
            render_camera=render_camera,
            render_line=render_line,
        )
        check_mode(render_mode)
        if leave not in get_args(Leave):
            raise ScenarioError(f"leave is {leave!r}; {nearest(leave, get_args(Leave))}")
        self.scenario = as_scenario(scenario)
        self.leave = leave
        self._field = Field(self.scenario, 1)
        self.world = self._field.world
        self.state_space = spaces.flatten_space(self._field.state.space)
        self.possible_agents = list(self._field.names)
        self.agents: list[str] = []
        groups = self.world.groups
        self._spaces: dict[str, tuple[spaces.Space[Any], spaces.Space[Any]]] = {
            # Copies: each agent's spaces are seeded and sampled by themselves.
            name: (deepcopy(groups[g].observation_space), deepcopy(groups[g].action_space))
            for name, (g, _) in self._field.places.items()
        }
        self._acting = [
            [name for name, (g, _) in self._field.places.items() if g == index]
            for index in range(len(groups))
        ]
        self._happenings = Happenings([car.name for car in self.world.config.cars])
        self.world.watchers.append(self._happenings)
        interval = self.world.dt * groups[0].action_repeat
        self.render_mode = render_mode
        self.metadata = {
            "name": "racegym_multicar_v1",
            "render_modes": RENDER_MODES,
            "render_fps": max(1, round(1 / interval)),
            "is_parallelizable": True,
        }
        self._renderer: EnvRenderer | None = None
        if render_mode is not None:
            self._renderer = renderer_of(self.world, render_size, render_camera, render_line)
        self._rng = np.random.default_rng()
        self._seeded = False
        self._ended: dict[str, tuple[bool, bool]] = {}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return what an agent can be told; the same object each time.

        Raises:
            UnknownAgentError: no agent goes by that name. It is a ``KeyError``.
        """
        return self._spaces_of(agent)[0]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return what an agent can do; the same object each time.

        Raises:
            UnknownAgentError: no agent goes by that name. It is a ``KeyError``.
        """
        return self._spaces_of(agent)[1]

    def _spaces_of(self, agent: str) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
        if agent not in self._spaces:
            raise UnknownAgentError(unknown(agent, self._spaces))
        return self._spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Told, dict[str, Told]]:
        """Start a race: of ``seed``, or the next one of the seed before.

        Args:
            seed: non-negative; None goes on with the seed before, or draws one.
            options: not used; unknown ones are ignored.

        Raises:
            RacegymError: the seed is none.
        """
        if seed is None and not self._seeded:
            seed = int(self._rng.integers(2**62))
        self._field.reset(None if seed is None else [seed])
        self._seeded = True
        self._happenings.clear()
        self._ended = {}
        self.agents = self.possible_agents[:]
        if self.render_mode == "human":
            self.render()
        observations = {name: self._observation(name) for name in self.agents}
        return observations, {name: self._info(name, stepped=False) for name in self.agents}

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[Told, dict[str, float], dict[str, bool], dict[str, bool], dict[str, Told]]:
        """Drive for one control interval, or for as many as the profiles hold an action.

        Args:
            actions: one for each of ``agents``. Values outside a space are clipped.

        Returns:
            Observations, rewards, terminations, truncations and infos of ``agents`` as they were
            before the step. Without any, five empty mappings.

        Raises:
            ActionError: an action is missing, of the wrong shape or not finite, or it is of
                somebody who is no agent now. It is a ``ValueError``.
            ResetNeeded: ``reset`` was never called.
        """
        if not self._seeded:
            raise ResetNeeded("call reset() before the first step()")
        self._check(actions)
        if not self.agents:
            return {}, {}, {}, {}, {}
        acting = self.agents
        waiting = {name for name in acting if name in self._ended}
        self._happenings.clear()
        self._field.step([self._stacked(group, actions) for group in range(len(self._acting))])
        if self.render_mode == "human":
            self.render()

        observations = {name: self._observation(name) for name in acting}
        rewards, terminated, truncated = {}, {}, {}
        for name in acting:
            group, row = self._place(name)
            rewards[name] = float(group.reward[row])
            ended = bool(group.terminated[row]), bool(group.truncated[row])
            if any(ended):
                self._ended[name] = ended
            terminated[name], truncated[name] = self._ended.get(name, (False, False))
        infos = {name: self._info(name, stepped=name not in waiting) for name in acting}
        if len(self._ended) == len(self.possible_agents):
            self.agents = []
        elif self.leave == "park":
            terminated, truncated = dict.fromkeys(acting, False), dict.fromkeys(acting, False)
        else:
            self.agents = [name for name in acting if name not in self._ended]
        return observations, rewards, terminated, truncated, infos

    def _check(self, actions: Mapping[str, Any]) -> None:
        """Refuse actions that are missing, of nobody, or no action."""
        if not isinstance(actions, Mapping):
            raise ActionError(
                f"actions are a {type(actions).__name__}; a mapping was expected, from each of "
                "env.agents to its action"
            )
        for name in actions:
            if name not in self._spaces:
                raise ActionError(unknown(name, self._spaces))
            if name not in self.agents:
                raise ActionError(f"agent {name!r} has left the race; call reset() for the next")
        for name in self.agents:
            check_action(name, actions.get(name), self.action_space(name))

    def _stacked(self, group: int, actions: Mapping[str, Any]) -> NDArray[Any]:
        """Return the actions of a group, those of agents that are gone as zeros."""
        space = self.world.groups[group].action_space
        nothing = np.zeros(space.shape or (), space.dtype)
        return np.stack([np.asarray(actions.get(name, nothing)) for name in self._acting[group]])

    def _place(self, name: str) -> tuple[Any, int]:
        group, row = self._field.places[name]
        return self.world.groups[group], row

    def _observation(self, name: str) -> Any:
        group, row = self._place(name)
        return row_of(group.observations, row)

    def _info(self, name: str, *, stepped: bool) -> Told:
        index, row = self._field.places[name]
        info = self._field.info(index, row, stepped=stepped)
        info["events"] = self._happenings.of(int(self.world.groups[index].cars[row]))
        if self.leave == "park":
            info["parked"] = name in self._ended
        return info

    def state(self) -> Array:
        """Return all of the race for critics: (n_cars * columns,) float32, car after car.

        The columns are those of ``racegym.envs.COLUMNS``, the cars those of the scenario, with
        or without an agent: ``state().reshape(-1, len(COLUMNS))``.

        Raises:
            ResetNeeded: ``reset`` was never called.
        """
        if not self._seeded:
            raise ResetNeeded("call reset() before state()")
        flat: Array = self._field.state.fill()[0].flatten()
        return flat

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the race as it is now, (height, width, 3) uint8.

        None in the mode ``"human"``, which shows it in a window by itself, and without a mode.

        Raises:
            RacegymError: no window can be opened.
        """
        if self._renderer is None:
            return None
        if self.render_mode == "human":
            self._renderer.show()
            return None
        return self._renderer.paint(0)

    def close(self) -> None:
        """Release the simulator and close the window. May be called twice."""
        self._field.close()


def parallel_env(scenario: ScenarioLike = "six_agents", **settings: Any) -> RaceParallelEnv:
    """Return a race in which all agents act at the same times; see ``RaceParallelEnv``."""
    return RaceParallelEnv(scenario, **settings)


def env(scenario: ScenarioLike = "six_agents", **settings: Any) -> AECEnv[str, Any, Any]:
    """Return a race whose agents are asked one after the other; see ``RaceParallelEnv``.

    The race moves on when the last of ``agents`` has been asked; until then, all are told of the
    same moment. An action that is none is refused at once, by an ``ActionError``.
    """
    return OrderEnforcingWrapper(
        InTurn(parallel_to_aec_wrapper(parallel_env(scenario, **settings)))
    )


def register_envs() -> None:
    """Give both to ``pettingzoo.make``, as ``"racegym/Race-v1"``; the keywords are the same.

    Raises:
        MissingLibraryError: PettingZoo is older than 1.27, which has no ``make``.
    """
    if not hasattr(pettingzoo, "register"):
        raise MissingLibraryError(
            f"PettingZoo {pettingzoo.__version__} makes no environments by name; upgrade it: "
            "pip install 'pettingzoo>=1.27'"
        )
    if ENV_ID not in pettingzoo.parallel_registry:
        pettingzoo.register("parallel", ENV_ID, f"{__name__}:parallel_env")
        pettingzoo.register("aec", ENV_ID, f"{__name__}:env")
