"""What SAC, TD3 and DQN do alike: collect steps into a replay, learn from it, save and go on.

An algorithm is in the file of its name: its settings, its networks, how it acts (``rollout``)
and how it learns (``update``). Here is the frame around them.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from math import nan
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from pydantic import Field
from torch import Tensor, nn

from racegym import Scenario
from racegym.errors import ScenarioError
from racegym.interfaces import Driver, Progress, Trainer, check_losses, options
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.checkpoint import AGENT, SUFFIX, Checkpoint, Head, part, with_prefix
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.export import export
from racegym_cleanrl.machine import (
    chosen_device,
    random_state,
    restore_random_state,
    seed_all,
    use_threads,
)  # fmt: skip
from racegym_cleanrl.networks import NUMBERS, Eye, Layout, Observation, tensors_of
from racegym_cleanrl.replay import Batch, Replay, drawn_in_shares
from racegym_cleanrl.shift import randomly_shifted
from racegym_cleanrl.tasks import Episodes, Task
from racegym_cleanrl.tracking import TrackedOptions, tracked

__all__ = [
    "OffPolicyArgs", "OffPolicyLearner", "OffPolicyTrainer", "checkpoint_of", "collect",
    "descend", "learn", "need_a_box", "normalised", "restore", "save", "take_over",
]  # fmt: skip

Width = Annotated[int, Field(ge=1, le=65_536)]

LOG = logging.getLogger("racegym.cleanrl")


class OffPolicyArgs(TrackedOptions):
    """Settings that the algorithms share; names are CleanRL's where it has one."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"num_envs": 16, "buffer_size": 50_000},  # images of 84 x 84 x 3: 1.06 GB
    }

    num_envs: int = Field(32, ge=1, le=65_536, description="races that are driven at once")
    updates_per_step: float = Field(
        0.125, gt=0, le=100, description="gradient steps for each step that is driven"
    )
    buffer_size: int = Field(1_000_000, ge=16, description="steps that the replay keeps")
    learning_starts: int = Field(
        5_000, ge=0, description="steps that are driven at random before it learns"
    )
    batch_size: int = Field(256, ge=1, le=1_000_000, description="steps of a gradient step")
    gamma: float = Field(0.99, ge=0, le=1, description="discount of a step")
    n_step: int = Field(1, ge=1, le=1000, description="steps of a return before it is estimated")
    reward_scale: float = Field(1.0, gt=0, description="rewards are multiplied by it")
    hidden: tuple[Width, ...] = Field((256, 256), min_length=1, description="widths of the layers")
    layer_norm: bool = Field(False, description="normalise the layers that judge")
    normalize_observations: bool = Field(True, description="numbers, by all that was seen")
    image_shift: int = Field(
        4, ge=0, le=32, description="pixels that images are moved by at most, as DrQ does; 0: none"
    )
    image_copies: int = Field(
        1, ge=1, le=16,
        description="copies of a step with images, each moved by itself; DrQ has 2, DrQ-v2 has 1",
    )  # fmt: skip
    amp: bool = Field(False, description="compute in bfloat16 where that is exact enough; on a GPU")
    device: str = Field("auto", description="cpu, cuda, or auto: cuda where there is one")
    save_replay: bool = Field(
        False, description="keep the replay in checkpoints, so that a resume goes on exactly"
    )
    log_every: int = Field(1_000, ge=1, description="steps from one line of figures to the next")


