"""PPO: proximal policy optimisation [1], in the manner of CleanRL's ``ppo_continuous_action.py``.

Read it from top to bottom: settings, network, rollout, advantages, update, and the loop that
calls them. What differs from CleanRL: batches of hundreds or thousands of races that are
stepped at once, few large minibatches, and a trainer that can be resumed. The rest of what
differs, and why, is told in docs/trainers/ppo.md.

[1] Schulman, Wolski, Dhariwal, Radford, Klimov (2017), "Proximal policy optimization
    algorithms", arXiv:1707.06347.
[2] Schulman, Moritz, Levine, Jordan, Abbeel (2016), "High-dimensional continuous control using
    generalized advantage estimation", arXiv:1506.02438.
[3] Andrychowicz et al. (2021), "What matters for on-policy deep actor-critic methods?",
    arXiv:2006.05990.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from racegym import Scenario
from racegym.errors import ScenarioError
from racegym.interfaces import Driver, Progress, Trainer, TrainerOptions, options
from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint, Head, part, with_prefix
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.machine import chosen_device, random_state, restore_random_state, seed_all
from racegym_cleanrl.networks import Encoder, Eye, Layout, Observation, layer_init, tensors_of
from racegym_cleanrl.tasks import Episodes, Task

__all__ = [
    "PPO", "Agent", "Args", "Learner", "ReturnScale", "Rollout", "advantages", "agent_of",
    "checkpoint_of", "learn", "on_device", "restore", "rollout", "save", "update", "value_loss",
]  # fmt: skip

ALGORITHM = "ppo"

Floats = NDArray[np.float64]


class Args(TrainerOptions):
    """Settings; names and, where nothing else is said, defaults are CleanRL's."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"num_envs": 256, "num_steps": 64},  # images of 84 x 84 x 3: 0.35 GB
    }

    num_envs: int = Field(1024, ge=1, le=65_536, description="races that are driven at once")
    num_steps: int = Field(64, ge=1, le=65_536, description="steps of each race in a rollout")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="of Adam")
    anneal_lr: bool = Field(True, description="let the learning rate fall to 0 until the end")
    gamma: float = Field(0.99, ge=0, le=1, description="discount of a step")
    gae_lambda: float = Field(0.95, ge=0, le=1, description="of the advantages")
    num_minibatches: int = Field(8, ge=1, description="parts of a rollout, an update each")
    update_epochs: int = Field(4, ge=1, le=100, description="times a rollout is learned from")
    norm_adv: bool = Field(True, description="normalise the advantages of a minibatch")
    clip_coef: float = Field(0.2, gt=0, description="how far the ratio may go")
    clip_vloss: bool = Field(False, description="clip the value as the ratio")
    ent_coef: float = Field(0.0, ge=0, description="of the entropy")
    vf_coef: float = Field(0.5, ge=0, description="of the value's loss")
    max_grad_norm: float = Field(0.5, gt=0, description="gradients are scaled down to it")
    target_kl: float | None = Field(
        None, gt=0, description="an update ends early where the policy has moved so far"
    )
    normalize_observations: bool = Field(True, description="numbers, by all that was seen")
    normalize_rewards: bool = Field(True, description="by the deviation of the returns")
    hidden: tuple[int, ...] = Field((64, 64), description="widths of the layers for numbers")
    distribution: Literal["gaussian", "beta"] = Field(
        "gaussian", description="of continuous actions"
    )
    device: str = Field("auto", description="cpu, cuda, or auto: cuda where there is one")
    save_every: int = Field(50, ge=1, description="rollouts from checkpoint to checkpoint")


