"""One race as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.envs.agent import ScenarioLike, agent_world, as_scenario
from racegym.envs.held import HeldActions
from racegym.envs.info import Informant, row_of
from racegym.envs.rendering import renderer_of
from racegym.render import RENDER_MODES, Camera, EnvRenderer, RenderMode, check_mode

__all__ = ["RaceEnv"]


class RaceEnv(gymnasium.Env[Any, Any]):
    """Drive one car of a scenario; the others follow their own drivers.

    ``reset(seed=k)`` starts the race of seed k; later ``reset()`` calls start its next
    episodes, so the whole sequence is a function of k. Actions outside the space are
    clipped; one that is not finite or has the wrong shape is refused. Infos:
    ``racegym.envs.info``.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        agent: the name of the car to drive; see ``racegym.envs.agent``.
        render_mode: ``"rgb_array"`` for pictures, ``"human"`` for a window, None for neither;
            see ``racegym.render``.
        render_size: [pixels] width and height of pictures and window.
        render_camera: ``"follow"`` turns with the car, ``"north"`` keeps it in the middle with
            north up, ``"track"`` shows all of the track.
        render_line: (n, 2) [m], a closed line drawn on the track; by default the track's racing
            line, if it has one.

    Attributes:
        critic_observation_space: of ``info["critic_observation"]``; None without one.

    Raises:
        ScenarioError, BackendError: the scenario is wrong; says where and why.
    """

    metadata: dict[str, Any] = {"render_modes": RENDER_MODES}  # noqa: RUF012 - Gymnasium's shape

    def __init__(
        self,
        scenario: ScenarioLike = "time_trial",
        *,
        agent: str | None = None,
        render_mode: RenderMode | None = None,
        render_size: tuple[int, int] = (640, 480),
        render_camera: Camera = "follow",
        render_line: ArrayLike | None = None,
    ):
        check_mode(render_mode)
        self.scenario = as_scenario(scenario)
        self.world = agent_world(self.scenario, 1, agent)
        self._group = self.world.groups[0]
        self.observation_space = self._group.observation_space
        self.action_space = self._group.action_space
        critic = self._group.critic
        self.critic_observation_space = None if critic is None else critic.space
        self.render_mode = render_mode
        repeat = self._group.action_repeat
        self.metadata = {**self.metadata, "render_fps": max(1, round(1 / (self.world.dt * repeat)))}
        self._informant = Informant(self.world)
        self._held = HeldActions(self.world, [self._informant])
        self._seeded = False
        self._renderer: EnvRenderer | None = None
        if render_mode is not None:
            self._renderer = renderer_of(self.world, render_size, render_camera, render_line)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode: of ``seed``, or the next one of the seed before.

        Args:
            seed: non-negative; None goes on with the seed before, or draws one.
            options: not used; unknown ones are ignored.
        """
        super().reset(seed=seed)
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**63))
        self._seeded = True
        self.world.reset(seeds=None if seed is None else [seed])
        if self.render_mode == "human":
            self.render()
        return self._observation(), self._informant.one(stepped=False)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Drive for one control interval, or for as many as the profile repeats an action.

        Raises:
            ActionError: the action has the wrong shape or is not finite.
        """
        self._held.drive((np.asarray(action)[None],))
        self.world.observe()
        self.world.show()
        if self.render_mode == "human":
            self.render()
        group = self._group
        return (
            self._observation(),
            float(group.reward[0]),
            bool(group.terminated[0]),
            bool(group.truncated[0]),
            self._informant.one(stepped=True),
        )

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the race as it is now.

        Returns:
            (height, width, 3) uint8; None in the mode ``"human"``, which shows it in a window
            by itself, and without a mode.

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
        """Release the simulator and close the window."""
        self.world.close()

    def _observation(self) -> Any:
        return row_of(self._group.observations)
