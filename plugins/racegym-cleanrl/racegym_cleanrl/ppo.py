"""PPO: proximal policy optimisation [1], in the manner of CleanRL's ``ppo_continuous_action.py``.

Read it from top to bottom: settings, rollout, advantages, losses, update, and the loop that calls
them. What differs from CleanRL: batches of hundreds or thousands of races that are stepped at
once, few large minibatches, and a trainer that can be resumed. The rest of what differs, and why,
is told in docs/trainers/ppo.md. The agent's network stands in ``agent.py``, what is driven and its
minibatches in ``rollouts.py``, what a resume goes on from in ``ppo_checkpoint.py``.

[1] Schulman, Wolski, Dhariwal, Radford, Klimov (2017), "Proximal policy optimization
    algorithms", arXiv:1707.06347.
[2] Schulman, Moritz, Levine, Jordan, Abbeel (2016), "High-dimensional continuous control using
    generalized advantage estimation", arXiv:1506.02438.
[3] Andrychowicz et al. (2021), "What matters for on-policy deep actor-critic methods?",
    arXiv:2006.05990.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
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
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.agent import Agent, agent_of
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.export import export
from racegym_cleanrl.machine import chosen_device, seed_all, use_threads
from racegym_cleanrl.networks import (
    NUMBERS,
    Layout,
    Observation,
    Recurrence,
    Width,
    on_device,
    tensors_of,
)
from racegym_cleanrl.ppo_checkpoint import ALGORITHM, begin_from, policy_of_now, restore, save
from racegym_cleanrl.races import Races, n_agents_of
from racegym_cleanrl.rollouts import Minibatch, Rollout, minibatches
from racegym_cleanrl.selfplay import SelfPlay, SelfPlayOptions, with_scripts
from racegym_cleanrl.tasks import Episodes, Task, check_numbers
from racegym_cleanrl.tracking import TrackedOptions, tracked
from racegym_cleanrl.warm_start import WarmStart, WarmStartOptions

__all__ = [
    "PPO", "Args", "Learner", "ReturnScale", "advantages", "agent_of", "check_finite", "learn",
    "losses", "rollout", "update", "value_loss",
]  # fmt: skip

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
    selfplay: SelfPlayOptions | None = Field(
        None, description="who drives cars of a race that has several for agents; None: the policy"
    )


class Learner:
    """All that changes while PPO learns.

    Attributes:
        rows: of the batch: its races, or of several agents the cars of its races.
        selfplay: who else drives; None where the policy drives everything.
    """

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
        self.rows: int = task.envs.num_envs
        self.selfplay: SelfPlay | None = None
        if args.selfplay is not None and isinstance(task.envs, Races):
            self.selfplay = SelfPlay(args.selfplay, task.envs)
        self.scale = ReturnScale(self.rows, args.gamma)
        self.episodes = Episodes(self.rows)
        self.buffer = Rollout.room(
            self.agent.eye, self.actions, (args.num_steps, self.rows),
            self.agent.memory_size, self.device,
        )  # fmt: skip
        self.warm: WarmStart | None = None  # of one that began from a checkpoint
        self.told: Observation = {}
        self.memory = torch.zeros_like(self.buffer.memory)
        self.begins: Mask = np.ones(self.rows, np.bool_)  # an episode, with ``told``
        self.restarts: Mask = np.zeros(self.rows, np.bool_)  # the next step is only a reset
        self.losses = losses
        on_gpu = self.device.type == "cuda"
        self.equal = on_gpu and args.cuda_graphs  # whether all minibatches have one size
        if on_gpu and (args.compile or args.cuda_graphs):
            mode = "reduce-overhead" if args.cuda_graphs else "default"
            self.losses = torch.compile(losses, mode=mode)

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
        return self.rows * self.args.num_steps


@torch.no_grad()
def rollout(learner: Learner) -> None:
    """Drive all environments for some steps, and keep what happened in the buffer."""
    agent, buffer, task = learner.agent, learner.buffer, learner.task
    buffer.memory.copy_(learner.memory)
    known: Mask | None = None  # whose next value is in the buffer already
    for step in range(learner.args.num_steps):
        done = learner.steps + step * learner.rows
        acting = task.acting  # None: all rows are the policy's
        if learner.warm is None or not learner.warm.keeps_normalization:
            agent.eye.learn(_own(learner.told, acting))
        seen = agent.eye(learner.told)
        if NUMBERS in seen and not seen[NUMBERS].sum().isfinite():
            check_numbers({f"the observation {k!r}": x for k, x in learner.told.items()}, done)
        for name, part_seen in seen.items():
            buffer.seen[name][step] = part_seen
        begins = torch.from_numpy(learner.begins).to(learner.device)
        buffer.begins[step] = begins
        if agent.memory_size:
            learner.memory = learner.memory * ~begins[:, None]
        before = learner.memory
        action, logprob, value, learner.memory = agent.act(seen, before)
        buffer.actions[step], buffer.logprobs[step], buffer.values[step] = action, logprob, value
        if step:
            _follow(buffer.next_values[step - 1], value, known)
        driven = agent.policy.scaled(action).cpu().numpy()
        if learner.selfplay is not None:
            learner.selfplay.drive(learner.told, before, driven, learner.memory)
        told, rewards, terminated, truncated, infos = task.envs.step(driven)
        if not isfinite(rewards.sum()):
            check_numbers({"the reward": torch.from_numpy(rewards)}, done)
        ended = terminated | truncated
        restarted = learner.restarts if acting is None else ~acting
        learner.episodes.step(rewards, terminated, ended, restarted, infos)
        scaled = rewards
        if learner.args.normalize_rewards:
            scaled = learner.scale.step(rewards, ended | restarted, acting)
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
                final, told, learner.begins = task.last_and_next(told, ended, infos)
                seen = agent.eye(on_device(tensors_of(final), learner.device))
                rows = torch.from_numpy(ended).to(learner.device)
                buffer.next_values[step, rows] = agent.get_value(seen, learner.memory[rows])
                known = ended
        learner.told = on_device(tensors_of(told), learner.device)
    following = agent.get_value(agent.eye(learner.told), learner.memory)
    _follow(buffer.next_values[-1], following, known)
    learner.steps += learner.batch


def _own(told: Observation, acting: Mask | None) -> Observation:
    """Return what is told of the rows that the policy drives."""
    if acting is None:
        return told
    rows = {name: torch.from_numpy(acting).to(part.device) for name, part in told.items()}
    return {name: part[rows[name]] for name, part in told.items()}


def _follow(next_values: Tensor, values: Tensor, known: Mask | None) -> None:
    """Write the values of what follows, save where they are known."""
    if known is None:
        next_values.copy_(values)
    else:
        torch.where(torch.from_numpy(known).to(values.device), next_values, values, out=next_values)


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
        shares = minibatches(
            buffer, advantage, args.num_minibatches,
            whole_races=agent.memory_size > 0, equal=learner.equal,
        )  # fmt: skip
        for share in shares:
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

    def step(self, rewards: Floats, ended: Mask, acting: Mask | None = None) -> Floats:
        """Take in the rewards (n,) of a step and return them scaled, and clipped to 10.

        Args:
            rewards: of the step.
            ended: (n,) rows whose returns begin anew.
            acting: (n,) rows that count; None for all.
        """
        self.returns = self.returns * self.gamma + rewards
        counted = self.returns if acting is None else self.returns[acting]
        n = len(counted)
        if n:
            mean, delta = counted.mean(), counted.mean() - self.mean
            total = self.count + n
            self.squares += ((counted - mean) ** 2).sum() + delta**2 * self.count * n / total
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
        task = _task(self.args, scenario)
        try:
            learner = Learner(self.args, task)
            if prepare is not None:
                prepare(learner)
            with tracked(self.args, scenario, run_dir, progress) as told:
                learn(learner, told, run_dir)
        finally:
            task.envs.close()

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file."""
        export(checkpoint, file)


