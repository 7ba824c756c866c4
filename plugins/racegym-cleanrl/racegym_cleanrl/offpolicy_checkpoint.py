"""Checkpoints of SAC, TD3 and DQN: all that was learned, and what it takes to go on from there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import nan
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from racegym.errors import ScenarioError
from racegym.interfaces import check_losses
from racegym_cleanrl.checkpoint import AGENT, Checkpoint, Head, part, with_prefix
from racegym_cleanrl.machine import random_state, restore_random_state
from racegym_cleanrl.networks import on_device, tensors_of
from racegym_cleanrl.offpolicy_learner import OffPolicyLearner

__all__ = ["checkpoint_of", "restore", "take_over"]

LOG = logging.getLogger("racegym.cleanrl")


def checkpoint_of(learner: OffPolicyLearner) -> Checkpoint:
    """Return all that has been learned, and what is needed to go on.

    Raises:
        TrainingError: a weight is no number any more, though no loss has told of it.
    """
    weights = learner.agent.state_dict()
    bad = {AGENT + name: nan for name, values in weights.items() if not values.isfinite().all()}
    check_losses(bad, learner.steps)
    state: dict[str, Any] = {
        "updates": learner.updates, "learning_from": learner.learning_from, "owed": learner.owed,
        "knows_nothing": learner.knows_nothing,
    }  # fmt: skip
    tensors = with_prefix(AGENT, weights)
    for name, module in learner.others.items():
        tensors |= with_prefix(f"{name}.", module.state_dict())
    for name, optimizer in learner.optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= with_prefix(f"adam.{name}.{index}.", values)
    tensors |= with_prefix("random.", random_state())
    tensors |= with_prefix("envs.", learner.task.save())
    lived = {**learner.episodes.save(), "restarted": learner.restarted}
    tensors |= with_prefix("episodes.", lived)
    if learner.frame.save_replay:
        held, state["replay"] = learner.replay.save()
        tensors |= with_prefix("replay.", held)
    head = Head(
        algorithm=learner.algorithm,
        args=learner.frame.model_dump(mode="json"),
        note=learner.task.note,
        network=learner.network(),
        steps=learner.steps,
        state=state,
    )
    return Checkpoint(head, tensors)


def restore(learner: OffPolicyLearner, begun: Checkpoint, file: Path) -> None:
    """Bring a learner to where a checkpoint was written.

    Without its replay it drives for ``learning_starts`` steps with what it has learned, to have
    something to learn from again.

    Raises:
        ScenarioError: it is of another task or of networks of another size.
    """
    take_over(learner, begun, file)
    with _told_plainly("lacks what a resume goes on from", file):
        envs, goes_on = _restore_course(learner, begun)
        restored = _restore_replay(learner, begun)
        restore_random_state(part(begun.tensors, "random."))
    if not restored:
        _refill(learner)
    elif not goes_on:
        learner.replay.cut()
    learner.told = on_device(tensors_of(learner.task.start(envs, learner.steps)), learner.device)


def _restore_course(
    learner: OffPolicyLearner, begun: Checkpoint
) -> tuple[dict[str, NDArray[Any]], bool]:
    """Bring back how far it was; return the state of the races, and whether they go on."""
    head, tensors = begun.head, begun.tensors
    for name, optimizer in learner.optimizers.items():
        _restore_optimizer(optimizer, part(tensors, f"adam.{name}."))
    learner.steps, learner.updates = head.steps, head.state["updates"]
    learner.learning_from, learner.owed = head.state["learning_from"], head.state["owed"]
    learner.knows_nothing = head.state["knows_nothing"]
    episodes = {name: x.numpy().copy() for name, x in part(tensors, "episodes.").items()}
    envs = {name: x.numpy() for name, x in part(tensors, "envs.").items()}
    goes_on = learner.task.goes_on(envs)
    if goes_on:  # other races, or another number of them, begin new episodes
        learner.episodes.load(episodes)
        learner.restarted[:] = episodes["restarted"]
    return envs, goes_on


@contextmanager
def _told_plainly(what: str, file: Path) -> Iterator[None]:
    """Refuse a checkpoint that does not hold what its head promises."""
    try:
        yield
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ScenarioError(f"{what}: {reason}", file=file) from error


def take_over(learner: OffPolicyLearner, begun: Checkpoint, file: Path) -> None:
    """Give a learner what a checkpoint knows: its networks and how numbers are normalised.

    Raises:
        ScenarioError: it is of another task or of networks of another size.
    """
    for what, here in learner.network().items():
        was = begun.head.network.get(what, here)
        if was != here:
            raise ScenarioError(_other(what, was, here), file=file)
    with _told_plainly("does not hold the networks that it tells of", file):
        learner.agent.load_state_dict(part(begun.tensors, AGENT))
        for name, module in learner.others.items():
            module.load_state_dict(part(begun.tensors, f"{name}."))


def _other(what: str, was: Any, here: Any) -> str:
    """Return what is wrong with a checkpoint of another network, and what would help."""
    if what in ("layout", "actions"):
        told = "sensors" if what == "layout" else "actions"
        return f"was learned with other {told} than those of this scenario"
    setting = "normalize_observations" if what == "normalize" else what
    return (
        f"was learned with {setting}: {json.dumps(was)} and the trainer's settings say "
        f"{json.dumps(here)}; write trainer.{setting}: {json.dumps(was)}, or begin anew"
    )


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, values in tensors.items():
        index, _, what = name.partition(".")
        # A copy: the optimizer would go on in the memory of the checkpoint's file.
        state.setdefault(int(index), {})[what] = values.clone()
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def _restore_replay(learner: OffPolicyLearner, begun: Checkpoint) -> bool:
    """Bring back the replay, if the checkpoint holds one that fits, and return whether it did."""
    held = part(begun.tensors, "replay.")
    if not held:
        LOG.warning("the checkpoint holds no replay; with trainer.save_replay: true it would")
        return False
    try:
        learner.replay.load(held, begun.head.state["replay"])
    except ValueError:
        LOG.warning("the checkpoint's replay is of another number of races, and left aside")
        return False
    return True


def _refill(learner: OffPolicyLearner) -> None:
    """See to it that there is something to learn from before learning goes on."""
    starts = learner.frame.learning_starts
    learner.learning_from = max(learner.learning_from, learner.steps + starts)
    LOG.warning("%s steps are driven to fill the replay before learning goes on", f"{starts:,}")
