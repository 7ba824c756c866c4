"""Judging a policy: any callable on observations drives a scenario's agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import index
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.envs.agent import agent_world
from racegym.envs.info import row_of
from racegym.errors import ActionError, ScenarioError
from racegym.interfaces import Status
from racegym.record import Recorder
from racegym.record.result import summarise
from racegym.run.episodes import is_over, start_episode
from racegym.run.goals import goals_of, is_completed
from racegym.run.run import about
from racegym.scenario import Scenario, Source, load_scenario
from racegym.world import World

__all__ = ["Evaluation", "episodes_asked", "evaluate", "seed_asked", "summary_of"]

MAX_EPISODES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a policy drove. Names and units of all figures are those of ``result.json``.

    Attributes:
        scenario: its name.
        car: the name of the car that was driven.
        episodes: by episode, the car's row of the classification with ``episode``, ``seed``,
            ``track``, ``steps``, ``reward`` (the sum), ``ended_by``, the terminations that
            applied at its end, and ``completed``: the race distance was driven, or what
            ``laps_done`` asks; where there is neither, a valid lap.
        summary: over all episodes: ``completion_rate``, ``best_lap``, ``mean_lap``,
            ``mean_speed``, ``off_track`` and more, ``lap_rate``, the share of episodes with a
            valid lap, ``mean_reward``, ``mean_distance``, and ``ended_by``, how many episodes
            each termination ended.
        driver: who drove: ``name`` and ``options`` as in a scenario, what it says of itself, such
            as ``algorithm`` and ``steps``, under ``told_by``, and the ``observation`` and
            ``action`` that it asked for; empty for a policy from Python.
        limit: the laps that percentages refer to, as in ``result.json``; empty likewise.
    """

    scenario: str
    car: str
    episodes: tuple[dict[str, Any], ...]
    summary: dict[str, Any]
    driver: dict[str, Any] = field(default_factory=dict)
    limit: dict[str, Any] = field(default_factory=dict)


def evaluate(
    policy: Callable[[Any], Any],
    scenario: Scenario | Source,
    *,
    episodes: int | None = None,
    seed: int | None = None,
    agent: str | None = None,
) -> Evaluation:
    """Let a policy drive a scenario's agent for some episodes.

    Episode i is the race of ``seed + i``. It ends when a termination of the car's profile
    applies, the car is out of the race, or the race has lasted the scenario's ``time_limit``.
    Actions are held as long as the car's profile says (``action_repeat``), as environments do.

    Args:
        policy: called with one observation, returns one action. If it has a method ``reset``,
            that is called before each episode.
        scenario: a scenario, the path or name of one, or its content as a mapping.
        episodes: how many; None for the scenario's own number.
        seed: of the first; None for the scenario's own.
        agent: the name of the car to drive; see ``racegym.envs.agent``.

    Raises:
        ScenarioError: the scenario is wrong, there is no such car, or ``policy`` can't be called.
        ActionError: an action has the wrong shape, is no array or is not finite.
    """
    if not callable(policy):
        kind = type(policy).__name__
        hint = ""
        if hasattr(policy, "predict"):
            hint = "; give lambda observation: model.predict(observation, deterministic=True)[0]"
        raise ScenarioError(f"the policy is a {kind}, which can't be called{hint}")
    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    count, first = episodes_asked(loaded, episodes), seed_asked(loaded, seed)
    loaded = loaded.model_copy(update={"seed": first})
    world = agent_world(loaded, 1, agent)
    try:
        with TemporaryDirectory(prefix="racegym_") as folder:
            recorder = Recorder(
                world, Path(folder), about(loaded), telemetry=False, limit=loaded.record.limit
            )
            world.watchers.append(recorder)
            try:
                told = [_drive(policy, world, loaded, first + k) for k in range(count)]
            finally:
                result = recorder.finish("finished")
    finally:
        world.close()
    return _gathered(loaded, world, result, told)


def _drive(
    policy: Callable[[Any], Any], world: World, scenario: Scenario, seed: int
) -> dict[str, Any]:
    """Drive one episode and return what the record does not know of it."""
    reset = getattr(policy, "reset", None)
    if callable(reset):
        reset()
    start_episode(world, scenario, seed)
    group = world.groups[0]
    status, car = world.view.race.status, int(group.cars[0])
    reward, over = 0.0, False
    while not over:
        action = _action(policy(row_of(group.observations)))[None]
        for _ in range(group.action_repeat):
            world.advance((action,))
            world.show()
            reward += float(group.reward[0])
            ended = group.terminated[0] or group.truncated[0] or status[0, car] > Status.PIT
            over = bool(ended) or is_over(world, scenario.time_limit)
            if over:
                break
        world.observe()
    reasons = [name for name, applies in group.reasons.items() if applies[0]]
    return {"reward": reward, "ended_by": reasons}


def episodes_asked(scenario: Scenario, episodes: int | None) -> int:
    """Return how many episodes are meant; None stands for the scenario's own number.

    Raises:
        ScenarioError: it is no such number.
    """
    count = scenario.episodes if episodes is None else _whole("episodes", episodes)
    if not 1 <= count <= MAX_EPISODES:
        raise ScenarioError(f"episodes is {count}; it should be from 1 to {MAX_EPISODES}")
    return count


def seed_asked(scenario: Scenario, seed: int | None) -> int:
    """Return the seed that is meant; None stands for the scenario's own.

    Raises:
        ScenarioError: it is no such number.
    """
    first = scenario.seed if seed is None else _whole("seed", seed)
    if not 0 <= first < 2**63:
        raise ScenarioError(f"seed is {first}; it should be at least 0 and below 2**63")
    return first


def _whole(what: str, value: Any) -> int:
    try:
        return index(value)
    except TypeError:
        raise ScenarioError(f"{what} is {value!r}; a whole number was expected") from None


def _action(given: Any) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except (RuntimeError, TypeError, ValueError) as error:
        kind = type(given).__name__
        raise ActionError(f"the policy returned a {kind} that is no array: {error}") from error


def _gathered(
    scenario: Scenario, world: World, result: dict[str, Any], told: list[dict[str, Any]]
) -> Evaluation:
    """Return what the record says of the car that was driven, and what else is known."""
    car, goals = int(world.groups[0].cars[0]), goals_of(world)
    mine = [
        {**episode, "classification": [r for r in episode["classification"] if r["car"] == car]}
        for episode in result["episodes"]
    ]
    rows = [
        {
            **episode["classification"][0],
            **{key: episode[key] for key in ("episode", "seed", "track", "steps")},
            **more,
        }
        for episode, more in zip(mine, told, strict=True)
    ]
    for row in rows:
        row["completed"] = is_completed(row, goals, scenario.laps)
    return Evaluation(
        scenario=scenario.name, car=rows[0]["name"], episodes=tuple(rows), summary=summary_of(rows)
    )


def summary_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures over all episodes of one car.

    Args:
        rows: one an episode, as in ``Evaluation.episodes``.
    """
    found = summarise([{"classification": [row]} for row in rows])
    return {
        **found,
        "completion_rate": fmean(row["completed"] for row in rows),
        "lap_rate": sum(row["best_lap"] is not None for row in rows) / len(rows),
        "mean_reward": fmean(row["reward"] for row in rows),
        "mean_distance": fmean(row["distance"] for row in rows),
        "ended_by": dict(Counter(reason for row in rows for reason in row["ended_by"])),
    }