def _task(args: Args, scenario: Scenario) -> Task:
    """Return races of a scenario, with all its agents.

    Raises:
        ScenarioError: there is but one, and somebody else is asked to race it.
    """
    several = n_agents_of(scenario) > 1
    if args.selfplay is None:
        make = Task.of_races if several else Task.of_scenario
        return make(scenario, args.num_envs)
    if not several:
        raise ScenarioError(
            "trainer.selfplay is for races of several agents, and this scenario leaves one car "
            "to them; give another car driver: agent, or remove trainer.selfplay",
            file=scenario.file,
        )
    return Task.of_races(with_scripts(scenario, args.selfplay), args.num_envs)


def learn(learner: Learner, progress: Progress, run_dir: Path | None = None) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end.

    Args:
        learner: that learns.
        progress: is told.
        run_dir: for past selves and ratings; None: they are not written.
    """
    args = learner.args
    use_threads(learner.device, images=bool(learner.layout.images))
    _keep_past(learner, run_dir)
    if not learner.told:
        learner.told = on_device(tensors_of(learner.task.start({}, 0)), learner.device)
    before, since = learner.steps, perf_counter()
    while learner.steps < args.steps and not progress.stop_asked:
        if args.anneal_lr:
            left = max(0.0, 1.0 - learner.steps / args.steps)
            learner.optimizer.param_groups[0]["lr"] = left * args.learning_rate
        rollout(learner)
        found = update(learner)
        _keep_past(learner, run_dir)
        if learner.selfplay is not None:
            found |= learner.selfplay.figures()
        progress.update(
            learner.steps, args.steps, **learner.episodes.figures(),
            **{"charts/SPS": (learner.steps - before) / (perf_counter() - since)},
            **{"charts/learning_rate": learner.optimizer.param_groups[0]["lr"]}, **found,
        )  # fmt: skip
        if progress.checkpoint_due(learner.steps):
            save(learner, progress)
    if progress.checkpoint_due(learner.steps):
        save(learner, progress)


def _keep_past(learner: Learner, run_dir: Path | None) -> None:
    """Make a past self of the policy if it is time to, and write how all are rated."""
    selfplay = learner.selfplay
    if selfplay is None:
        return
    if selfplay.is_due(learner.steps):
        number = selfplay.freeze(learner.agent, learner.steps)
        if run_dir is not None:
            selfplay.write_past(run_dir, number, policy_of_now(learner))
    if run_dir is not None:
        selfplay.write(run_dir, learner.steps)