class OffPolicyLearner(ABC):
    """All that changes while an algorithm learns.

    Args:
        args: its settings.
        task: to learn on.

    Attributes:
        replay: what was driven here.
        shares: the replays that a batch is drawn from, and the part that each gives. Whoever
            has demonstrations adds their replay: ``[(learner.replay, 0.5), (demos, 0.5)]``.
        steps, updates: that were driven, and gradient steps.
        learning_from: steps before which it only collects.
        owed: gradient steps that are due, and the fraction of the next.
        knows_nothing: whether it drives at random before it learns; False for one that has begun
            with what a checkpoint knows.
        agent: see there; what acts, and what a checkpoint is loaded into to drive.
        others: what else is kept in a checkpoint, by name: targets and the like.
        optimizers: by name.
    """

    algorithm: ClassVar[str]
    agent: nn.Module
    eye: Eye
    others: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]

    def __init__(self, args: OffPolicyArgs, task: Task):
        self.task = task
        self.device = chosen_device(args.device)
        if args.amp and self.device.type == "cpu":
            raise ScenarioError("amp is there for a GPU, and the device is cpu; write amp: false")
        if task.autoreset_mode is not AutoresetMode.NEXT_STEP:
            raise ScenarioError(
                f"the environments' autoreset mode is {task.autoreset_mode.value}, and the replay "
                "needs NextStep, which tells what each episode ended with"
            )
        seed_all(task.seed)
        self.frame = args
        self.layout = Layout.of(task.envs.single_observation_space)
        self.actions = Actions.of(task.envs.single_action_space, "gaussian")
        self.check_actions()
        self.replay = Replay(
            self.layout, self.actions, args.num_envs, min(args.buffer_size, args.steps),
            n_step=args.n_step, gamma=args.gamma,
        )  # fmt: skip
        self.shares: list[tuple[Replay, float]] = [(self.replay, 1.0)]
        self.amp = args.amp
        self.steps, self.updates = 0, 0
        self.learning_from, self.owed = args.learning_starts, 0.0
        self.knows_nothing = True
        self.episodes = Episodes(args.num_envs)
        self.told: Observation = {}
        self.restarted = np.zeros(args.num_envs, np.bool_)

    @abstractmethod
    def check_actions(self) -> None:
        """Refuse actions that the algorithm can't choose from, with a ``ScenarioError``."""

    def network(self) -> dict[str, Any]:
        """Return the arguments from which ``agent_of`` builds the agent again, as JSON."""
        return {
            "layout": self.layout.plain(),
            "actions": self.actions.plain(),
            "hidden": list(self.frame.hidden),
            "layer_norm": self.frame.layer_norm,
            "normalize": self.frame.normalize_observations,
        }

    @property
    def drives_at_random(self) -> bool:
        """Return whether actions are still drawn evenly."""
        return self.knows_nothing and not self.updates and self.steps < self.learning_from

    @property
    def learns(self) -> bool:
        """Return whether enough was driven to learn from."""
        return self.steps > self.learning_from and self.replay.ready

    def drawn(self) -> Batch:
        """Return steps to learn from, on the device: seen as networks see, images shifted.

        Those that show images come ``copies`` times, each time moved in another way.
        """
        batch = drawn_in_shares(self.shares, self.frame.batch_size).to(self.device)
        batch = batch.repeated(self.copies)

        def ready(seen: Observation) -> Observation:
            return randomly_shifted(normalised(self.eye, seen), self.layout, self.frame.image_shift)

        return Batch(
            ready(batch.seen), batch.actions, batch.rewards, ready(batch.next_seen), batch.discounts
        )

    @property
    def copies(self) -> int:
        """Return how many times a batch holds each step."""
        moved = self.layout.images and self.frame.image_shift
        return self.frame.image_copies if moved else 1

    def averaged(self, worth: Tensor) -> Tensor:
        """Return what steps are worth, (n,), each as the mean over its copies: DrQ's K."""
        if self.copies == 1:
            return worth
        return worth.reshape(self.copies, -1).mean(dim=0).repeat(self.copies)

    def autocast(self) -> AbstractContextManager[Any]:
        """Return what computes in bfloat16 within, if that is wanted."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp)


def normalised(eye: Eye, kept: Observation) -> Observation:
    """Return what a replay keeps as an eye shows it to the networks."""
    if eye.normalizer is None:
        return kept
    return kept | {NUMBERS: eye.normalizer(kept[NUMBERS])}


def need_a_box(algorithm: str, actions: Actions) -> None:
    """Refuse discrete actions.

    Raises:
        ScenarioError: they are.
    """
    if actions.kind == "discrete":
        raise ScenarioError(
            f"{algorithm} chooses numbers from a box, and the action map has discrete actions; "
            "write action: steer_accel, or trainer: dqn"
        )


def descend(
    optimizer: torch.optim.Optimizer, loss: Tensor, max_grad_norm: float | None = None
) -> None:
    """Make a step down a loss.

    Args:
        optimizer: of the parameters.
        loss: of one number.
        max_grad_norm: gradients are scaled down to it; None leaves them.
    """
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if max_grad_norm is not None:
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_grad_norm)
    optimizer.step()


@torch.no_grad()
def collect(learner: OffPolicyLearner, act: Callable[[Observation], tuple[Tensor, Tensor]]) -> None:
    """Drive all environments for a step, and keep it in the replay.

    Args:
        learner: whose environments and replay.
        act: from what was seen to the actions as they are kept, and as they are driven.
    """
    eye, task = learner.eye, learner.task
    eye.learn(learner.told)
    # A copy: the environments overwrite what they tell.
    kept = {name: learner.told[name].clone() for name in learner.layout.images}
    if learner.layout.width:
        kept[NUMBERS] = eye.side_by_side(learner.told).clone()
    actions, driven = act(normalised(eye, kept))
    told, rewards, terminated, truncated, infos = task.envs.step(driven.cpu().numpy())
    ended = terminated | truncated
    learner.episodes.step(rewards, terminated, ended, learner.restarted, infos)
    learner.replay.add(
        kept,
        actions,
        torch.from_numpy(rewards * learner.frame.reward_scale),
        torch.from_numpy(terminated),
        torch.from_numpy(ended),
        torch.from_numpy(~learner.restarted),
    )
    learner.told = _on_device(tensors_of(told), learner.device)
    learner.restarted = ended.copy()
    learner.steps += learner.frame.num_envs


def _on_device(told: Observation, device: torch.device) -> Observation:
    if device.type == "cpu":
        return told
    return {name: values.to(device) for name, values in told.items()}


class _Losses:
    """Means of what updates tell, since they were asked for last."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def add(self, told: Mapping[str, Tensor]) -> None:
        for name, value in told.items():
            total, count = self._sums.get(name, (torch.zeros_like(value), 0))
            self._sums[name] = total + value.detach(), count + 1

    def check(self, steps: int) -> None:
        """Raise a ``TrainingError`` where a sum is no number any more."""
        totals = [total for total, _ in self._sums.values()]
        if not totals or torch.stack(totals).isfinite().all():
            return
        check_losses({name: float(total) for name, (total, _) in self._sums.items()}, steps)

    def means(self) -> dict[str, float]:
        found = {name: float(total / count) for name, (total, count) in self._sums.items()}
        self._sums.clear()
        return found


