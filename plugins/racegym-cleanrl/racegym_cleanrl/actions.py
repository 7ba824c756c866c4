"""What an algorithm chooses from, and the heads that choose.

Continuous actions are learned in units in which the space's box reaches from -1 to 1 (from 0 to
1 for the beta distribution), and scaled to the box at last.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log, pi, prod
from typing import Any, Literal, get_args

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from racegym.errors import ScenarioError
from racegym_cleanrl.networks import layer_init

__all__ = [
    "HALF_LOG_2PI", "Actions", "Beta", "Categorical", "Gaussian", "Policy", "middle_and_half",
    "policy_of",
]  # fmt: skip

Kind = Literal["gaussian", "beta", "discrete"]

HALF_LOG_2PI = 0.5 * log(2.0 * pi)


@dataclass(frozen=True)
class Actions:
    """What can be done.

    Attributes:
        kind: how it is drawn.
        shape: of one action; () for a discrete one.
        low, high: of continuous ones, (prod(shape),).
        choices: of a discrete one.
    """

    kind: Kind
    shape: tuple[int, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    choices: int = 0

    @classmethod
    def of(cls, space: spaces.Space[Any], distribution: Literal["gaussian", "beta"]) -> Actions:
        """Return what an action space allows.

        Raises:
            ScenarioError: it is neither discrete, counted from 0, nor a box with bounds.
        """
        if isinstance(space, spaces.Discrete):
            if space.start != 0:
                raise ScenarioError(
                    f"the action space is {space}: its first action is {space.start}, and here the "
                    "first is 0; choose another action map, such as discrete"
                )
            return cls("discrete", (), choices=int(space.n))
        if isinstance(space, spaces.Box) and space.is_bounded():
            low, high = (tuple(map(float, bound.reshape(-1))) for bound in (space.low, space.high))
            return cls(distribution, tuple(space.shape), low, high)
        raise ScenarioError(
            f"the action space is {space}, and this algorithm takes a box with bounds or discrete "
            "actions; choose another action map, such as steer_accel or discrete"
        )

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "kind": self.kind, "shape": list(self.shape), "low": list(self.low),
            "high": list(self.high), "choices": self.choices,
        }  # fmt: skip

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Actions:
        """Return what ``plain`` returned.

        Raises:
            ValueError: it is of no known kind.
        """
        if data["kind"] not in get_args(Kind):
            raise ValueError(f"its actions are {data['kind']!r}, not one of {get_args(Kind)}")
        return cls(
            data["kind"], tuple(data["shape"]), tuple(data["low"]), tuple(data["high"]),
            data["choices"],
        )  # fmt: skip

    def learned(self, given: Tensor) -> Tensor:
        """Return actions (n, *shape), as the environment takes them, in units to learn in."""
        if self.kind == "discrete":
            return given.long()
        low, high = (torch.tensor(x).reshape(self.shape) for x in (self.low, self.high))
        share = ((given.float() - low) / (high - low)).clamp(0.0, 1.0)
        return share if self.kind == "beta" else 2.0 * share - 1.0


class Policy(nn.Module, ABC):
    """The last layer of a policy: from features to the parameters of a distribution, and on."""

    def __init__(self, actions: Actions):
        super().__init__()
        self.actions = actions

    @abstractmethod
    def sample(self, head: Tensor) -> Tensor:
        """Return drawn actions (n, *shape)."""

    @abstractmethod
    def best(self, head: Tensor) -> Tensor:
        """Return the actions (n, *shape) in the middle of the distribution."""

    def expected(self, head: Tensor) -> Tensor:
        """Return the means (n, *shape) of what the environment is given; discrete: the best."""
        return self.best(head)

    @abstractmethod
    def log_prob(self, head: Tensor, action: Tensor) -> Tensor:
        """Return (n,)."""

    @abstractmethod
    def entropy(self, head: Tensor) -> Tensor:
        """Return (n,)."""

    @abstractmethod
    def scaled(self, action: Tensor) -> Tensor:
        """Return actions as the environment takes them."""


class Gaussian(Policy):
    """A normal distribution of each number, its deviation the same whatever is seen."""

    def __init__(self, actions: Actions, width: int):
        super().__init__(actions)
        size = prod(actions.shape)
        self.mean = layer_init(nn.Linear(width, size), std=0.01)
        self.logstd = nn.Parameter(torch.zeros(1, size))
        middle, half = middle_and_half(actions)
        self.register_buffer("middle", middle)
        self.register_buffer("reach", half)

    middle: Tensor
    reach: Tensor

    def forward(self, features: Tensor) -> Tensor:
        """Return (n, size), the means."""
        mean: Tensor = self.mean(features)
        return mean

    def sample(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        drawn = head + self.logstd.exp() * torch.randn_like(head)
        return drawn.reshape(-1, *self.actions.shape)

    def best(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return head.reshape(-1, *self.actions.shape)

    def expected(self, head: Tensor) -> Tensor:
        """See ``Policy``: the mean of a normal distribution that is cut off at -1 and 1.

        A policy learns with its chance: one that aims far beyond the box on average does less
        than full lock, and the car was driven by that average.
        """
        deviation = self.logstd.exp()
        low, high = (-1.0 - head) / deviation, (1.0 - head) / deviation
        below, above = _share_below(low), 1.0 - _share_below(high)
        between = head * (1.0 - below - above) + deviation * (_density(low) - _density(high))
        return (between + above - below).reshape(-1, *self.actions.shape)

    def log_prob(self, head: Tensor, action: Tensor) -> Tensor:
        """See ``Policy``."""
        off = (action.flatten(1) - head) * (-self.logstd).exp()
        return (-0.5 * off**2 - self.logstd - HALF_LOG_2PI).sum(dim=1)

    def entropy(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return (self.logstd + 0.5 + HALF_LOG_2PI).sum().expand(len(head))

    def scaled(self, action: Tensor) -> Tensor:
        """See ``Policy``; beyond the box it is cut off."""
        flat = self.middle + self.reach * action.flatten(1).clamp(-1.0, 1.0)
        return flat.reshape(-1, *self.actions.shape)


class Beta(Policy):
    """A beta distribution of each number, with one mode, within the box's bounds.

    Chou, Maturana, Scherer (2017), "Improving stochastic policy gradients in continuous control
    with deep reinforcement learning using the beta distribution", ICML 70:834-843.
    """

    def __init__(self, actions: Actions, width: int):
        super().__init__(actions)
        self.shape = layer_init(nn.Linear(width, 2 * prod(actions.shape)), std=0.01)
        middle, half = middle_and_half(actions)
        self.register_buffer("low", middle - half)
        self.register_buffer("range", 2.0 * half)

    low: Tensor
    range: Tensor

    def forward(self, features: Tensor) -> Tensor:
        """Return (n, 2 size): alpha and beta, each above 1."""
        raised: Tensor = nn.functional.softplus(self.shape(features)) + 1.0
        return raised

    def _drawn_from(self, head: Tensor) -> torch.distributions.Beta:
        alpha, beta = head.chunk(2, dim=1)
        return torch.distributions.Beta(alpha, beta, validate_args=False)

    def sample(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return self._drawn_from(head).sample().reshape(-1, *self.actions.shape)

    def best(self, head: Tensor) -> Tensor:
        """See ``Policy``; the mean, which is smoother than the mode."""
        alpha, beta = head.chunk(2, dim=1)
        return (alpha / (alpha + beta)).reshape(-1, *self.actions.shape)

    def log_prob(self, head: Tensor, action: Tensor) -> Tensor:
        """See ``Policy``."""
        inside = action.flatten(1).clamp(1e-6, 1.0 - 1e-6)
        density: Tensor = self._drawn_from(head).log_prob(inside)  # type: ignore[no-untyped-call]
        return density.sum(dim=1)

    def entropy(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        entropy: Tensor = self._drawn_from(head).entropy()  # type: ignore[no-untyped-call]
        return entropy.sum(dim=1)

    def scaled(self, action: Tensor) -> Tensor:
        """See ``Policy``."""
        flat = self.low + self.range * action.flatten(1)
        return flat.reshape(-1, *self.actions.shape)


class Categorical(Policy):
    """One of some actions."""

    def __init__(self, actions: Actions, width: int):
        super().__init__(actions)
        self.logits = layer_init(nn.Linear(width, actions.choices), std=0.01)

    def forward(self, features: Tensor) -> Tensor:
        """Return (n, choices), logarithms of probabilities."""
        return torch.log_softmax(self.logits(features), dim=1)

    def sample(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return torch.multinomial(head.exp(), 1)[:, 0]

    def best(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return head.argmax(dim=1)

    def log_prob(self, head: Tensor, action: Tensor) -> Tensor:
        """See ``Policy``."""
        return head.gather(1, action.long()[:, None])[:, 0]

    def entropy(self, head: Tensor) -> Tensor:
        """See ``Policy``."""
        return -(head.exp() * head).sum(dim=1)

    def scaled(self, action: Tensor) -> Tensor:
        """See ``Policy``."""
        return action.long()


def middle_and_half(actions: Actions) -> tuple[Tensor, Tensor]:
    """Return the middle of the box, and how far it reaches from there, (size,) each."""
    low, high = np.array(actions.low), np.array(actions.high)
    middle, half = 0.5 * (high + low), 0.5 * (high - low)
    return torch.tensor(middle, dtype=torch.float32), torch.tensor(half, dtype=torch.float32)


def policy_of(actions: Actions, width: int) -> Policy:
    """Return the head that chooses from ``actions`` by ``width`` features."""
    if actions.kind == "discrete":
        return Categorical(actions, width)
    return Beta(actions, width) if actions.kind == "beta" else Gaussian(actions, width)


def _share_below(values: Tensor) -> Tensor:
    """Return the cumulative distribution of the standard normal distribution."""
    return 0.5 * (1.0 + torch.erf(values * 0.5**0.5))


def _density(values: Tensor) -> Tensor:
    """Return the density of the standard normal distribution."""
    return torch.exp(-0.5 * values**2 - HALF_LOG_2PI)
