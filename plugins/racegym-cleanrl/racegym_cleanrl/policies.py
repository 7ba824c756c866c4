"""From a checkpoint back to the network that drives, whichever algorithm it is of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from racegym.errors import RacegymError, ScenarioError
from racegym_cleanrl.checkpoint import AGENT, Checkpoint, Head, part

__all__ = ["ALGORITHMS", "check_network", "policy_network"]

ALGORITHMS = {  # the module of each; it has ``agent_of(network)``
    "bc": "racegym_cleanrl.bc",
    "ppo": "racegym_cleanrl.ppo",
    "sac": "racegym_cleanrl.sac",
    "td3": "racegym_cleanrl.td3",
    "dqn": "racegym_cleanrl.dqn",
}

MOST_PARTS = 1000  # entries of a list in a network's description
LARGEST = 1_000_000  # whole number in it

# What can go wrong when something is built that a stranger describes.
_BUILDING = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RuntimeError,
    TypeError, ValueError, RacegymError,
)  # fmt: skip


def policy_network(checkpoint: Checkpoint, file: Path) -> nn.Module:
    """Return the network of a checkpoint, ready to be asked for the best actions.

    Called with what is told by sensor, it returns actions (n, *shape) as the environment takes
    them.

    Raises:
        ScenarioError: the checkpoint is of no algorithm known here, or does not hold what its
            head promises.
    """
    head = checkpoint.head
    if head.algorithm not in ALGORITHMS:
        raise ScenarioError(
            f"is of the algorithm {head.algorithm!r}, and this racegym-cleanrl has "
            f"{', '.join(ALGORITHMS)}",
            file=file,
        )
    build: Callable[[dict[str, Any]], nn.Module]
    build = import_module(ALGORITHMS[head.algorithm]).agent_of
    found = part(checkpoint.tensors, AGENT)
    try:
        # First without memory: a head that lies must not have a network built that never fits.
        _check_size(head.network)
        with torch.device("meta"):
            promised = build(head.network).state_dict()
        _check_parts({name: _kind(values) for name, values in promised.items()}, found)
        # What layers draw to begin with is replaced; whoever learns meanwhile shall not notice.
        with torch.random.fork_rng(devices=[]):
            network = build(head.network)
        network.load_state_dict(found)
    except _BUILDING as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ScenarioError(
            f"does not hold the network it tells of: {reason}", file=file
        ) from error
    if not all(bool(torch.isfinite(values).all()) for values in found.values()):
        raise ScenarioError("holds weights that are not finite numbers", file=file)
    return network.eval()


def check_network(head: Head, network: Mapping[str, Any], file: Path) -> None:
    """Refuse a checkpoint of another network than the one that is to go on.

    Args:
        head: of the checkpoint.
        network: what that one's own checkpoints tell of it.
        file: of the checkpoint.

    Raises:
        ScenarioError: tells what differs.
    """
    for what, here in network.items():
        there = head.network.get(what, _UNTOLD.get(what, here))
        if there == here:
            continue
        if what in _WORDS:
            raise ScenarioError(
                f"was learned with {_WORDS[what]} than those of this scenario", file=file
            )
        setting = _SETTINGS.get(what, what)
        raise ScenarioError(
            f"was learned with {setting}: {json.dumps(there)}, and the trainer's settings say "
            f"{json.dumps(here)}; write trainer.{setting}: {json.dumps(there)}, or begin anew",
            file=file,
        )


_UNTOLD = {"recurrent": "none"}  # where a checkpoint does not tell
_WORDS = {"layout": "other sensors", "actions": "other actions"}
_SETTINGS = {"normalize": "normalize_observations"}


def _check_size(plain: Any) -> None:
    """Refuse descriptions of a network that only a damaged file has.

    Raises:
        ValueError: a list is too long, or a number too large.
    """
    if isinstance(plain, dict):
        plain = list(plain.values())
    if isinstance(plain, list):
        if len(plain) > MOST_PARTS:
            raise ValueError(f"it has a list of {len(plain)} entries")
        for inner in plain:
            _check_size(inner)
    elif isinstance(plain, int) and abs(plain) > LARGEST:
        raise ValueError(f"it has a width of {plain}")


def _kind(values: Tensor) -> str:
    return f"{str(values.dtype).removeprefix('torch.')} {tuple(values.shape)}"


def _check_parts(promised: Mapping[str, str], found: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are others than a network has.

    Raises:
        ValueError: names the first that differs.
    """
    for name in sorted(promised.keys() | found.keys()):
        if name not in found:
            raise ValueError(f"{name} is missing")
        if name not in promised:
            raise ValueError(f"it has no {name}")
        if promised[name] != _kind(found[name]):
            raise ValueError(f"{name} is {_kind(found[name])}, and {promised[name]} was expected")
