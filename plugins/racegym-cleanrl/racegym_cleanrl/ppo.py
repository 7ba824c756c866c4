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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, prod
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
from racegym.errors import ScenarioError, TrainingError
from racegym.interfaces import Driver, Progress, Trainer, options
from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint, Head, part, with_prefix
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.export import export
from racegym_cleanrl.machine import (
    chosen_device,
    random_state,
    restore_random_state,
    seed_all,
    use_threads,
)
from racegym_cleanrl.memory import free_memory, told_size
from racegym_cleanrl.networks import (
    NUMBERS,
    Encoder,
    Eye,
    Layout,
    Memory,
    Observation,
    Recurrence,
    Tanh,
    Width,
    layer_init,
    mlp,
    tensors_of,
)
from racegym_cleanrl.policies import check_network, policy_network
from racegym_cleanrl.tasks import Episodes, Task, check_numbers
from racegym_cleanrl.tracking import TrackedOptions, tracked
from racegym_cleanrl.warm_start import WarmStart, WarmStartOptions, load_origin

__all__ = [
    "PPO", "Agent", "Args", "Learner", "Minibatch", "ReturnScale", "Rollout", "advantages",
    "agent_of", "begin_from", "check_finite", "checkpoint_of", "learn", "losses", "minibatches",
    "on_device", "restore", "rollout", "save", "update", "value_loss",
]  # fmt: skip

ALGORITHM = "ppo"
HEADS = 256  # features of actor and critic behind images
NUMBERS_OF_A_STEP = 9  # in a rollout and beside it: rewards, values, advantages and the like

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Args(WarmStartOptions, TrackedOptions):
    """Settings; the names are CleanRL's, the defaults are for large batches."""

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
    hidden: tuple[Width, ...] = Field((64, 64), description="widths of the layers for numbers")
    distribution: Literal["gaussian", "beta"] = Field(
        "gaussian", description="of continuous actions"
    )
    recurrent: Recurrence = Field("none", description="a memory of what was seen before")
    recurrent_size: int = Field(128, ge=1, le=4096, description="width of the memory")
    device: str = Field("auto", description="cpu, cuda, or auto: cuda where there is one")
    compile: bool = Field(False, description="on a GPU: fuse operations with torch.compile")
    cuda_graphs: bool = Field(False, description="on a GPU: compile, and replay as CUDA graphs")
    bf16: bool = Field(False, description="on a GPU: networks learn in bfloat16")


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


@dataclass
class Rollout:
    """What was seen, done and paid: T steps of N environments.

    Attributes:
        seen: by part, (T, N, ...).
        actions, logprobs, rewards, values: (T, N, ...).
        next_values: (T, N) of what followed each step, before any reset.
        terminated: (T, N) float, 1 where nothing followed.
        ended: (T, N) float, 1 where the episode ended for whatever reason.
        begins: (T, N) float, 1 where the observation is the first of its episode.
        valid: (T, N) bool, False for a step that was only a reset.
        memory: (N, memory_size) before the first step.
    """

    seen: Observation
    actions: Tensor
    logprobs: Tensor
    rewards: Tensor
    values: Tensor
    next_values: Tensor
    terminated: Tensor
    ended: Tensor
    begins: Tensor
    valid: Tensor
    memory: Tensor


