"""The agent that PPO teaches, and clones are: a policy and a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.networks import (
    Encoder,
    Eye,
    Layout,
    Memory,
    Observation,
    Recurrence,
    Tanh,
    layer_init,
    mlp,
)

__all__ = ["Agent", "agent_of"]

HEADS = 256  # features of actor and critic behind images


class Agent(nn.Module):
    """A policy and a value, each a network of its own unless they share eyes or a memory.

    Args:
        layout: of what is told.
        actions: that it chooses from.
        hidden: widths of the layers for numbers.
        normalize: whether numbers are normalised.
        recurrent: what the memory is, "none" for none.
        recurrent_size: its width.
        expected: whether it drives by the mean of what it would do by chance, as it learned;
            otherwise by the best action.
    """

    def __init__(
        self,
        layout: Layout,
        actions: Actions,
        hidden: Sequence[int],
        *,
        normalize: bool,
        recurrent: Recurrence = "none",
        recurrent_size: int = 128,
        expected: bool = False,
    ):
        super().__init__()
        self.eye = Eye(layout, normalize=normalize)
        self.expected = expected
        self.shared: nn.Module | None = None
        self.memory = None
        if not layout.images and recurrent == "none":
            self.actor: nn.Module = Encoder(layout, hidden, Tanh)
            self.critic: nn.Module = Encoder(layout, hidden, Tanh)
            width = self.actor.features
        else:
            self.shared = eyes = Encoder(layout, () if layout.images else hidden, Tanh)
            features = eyes.features
            if recurrent != "none":
                self.memory = Memory(recurrent, features, recurrent_size)
                features = recurrent_size
            sizes = [features, HEADS] if layout.images else [features, *hidden[-1:]]
            activation = nn.ReLU if layout.images else Tanh
            self.actor, self.critic = (mlp(sizes, activation) for _ in range(2))
            width = sizes[-1]
        self.policy = policy_of(actions, width)
        self.value_head = layer_init(nn.Linear(width, 1), std=1.0)

    @property
    def memory_size(self) -> int:
        """Return how many numbers it keeps in mind; 0 for none."""
        return 0 if self.memory is None else self.memory.size

    def features(self, seen: Observation, memory: Tensor) -> tuple[Any, Tensor]:
        """Return what actor and critic look at, and the memory (n, memory_size) after it."""
        if self.shared is None:
            return seen, memory
        features = self.shared(seen)
        return (features, memory) if self.memory is None else self.memory(features, memory)

    def features_along(self, seen: Observation, memory: Tensor, begins: Tensor) -> Any:
        """Return the features of whole sequences, one step after the other.

        Args:
            seen: (T, n, ...) as the eye returns it.
            memory: (n, memory_size) before the first step.
            begins: (T, n) 1 where an episode begins, with nothing in mind.

        Returns:
            (T n, ...).
        """
        assert self.shared is not None and self.memory is not None
        steps, n = begins.shape
        features = self.shared({name: part.flatten(0, 1) for name, part in seen.items()})
        along = []
        for told, begin in zip(features.view(steps, n, -1), begins, strict=True):
            out, memory = self.memory(told, memory * (1.0 - begin)[:, None])
            along.append(out)
        return torch.cat(along)

    def head(self, seen: Observation) -> Tensor:
        """Return (n, ...) what the policy's head makes of what was seen, with nothing in mind."""
        n = len(next(iter(seen.values())))
        memory = self.value_head.weight.new_zeros(n, self.memory_size)
        made: Tensor = self.policy(self.actor(self.features(seen, memory)[0]))
        return made

    def value_of(self, features: Any) -> Tensor:
        """Return (n,) what the future is worth."""
        value: Tensor = self.value_head(self.critic(features))[:, 0]
        return value

    def get_value(self, seen: Observation, memory: Tensor) -> Tensor:
        """Return (n,) what the future is worth, with ``memory`` in mind."""
        return self.value_of(self.features(seen, memory)[0])

    def judge(self, features: Any, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the log-probabilities of actions (n, *shape), the entropies, and the values."""
        head = self.policy(self.actor(features))
        value = self.value_of(features)
        return self.policy.log_prob(head, action), self.policy.entropy(head), value

    def act(self, seen: Observation, memory: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return drawn actions, their log-probabilities, the values, and the memory after it."""
        features, memory = self.features(seen, memory)
        head = self.policy(self.actor(features))
        action = self.policy.sample(head)
        return action, self.policy.log_prob(head, action), self.value_of(features), memory

    def drive(self, told: Observation, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return actions without chance (n, *shape), as the environment takes them, and the memory.

        Args:
            told: by sensor.
            memory: (n, memory_size), zeros where an episode begins.
        """
        features, memory = self.features(self.eye(told), memory)
        head = self.policy(self.actor(features))
        action = self.policy.expected(head) if self.expected else self.policy.best(head)
        return self.policy.scaled(action), memory

    def forward(self, told: Observation) -> Tensor:
        """Return actions without chance (n, *shape), of an agent without a memory."""
        n = len(next(iter(told.values())))
        return self.drive(told, self.value_head.weight.new_zeros(n, self.memory_size))[0]


def agent_of(network: Mapping[str, Any]) -> Agent:
    """Return an agent as a checkpoint's head describes it."""
    return Agent(
        Layout.from_plain(network["layout"]),
        Actions.from_plain(network["actions"]),
        network["hidden"],
        normalize=network["normalize"],
        recurrent=network.get("recurrent", "none"),
        recurrent_size=network.get("recurrent_size", 128),
        expected=network.get("expected", False),
    )
