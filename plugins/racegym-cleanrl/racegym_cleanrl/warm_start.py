"""From a clone to PPO: what keeps the first updates from spoiling what was cloned.

A clone drives, and its critic knows nothing. Advantages by such a critic are noise, and a few
updates by noise undo the clone. Three things help:

- the critic learns alone for some rollouts, while the clone drives as it is;
- for a while the policy is held near the clone by a penalty on their divergence, whose weight
  falls to nothing [1];
- observations are normalised as they were for the clone: other statistics would be another
  policy.

[1] Schmitt et al. (2018), "Kickstarting deep reinforcement learning", arXiv:1803.03835.
[2] Nair, McGrew, Andrychowicz, Zaremba, Abbeel (2018), "Overcoming exploration in reinforcement
    learning with demonstrations", ICRA 6292-6299, arXiv:1709.10089.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from math import log
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from racegym.errors import ScenarioError
from racegym.interfaces import TrainerOptions
from racegym_cleanrl.actions import Beta, Categorical, Gaussian, Policy
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.networks import Observation
from racegym_cleanrl.policies import check_network, policy_network

__all__ = ["CRITIC", "ORIGINS", "WarmStart", "WarmStartOptions", "divergence", "load_origin"]

ORIGINS = ("bc", "ppo")  # algorithms whose policies are agents of ppo
CRITIC = ("critic.", "value_head.")  # begin the names of what only judges


class WarmStartOptions(TrainerOptions):
    """How PPO begins from a checkpoint (``training.init_from``), such as a clone's."""

    critic_warmup: int = Field(
        0, ge=0, description="begun from a checkpoint: rollouts in which only the critic learns"
    )
    clone_kl: float = Field(
        0.0, ge=0, description="begun from a checkpoint: of the divergence from its policy"
    )
    clone_kl_until: float = Field(
        0.5, gt=0, le=1, description="share of the steps after which that has fallen to 0"
    )
    clone_std: float | None = Field(
        None, gt=0, le=2,
        description="begun from a checkpoint: deviation of continuous actions, of half their "
        "range; None: as it was",
    )  # fmt: skip
    keep_normalization: bool | None = Field(
        None, description="begun from a checkpoint: normalise as it did, whatever is seen; "
        "None: if it is a clone's",
    )  # fmt: skip


class WarmStart:
    """What PPO remembers of the policy that it began from.

    Args:
        args: PPO's.
        agent: as it begins; a copy is kept.
        batch: steps of a rollout.
        cloned: whether it is a clone's.

    Attributes:
        clone: the policy that it began from.
        cloned: as above.
        keeps_normalization: whether what is seen leaves the normalisation as it is.
    """

    def __init__(self, args: WarmStartOptions, agent: Agent, batch: int, *, cloned: bool):
        if args.clone_kl and agent.memory_size:
            raise ScenarioError(
                "clone_kl holds a policy near the one it began from, and can't for one with a "
                "memory; write clone_kl: 0 or recurrent: none"
            )
        self._args, self._batch, self.cloned = args, batch, cloned
        self.clone = deepcopy(agent).requires_grad_(False)
        asked = args.keep_normalization
        self.keeps_normalization = cloned if asked is None else asked

    def weight(self, steps: int) -> float:
        """Return the factor of the divergence after so many steps."""
        until = self._args.clone_kl_until * self._args.steps
        return self._args.clone_kl * max(0.0, 1.0 - steps / until)

    def only_critic(self, steps: int) -> bool:
        """Return whether only the critic learns from the rollout that ended after ``steps``."""
        return steps <= self._args.critic_warmup * self._batch

    def holds(self, steps: int) -> bool:
        """Return whether the policy learns, and is held near the clone."""
        return self.weight(steps) > 0.0 and not self.only_critic(steps)

    def penalty(self, agent: Agent, seen: Observation, steps: int) -> tuple[Tensor, Tensor]:
        """Return the mean divergence of the clone from the agent, weighted and plain.

        Args:
            agent: that learns.
            seen: (n, ...) as the eye returned it.
            steps: done so far.
        """
        with torch.no_grad():
            before = self.clone.head(seen)
        apart = divergence(self.clone.policy, before, agent.policy, agent.head(seen)).mean()
        return self.weight(steps) * apart, apart.detach()

    def hold(self, agent: Agent, steps: int) -> None:
        """Take the gradients from all but the critic while that learns alone.

        Nothing rather than zeros: Adam would take those for gradients that it has seen, and its
        first steps after them would be several times as large as they should be.
        """
        if not self.only_critic(steps):
            return
        for name, parameter in agent.named_parameters():
            if not name.startswith(CRITIC):
                parameter.grad = None


def divergence(one: Policy, head: Tensor, other: Policy, of_other: Tensor) -> Tensor:
    """Return (n,) the Kullback-Leibler divergence of one policy from another.

    Args:
        one, other: of the same kind.
        head, of_other: what each makes of the same observations.
    """
    if isinstance(one, Gaussian) and isinstance(other, Gaussian):
        ratio = ((one.logstd - other.logstd) * 2.0).exp()
        off = ((head - of_other) * (-other.logstd).exp()) ** 2
        return (0.5 * (ratio + off - 1.0) + other.logstd - one.logstd).sum(dim=1)
    if isinstance(one, Categorical):
        return (head.exp() * (head - of_other)).sum(dim=1)
    assert isinstance(one, Beta)
    (a, b), (c, d) = head.chunk(2, dim=1), of_other.chunk(2, dim=1)
    first = torch.distributions.Beta(a, b, validate_args=False)
    second = torch.distributions.Beta(c, d, validate_args=False)
    apart: Tensor = torch.distributions.kl_divergence(first, second)
    return apart.sum(dim=1)


def load_origin(
    agent: Agent, network: Mapping[str, Any], file: Path, std: float | None
) -> Checkpoint:
    """Load the policy of a checkpoint into an agent, and its critic where that has learned.

    Args:
        agent: of ppo, fresh.
        network: its arguments, as its own checkpoints tell them.
        file: of the checkpoint.
        std: deviation of continuous actions to begin with; None: as it was.

    Returns:
        The checkpoint.

    Raises:
        ScenarioError: it is of another algorithm, other sensors or actions, or another network.
    """
    origin = Checkpoint.read(file)
    head = origin.head
    if head.algorithm not in ORIGINS:
        raise ScenarioError(
            f"is of {head.algorithm!r}, and ppo begins from a policy of {' or '.join(ORIGINS)}",
            file=file,
        )
    check_network(head, network, file)
    known = policy_network(origin, file).state_dict()
    if head.algorithm == "bc":  # its critic has not learned
        known = {name: x for name, x in known.items() if not name.startswith(CRITIC)}
    agent.load_state_dict({**agent.state_dict(), **known})
    if std is not None and isinstance(agent.policy, Gaussian):
        with torch.no_grad():
            agent.policy.logstd.fill_(log(std))
    return origin
