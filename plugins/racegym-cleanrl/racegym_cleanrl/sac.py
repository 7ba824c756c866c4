"""SAC: soft actor-critic [1], in the manner of CleanRL's ``sac_continuous_action.py``.

Read it from top to bottom: settings, networks, rollout, update, and the trainer. What differs
from CleanRL: many races are stepped at once, and ``updates_per_step`` says how often it learns
for each of their steps; returns may reach over several steps; pictures are shifted at random as
DrQ [2] does; the entropy is that of actions in [-1, 1], whatever the box; a training can be
resumed. The rest of what differs, and why, is told in docs/trainers/sac.md. The replay stands in
``replay.py``, the critics in ``critics.py``, and the loop around them in ``offpolicy.py``.

[1] Haarnoja et al. (2018), "Soft actor-critic algorithms and applications", arXiv:1812.05905.
[2] Yarats, Kostrikov, Fergus (2021), "Image augmentation is all you need: regularizing deep
    reinforcement learning from pixels", ICLR, arXiv:2004.13649.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from math import log, prod
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss, softplus

from racegym.interfaces import Progress
from racegym_cleanrl import offpolicy
from racegym_cleanrl.actions import HALF_LOG_2PI, Actions
from racegym_cleanrl.critics import ActorCritic, Trunk, follow, layers
from racegym_cleanrl.networks import Layout, Observation, layer_init
from racegym_cleanrl.offpolicy import OffPolicyTrainer, descend
from racegym_cleanrl.offpolicy_learner import OffPolicyArgs, OffPolicyLearner, need_a_box
from racegym_cleanrl.rehearsal import RehearsalOptions, rehearse
from racegym_cleanrl.tasks import Task

__all__ = [
    "SAC", "Actor", "Agent", "Args", "Entropy", "Learner", "agent_of", "learn", "rollout",
    "soft_targets", "update",
]  # fmt: skip

ALGORITHM = "sac"

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0


class Args(RehearsalOptions, OffPolicyArgs):
    """Settings; names and, where nothing else is said, defaults are CleanRL's."""

    policy_lr: float = Field(3e-4, gt=0, le=1, description="learning rate of the actor")
    q_lr: float = Field(1e-3, gt=0, le=1, description="learning rate of the critics and of alpha")
    tau: float = Field(0.005, gt=0, le=1, description="how far the targets follow at a time")
    policy_frequency: int = Field(1, ge=1, description="the actor learns each so many updates")
    target_network_frequency: int = Field(1, ge=1, description="the targets follow, likewise")
    autotune: bool = Field(True, description="adapt alpha, the weight of the entropy")
    alpha: float = Field(
        0.2, gt=0, description="the weight of the entropy; to begin with, if it adapts"
    )
    target_entropy: float | None = Field(
        None, description="that alpha is adapted to; by default, less the numbers of an action"
    )


