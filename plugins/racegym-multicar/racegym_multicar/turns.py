"""Agents that are asked one after the other: each is told at once what is wrong with its answer."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils import BaseWrapper

from racegym.errors import ActionError
from racegym_multicar.asked import UnknownAgentError, check_action, unknown

__all__ = ["InTurn"]


class InTurn(BaseWrapper[str, Any, Any]):  # type: ignore[misc]  # untyped
    """Refuses an action when it is given; PettingZoo's conversion would keep it for the round."""

    def step(self, action: Any) -> None:
        """Take the action of ``agent_selection``; None of one whose episode has ended.

        Raises:
            ActionError: it is none. The same agent is asked again.
        """
        name = self.agent_selection
        if not (self.terminations[name] or self.truncations[name]):
            check_action(name, action, self.action_space(name))
        elif action is not None:
            raise ActionError(f"the episode of agent {name!r} has ended; step it with None")
        super().step(action)

    def observe(self, agent: str) -> Any:
        """Return what an agent was told last.

        Raises:
            UnknownAgentError: no agent goes by that name, or it has left the race.
        """
        if agent not in self.possible_agents:
            raise UnknownAgentError(unknown(agent, self.possible_agents))
        if agent not in self.agents:
            raise UnknownAgentError(f"agent {agent!r} has left the race; call reset() for the next")
        return super().observe(agent)
