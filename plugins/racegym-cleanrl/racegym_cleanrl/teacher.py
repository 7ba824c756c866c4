"""A scripted driver as teacher: it says what it would do in whatever state a learner is.

So it can drive for the learner to watch, and it can label the states that the learner gets
itself into. The latter is DAgger [1]: a clone of good drives alone has never seen what follows
from its own small mistakes.

[1] Ross, Gordon, Bagnell (2011), "A reduction of imitation learning and structured prediction
    to no-regret online learning", AISTATS 15:627-635, arXiv:1011.0686.
[2] Laskey, Lee, Fox, Dragan, Goldberg (2017), "DART: noise injection for robust imitation
    learning", CoRL 78:143-156, arXiv:1703.09327.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor

from racegym import Scenario, plugins
from racegym.envs import RaceVectorEnv
from racegym.errors import ScenarioError
from racegym.interfaces import Array, Control, columns
from racegym.scenario.settings import StageSettings
from racegym.world.assembly import distinct_drivers
from racegym_cleanrl.networks import Observation, tensors_of
from racegym_cleanrl.recordings import scratch_control
from racegym_cleanrl.tasks import Episodes

__all__ = ["Lesson", "Teacher", "lesson", "with_teacher"]

NOBODY = -2  # of those that may drive a car


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """What was seen in one round, and what the teacher would have done: n decisions.

    They stand race by race, those of one race as they followed each other.

    Attributes:
        told: by sensor, (n, ...).
        actions: (n, *shape), the teacher's.
        executed: (steps, n_envs, *shape), what was done instead; to have the lesson again.
        figures: of the episodes that were driven.
        apart: mean distance of the learner's action from the teacher's, in the units of the
            environment; for choices, how often they differ. NaN where only the teacher drove.
    """

    told: dict[str, Array]
    actions: Array
    executed: Array
    figures: dict[str, float]
    apart: float


def with_teacher(scenario: Scenario, driver: str | Mapping[str, Any]) -> Scenario:
    """Return a scenario in which a driver waits beside the track.

    Raises:
        ScenarioError: this is no way to write a driver.
        UnknownNameError: there is no such driver.
    """
    entry = {"name": driver} if isinstance(driver, str) else dict(driver)
    try:
        stage = StageSettings.model_validate(entry)
    except ValidationError as error:
        raise ScenarioError(
            f"teacher: {entry} is no driver; write teacher: raceline, or with options "
            "teacher: {name: raceline, pace: 95}"
        ) from error
    plugins.load().find("driver", stage.name)
    return scenario.model_copy(update={"relief": (*scenario.relief, stage)})


class Teacher:
    """Asks a driver for the actions of the agents' cars.

    Args:
        envs: of a scenario that ``with_teacher`` returned.
    """

    def __init__(self, envs: RaceVectorEnv):
        world = envs.world
        parts = distinct_drivers([*(car.driver for car in world.config.cars), *world.config.relief])
        self._world, self._group = world, world.groups[0]
        self._seat = world.seats[parts.index(world.config.relief[-1])]
        self._control = scratch_control(world)
        self._mine = self._pilots(self._group.cars)
        now, before = world.control, world.view.previous_control
        self._kept = [(getattr(now, n), getattr(before, n)) for n in columns(Control)]

    def _pilots(self, cars: NDArray[np.int64]) -> NDArray[np.int16]:
        pilots = np.full(self._world.n_races * self._world.n_cars, NOBODY, np.int16)
        pilots[cars] = self._seat.index
        return pilots

    def actions(self) -> Array:
        """Return (n_envs, *shape), what it would do now."""
        for now, before in self._kept:
            before[...] = now  # as the step that comes will do before it asks anybody
        seat = self._seat
        theirs = seat.cars.copy()  # the same driver may have cars of its own
        seat.assign(self._mine)
        seat.act(self._world.view, self._control)
        seat.assign(self._pilots(theirs))
        return self._group.action_map.invert(self._control, self._group.cars)


def lesson(
    envs: RaceVectorEnv,
    steps: int,
    policy: Callable[[Observation], Tensor] | None,
    *,
    seed: int,
    beta: float,
    noise: float,
    executed: Array | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Lesson | None:
    """Let teacher and learner drive in turns, and note what the teacher would have done.

    Args:
        envs: of a scenario that ``with_teacher`` returned.
        steps: of each race.
        policy: the learner's; None lets the teacher drive alone.
        seed: of the races, and of who drives when.
        beta: probability that the teacher drives a step.
        noise: deviation added to what is done, in shares of half the range of each number; what
            is learned is the teacher's action without it [2].
        executed: of an earlier lesson, to have the very same again; the policy is not asked.
        stop: asked after each step; True breaks the lesson off.

    Returns:
        The lesson; None if it was broken off.

    Raises:
        ActionError: the action map can't be inverted.
    """
    n_envs = envs.num_envs
    drawn = np.random.default_rng([seed, n_envs])
    teacher = Teacher(envs)
    episodes = Episodes(n_envs)
    space = envs.single_action_space
    told, _ = envs.reset(seed=seed % 2**31)
    restarted = np.zeros(n_envs, np.bool_)
    seen: dict[str, list[Array]] = {}
    labels, done, decided = [], [], []
    apart = 0.0
    for step in range(steps):
        label = teacher.actions()
        if executed is not None:
            action = executed[step]
        else:
            action, off = _mixed(label, told, policy, beta, noise, space, drawn)
            apart += off
        decided.append(~restarted)  # the step that only resets is told with what is over
        for name, values in tensors_of(told).items():
            seen.setdefault(name, []).append(values.numpy().copy())
        labels.append(label.copy())
        done.append(np.array(action))
        told, rewards, terminated, truncated, infos = envs.step(action)
        ended = terminated | truncated
        episodes.step(rewards, terminated, ended, restarted, infos)
        restarted = ended & (envs.autoreset_mode is AutoresetMode.NEXT_STEP)
        if stop():
            return None
    valid = np.stack(decided, axis=1)
    return Lesson(
        told={name: np.stack(values, axis=1)[valid] for name, values in seen.items()},
        actions=np.stack(labels, axis=1)[valid],
        executed=np.stack(done),
        figures=episodes.figures(),
        apart=apart / steps if executed is None and policy is not None else float("nan"),
    )


def _mixed(
    label: Array,
    told: Any,
    policy: Callable[[Observation], Tensor] | None,
    beta: float,
    noise: float,
    space: spaces.Space[Any],
    drawn: np.random.Generator,
) -> tuple[Array, float]:
    """Return what is done, and how far the learner is from the teacher."""
    action, apart = label, 0.0
    if policy is not None:
        with torch.inference_mode():
            own = policy(tensors_of(told)).cpu().numpy().astype(label.dtype)
        taught = drawn.random(len(label)) < beta
        action = np.where(taught.reshape(-1, *([1] * (label.ndim - 1))), label, own)
        off = own != label if label.dtype.kind != "f" else np.abs(own - label)
        apart = float(off.mean())
    if noise and isinstance(space, spaces.Box):
        reach = 0.5 * (space.high - space.low)
        shaken = action + noise * reach * drawn.standard_normal(action.shape)
        action = shaken.clip(space.low, space.high).astype(label.dtype)
    return action, apart