def learn(
    learner: OffPolicyLearner,
    progress: Progress,
    rollout: Callable[[], None],
    update: Callable[[], Mapping[str, Tensor]],
) -> None:
    """Collect and learn in turns until the steps are done or somebody wants it to end.

    Args:
        learner: what learns.
        progress: is told how it goes.
        rollout: drives all environments for a step.
        update: makes a gradient step, and returns losses and the like.

    Raises:
        TrainingError: a loss is no number any more.
    """
    args = learner.frame
    use_threads(learner.device)
    if not learner.told:
        learner.told = _on_device(tensors_of(learner.task.start({}, 0)), learner.device)
    losses = _Losses()
    before, since, told_of = learner.steps, perf_counter(), learner.steps

    def tell() -> None:
        progress.update(
            learner.steps, args.steps, **learner.episodes.figures(),
            **{"charts/SPS": (learner.steps - before) / (perf_counter() - since)},
            **{"charts/updates": learner.updates, "replay/steps": len(learner.replay)},
            **losses.means(),
        )  # fmt: skip

    def pay() -> None:
        while learner.owed > 1.0 - 1e-9 and not progress.stop_asked:  # tenths hardly sum up to 1
            losses.add(update())
            learner.owed -= 1.0
            learner.updates += 1
        losses.check(learner.steps)

    if learner.learns:
        pay()  # what an interruption has left
    elif args.steps <= learner.learning_from:
        LOG.warning(
            "nothing is learned in %s steps, since it begins after %s; write more "
            "trainer.steps, or fewer trainer.learning_starts",
            f"{args.steps:,}", f"{learner.learning_from:,}",
        )  # fmt: skip
    while learner.steps < args.steps and not progress.stop_asked:
        rollout()
        if learner.learns:
            learner.owed += args.num_envs * args.updates_per_step
            pay()
        if learner.steps // args.log_every > told_of // args.log_every:
            told_of = learner.steps
            tell()
            if progress.checkpoint_due(learner.steps):
                save(learner, progress)
    if told_of < learner.steps:
        tell()
    if progress.checkpoint_due(learner.steps):
        save(learner, progress)