class Learner:
    """All that changes while PPO learns."""

    def __init__(self, args: Args, task: Task):
        self.args, self.task = args, task
        self.device = chosen_device(args.device)
        seed_all(task.seed)
        self.actions = Actions.of(task.envs.single_action_space, args.distribution)
        self.layout = Layout.of(task.envs.single_observation_space)
        self.agent = agent_of(self.network).to(self.device)
        self.optimizer = torch.optim.Adam(
            self.agent.parameters(), lr=args.learning_rate, eps=1e-5, fused=True
        )
        self.steps = 0
        self.scale = ReturnScale(args.num_envs, args.gamma)
        self.episodes = Episodes(args.num_envs)
        shape = (args.num_steps, args.num_envs)
        self._check_memory()

        def room(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=self.device)

        self.buffer = Rollout(
            seen=self.agent.eye.room(*shape, device=self.device),
            actions=room(*shape, *self.actions.shape),
            logprobs=room(*shape), rewards=room(*shape), values=room(*shape),
            next_values=room(*shape), terminated=room(*shape), ended=room(*shape),
            begins=room(*shape), valid=room(*shape, dtype=torch.bool),
            memory=room(args.num_envs, self.agent.memory_size),
        )  # fmt: skip
        self.warm: WarmStart | None = None  # of one that began from a checkpoint
        self.told: Observation = {}
        self.memory = torch.zeros_like(self.buffer.memory)
        self.begins: Mask = np.ones(args.num_envs, np.bool_)  # an episode, with ``told``
        self.restarts: Mask = np.zeros(args.num_envs, np.bool_)  # the next step is only a reset
        self.losses = losses
        on_gpu = self.device.type == "cuda"
        self.equal = on_gpu and args.cuda_graphs  # whether all minibatches have one size
        if on_gpu and (args.compile or args.cuda_graphs):
            mode = "reduce-overhead" if args.cuda_graphs else "default"
            self.losses = torch.compile(losses, mode=mode)

    def _check_memory(self) -> None:
        """Refuse a rollout that would not fit.

        Raises:
            ScenarioError: tells how large it may be.
        """
        args, layout = self.args, self.layout
        images = sum(prod(layout.shapes[name]) for name in layout.images)
        a_step = images + 4 * (layout.width + prod(self.actions.shape) + NUMBERS_OF_A_STEP)
        on_gpu = self.device.type == "cuda"
        free = torch.cuda.mem_get_info(self.device)[0] if on_gpu else free_memory()
        if free is None or a_step * self.batch <= free:
            return
        fits = free // a_step
        setting = "num_steps" if fits >= args.num_envs else "num_envs"
        others = args.num_envs if setting == "num_steps" else args.num_steps
        raise ScenarioError(
            f"a rollout would take {told_size(a_step * self.batch)} of memory, "
            f"{told_size(a_step)} for each of {args.num_envs:,} x {args.num_steps:,} steps, and "
            f"{told_size(free)} are free; write trainer.{setting}: {max(1, fits // others)} or less"
        )

    @property
    def network(self) -> dict[str, Any]:
        """Return the arguments of the agent, as JSON can hold them."""
        args = self.args
        return {
            "layout": self.layout.plain(), "actions": self.actions.plain(),
            "hidden": list(args.hidden), "normalize": args.normalize_observations,
            "recurrent": args.recurrent, "recurrent_size": args.recurrent_size, "expected": True,
        }  # fmt: skip

    @property
    def batch(self) -> int:
        """Return how many steps a rollout has."""
        return self.args.num_envs * self.args.num_steps


