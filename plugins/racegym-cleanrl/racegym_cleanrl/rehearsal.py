"""Demonstrations beside what a learner drives itself: half of each batch, or another share [1].

[1] Ball, Smith, Kostrikov, Levine (2023), "Efficient online reinforcement learning with offline
    data", ICML, arXiv:2302.02948.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from racegym.envs import RaceVectorEnv
from racegym.errors import ScenarioError
from racegym_cleanrl.cleaning import CleaningOptions
from racegym_cleanrl.demonstrations import demonstrated, fill
from racegym_cleanrl.networks import tensors_of
from racegym_cleanrl.replay import Replay

if TYPE_CHECKING:
    from racegym_cleanrl.offpolicy_learner import OffPolicyLearner

__all__ = ["RehearsalOptions", "rehearse"]


class RehearsalOptions(CleaningOptions):
    """Which demonstrations are learned from beside what is driven."""

    demonstrations: tuple[str, ...] = Field(
        (), description="runs to learn from, too: their folders, folders of such, or their names"
    )
    demonstrator: str | None = Field(
        None, description="the car that demonstrates; None: called as the one that learns, or alone"
    )
    demonstration_share: float = Field(
        0.5, gt=0, lt=1, description="of each batch that demonstrations give"
    )


def rehearse(learner: OffPolicyLearner, args: RehearsalOptions) -> int:
    """Let a learner draw a share of its batches from demonstrations; return how many steps.

    What they tell counts for the normalisation of observations as if it had been driven.

    Args:
        learner: that has driven nothing yet.
        args: its settings.

    Raises:
        RacegymError: the demonstrations can't be learned from; says why.
    """
    if not args.demonstrations:
        return 0
    envs, frame = learner.task.envs, learner.frame
    if not isinstance(envs, RaceVectorEnv):
        raise ScenarioError(
            "demonstrations are of races, and this learns on an environment of somebody else"
        )
    found = demonstrated(args.demonstrations, envs.world, args, args.demonstrator)
    found.report()
    found.check()
    rows = len(found) + sum(1 for _ in found.stretches()) + frame.n_step + 1
    replay = Replay(
        learner.layout, learner.actions, 1, rows, n_step=frame.n_step, gamma=frame.gamma,
        remedy="name fewer runs in trainer.demonstrations",
    )  # fmt: skip
    steps = fill(replay, found, learner.layout, learner.actions, frame.reward_scale)
    replay.end()
    told, _ = found.pairs()
    learner.eye.learn({name: x.to(learner.device) for name, x in tensors_of(told).items()})
    share = args.demonstration_share
    learner.shares = [(learner.replay, 1.0 - share), (replay, share)]
    return steps