def save(learner: OffPolicyLearner, progress: Progress) -> None:
    """Leave a checkpoint that a resume may go on from."""
    with progress.checkpoint(f"last{SUFFIX}") as file:
        checkpoint_of(learner).write(file)


def checkpoint_of(learner: OffPolicyLearner) -> Checkpoint:
    """Return all that has been learned, and what is needed to go on.

    Raises:
        TrainingError: a weight is no number any more, though no loss has told of it.
    """
    weights = learner.agent.state_dict()
    bad = {AGENT + name: nan for name, values in weights.items() if not values.isfinite().all()}
    check_losses(bad, learner.steps)
    state: dict[str, Any] = {
        "updates": learner.updates, "learning_from": learner.learning_from, "owed": learner.owed,
        "knows_nothing": learner.knows_nothing,
    }  # fmt: skip
    tensors = with_prefix(AGENT, weights)
    for name, module in learner.others.items():
        tensors |= with_prefix(f"{name}.", module.state_dict())
    for name, optimizer in learner.optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= with_prefix(f"adam.{name}.{index}.", values)
    tensors |= with_prefix("random.", random_state())
    tensors |= with_prefix("envs.", learner.task.save())
    lived = {**learner.episodes.save(), "restarted": learner.restarted}
    tensors |= with_prefix("episodes.", lived)
    if learner.frame.save_replay:
        held, state["replay"] = learner.replay.save()
        tensors |= with_prefix("replay.", held)
    head = Head(
        algorithm=learner.algorithm,
        args=learner.frame.model_dump(mode="json"),
        note=learner.task.note,
        network=learner.network(),
        steps=learner.steps,
        state=state,
    )
    return Checkpoint(head, tensors)


def restore(learner: OffPolicyLearner, begun: Checkpoint, file: Path) -> None:
    """Bring a learner to where a checkpoint was written.

    Without its replay it drives for ``learning_starts`` steps with what it has learned, to have
    something to learn from again.

    Raises:
        ScenarioError: it is of another task or of networks of another size.
    """
    take_over(learner, begun, file)
    head, tensors = begun.head, begun.tensors
    for name, optimizer in learner.optimizers.items():
        _restore_optimizer(optimizer, part(tensors, f"adam.{name}."))
    learner.steps, learner.updates = head.steps, head.state["updates"]
    learner.learning_from, learner.owed = head.state["learning_from"], head.state["owed"]
    learner.knows_nothing = head.state["knows_nothing"]
    episodes = {name: x.numpy().copy() for name, x in part(tensors, "episodes.").items()}
    envs = {name: x.numpy() for name, x in part(tensors, "envs.").items()}
    goes_on = learner.task.goes_on(envs)
    if goes_on:  # other races, or another number of them, begin new episodes
        learner.episodes.load(episodes)
        learner.restarted[:] = episodes["restarted"]
    if not _restore_replay(learner, begun):
        _refill(learner)
    elif not goes_on:
        learner.replay.cut()
    learner.told = _on_device(tensors_of(learner.task.start(envs, learner.steps)), learner.device)
    restore_random_state(part(tensors, "random."))