@torch.no_grad()
def rollout(learner: Learner) -> None:
    """Drive all environments for some steps, and keep what happened in the buffer."""
    agent, buffer, task = learner.agent, learner.buffer, learner.task
    buffer.memory.copy_(learner.memory)
    known: Mask | None = None  # whose next value is in the buffer already
    for step in range(learner.args.num_steps):
        done = learner.steps + step * learner.args.num_envs
        if learner.warm is None or not learner.warm.keeps_normalization:
            agent.eye.learn(learner.told)
        seen = agent.eye(learner.told)
        if NUMBERS in seen and not seen[NUMBERS].sum().isfinite():
            check_numbers({f"the observation {k!r}": x for k, x in learner.told.items()}, done)
        for name, part_seen in seen.items():
            buffer.seen[name][step] = part_seen
        begins = torch.from_numpy(learner.begins).to(learner.device)
        buffer.begins[step] = begins
        if agent.memory_size:
            learner.memory = learner.memory * ~begins[:, None]
        action, logprob, value, learner.memory = agent.act(seen, learner.memory)
        buffer.actions[step], buffer.logprobs[step], buffer.values[step] = action, logprob, value
        if step:
            _follow(buffer.next_values[step - 1], value, known)
        driven = agent.policy.scaled(action).cpu().numpy()
        told, rewards, terminated, truncated, infos = task.envs.step(driven)
        if not isfinite(rewards.sum()):
            check_numbers({"the reward": torch.from_numpy(rewards)}, done)
        ended = terminated | truncated
        restarted = learner.restarts
        learner.episodes.step(rewards, terminated, ended, restarted, infos)
        scaled = rewards
        if learner.args.normalize_rewards:
            scaled = learner.scale.step(rewards, ended | restarted)
        for kept, values in (
            (buffer.rewards, scaled), (buffer.terminated, terminated), (buffer.ended, ended),
            (buffer.valid, ~restarted),
        ):  # fmt: skip
            kept[step] = torch.from_numpy(values)
        known = None
        if task.autoreset_mode is AutoresetMode.NEXT_STEP:
            # The last observation of the episode is told; the next step is only its reset.
            learner.restarts, learner.begins = ended, restarted
        else:
            learner.begins = ended
            if ended.any():
                final, told = task.last_and_next(told, ended, infos)
                seen = agent.eye(on_device(tensors_of(final), learner.device))
                buffer.next_values[step] = agent.get_value(seen, learner.memory)
                known = ended
        learner.told = on_device(tensors_of(told), learner.device)
    following = agent.get_value(agent.eye(learner.told), learner.memory)
    _follow(buffer.next_values[-1], following, known)
    learner.steps += learner.batch


def _follow(next_values: Tensor, values: Tensor, known: Mask | None) -> None:
    """Write the values of what follows, save where they are known."""
    if known is None:
        next_values.copy_(values)
    else:
        torch.where(torch.from_numpy(known).to(values.device), next_values, values, out=next_values)


def on_device(told: Observation, device: torch.device) -> Observation:
    """Return what is told on a device."""
    if device.type == "cpu":
        return told
    return {name: values.to(device, non_blocking=True) for name, values in told.items()}


def advantages(buffer: Rollout, gamma: float, gae_lambda: float) -> Tensor:
    """Return the generalised advantages of [2], (T, N).

    A step that was only a reset is no part of an episode: it hands nothing on.
    """
    found = torch.zeros_like(buffer.rewards)
    last = torch.zeros_like(buffer.rewards[0])
    deltas = buffer.rewards - buffer.values
    deltas += gamma * buffer.next_values * (1.0 - buffer.terminated)
    carried = gamma * gae_lambda * (1.0 - buffer.ended)
    for t in range(len(found) - 1, -1, -1):
        last = torch.addcmul(deltas[t], carried[t], last, out=found[t])
    return found


@dataclass
class Minibatch:
    """A part of a rollout, n steps, that is learned from at once.

    Attributes:
        seen: by part, (n, ...), or (T, m, ...) of m races for an agent with a memory.
        actions, logprobs, values, advantages, returns: (n, ...).
        memory: (m, memory_size) before the first step, for an agent with a memory.
        begins: (T, m), likewise.
        rows: (n,) which of the T m steps are meant, likewise.
    """

    seen: Observation
    actions: Tensor
    logprobs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor
    memory: Tensor | None = None
    begins: Tensor | None = None
    rows: Tensor | None = None


