"""What programs ask of a race by the names of agents, refused where it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import spaces

from racegym.errors import ActionError, UnknownNameError, nearest

__all__ = ["UnknownAgentError", "check_action", "unknown"]


class UnknownAgentError(UnknownNameError, KeyError):
    """No agent goes by that name, or none does any more."""


def unknown(name: object, agents: Iterable[str]) -> str:
    """Return the message on a name that is no agent's."""
    return f"no agent is called {name!r}; {nearest(name, agents)}"


def check_action(name: str, action: Any, space: spaces.Space[Any]) -> None:
    """Refuse what is no action; values outside the space are none's fault, they are clipped.

    Args:
        name: of the agent.
        action: what it is to do.
        space: of its actions.

    Raises:
        ActionError: it is missing, of the wrong shape, not finite, or no numbers.
    """
    if action is None:
        raise ActionError(f"agent {name!r} has no action; each of env.agents needs one")
    try:
        given = np.asarray(action)
    except ValueError:  # rows of different lengths
        raise ActionError(f"the action of agent {name!r} is no array: {action}") from None
    if given.shape != space.shape:
        raise ActionError(
            f"the action of agent {name!r} has shape {given.shape}; {space.shape} was expected"
        )
    if given.dtype.kind not in "iubf":
        raise ActionError(f"the action of agent {name!r} is {given.dtype}; numbers were expected")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise ActionError(f"the action of agent {name!r} is not finite: {given}")
