"""DQN: deep Q-network [1], in the manner of CleanRL's ``dqn.py`` and ``dqn_atari.py``.

Read it from top to bottom: settings, network, rollout, update, and the trainer. What differs
from CleanRL: many races are stepped at once, and ``updates_per_step`` says how often it learns
for each of their steps; it is double [2] and dueling [3] and its returns reach over several
steps, as parts of Rainbow [4], unless it is told otherwise; a training can be resumed. The rest
of what differs, and why, is told in docs/trainers/dqn.md. The replay stands in ``replay.py``,
and the loop around it all in ``offpolicy.py``.

[1] Mnih et al. (2015), "Human-level control through deep reinforcement learning", Nature
    518:529-533, doi:10.1038/nature14236.
[2] van Hasselt, Guez, Silver (2016), "Deep reinforcement learning with double Q-learning", AAAI,
    arXiv:1509.06461.
[3] Wang et al. (2016), "Dueling network architectures for deep reinforcement learning", ICML,
    arXiv:1511.06581.
[4] Hessel et al. (2018), "Rainbow: combining improvements in deep reinforcement learning", AAAI,
    arXiv:1710.02298.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss, smooth_l1_loss

from racegym.errors import ScenarioError
from racegym.interfaces import Progress
from racegym_cleanrl import offpolicy
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.critics import follow, layers
from racegym_cleanrl.networks import NUMBERS, Encoder, Eye, Layout, Observation, layer_init
from racegym_cleanrl.offpolicy import OffPolicyTrainer, descend
from racegym_cleanrl.offpolicy_learner import OffPolicyArgs, OffPolicyLearner
from racegym_cleanrl.tasks import Task

__all__ = [
    "DQN", "Agent", "Args", "Learner", "Values", "agent_of", "epsilon", "learn", "rollout",
    "targets", "update",
]  # fmt: skip

ALGORITHM = "dqn"


class Args(OffPolicyArgs):
    """Settings; names and, where nothing else is said, defaults are CleanRL's."""

    learning_starts: int = Field(10_000, ge=0, description="steps that are driven before it learns")
    n_step: int = Field(3, ge=1, le=1000, description="steps of a return before it is estimated")
    image_shift: int = Field(
        0, ge=0, le=32, description="pixels that images are moved by at most, as DrQ does; 0: none"
    )
    learning_rate: float = Field(2.5e-4, gt=0, le=1, description="of Adam")
    tau: float = Field(1.0, gt=0, le=1, description="how far the target follows at a time")
    target_network_frequency: int = Field(
        500, ge=1, description="the target follows each so many updates"
    )
    start_e: float = Field(
        1.0, ge=0, le=1,
        description="share of random actions at the beginning; from a checkpoint, it is end_e",
    )  # fmt: skip
    end_e: float = Field(0.05, ge=0, le=1, description="share of random actions in the end")
    exploration_fraction: float = Field(
        0.5, gt=0, le=1, description="part of all steps in which that share falls"
    )
    double: bool = Field(True, description="let one network choose and the other judge")
    dueling: bool = Field(True, description="tell the worth of being there from that of actions")
    loss: Literal["mse", "huber"] = Field("mse", description="of the errors")
    max_grad_norm: float = Field(10.0, gt=0, description="gradients are scaled down to it")


class Values(nn.Module):
    """What every action is worth.

    Args:
        layout: of what is told.
        choices: actions to choose from.
        hidden: widths of the layers.
        layer_norm: whether they are normalised.
        dueling: whether the worth of being there is told from that of the actions [3].
    """

    def __init__(
        self,
        layout: Layout,
        choices: int,
        hidden: Sequence[int],
        *,
        layer_norm: bool,
        dueling: bool,
    ):
        super().__init__()
        self.encoder = Encoder(layout, (), nn.ReLU) if layout.images else None
        width = layout.width if self.encoder is None else self.encoder.features
        self.body = layers([width, *hidden], layer_norm=layer_norm)
        self.advantage = layer_init(nn.Linear(hidden[-1], choices), std=0.01)
        self.value = layer_init(nn.Linear(hidden[-1], 1), std=1.0) if dueling else None

    def forward(self, seen: Observation) -> Tensor:
        """Return (n, choices)."""
        features = self.body(seen[NUMBERS] if self.encoder is None else self.encoder(seen))
        advantage: Tensor = self.advantage(features)
        if self.value is None:
            return advantage
        worth: Tensor = self.value(features) + advantage - advantage.mean(dim=1, keepdim=True)
        return worth  # [3], equation 9