def minibatches(learner: Learner, advantage: Tensor) -> Iterator[Minibatch]:
    """Yield the parts of a rollout in a new order, each step in one of them.

    Steps are shuffled; for an agent with a memory, races are, each with all its steps. CUDA
    graphs are of one size: for them, some steps are meant twice where others were only resets.
    """
    args, buffer = learner.args, learner.buffer
    numbers = {
        "actions": buffer.actions, "logprobs": buffer.logprobs, "values": buffer.values,
        "advantages": advantage, "returns": advantage + buffer.values,
    }  # fmt: skip
    if learner.agent.memory_size:
        order = torch.randperm(args.num_envs, device=learner.device)
        for races in _shares(order, args.num_minibatches, equal=learner.equal):
            rows = buffer.valid[:, races].flatten().nonzero()[:, 0]
            if not len(rows):
                continue
            if learner.equal:
                rows = _filled(rows, args.num_steps * len(races))
            yield Minibatch(
                {name: x[:, races] for name, x in buffer.seen.items()},
                **{name: x[:, races].flatten(0, 1)[rows] for name, x in numbers.items()},
                memory=buffer.memory[races],
                begins=buffer.begins[:, races],
                rows=rows,
            )
        return
    rows = buffer.valid.flatten().nonzero()[:, 0]
    flat = {name: x.flatten(0, 1) for name, x in buffer.seen.items()}
    order = rows[torch.randperm(len(rows), device=rows.device)]
    if learner.equal and len(order):
        order = _filled(order, learner.batch)
    for chosen in _shares(order, args.num_minibatches, equal=learner.equal):
        yield Minibatch(
            {name: x.index_select(0, chosen) for name, x in flat.items()},
            **{name: x.flatten(0, 1).index_select(0, chosen) for name, x in numbers.items()},
        )


def _shares(order: Tensor, count: int, *, equal: bool) -> Iterator[Tensor]:
    """Return the parts of an order, none empty; if equal, what is left over is left out."""
    size, over = divmod(len(order), count)
    if equal and size:
        order = order[: len(order) - over]
    return (share for share in order.tensor_split(count) if len(share))


