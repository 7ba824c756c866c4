"""Learning on environments of Gymnasium, to compare an algorithm with its published results.

There is no scenario and no core here: a folder, lines on the screen, and the same figures.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import gymnasium
import numpy as np
import torch

from racegym.errors import RunError, UnknownNameError, nearest
from racegym.interfaces import options
from racegym.record.due import CheckpointClock
from racegym_cleanrl.checkpoint import SUFFIX
from racegym_cleanrl.networks import tensors_of
from racegym_cleanrl.policies import ALGORITHMS
from racegym_cleanrl.tasks import Task
from racegym_cleanrl.tracking import boards_of

__all__ = ["Outcome", "learn_standard"]

LEARNERS = tuple(name for name in ALGORITHMS if name != "bc")  # a clone needs recorded drives
SHOWN_EVERY = 5.0  # [s]
RETURN = "charts/episodic_return"


class Outcome(dict[str, Any]):
    """What came of it, as ``outcome.json`` keeps it.

    ``return_mean`` and ``return_std`` are of the episodes that were driven without chance,
    ``train_return`` of the last twenty updates that told one.
    """


class _Progress:
    """A ``Progress`` without core: figures as JSON lines, and checkpoints."""

    evaluation: Mapping[str, float] = {}  # nothing is judged on the way

    def __init__(self, folder: Path, total: int, *, quiet: bool):
        self.folder, self.quiet, self.stop_asked = folder, quiet, False
        self.returns: deque[float] = deque(maxlen=20)
        self._clock = CheckpointClock(total)
        self._file = (folder / "figures.jsonl").open("w", encoding="utf-8")
        self._since = self._shown = perf_counter()

    def update(self, steps: int, total: int, **figures: float) -> None:
        self._clock.steps = steps
        now = perf_counter()
        finite = {
            name: value for name, value in figures.items() if isfinite(value)
        }  # as JSON's are
        row = {"steps": steps, "seconds": round(now - self._since, 3), **finite}
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        if RETURN in figures:
            self.returns.append(figures[RETURN])
        if not self.quiet and (now - self._shown > SHOWN_EVERY or steps >= total):
            self._shown = now
            end = f", return {self.returns[-1]:.1f}" if self.returns else ""
            click.echo(f"{steps:,} of {total:,} steps, {steps / (now - self._since):,.0f}/s{end}")

    def checkpoint_due(self, steps: int) -> bool:
        return self._clock.is_due(steps, ending=self.stop_asked)

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        del resumable
        beside = self.folder / f".partial-{name}"
        try:
            yield beside
            beside.replace(self.folder / name)
            self._clock.written()
        finally:
            beside.unlink(missing_ok=True)

    def close(self) -> None:
        self._file.close()


def learn_standard(
    algorithm: str,
    env: str,
    seed: int,
    given: Mapping[str, Any],
    out: Path,
    *,
    episodes: int = 20,
    quiet: bool = False,
) -> Outcome:
    """Let an algorithm learn on an environment of Gymnasium, and try what it has learned.

    Args:
        algorithm: one of ``LEARNERS``.
        env: id of the environment.
        seed: of everything; not negative.
        given: settings of the algorithm.
        out: a folder ``<algorithm>-<env>-<seed>`` is made in there.
        episodes: that are driven without chance when it has learned.
        quiet: print nothing.

    Raises:
        RacegymError: there is no such algorithm or environment, a setting is wrong, or the folder
            can't be made.
    """
    if algorithm not in LEARNERS:
        raise UnknownNameError(
            f"there is no algorithm {algorithm!r} for Gymnasium; {nearest(algorithm, LEARNERS)}"
        )
    module = import_module(ALGORITHMS[algorithm])
    args = options.read(module.Args, given, f"trainer {algorithm!r}")
    folder = out / f"{algorithm}-{env.replace('/', '-')}-{seed}"
    try:
        task = Task.of_gymnasium(env, args.num_envs, seed)
    except (gymnasium.error.Error, ModuleNotFoundError) as error:
        raise RunError(f"the environment {env!r} can't be made: {error}") from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        progress = _Progress(folder, args.steps, quiet=quiet)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", file=folder) from None
    began = perf_counter()
    try:
        learner = module.Learner(args, task)
        with boards_of(args, folder, progress, {"seed": seed, "env": env}) as told:
            module.learn(learner, told)
        seconds = perf_counter() - began
        tried = _tried(learner, env, seed, episodes)
    finally:
        progress.close()
        task.envs.close()
    outcome = Outcome(
        algorithm=algorithm, env=env, seed=seed, steps=learner.steps, seconds=round(seconds, 1),
        train_return=float(np.mean(progress.returns)) if progress.returns else None,
        return_mean=float(np.mean(tried)), return_std=float(np.std(tried)), episodes=episodes,
        checkpoint=str(folder / f"last{SUFFIX}"), settings=args.model_dump(mode="json"),
    )  # fmt: skip
    (folder / "outcome.json").write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    return outcome


@torch.inference_mode()
def _tried(learner: Any, env: str, seed: int, episodes: int) -> list[float]:
    """Return the returns of episodes in which the policy did the best it knew."""
    one, found = gymnasium.make(env), []
    agent = learner.agent.to("cpu").eval()
    size = int(getattr(agent, "memory_size", 0))
    for episode in range(episodes):
        observation, _ = one.reset(seed=1_000_000 + 1000 * seed + episode)
        memory, total, over = torch.zeros(1, size), 0.0, False
        while not over:
            told = {name: x[None] for name, x in tensors_of(observation).items()}
            if size:
                action, memory = agent.drive(told, memory)
            else:
                action = agent(told)
            observation, reward, terminated, truncated, _ = one.step(action[0].numpy())
            total += float(reward)
            over = terminated or truncated
        found.append(total)
    one.close()
    return found
