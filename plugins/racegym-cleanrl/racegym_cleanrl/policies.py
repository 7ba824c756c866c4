"""From a checkpoint back to the network that drives, whichever algorithm it is of."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from racegym.errors import ScenarioError
from racegym_cleanrl.checkpoint import Checkpoint, part

__all__ = ["ALGORITHMS", "policy_network"]

# The module of each; it has ``agent_of(network)``.
ALGORITHMS = {"bc": "racegym_cleanrl.bc", "ppo": "racegym_cleanrl.ppo"}


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
    try:
        network = build(head.network)
        network.load_state_dict(part(checkpoint.tensors, "agent."))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ScenarioError(f"does not hold the network it tells of: {error}", file=file) from error
    return network.eval()