def _filled(rows: Tensor, size: int) -> Tensor:
    """Return rows from the beginning again until there are so many."""
    return rows.repeat(-(-size // len(rows)))[:size]


def losses(agent: Agent, share: Minibatch, args: Args) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of a part of a rollout, and the terms that it is made of."""
    if share.rows is None:
        features: Any = share.seen
        if agent.shared is not None:
            features = agent.shared(share.seen)
    else:
        assert share.memory is not None and share.begins is not None
        features = agent.features_along(share.seen, share.memory, share.begins)[share.rows]
    logprob, entropy, value = agent.judge(features, share.actions)
    logratio = logprob - share.logprobs
    ratio = logratio.exp()
    gain = share.advantages
    if args.norm_adv and len(gain) > 1:
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
    clipped = ratio.clamp(1.0 - args.clip_coef, 1.0 + args.clip_coef)
    pg_loss = -torch.min(gain * ratio, gain * clipped).mean()
    v_loss = value_loss(value, share.values, share.returns, args)
    entropy_loss = entropy.mean()
    loss = pg_loss - args.ent_coef * entropy_loss + args.vf_coef * v_loss
    with torch.no_grad():
        told = {
            "losses/policy_loss": pg_loss.detach(),
            "losses/value_loss": v_loss.detach(),
            "losses/entropy": entropy_loss.detach(),
            "losses/old_approx_kl": -logratio.mean(),
            "losses/approx_kl": (ratio - 1.0 - logratio).mean(),
            "losses/clipfrac": ((ratio - 1.0).abs() > args.clip_coef).float().mean(),
        }
    return loss, told


def update(learner: Learner) -> dict[str, float]:
    """Learn from a rollout, and return the losses.

    Raises:
        TrainingError: a loss is not finite.
    """
    args, agent, buffer = learner.args, learner.agent, learner.buffer
    advantage = advantages(buffer, args.gamma, args.gae_lambda)
    parameters = list(agent.parameters())
    bf16 = args.bf16 and learner.device.type == "cuda"
    told: dict[str, Tensor] = {}
    history: list[Tensor] = []
    for _ in range(args.update_epochs):
        for share in minibatches(learner, advantage):
            with torch.autocast(learner.device.type, torch.bfloat16, enabled=bf16):
                loss, told = learner.losses(agent, share, args)
                if learner.warm is not None and learner.warm.holds(learner.steps):
                    penalty, told["losses/clone_kl"] = learner.warm.penalty(
                        agent, share.seen, learner.steps
                    )
                    loss = loss + penalty
            learner.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if learner.warm is not None:
                learner.warm.hold(agent, learner.steps)
            norm = nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
            learner.optimizer.step()
            told["losses/grad_norm"] = norm
            history.append(torch.stack(list(told.values())))
        if not history:  # every step was only a reset
            return {}
        if args.target_kl is not None and told["losses/approx_kl"] > args.target_kl:
            break
    table = torch.stack(history).cpu()
    check_finite(list(told), table, learner.steps)
    valid = buffer.valid
    returns, values = (advantage + buffer.values)[valid], buffer.values[valid]
    spread = returns.var(correction=0)
    explained = 1.0 - (returns - values).var(correction=0) / spread if spread > 0 else torch.nan
    figures = dict(zip(told, table.mean(dim=0).tolist(), strict=True))
    return figures | {"losses/explained_variance": float(explained)}


def value_loss(value: Tensor, before: Tensor, returns: Tensor, args: Args) -> Tensor:
    """Return half the mean squared error of the value; clipped if asked for, against [3]."""
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


def check_finite(names: Sequence[str], table: Tensor, steps: int) -> None:
    """Refuse to go on from losses that are not finite.

    Args:
        names: of the terms.
        table: (updates, terms).
        steps: that are done.

    Raises:
        TrainingError: names the term that was the first not to be finite.
    """
    bad = (~table.isfinite()).nonzero()
    if len(bad):
        update_index, term = bad[0].tolist()
        raise TrainingError(
            f"{names[term]} is {float(table[update_index, term])} after {steps:,} steps: the "
            "training has diverged and ends here, and the checkpoints before it stay. Lower "
            "trainer.learning_rate, or look for rewards and observations without bounds"
        )


class PPO(Trainer):
    """Proximal policy optimisation, on as many races at once as it likes."""

    Options = Args
    driver: ClassVar[type[Driver]] = Learned
    resumes_exactly: ClassVar[bool] = True

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.args = options.read(Args, given, f"trainer {ALGORITHM!r}")
        self.device = str(chosen_device(self.args.device))

    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning."""
        self._learn(scenario, run_dir, progress)

    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint."""
        self._learn(scenario, run_dir, progress, lambda new: restore(new, checkpoint))

    def begin_from(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Learn from the beginning, with the networks of a checkpoint, a clone's for instance."""
        self._learn(scenario, run_dir, progress, lambda new: begin_from(new, checkpoint))

    def _learn(
        self,
        scenario: Scenario,
        run_dir: Path,
        progress: Progress,
        prepare: Callable[[Learner], None] | None = None,
    ) -> None:
        task = Task.of_scenario(scenario, self.args.num_envs)
        try:
            learner = Learner(self.args, task)
            if prepare is not None:
                prepare(learner)
            with tracked(self.args, scenario, run_dir, progress) as told:
                learn(learner, told)
        finally:
            task.envs.close()

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file."""
        export(checkpoint, file)


def learn(learner: Learner, progress: Progress) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end."""
    args = learner.args
    use_threads(learner.device, images=bool(learner.layout.images))
    if not learner.told:
        learner.told = on_device(tensors_of(learner.task.start({}, 0)), learner.device)
    before, since = learner.steps, perf_counter()
    while learner.steps < args.steps and not progress.stop_asked:
        if args.anneal_lr:
            left = max(0.0, 1.0 - learner.steps / args.steps)
            learner.optimizer.param_groups[0]["lr"] = left * args.learning_rate
        rollout(learner)
        found = update(learner)
        progress.update(
            learner.steps, args.steps, **learner.episodes.figures(),
            **{"charts/SPS": (learner.steps - before) / (perf_counter() - since)},
            **{"charts/learning_rate": learner.optimizer.param_groups[0]["lr"]}, **found,
        )  # fmt: skip
        if progress.checkpoint_due(learner.steps):
            save(learner, progress)
    if progress.checkpoint_due(learner.steps):
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
        network=learner.network,
        steps=learner.steps,
        state={
            "mean": scale.mean, "squares": scale.squares, "count": scale.count,
            "cloned": learner.warm is not None and learner.warm.cloned,
        },
    )  # fmt: skip
    tensors = with_prefix("agent.", learner.agent.state_dict())
    for index, values in optimizer.items():
        tensors |= with_prefix(f"adam.{index}.", values)
    if learner.warm is not None:
        tensors |= with_prefix("clone.", learner.warm.clone.state_dict())
    tensors |= with_prefix("random.", random_state())
    tensors |= with_prefix("envs.", learner.task.save())
    tensors |= with_prefix(
        "episodes.",
        {
            **learner.episodes.save(),
            "scaled": scale.returns,
            "begins": learner.begins,
            "restarts": learner.restarts,
            "memory": learner.memory,
        },
    )
    return Checkpoint(head, tensors)


def begin_from(learner: Learner, file: Path) -> None:
    """Let a fresh learner begin with what a checkpoint knows, of this algorithm or a clone's.

    Raises:
        ScenarioError: it is of another algorithm, another task or another network.
    """
    args = learner.args
    origin = load_origin(learner.agent, learner.network, file, args.clone_std)
    cloned = origin.head.algorithm != ALGORITHM
    if not cloned:  # its critic counts in its own units
        scale, state = learner.scale, origin.head.state
        scale.mean, scale.squares, scale.count = state["mean"], state["squares"], state["count"]
    if cloned or args.critic_warmup or args.clone_kl or args.keep_normalization:
        learner.warm = WarmStart(args, learner.agent, learner.batch, cloned=cloned)


def restore(learner: Learner, file: Path) -> None:
    """Bring a learner to where a checkpoint was written, and let go of its file.

    Raises:
        ScenarioError: it is of another algorithm, another task or another network.
    """
    begun = Checkpoint.read(file, ALGORITHM)
    head, tensors = begun.head, begun.tensors
    check_network(head, learner.network, file)
    clone = part(tensors, "clone.")
    if clone:
        learner.agent.load_state_dict(clone)
        cloned = bool(head.state.get("cloned"))
        learner.warm = WarmStart(learner.args, learner.agent, learner.batch, cloned=cloned)
    learner.agent.load_state_dict(policy_network(begun, file).state_dict())
    scale, state = learner.scale, head.state
    scale.mean, scale.squares, scale.count = state["mean"], state["squares"], state["count"]
    adam: dict[int, dict[str, Tensor]] = {}
    for name, values in part(tensors, "adam.").items():
        index, _, what = name.partition(".")
        adam.setdefault(int(index), {})[what] = values.clone()  # and not mapped from the file
    learner.optimizer.load_state_dict(
        {"state": adam, "param_groups": learner.optimizer.state_dict()["param_groups"]}
    )
    learner.steps = head.steps
    episodes = {name: x.numpy().copy() for name, x in part(tensors, "episodes.").items()}
    envs = {name: x.numpy() for name, x in part(tensors, "envs.").items()}
    if learner.task.goes_on(envs):  # other races, or another number of them, begin new episodes
        learner.episodes.load(episodes)
        learner.scale.returns[:] = episodes["scaled"]
        learner.begins, learner.restarts = episodes["begins"], episodes["restarts"]
        learner.memory.copy_(torch.from_numpy(episodes["memory"]))
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
        recurrent=network.get("recurrent", "none"),
        recurrent_size=network.get("recurrent_size", 128),
        expected=network.get("expected", False),
    )