class Agent(nn.Module):
    """What is told becomes the best of some actions.

    Args:
        layout: of what is told.
        actions: that it chooses from.
        hidden, layer_norm, dueling: see ``Values``.
        normalize: whether numbers are normalised.
    """

    def __init__(
        self,
        layout: Layout,
        actions: Actions,
        hidden: Sequence[int],
        *,
        layer_norm: bool,
        dueling: bool,
        normalize: bool,
    ):
        super().__init__()
        self.eye = Eye(layout, normalize=normalize)
        self.values = Values(
            layout, actions.choices, hidden, layer_norm=layer_norm, dueling=dueling
        )

    def forward(self, told: Observation) -> Tensor:
        """Return the best actions (n,)."""
        best: Tensor = self.values(self.eye(told)).argmax(dim=1)
        return best


class Learner(OffPolicyLearner):
    """All that changes while DQN learns."""

    algorithm = ALGORITHM

    def __init__(self, args: Args, task: Task):
        super().__init__(args, task)
        self.args = args
        self.agent: Agent = agent_of(self.network()).to(self.device)
        self.eye = self.agent.eye
        self.target = deepcopy(self.agent.values).requires_grad_(requires_grad=False)
        self.others = {"target": self.target}
        self.optimizers = {
            "values": torch.optim.Adam(
                self.agent.values.parameters(), lr=args.learning_rate, fused=True
            )
        }

    def check_actions(self) -> None:
        """See ``OffPolicyLearner``."""
        if self.actions.kind != "discrete":
            raise ScenarioError(
                f"{ALGORITHM} chooses from discrete actions, and the action map has numbers in a "
                "box; write action: discrete, or trainer: sac"
            )

    def network(self) -> dict[str, Any]:
        """See ``OffPolicyLearner``."""
        return super().network() | {"dueling": self.args.dueling}

    @property
    def epsilon(self) -> float:
        """Return the share of random actions now."""
        return epsilon(self.args, self.steps) if self.knows_nothing else self.args.end_e


def epsilon(args: Args, steps: int) -> float:
    """Return the share of random actions after so many steps."""
    done = min(1.0, steps / (args.exploration_fraction * args.steps))
    return args.start_e + done * (args.end_e - args.start_e)


def rollout(learner: Learner) -> None:
    """Drive all environments for a step with the best action, or now and then with any other."""
    n, device = learner.args.num_envs, learner.device

    def act(seen: Observation) -> tuple[Tensor, Tensor]:
        best = learner.agent.values(seen).argmax(dim=1)
        other = torch.randint(learner.actions.choices, (n,), device=device)
        is_other = torch.rand(n, device=device) < learner.epsilon
        chosen = torch.where(is_other, other, best)
        return chosen, chosen

    offpolicy.collect(learner, act)


def targets(rewards: Tensor, discounts: Tensor, judged: Tensor, preferred: Tensor | None) -> Tensor:
    """Return what steps are worth by what follows them, (n,).

    Args:
        rewards, discounts: (n,), of a batch.
        judged: (n, choices) of what follows, by the target.
        preferred: (n, choices), by the network that chooses [2]; None lets the target choose.
    """
    chosen = (judged if preferred is None else preferred).argmax(dim=1, keepdim=True)
    return rewards + discounts * judged.gather(1, chosen)[:, 0]


def update(learner: Learner) -> dict[str, Tensor]:
    """Make a gradient step, and return the losses."""
    args, values = learner.args, learner.agent.values
    batch = learner.drawn()
    with torch.no_grad(), learner.autocast():
        preferred = values(batch.next_seen).float() if args.double else None
        judged = learner.target(batch.next_seen).float()
        worth = targets(batch.rewards, batch.discounts, judged, preferred)
        worth = learner.averaged(worth)
    with learner.autocast():
        value = values(batch.seen).float().gather(1, batch.actions[:, None])[:, 0]
    loss = mse_loss(value, worth) if args.loss == "mse" else smooth_l1_loss(value, worth)
    descend(learner.optimizers["values"], loss, args.max_grad_norm)
    if learner.updates % args.target_network_frequency == 0:
        follow(learner.target, values, args.tau)
    return {
        "losses/td_loss": loss,
        "losses/q_values": value.mean(),
        "charts/epsilon": torch.tensor(learner.epsilon, device=loss.device),
    }


def learn(learner: Learner, progress: Progress) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end."""
    offpolicy.learn(learner, progress, partial(rollout, learner), partial(update, learner))


class DQN(OffPolicyTrainer):
    """Deep Q-network, on numbers and on pictures."""

    algorithm = ALGORITHM
    Options = Args
    Learner = Learner
    learn: ClassVar[Callable[[Any, Progress], None]] = staticmethod(learn)


def agent_of(network: Mapping[str, Any]) -> Agent:
    """Return an agent as a checkpoint's head describes it."""
    return Agent(
        Layout.from_plain(network["layout"]),
        Actions.from_plain(network["actions"]),
        network["hidden"],
        layer_norm=network["layer_norm"],
        dueling=network["dueling"],
        normalize=network["normalize"],
    )
