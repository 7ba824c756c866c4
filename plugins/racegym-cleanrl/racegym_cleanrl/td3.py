"""TD3: twin delayed deep deterministic policy gradient [1], in the manner of CleanRL's.

Read it from top to bottom: settings, networks, rollout, update, and the trainer. What differs
from CleanRL's ``td3_continuous_action.py``: many races are stepped at once, and
``updates_per_step`` says how often it learns for each of their steps; returns may reach over
several steps; pictures are shifted at random, which makes it DrQ-v2 [2] but for its schedule of
noise; a training can be resumed. The rest of what differs, and why, is told in
docs/trainers/td3.md. The replay stands in ``replay.py``, the critics in ``critics.py``, and the
loop around them in ``offpolicy.py``.

[1] Fujimoto, van Hoof, Meger (2018), "Addressing function approximation error in actor-critic
    methods", ICML 80:1587-1596, arXiv:1802.09477.
[2] Yarats, Fergus, Lazaric, Pinto (2022), "Mastering visual continuous control: improved
    data-augmented reinforcement learning", ICLR, arXiv:2107.09645.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from math import prod
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from racegym.interfaces import Progress
from racegym_cleanrl import offpolicy
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.critics import ActorCritic, Trunk, follow, layers
from racegym_cleanrl.networks import Layout, Observation, layer_init
from racegym_cleanrl.offpolicy import OffPolicyTrainer, descend
from racegym_cleanrl.offpolicy_learner import OffPolicyArgs, OffPolicyLearner, need_a_box
from racegym_cleanrl.tasks import Task

__all__ = [
    "TD3", "Actor", "Agent", "Args", "Learner", "agent_of", "learn", "rollout", "smoothed",
    "twin_targets", "update",
]  # fmt: skip

ALGORITHM = "td3"


class Args(OffPolicyArgs):
    """Settings; names and, where nothing else is said, defaults are CleanRL's."""

    learning_rate: float = Field(3e-4, gt=0, le=1, description="of Adam")
    tau: float = Field(0.005, gt=0, le=1, description="how far the targets follow at a time")
    policy_frequency: int = Field(
        2, ge=1, description="the actor learns, and the targets follow, each so many updates"
    )
    exploration_noise: float = Field(
        0.1, ge=0, description="deviation of the noise on actions, where the box reaches to 1"
    )
    policy_noise: float = Field(0.2, ge=0, description="likewise, on the targets' actions")
    noise_clip: float = Field(0.5, ge=0, description="the targets' noise is cut off there")


class Actor(nn.Module):
    """One action for what was seen, each number in [-1, 1].

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
        self.mean = layer_init(nn.Linear(hidden[-1], prod(actions.shape)), std=0.01)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return (n, size)."""
        return torch.tanh(self.mean(self.body(self.trunk(encoded))))


class Agent(ActorCritic):
    """An actor that is sure of its action, and critics; see ``ActorCritic``."""

    actor_class = Actor
    actor: Actor

    def forward(self, told: Observation) -> Tensor:
        """Return the best actions (n, *shape), as the environment takes them."""
        return self.scaled(self.actor(self.critic.encode(self.eye(told))))


class Learner(OffPolicyLearner):
    """All that changes while TD3 learns."""

    algorithm = ALGORITHM

    def __init__(self, args: Args, task: Task):
        super().__init__(args, task)
        self.args = args
        self.agent: Agent = agent_of(self.network()).to(self.device)
        self.eye = self.agent.eye
        self.target_critic = deepcopy(self.agent.critic).requires_grad_(requires_grad=False)
        self.target_actor = deepcopy(self.agent.actor).requires_grad_(requires_grad=False)
        self.others = {"target_critic": self.target_critic, "target_actor": self.target_actor}
        self.optimizers = {
            name: torch.optim.Adam(module.parameters(), lr=args.learning_rate, fused=True)
            for name, module in (("critic", self.agent.critic), ("actor", self.agent.actor))
        }

    def check_actions(self) -> None:
        """See ``OffPolicyLearner``."""
        need_a_box(ALGORITHM, self.actions)


def rollout(learner: Learner) -> None:
    """Drive all environments for a step: at random at first, then as the actor says, with noise."""
    args, agent = learner.args, learner.agent

    def act(seen: Observation) -> tuple[Tensor, Tensor]:
        if learner.drives_at_random:
            size = prod(agent.shape)
            actions = 2.0 * torch.rand(args.num_envs, size, device=learner.device) - 1.0
        else:
            actions = agent.actor(agent.critic.encode(seen))
            actions = actions + args.exploration_noise * torch.randn_like(actions)
            actions = actions.clamp(-1.0, 1.0)
        return actions.reshape(-1, *agent.shape), agent.scaled(actions)

    offpolicy.collect(learner, act)


def smoothed(actions: Tensor, noise: float, clip: float) -> Tensor:
    """Return actions (n, size) with noise that is cut off: [1], section 5.3."""
    drawn = (noise * torch.randn_like(actions)).clamp(-clip, clip)
    return (actions + drawn).clamp(-1.0, 1.0)


def twin_targets(rewards: Tensor, discounts: Tensor, judged: Tensor) -> Tensor:
    """Return what steps are worth by what follows them, (n,): [1], equation 10.

    Args:
        rewards, discounts: (n,), of a batch.
        judged: (2, n) of the actions that follow, by the targets.
    """
    return rewards + discounts * judged.amin(dim=0)


def update(learner: Learner) -> dict[str, Tensor]:
    """Make a gradient step, and return the losses."""
    args, agent = learner.args, learner.agent
    batch = learner.drawn()
    with torch.no_grad(), learner.autocast():
        following = learner.target_critic.encode(batch.next_seen)
        actions = learner.target_actor(following).float()
        actions = smoothed(actions, args.policy_noise, args.noise_clip)
        judged = learner.target_critic(following, actions).float()
        worth = twin_targets(batch.rewards, batch.discounts, judged)
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
    descend(learner.optimizers["critic"], losses[0] + losses[1])

    if learner.updates % args.policy_frequency == 0:
        agent.critic.requires_grad_(requires_grad=False)
        with learner.autocast():
            chosen = agent.actor(encoded.detach())
            judged = agent.critic(encoded.detach(), chosen).float()
        actor_loss = -judged[0].mean()
        descend(learner.optimizers["actor"], actor_loss)
        agent.critic.requires_grad_(requires_grad=True)
        told["losses/actor_loss"] = actor_loss
        follow(learner.target_actor, agent.actor, args.tau)
        follow(learner.target_critic, agent.critic, args.tau)
    return told


def learn(learner: Learner, progress: Progress) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end."""
    offpolicy.learn(learner, progress, partial(rollout, learner), partial(update, learner))


class TD3(OffPolicyTrainer):
    """Twin delayed deep deterministic policy gradient, on numbers and on pictures."""

    algorithm = ALGORITHM
    Options = Args
    Learner = Learner
    learn: ClassVar[Callable[[Any, Progress], None]] = staticmethod(learn)


def agent_of(network: Mapping[str, Any]) -> Agent:
    """Return an agent as a checkpoint's head describes it."""
    return Agent.of(network)
