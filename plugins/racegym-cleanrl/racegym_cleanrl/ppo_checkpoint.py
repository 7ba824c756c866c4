"""PPO's checkpoints: what a resume goes on from, and what another training begins with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from racegym.interfaces import Progress
from racegym_cleanrl.checkpoint import AGENT, SUFFIX, Checkpoint, Head, going_on, part, with_prefix
from racegym_cleanrl.machine import random_state, restore_random_state
from racegym_cleanrl.networks import on_device, tensors_of
from racegym_cleanrl.policies import check_network, policy_network
from racegym_cleanrl.warm_start import WarmStart, load_origin

if TYPE_CHECKING:
    from racegym_cleanrl.ppo import Learner

__all__ = ["ALGORITHM", "begin_from", "checkpoint_of", "policy_of_now", "restore", "save"]

ALGORITHM = "ppo"


def save(learner: Learner, progress: Progress) -> None:
    """Leave a checkpoint that a resume may go on from."""
    with progress.checkpoint(f"last{SUFFIX}") as file:
        checkpoint_of(learner).write(file)


def checkpoint_of(learner: Learner) -> Checkpoint:
    """Return all that has been learned, and all that is needed to go on."""
    optimizer = learner.optimizer.state_dict()["state"]
    scale = learner.scale
    now = policy_of_now(learner)
    tensors = dict(now.tensors)
    for index, values in optimizer.items():
        tensors |= with_prefix(f"adam.{index}.", values)
    if learner.warm is not None:
        tensors |= with_prefix("clone.", learner.warm.clone.state_dict())
    tensors |= with_prefix("random.", random_state())
    tensors |= with_prefix("envs.", learner.task.save())
    if learner.selfplay is not None:
        tensors |= with_prefix("selfplay.", learner.selfplay.save())
    tensors |= with_prefix(
        "episodes.",
        {
            **learner.episodes.save(),
            "scaled": scale.returns,
            "begins": learner.begins,
            "restarts": learner.restarts,
            "memory": learner.memory,
        },
    )
    return Checkpoint(now.head, tensors)


def policy_of_now(learner: Learner) -> Checkpoint:
    """Return what has been learned, to drive with."""
    scale = learner.scale
    head = Head(
        algorithm=ALGORITHM,
        args=learner.args.model_dump(mode="json"),
        note=learner.task.note,
        network=learner.network,
        steps=learner.steps,
        state={
            "mean": scale.mean, "squares": scale.squares, "count": scale.count,
            "cloned": learner.warm is not None and learner.warm.cloned,
        },
    )  # fmt: skip
    return Checkpoint(head, with_prefix(AGENT, learner.agent.state_dict()))


def begin_from(learner: Learner, file: Path) -> None:
    """Let a fresh learner begin with what a checkpoint knows, of this algorithm or a clone's.

    Raises:
        ScenarioError: it is of another algorithm, another task or another network.
    """
    args = learner.args
    origin = load_origin(learner.agent, learner.network, file, args.clone_std)
    cloned = origin.head.algorithm != ALGORITHM
    if not cloned:  # its critic counts in its own units
        scale, state = learner.scale, origin.head.state
        scale.mean, scale.squares, scale.count = state["mean"], state["squares"], state["count"]
    if cloned or args.critic_warmup or args.clone_kl or args.keep_normalization:
        learner.warm = WarmStart(args, learner.agent, learner.batch, cloned=cloned)


def restore(learner: Learner, file: Path) -> None:
    """Bring a learner to where a checkpoint was written, and let go of its file.

    Raises:
        ScenarioError: it is of another algorithm, another task or another network, or lacks what
            a resume needs.
    """
    begun = Checkpoint.read(file, ALGORITHM)
    check_network(begun.head, learner.network, file)
    known = policy_network(begun, file).state_dict()
    with going_on(file):
        _restore_warm_start(learner, begun)
        learner.agent.load_state_dict(known)
        _restore_optimizer(learner, begun)
        _restore_selfplay(learner, begun)
        _restore_course(learner, begun)
        restore_random_state(part(begun.tensors, "random."))


def _restore_warm_start(learner: Learner, begun: Checkpoint) -> None:
    clone = part(begun.tensors, "clone.")
    if clone:
        learner.agent.load_state_dict(clone)
        cloned = bool(begun.head.state.get("cloned"))
        learner.warm = WarmStart(learner.args, learner.agent, learner.batch, cloned=cloned)


def _restore_optimizer(learner: Learner, begun: Checkpoint) -> None:
    adam: dict[int, dict[str, Tensor]] = {}
    for name, values in part(begun.tensors, "adam.").items():
        index, _, what = name.partition(".")
        adam.setdefault(int(index), {})[what] = values.clone()  # and not mapped from the file
    learner.optimizer.load_state_dict(
        {"state": adam, "param_groups": learner.optimizer.state_dict()["param_groups"]}
    )


def _restore_selfplay(learner: Learner, begun: Checkpoint) -> None:
    """Bring back past selves and ratings, if there were any and still are to be."""
    saved = part(begun.tensors, "selfplay.")
    if learner.selfplay is not None and saved:
        learner.selfplay.restore(saved, learner.agent)


def _restore_course(learner: Learner, begun: Checkpoint) -> None:
    """Bring back how far it was, and the races if they are those of the task still."""
    head, tensors = begun.head, begun.tensors
    learner.steps = head.steps
    scale, state = learner.scale, head.state
    scale.mean, scale.squares, scale.count = state["mean"], state["squares"], state["count"]
    episodes = {name: x.numpy().copy() for name, x in part(tensors, "episodes.").items()}
    envs = {name: x.numpy() for name, x in part(tensors, "envs.").items()}
    if learner.task.goes_on(envs):  # other races, or another number of them, begin new episodes
        learner.episodes.load(episodes)
        learner.scale.returns[:] = episodes["scaled"]
        learner.begins, learner.restarts = episodes["begins"], episodes["restarts"]
        learner.memory.copy_(torch.from_numpy(episodes["memory"]))
    told = learner.task.start(envs, learner.steps)
    learner.told = on_device(tensors_of(told), learner.device)
