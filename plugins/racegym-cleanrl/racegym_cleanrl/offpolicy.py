"""How SAC, TD3 and DQN learn alike: steps into a replay, gradient steps from it, checkpoints.

An algorithm is in the file of its name: its settings, its networks, how it acts (``rollout``)
and how it learns (``update``). Here is the loop around them, and what a trainer is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from racegym import Scenario
from racegym.interfaces import Driver, Progress, Trainer, check_losses, options
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.export import export
from racegym_cleanrl.machine import chosen_device, use_threads
from racegym_cleanrl.networks import NUMBERS, Observation, on_device, tensors_of
from racegym_cleanrl.offpolicy_checkpoint import checkpoint_of, restore, take_over
from racegym_cleanrl.offpolicy_learner import (
    OffPolicyArgs,
    OffPolicyLearner,
    normalised,
)
from racegym_cleanrl.tasks import Task
from racegym_cleanrl.tracking import tracked

__all__ = ["OffPolicyTrainer", "collect", "descend", "learn"]

LOG = logging.getLogger("racegym.cleanrl")


def descend(
    optimizer: torch.optim.Optimizer, loss: Tensor, max_grad_norm: float | None = None
) -> None:
    """Make a step down a loss.

    Args:
        optimizer: of the parameters.
        loss: of one number.
        max_grad_norm: gradients are scaled down to it; None leaves them.
    """
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if max_grad_norm is not None:
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_grad_norm)
    optimizer.step()


@torch.no_grad()
def collect(learner: OffPolicyLearner, act: Callable[[Observation], tuple[Tensor, Tensor]]) -> None:
    """Drive all environments for a step, and keep it in the replay.

    Args:
        learner: whose environments and replay.
        act: from what was seen to the actions as they are kept, and as they are driven.
    """
    eye, task = learner.eye, learner.task
    eye.learn(learner.told)
    # A copy: the environments overwrite what they tell.
    kept = {name: learner.told[name].clone() for name in learner.layout.images}
    if learner.layout.width:
        kept[NUMBERS] = eye.side_by_side(learner.told).clone()
    actions, driven = act(normalised(eye, kept))
    told, rewards, terminated, truncated, infos = task.envs.step(driven.cpu().numpy())
    ended = terminated | truncated
    learner.episodes.step(rewards, terminated, ended, learner.restarted, infos)
    learner.replay.add(
        kept,
        actions,
        torch.from_numpy(rewards * learner.frame.reward_scale),
        torch.from_numpy(terminated),
        torch.from_numpy(ended),
        torch.from_numpy(~learner.restarted),
    )
    learner.told = on_device(tensors_of(told), learner.device)
    learner.restarted = ended.copy()
    learner.steps += learner.frame.num_envs


class _Losses:
    """Means of what updates tell, since they were asked for last."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def add(self, told: Mapping[str, Tensor]) -> None:
        for name, value in told.items():
            total, count = self._sums.get(name, (torch.zeros_like(value), 0))
            self._sums[name] = total + value.detach(), count + 1

    def check(self, steps: int) -> None:
        """Raise a ``TrainingError`` where a sum is no number any more."""
        totals = [total for total, _ in self._sums.values()]
        if not totals or torch.stack(totals).isfinite().all():
            return
        check_losses({name: float(total) for name, (total, _) in self._sums.items()}, steps)

    def means(self) -> dict[str, float]:
        found = {name: float(total / count) for name, (total, count) in self._sums.items()}
        self._sums.clear()
        return found


