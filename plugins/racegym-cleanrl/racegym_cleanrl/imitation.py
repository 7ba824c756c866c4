"""How far a policy is from what was done: the losses of behaviour cloning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from racegym_cleanrl.actions import Beta, Gaussian, Policy
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.networks import Observation

__all__ = ["loss_of", "off_by", "rounded_log_prob"]

EDGE = 0.01  # of the range; at its ends a beta distribution's density may be infinite


def loss_of(
    agent: Agent,
    seen: Observation,
    acted: Tensor,
    kind: Literal["mse", "likelihood"],
    rounded: Sequence[int] = (),
) -> Tensor:
    """Return what is to become small, a number.

    Args:
        agent: whose policy it is.
        seen: as its eye returns it, n of it.
        acted: (n, *shape), in units to learn in.
        kind: of continuous actions.
        rounded: numbers that are rounded to whole ones, such as a gear: they have the
            cross-entropy of the whole number that an action drawn from the policy becomes.
    """
    policy, head = agent.policy, agent.head(seen)
    if policy.actions.kind == "discrete":
        return -policy.log_prob(head, acted).mean()
    if not isinstance(policy, Gaussian) or not rounded:
        if kind == "likelihood":
            inside = acted.clamp(EDGE, 1.0 - EDGE) if isinstance(policy, Beta) else acted
            return -policy.log_prob(head, inside).mean()
        return off_by(policy, head, acted).square().sum(dim=1).mean()
    whole = torch.zeros(head.shape[1], dtype=torch.bool)
    whole[list(rounded)] = True
    mean, goal, spread = head, acted.flatten(1), policy.logstd.expand_as(head)
    off = (goal - mean)[:, ~whole]
    if kind == "mse":
        others = off.square().sum(dim=1)
    else:
        deviation = spread[:, ~whole]
        others = (0.5 * (off * (-deviation).exp()) ** 2 + deviation).sum(dim=1)
    half = 0.5 / policy.reach[whole]
    drawn = rounded_log_prob(mean[:, whole], spread[:, whole].exp(), goal[:, whole], half)
    return (others - drawn.sum(dim=1)).mean()


def off_by(policy: Policy, head: Tensor, acted: Tensor) -> Tensor:
    """Return (n, size) by how much the best actions miss others, in halves of their range."""
    off = (policy.best(head) - acted).flatten(1)
    return 2.0 * off if isinstance(policy, Beta) else off


def rounded_log_prob(mean: Tensor, std: Tensor, goal: Tensor, half: Tensor) -> Tensor:
    """Return the log of how probable it is that a normal number is rounded to ``goal``.

    Args:
        mean, std, goal: (n, k).
        half: (k,) half the distance of whole numbers, in the same units. Beyond -1 and 1
            everything is rounded to the last one.
    """
    low = torch.where(goal <= -1.0 + half, -torch.inf, (goal - half - mean) / std)
    high = torch.where(goal >= 1.0 - half, torch.inf, (goal + half - mean) / std)
    # On the far side of the mean both are close to 1, where digits are lost: mirrored, to 0.
    flip = low > 0.0
    low, high = torch.where(flip, -high, low), torch.where(flip, -low, high)
    above = torch.special.log_ndtr(high.clamp(max=20.0))
    below = torch.special.log_ndtr(low.clamp(min=-1e3))
    gone = torch.where(low == -torch.inf, torch.zeros_like(below), (below - above).exp())
    found: Tensor = above + torch.log1p(-gone.clamp(max=1.0 - 1e-6))
    return found