class Agent(nn.Module):
    """A policy and a value, each a network of its own unless they share the eyes for images.

    Args:
        layout: of what is told.
        actions: that it chooses from.
        hidden: widths of the layers for numbers.
        normalize: whether numbers are normalised.
    """

    def __init__(self, layout: Layout, actions: Actions, hidden: Sequence[int], *, normalize: bool):
        super().__init__()
        self.eye = Eye(layout, normalize=normalize)
        self.shared = Encoder(layout, (), nn.ReLU) if layout.images else None
        if self.shared is None:
            self.actor: nn.Module = Encoder(layout, hidden, nn.Tanh)
            self.critic: nn.Module = Encoder(layout, hidden, nn.Tanh)
            width = self.actor.features
        else:
            width = 256
            self.actor, self.critic = (
                nn.Sequential(layer_init(nn.Linear(self.shared.features, width)), nn.ReLU())
                for _ in range(2)
            )
        self.policy = policy_of(actions, width)
        self.value_head = layer_init(nn.Linear(width, 1), std=1.0)

    def _features(self, seen: Observation) -> Any:
        return seen if self.shared is None else self.shared(seen)

    def get_value(self, seen: Observation) -> Tensor:
        """Return (n,) what the future is worth."""
        value: Tensor = self.value_head(self.critic(self._features(seen)))[:, 0]
        return value

    def get_action_and_value(
        self, seen: Observation, action: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return actions, their log-probabilities, entropies and the values.

        Args:
            seen: as the eye returns it.
            action: (n, *shape) whose log-probability is asked; None draws one.
        """
        features = self._features(seen)
        head = self.policy(self.actor(features))
        if action is None:
            action = self.policy.sample(head)
        value = self.value_head(self.critic(features))[:, 0]
        return action, self.policy.log_prob(head, action), self.policy.entropy(head), value

    def forward(self, told: Observation) -> Tensor:
        """Return the best actions (n, *shape), as the environment takes them."""
        head = self.policy(self.actor(self._features(self.eye(told))))
        return self.policy.scaled(self.policy.best(head))


@dataclass
class Rollout:
    """What was seen, done and paid: T steps of N environments.

    Attributes:
        seen: by part, (T, N, ...).
        actions, logprobs, rewards, values: (T, N, ...).
        next_values: (T, N) of what followed each step, before any reset.
        terminated: (T, N) float, 1 where nothing followed.
        ended: (T, N) float, 1 where the episode ended for whatever reason.
        valid: (T, N) bool, False for a step that was only a reset.
    """

    seen: Observation
    actions: Tensor
    logprobs: Tensor
    rewards: Tensor
    values: Tensor
    next_values: Tensor
    terminated: Tensor
    ended: Tensor
    valid: Tensor


class Learner:
    """All that changes while PPO learns."""

    def __init__(self, args: Args, task: Task):
        self.args, self.task = args, task
        self.device = chosen_device(args.device)
        seed_all(task.seed)
        self.actions = Actions.of(task.envs.single_action_space, args.distribution)
        self.layout = Layout.of(task.envs.single_observation_space)
        self.agent = Agent(
            self.layout, self.actions, args.hidden, normalize=args.normalize_observations
        ).to(self.device)
        self.optimizer = torch.optim.Adam(
            self.agent.parameters(), lr=args.learning_rate, eps=1e-5, fused=True
        )
        self.steps = 0
        self.scale = ReturnScale(args.num_envs, args.gamma)
        self.episodes = Episodes(args.num_envs)
        shape = (args.num_steps, args.num_envs)
        self.buffer = Rollout(
            seen=self.agent.eye.room(*shape, device=self.device),
            actions=torch.zeros((*shape, *self.actions.shape), device=self.device),
            **{
                name: torch.zeros(shape, device=self.device)
                for name in (
                    "logprobs", "rewards", "values", "next_values", "terminated", "ended",
                )
            },
            valid=torch.ones(shape, dtype=torch.bool, device=self.device),
        )  # fmt: skip
        self.told: Observation = {}
        self.restarted = np.zeros(args.num_envs, np.bool_)

    @property
    def batch(self) -> int:
        """Return how many steps a rollout has."""
        return self.args.num_envs * self.args.num_steps


@torch.no_grad()
def rollout(learner: Learner) -> None:
    """Drive all environments for some steps, and keep what happened in the buffer."""
    agent, buffer, task = learner.agent, learner.buffer, learner.task
    mode = task.autoreset_mode
    for step in range(learner.args.num_steps):
        agent.eye.learn(learner.told)
        seen = agent.eye(learner.told)
        for name, part_seen in seen.items():
            buffer.seen[name][step] = part_seen
        action, logprob, _, value = agent.get_action_and_value(seen)
        buffer.actions[step], buffer.logprobs[step], buffer.values[step] = action, logprob, value
        if step:
            buffer.next_values[step - 1] = value
        driven = agent.policy.scaled(action).cpu().numpy()
        told, rewards, terminated, truncated, infos = task.envs.step(driven)
        ended = terminated | truncated
        learner.episodes.step(rewards, terminated, ended, learner.restarted, infos)
        scaled = rewards
        if learner.args.normalize_rewards:
            scaled = learner.scale.step(rewards, ended | learner.restarted)
        buffer.rewards[step] = torch.from_numpy(scaled)
        buffer.terminated[step] = torch.from_numpy(terminated)
        buffer.ended[step] = torch.from_numpy(ended)
        buffer.valid[step] = torch.from_numpy(~learner.restarted)
        learner.told = on_device(tensors_of(told), learner.device)
        learner.restarted = ended & (mode is AutoresetMode.NEXT_STEP)
    buffer.next_values[-1] = agent.get_value(agent.eye(learner.told))
    learner.steps += learner.batch


def on_device(told: Observation, device: torch.device) -> Observation:
    """Return what is told on a device."""
    if device.type == "cpu":
        return told
    return {name: values.to(device) for name, values in told.items()}


def advantages(buffer: Rollout, gamma: float, gae_lambda: float) -> Tensor:
    """Return the generalised advantages of [2], (T, N).

    A step that was only a reset is no part of an episode: it hands nothing on.
    """
    found = torch.zeros_like(buffer.rewards)
    last = torch.zeros_like(buffer.rewards[0])
    follows = 1.0 - buffer.terminated
    for t in range(len(found) - 1, -1, -1):
        delta = buffer.rewards[t] + gamma * buffer.next_values[t] * follows[t] - buffer.values[t]
        last = delta + gamma * gae_lambda * (1.0 - buffer.ended[t]) * last
        found[t] = last
    return found


def update(learner: Learner) -> dict[str, float]:
    """Learn from a rollout, and return the losses."""
    args, agent, buffer = learner.args, learner.agent, learner.buffer
    advantage = advantages(buffer, args.gamma, args.gae_lambda)
    returns = advantage + buffer.values
    rows = buffer.valid.flatten().nonzero()[:, 0]
    flat = {name: values.flatten(0, 1) for name, values in buffer.seen.items()}
    actions, logprobs, values = (
        x.flatten(0, 1) for x in (buffer.actions, buffer.logprobs, buffer.values)
    )
    advantage, returns = advantage.flatten(), returns.flatten()
    sums: dict[str, Any] = {}
    updates, kl = 0, torch.zeros(())
    for _ in range(args.update_epochs):
        order = rows[torch.randperm(len(rows), device=rows.device)]
        for chosen in order.tensor_split(args.num_minibatches):
            seen = {name: x[chosen] for name, x in flat.items()}
            _, logprob, entropy, value = agent.get_action_and_value(seen, actions[chosen])
            logratio = logprob - logprobs[chosen]
            ratio = logratio.exp()
            gain = advantage[chosen]
            if args.norm_adv:
                gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            pg_loss = torch.max(
                -gain * ratio, -gain * ratio.clamp(1.0 - args.clip_coef, 1.0 + args.clip_coef)
            ).mean()
            v_loss = value_loss(value, values[chosen], returns[chosen], args)
            entropy_loss = entropy.mean()
            loss = pg_loss - args.ent_coef * entropy_loss + args.vf_coef * v_loss
            learner.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
            learner.optimizer.step()
            with torch.no_grad():
                kl = ((ratio - 1.0) - logratio).mean()
                told = {
                    "losses/policy_loss": pg_loss,
                    "losses/value_loss": v_loss,
                    "losses/entropy": entropy_loss,
                    "losses/approx_kl": kl,
                    "losses/clipfrac": ((ratio - 1.0).abs() > args.clip_coef).float().mean(),
                }
            updates += 1
            for name, value_told in told.items():
                sums[name] = sums.get(name, 0.0) + value_told.detach()
        if args.target_kl is not None and kl > args.target_kl:
            break
    spread = returns[rows].var()
    explained = 1.0 - (returns[rows] - values[rows]).var() / spread if spread > 0 else torch.nan
    return {name: float(total / updates) for name, total in sums.items()} | {
        "losses/explained_variance": float(explained)
    }


def value_loss(value: Tensor, before: Tensor, returns: Tensor, args: Args) -> Tensor:
    """Return half the mean squared error of the value, clipped if it is to be."""
    squared = (value - returns) ** 2
    if args.clip_vloss:
        clipped = before + (value - before).clamp(-args.clip_coef, args.clip_coef)
        squared = torch.max(squared, (clipped - returns) ** 2)
    return 0.5 * squared.mean()


class ReturnScale:
    """Rewards in units of the deviation of the discounted returns so far.

    Args:
        n_envs: of the batch.
        gamma: discount.
    """

    def __init__(self, n_envs: int, gamma: float):
        self.returns: Floats = np.zeros(n_envs)
        self.gamma = gamma
        self.mean, self.squares, self.count = 0.0, 0.0, 0.0

    def step(self, rewards: Floats, ended: NDArray[np.bool_]) -> Floats:
        """Take in the rewards (n,) of a step and return them scaled, and clipped to 10."""
        self.returns = self.returns * self.gamma + rewards
        n = len(rewards)
        mean, delta = self.returns.mean(), self.returns.mean() - self.mean
        total = self.count + n
        self.squares += ((self.returns - mean) ** 2).sum() + delta**2 * self.count * n / total
        self.mean += delta * n / total
        self.count = total
        self.returns[ended] = 0.0
        scaled: Floats = rewards / np.sqrt(self.squares / self.count + 1e-8)
        return scaled.clip(-10.0, 10.0)


class PPO(Trainer):
    """Proximal policy optimisation, on as many races at once as it likes."""

    Options = Args
    driver: ClassVar[type[Driver]] = Learned
    resumes_exactly: ClassVar[bool] = True

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.args = options.read(Args, given, f"trainer {ALGORITHM!r}")

    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning."""
        task = Task.of_scenario(scenario, self.args.num_envs)
        try:
            learn(Learner(self.args, task), progress)
        finally:
            task.envs.close()

    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint."""
        begun = Checkpoint.read(checkpoint, ALGORITHM)
        task = Task.of_scenario(scenario, self.args.num_envs)
        try:
            learner = Learner(self.args, task)
            restore(learner, begun, checkpoint)
            learn(learner, progress)
        finally:
            task.envs.close()


def learn(learner: Learner, progress: Progress) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end."""
    args = learner.args
    if not learner.told:
        learner.told = on_device(tensors_of(learner.task.start({}, 0)), learner.device)
    before, since, rollouts = learner.steps, perf_counter(), 0
    while learner.steps < args.steps and not progress.stop_asked:
        if args.anneal_lr:
            left = max(0.0, 1.0 - learner.steps / args.steps)
            learner.optimizer.param_groups[0]["lr"] = left * args.learning_rate
        rollout(learner)
        losses = update(learner)
        rollouts += 1
        progress.update(
            learner.steps, args.steps, **learner.episodes.figures(),
            **{"charts/SPS": (learner.steps - before) / (perf_counter() - since)},
            **{"charts/learning_rate": learner.optimizer.param_groups[0]["lr"]}, **losses,
        )  # fmt: skip
        if rollouts % args.save_every == 0:
            save(learner, progress)
    save(learner, progress)


def save(learner: Learner, progress: Progress) -> None:
    """Leave a checkpoint that a resume may go on from."""
    with progress.checkpoint(f"last{SUFFIX}") as file:
        checkpoint_of(learner).write(file)


def checkpoint_of(learner: Learner) -> Checkpoint:
    """Return all that has been learned, and all that is needed to go on."""
    optimizer = learner.optimizer.state_dict()["state"]
    scale = learner.scale
    head = Head(
        algorithm=ALGORITHM,
        args=learner.args.model_dump(mode="json"),
        note=learner.task.note,
        network={
            "layout": learner.layout.plain(),
            "actions": learner.actions.plain(),
            "hidden": list(learner.args.hidden),
            "normalize": learner.args.normalize_observations,
        },
        steps=learner.steps,
        state={"mean": scale.mean, "squares": scale.squares, "count": scale.count},
    )
    tensors = with_prefix("agent.", learner.agent.state_dict())
    for index, values in optimizer.items():
        tensors |= with_prefix(f"adam.{index}.", values)
    tensors |= with_prefix("random.", random_state())
    tensors |= with_prefix("envs.", learner.task.save())
    tensors |= with_prefix(
        "episodes.",
        {
            "returns": learner.episodes.returns,
            "lengths": learner.episodes.lengths,
            "scaled": scale.returns,
            "restarted": learner.restarted,
        },
    )
    return Checkpoint(head, tensors)


def restore(learner: Learner, begun: Checkpoint, file: Path) -> None:
    """Bring a learner to where a checkpoint was written.

    Raises:
        ScenarioError: it is of another task or another number of races.
    """
    head, tensors = begun.head, begun.tensors
    for what, here in (("layout", learner.layout), ("actions", learner.actions)):
        if head.network[what] != here.plain():
            raise ScenarioError(
                f"was learned with other {'sensors' if what == 'layout' else 'actions'} than "
                "those of this scenario",
                file=file,
            )
    learner.agent.load_state_dict(part(tensors, "agent."))
    count = len(list(learner.agent.parameters()))
    learner.optimizer.load_state_dict(
        {
            "state": {index: part(tensors, f"adam.{index}.") for index in range(count)},
            "param_groups": learner.optimizer.state_dict()["param_groups"],
        }
    )
    scale, state = learner.scale, head.state
    scale.mean, scale.squares, scale.count = state["mean"], state["squares"], state["count"]
    learner.steps = head.steps
    episodes = {name: x.numpy().copy() for name, x in part(tensors, "episodes.").items()}
    envs = {name: x.numpy() for name, x in part(tensors, "envs.").items()}
    if learner.task.goes_on(envs):  # other races, or another number of them, begin new episodes
        learner.episodes.returns[:] = episodes["returns"]
        learner.episodes.lengths[:] = episodes["lengths"]
        scale.returns[:] = episodes["scaled"]
        learner.restarted[:] = episodes["restarted"]
    told = learner.task.start(envs, learner.steps)
    learner.told = on_device(tensors_of(told), learner.device)
    restore_random_state(part(tensors, "random."))


def agent_of(network: Mapping[str, Any]) -> Agent:
    """Return an agent as a checkpoint's head describes it."""
    return Agent(
        Layout.from_plain(network["layout"]),
        Actions.from_plain(network["actions"]),
        network["hidden"],
        normalize=network["normalize"],
    )