class Actor(nn.Module):
    """A normal distribution of actions, bent into [-1, 1] by tanh.

    Args:
        layout: of what is told.
        encoded: features of the critic's encoder, where there are images.
        actions: that it chooses from.
        hidden: widths of the layers.
    """

    def __init__(self, layout: Layout, encoded: int, actions: Actions, hidden: Sequence[int]):
        super().__init__()
        self.trunk = Trunk(layout, encoded)
        self.body = layers([self.trunk.features, *hidden], layer_norm=False)
        size = prod(actions.shape)
        self.mean = layer_init(nn.Linear(hidden[-1], size), std=0.01)
        self.logstd = layer_init(nn.Linear(hidden[-1], size), std=0.01)

    def forward(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and logarithms of deviations, (n, size) each, before tanh."""
        features = self.body(self.trunk(encoded))
        between = torch.tanh(self.logstd(features))
        logstd = LOG_STD_MIN + 0.5 * (LOG_STD_MAX - LOG_STD_MIN) * (between + 1.0)
        return self.mean(features), logstd

    def sample(self, encoded: Tensor) -> tuple[Tensor, Tensor]:
        """Return drawn actions (n, size) in [-1, 1], and the logarithms of their densities (n,)."""
        mean, logstd = (part.float() for part in self(encoded))
        noise = torch.randn_like(mean)
        bent = mean + logstd.exp() * noise
        normal = -0.5 * noise**2 - logstd - HALF_LOG_2PI
        # log(1 - tanh(x)^2), in a form that keeps its digits where tanh is close to 1
        stretch = 2.0 * (log(2.0) - bent - softplus(-2.0 * bent))
        return torch.tanh(bent), (normal - stretch).sum(dim=1)


class Agent(ActorCritic):
    """An actor that draws its actions, and critics; see ``ActorCritic``."""

    actor_class = Actor
    actor: Actor

    def forward(self, told: Observation) -> Tensor:
        """Return the best actions (n, *shape), as the environment takes them."""
        mean, _ = self.actor(self.critic.encode(self.eye(told)))
        return self.scaled(torch.tanh(mean))


class Entropy(nn.Module):
    """The weight of the entropy, alpha.

    Args:
        alpha: to begin with.
    """

    def __init__(self, alpha: float):
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(log(alpha)))

    def forward(self) -> Tensor:
        """Return alpha."""
        return self.log_alpha.exp()


class Learner(OffPolicyLearner):
    """All that changes while SAC learns."""

    algorithm = ALGORITHM

    def __init__(self, args: Args, task: Task):
        super().__init__(args, task)
        self.args = args
        self.agent: Agent = agent_of(self.network()).to(self.device)
        self.eye = self.agent.eye
        self.target = deepcopy(self.agent.critic).requires_grad_(requires_grad=False)
        self.entropy = Entropy(args.alpha).to(self.device)
        size = prod(self.actions.shape)
        self.wanted = -float(size) if args.target_entropy is None else args.target_entropy
        self.others = {"target": self.target, "entropy": self.entropy}
        self.optimizers = {
            name: torch.optim.Adam(module.parameters(), lr=rate, fused=True)
            for name, module, rate in (
                ("critic", self.agent.critic, args.q_lr),
                ("actor", self.agent.actor, args.policy_lr),
                ("entropy", self.entropy, args.q_lr),
            )
        }
        rehearse(self, args)

    def check_actions(self) -> None:
        """See ``OffPolicyLearner``."""
        need_a_box(ALGORITHM, self.actions)

    @property
    def alpha(self) -> Tensor:
        """Return the weight of the entropy: one that does not adapt is as the settings say."""
        if self.args.autotune:
            weight: Tensor = self.entropy().detach()
            return weight
        return torch.tensor(self.args.alpha, device=self.device)


def rollout(learner: Learner) -> None:
    """Drive all environments for a step: at random at first, then as the actor draws."""
    agent = learner.agent

    def act(seen: Observation) -> tuple[Tensor, Tensor]:
        if learner.drives_at_random:
            size = prod(agent.shape)
            actions = 2.0 * torch.rand(learner.args.num_envs, size, device=learner.device) - 1.0
        else:
            actions, _ = agent.actor.sample(agent.critic.encode(seen))
        return actions.reshape(-1, *agent.shape), agent.scaled(actions)

    offpolicy.collect(learner, act)


def soft_targets(
    rewards: Tensor, discounts: Tensor, judged: Tensor, log_prob: Tensor, alpha: Tensor
) -> Tensor:
    """Return what steps are worth by what follows them, (n,): equation 3 of [1].

    Args:
        rewards, discounts: (n,), of a batch.
        judged: (2, n) of the actions drawn next, by the targets.
        log_prob: (n,) of those actions.
        alpha: the weight of the entropy.
    """
    return rewards + discounts * (judged.amin(dim=0) - alpha * log_prob)


def update(learner: Learner) -> dict[str, Tensor]:
    """Make a gradient step, and return the losses."""
    args, agent, optimizers = learner.args, learner.agent, learner.optimizers
    batch = learner.drawn()
    alpha = learner.alpha
    with torch.no_grad(), learner.autocast():
        # The actor looks with the critics' own eyes; the targets look with theirs.
        drawn, log_prob = agent.actor.sample(agent.critic.encode(batch.next_seen))
        judged = learner.target(learner.target.encode(batch.next_seen), drawn).float()
        worth = soft_targets(batch.rewards, batch.discounts, judged, log_prob, alpha)
        worth = learner.averaged(worth)
    with learner.autocast():
        encoded = agent.critic.encode(batch.seen)
        values = agent.critic(encoded, batch.actions).float()
    losses = [mse_loss(value, worth) for value in values]
    told = {
        "losses/qf1_values": values[0].mean(), "losses/qf2_values": values[1].mean(),
        "losses/qf1_loss": losses[0], "losses/qf2_loss": losses[1],
        "losses/qf_loss": 0.5 * (losses[0] + losses[1]),
    }  # fmt: skip
    descend(optimizers["critic"], losses[0] + losses[1])

    if learner.updates % args.policy_frequency == 0:
        with learner.autocast():
            drawn, log_prob = agent.actor.sample(encoded.detach())
            agent.critic.requires_grad_(requires_grad=False)
            judged = agent.critic(encoded.detach(), drawn).float()
        actor_loss = (alpha * log_prob - judged.amin(dim=0)).mean()
        descend(optimizers["actor"], actor_loss)
        agent.critic.requires_grad_(requires_grad=True)
        told |= {"losses/actor_loss": actor_loss, "losses/entropy": -log_prob.mean()}
        if args.autotune:
            alpha_loss = -learner.entropy() * (log_prob.detach() + learner.wanted).mean()
            descend(optimizers["entropy"], alpha_loss)
            told["losses/alpha_loss"] = alpha_loss
    if learner.updates % args.target_network_frequency == 0:
        follow(learner.target, agent.critic, args.tau)
    return told | {"losses/alpha": alpha}


def learn(learner: Learner, progress: Progress) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end."""
    offpolicy.learn(learner, progress, partial(rollout, learner), partial(update, learner))


class SAC(OffPolicyTrainer):
    """Soft actor-critic, on numbers and on pictures."""

    algorithm = ALGORITHM
    Options = Args
    Learner = Learner
    learn: ClassVar[Callable[[Any, Progress], None]] = staticmethod(learn)


def agent_of(network: Mapping[str, Any]) -> Agent:
    """Return an agent as a checkpoint's head describes it."""
    return Agent.of(network)