def learn(
    learner: OffPolicyLearner,
    progress: Progress,
    rollout: Callable[[], None],
    update: Callable[[], Mapping[str, Tensor]],
) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end.

    Args:
        learner: what learns.
        progress: is told how it goes.
        rollout: drives all environments for a step.
        update: makes a gradient step, and returns losses and the like.

    Raises:
        TrainingError: a loss is no number any more.
    """
    args = learner.frame
    use_threads(learner.device, images=bool(learner.layout.images))
    if not learner.told:
        learner.told = on_device(tensors_of(learner.task.start({}, 0)), learner.device)
    losses = _Losses()
    before, since, told_of = learner.steps, perf_counter(), learner.steps

    def tell() -> None:
        progress.update(
            learner.steps, args.steps, **learner.episodes.figures(),
            **{"charts/SPS": (learner.steps - before) / (perf_counter() - since)},
            **{"charts/updates": learner.updates, "replay/steps": len(learner.replay)},
            **losses.means(),
        )  # fmt: skip

    def pay() -> None:
        while learner.owed > 1.0 - 1e-9 and not progress.stop_asked:  # tenths hardly sum up to 1
            losses.add(update())
            learner.owed -= 1.0
            learner.updates += 1
        losses.check(learner.steps)

    if learner.learns:
        pay()  # what an interruption has left
    elif args.steps <= learner.learning_from:
        LOG.warning(
            "nothing is learned in %s steps, since it begins after %s; write more "
            "trainer.steps, or fewer trainer.learning_starts",
            f"{args.steps:,}", f"{learner.learning_from:,}",
        )  # fmt: skip
    while learner.steps < args.steps and not progress.stop_asked:
        rollout()
        if learner.learns:
            learner.owed += args.num_envs * args.updates_per_step
            pay()
        if learner.steps // args.log_every > told_of // args.log_every:
            told_of = learner.steps
            tell()
            if progress.checkpoint_due(learner.steps):
                _save(learner, progress)
    if told_of < learner.steps:
        tell()
    if progress.checkpoint_due(learner.steps):
        _save(learner, progress)


def _save(learner: OffPolicyLearner, progress: Progress) -> None:
    """Leave a checkpoint that a resume may go on from."""
    with progress.checkpoint(f"last{SUFFIX}") as file:
        checkpoint_of(learner).write(file)


class OffPolicyTrainer(Trainer):
    """What the algorithms' trainers do alike.

    Attributes:
        algorithm: its name.
        Learner: all that changes while it learns, made from settings and a task.
        learn: has a learner learn until its steps are done.
    """

    driver: ClassVar[type[Driver]] = Learned
    algorithm: ClassVar[str]
    Options: ClassVar[type[OffPolicyArgs]]
    Learner: ClassVar[type[OffPolicyLearner]]
    learn: ClassVar[Callable[[Any, Progress], None]]

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.args = options.read(self.Options, given, f"trainer {self.algorithm!r}")
        self.device = str(chosen_device(self.args.device))

    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning."""
        self._learn(scenario, run_dir, progress)

    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint; exactly, if it holds the replay."""

        def prepare(new: OffPolicyLearner) -> None:
            # Read here and let go of: its file, with a replay, stays mapped while it is known.
            restore(new, Checkpoint.read(checkpoint, self.algorithm), checkpoint)

        self._learn(scenario, run_dir, progress, prepare)

    def begin_from(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Learn from the beginning, with the networks of a checkpoint.

        The first ``learning_starts`` steps are driven with what it knows, as exploration has it
        in the end, and not at random.
        """

        def prepare(new: OffPolicyLearner) -> None:
            take_over(new, Checkpoint.read(checkpoint, self.algorithm), checkpoint)
            new.knows_nothing = False

        self._learn(scenario, run_dir, progress, prepare)

    def _learn(
        self,
        scenario: Scenario,
        run_dir: Path,
        progress: Progress,
        prepare: Callable[[OffPolicyLearner], None] | None = None,
    ) -> None:
        task = Task.of_scenario(scenario, self.args.num_envs)
        try:
            learner = type(self).Learner(self.args, task)
            if prepare is not None:
                prepare(learner)
            with tracked(self.args, scenario, run_dir, progress) as told:
                type(self).learn(learner, told)
        finally:
            task.envs.close()

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file."""
        export(checkpoint, file)