def take_over(learner: OffPolicyLearner, begun: Checkpoint, file: Path) -> None:
    """Give a learner what a checkpoint knows: its networks and how numbers are normalised.

    Raises:
        ScenarioError: it is of another task or of networks of another size.
    """
    for what, here in learner.network().items():
        was = begun.head.network.get(what, here)
        if was != here:
            raise ScenarioError(_other(what, was, here), file=file)
    learner.agent.load_state_dict(part(begun.tensors, AGENT))
    for name, module in learner.others.items():
        module.load_state_dict(part(begun.tensors, f"{name}."))


def _other(what: str, was: Any, here: Any) -> str:
    """Return what is wrong with a checkpoint of another network, and what would help."""
    if what in ("layout", "actions"):
        told = "sensors" if what == "layout" else "actions"
        return f"was learned with other {told} than those of this scenario"
    setting = "normalize_observations" if what == "normalize" else what
    return (
        f"was learned with {setting}: {json.dumps(was)} and the trainer's settings say "
        f"{json.dumps(here)}; write trainer.{setting}: {json.dumps(was)}, or begin anew"
    )


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, values in tensors.items():
        index, _, what = name.partition(".")
        # A copy: the optimizer would go on in the memory of the checkpoint's file.
        state.setdefault(int(index), {})[what] = values.clone()
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )


def _restore_replay(learner: OffPolicyLearner, begun: Checkpoint) -> bool:
    """Bring back the replay, if the checkpoint holds one that fits, and return whether it did."""
    held = part(begun.tensors, "replay.")
    if not held:
        LOG.warning("the checkpoint holds no replay; with trainer.save_replay: true it would")
        return False
    try:
        learner.replay.load(held, begun.head.state["replay"])
    except ValueError:
        LOG.warning("the checkpoint's replay is of another number of races, and left aside")
        return False
    return True


def _refill(learner: OffPolicyLearner) -> None:
    """See to it that there is something to learn from before learning goes on."""
    starts = learner.frame.learning_starts
    learner.learning_from = max(learner.learning_from, learner.steps + starts)
    LOG.warning("%s steps are driven to fill the replay before learning goes on", f"{starts:,}")


class OffPolicyTrainer(Trainer):
    """What the algorithms' trainers do alike.

    Attributes:
        algorithm: its name.
        Learner: all that changes while it learns, made from settings and a task.
        learn: has a learner learn until its steps are done.
    """

    driver: ClassVar[type[Driver]] = Learned
    algorithm: ClassVar[str]
    Options: ClassVar[type[OffPolicyArgs]]
    Learner: ClassVar[type[OffPolicyLearner]]
    learn: ClassVar[Callable[[Any, Progress], None]]

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.args = options.read(self.Options, given, f"trainer {self.algorithm!r}")
        self.device = str(chosen_device(self.args.device))

    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning."""
        self._learn(scenario, run_dir, progress)

    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint; exactly, if it holds the replay."""

        def prepare(new: OffPolicyLearner) -> None:
            # Read here and let go of: its file, with a replay, stays mapped while it is known.
            restore(new, Checkpoint.read(checkpoint, self.algorithm), checkpoint)

        self._learn(scenario, run_dir, progress, prepare)

    def begin_from(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Learn from the beginning, with the networks of a checkpoint.

        The first ``learning_starts`` steps are driven with what it knows, as exploration has it
        in the end, and not at random.
        """

        def prepare(new: OffPolicyLearner) -> None:
            take_over(new, Checkpoint.read(checkpoint, self.algorithm), checkpoint)
            new.knows_nothing = False

        self._learn(scenario, run_dir, progress, prepare)

    def _learn(
        self,
        scenario: Scenario,
        run_dir: Path,
        progress: Progress,
        prepare: Callable[[OffPolicyLearner], None] | None = None,
    ) -> None:
        task = Task.of_scenario(scenario, self.args.num_envs)
        try:
            learner = type(self).Learner(self.args, task)
            if prepare is not None:
                prepare(learner)
            with tracked(self.args, scenario, run_dir, progress) as told:
                type(self).learn(learner, told)
        finally:
            task.envs.close()

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file."""
        export(checkpoint, file)
