"""BC: behaviour cloning [1], and DAgger [2], in the manner of CleanRL's single files.

CleanRL has no such trainer; the settings follow its names where it has them. A policy learns to
do what was demonstrated, as one learns any function from pairs: what was told, what was done.
Read it from top to bottom: settings, minibatches, lessons, and the loop. The pairs that it learns
from are in ``pairs``, the losses in ``imitation``.

The network is that of ``ppo``, so that ``ppo`` can go on with the clone; the critic waits.

[1] Pomerleau (1989), "ALVINN: an autonomous land vehicle in a neural network", NIPS 1:305-313.
[2] Ross, Gordon, Bagnell (2011), "A reduction of imitation learning and structured prediction
    to no-regret online learning", AISTATS 15:627-635, arXiv:1011.0686.
[3] Laskey, Lee, Fox, Dragan, Goldberg (2017), "DART: noise injection for robust imitation
    learning", CoRL 78:143-156, arXiv:1703.09327.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from racegym import Scenario
from racegym.envs import RaceVectorEnv
from racegym.errors import ScenarioError
from racegym.interfaces import Array, Driver, Progress, Trainer, check_losses, options
from racegym_cleanrl.actions import Actions, Gaussian
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.agent import agent_of as agent_of  # a clone is one of ppo's agents
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint, Head, part, with_prefix
from racegym_cleanrl.cleaning import CleaningOptions
from racegym_cleanrl.demonstrations import demonstrated
from racegym_cleanrl.driver import Learned
from racegym_cleanrl.export import export
from racegym_cleanrl.imitation import loss_of, off_by
from racegym_cleanrl.machine import chosen_device, seed_all, use_threads
from racegym_cleanrl.networks import Layout, Observation
from racegym_cleanrl.pairs import Pairs
from racegym_cleanrl.tasks import Task
from racegym_cleanrl.teacher import lesson, with_teacher
from racegym_cleanrl.tracking import TrackedOptions, tracked
from racegym_cleanrl.warm_start import CRITIC, load_origin

__all__ = [
    "BC", "Args", "Learner", "check_fits", "epoch", "gather", "judge", "learn", "restore",
    "save", "study", "take", "test",
]  # fmt: skip

ALGORITHM = "bc"

SLICE = 64  # minibatches between two looks at whether it is to stop
AT_ONCE = 8192  # pairs that pass the network at once where nothing is learned
BETTER = 1e-6  # by which a loss on what is held out must fall to be the best so far


class Args(CleaningOptions, TrackedOptions):
    """Settings; a step is a pair of observation and action that was learned from, once."""

    demonstrations: tuple[str, ...] = Field(
        (), description="runs to learn from: their folders, folders of such, or their names"
    )
    demonstrator: str | None = Field(
        None, description="the car that demonstrates; None: called as the one that learns, or alone"
    )
    teacher: str | dict[str, Any] | None = Field(
        None, description="a driver that demonstrates and corrects, such as raceline"
    )
    teacher_steps: int = Field(
        20_000, ge=0, description="decisions that the teacher drives at first, of all races"
    )
    dagger_rounds: int = Field(
        0, ge=0, le=1000, description="lessons in which the clone drives and the teacher corrects"
    )
    dagger_steps: int = Field(10_000, ge=1, description="decisions of a lesson, of all races")
    dagger_beta: float = Field(
        0.5, ge=0, le=1, description="share that the teacher drives of lesson 1; of lesson i beta^i"
    )
    noise: float = Field(
        0.0, ge=0, le=1, description="shaking of what is done where the teacher looks on, of half "
        "an action's range; choices are not shaken"
    )  # fmt: skip
    num_envs: int = Field(32, ge=1, le=65_536, description="races that are driven at once")
    loss: Literal["mse", "likelihood"] = Field(
        "mse", description="of continuous actions; choices have their cross-entropy"
    )
    batch_size: int = Field(256, ge=1, description="pairs of a minibatch")
    held_out: float = Field(0.1, ge=0, le=0.5, description="share to test with, in whole blocks")
    patience: int = Field(
        20, ge=0, description="passes without a better test until it ends; 0: to the end"
    )
    learning_rate: float = Field(1e-3, gt=0, le=1, description="of Adam")
    anneal_lr: bool = Field(True, description="let the learning rate fall to 0 until the end")
    max_grad_norm: float = Field(1.0, gt=0, description="gradients are scaled down to it")
    min_std: float = Field(
        0.05, gt=0, le=1, description="least deviation of continuous actions, of half their range"
    )
    normalize_observations: bool = Field(True, description="numbers, by all that was seen")
    hidden: tuple[int, ...] = Field((64, 64), description="widths of the layers for numbers")
    distribution: Literal["gaussian", "beta"] = Field(
        "gaussian", description="of continuous actions"
    )
    device: str = Field("auto", description="cpu, cuda, or auto: cuda where there is one")


class Learner:
    """All that changes while a clone learns."""

    def __init__(self, args: Args, task: Task):
        assert isinstance(task.envs, RaceVectorEnv)  # of a scenario, which the trainer makes
        self.args, self.task, self.envs = args, task, task.envs
        self.device = chosen_device(args.device)
        seed_all(task.seed)
        self.actions = Actions.of(task.envs.single_action_space, args.distribution)
        self.layout = Layout.of(task.envs.single_observation_space)
        self.rounded: Sequence[int] = self.envs.world.groups[0].action_map.rounded
        self.agent = Agent(
            self.layout, self.actions, args.hidden, normalize=args.normalize_observations
        ).to(self.device)
        self.learned = {
            name: values
            for name, values in self.agent.named_parameters()
            if not name.startswith(CRITIC)
        }
        self.optimizer = torch.optim.Adam(
            list(self.learned.values()), lr=args.learning_rate, eps=1e-5, fused=True
        )
        self.data = Pairs(self.actions, args.held_out, task.seed)
        self.steps = 0
        self.rounds = 0  # lessons that were taken
        self.until = self.part_end()
        self.epoch, self.place = 0, 0  # passes, and how far in the one at hand
        self.lowest, self.waited = np.inf, 0
        self.best: dict[str, Tensor] = {}
        self.executed: list[Array] = []  # what was done in each lesson
        self.found: dict[str, float] = {}  # figures of the demonstrations and the last lesson

    def part_end(self) -> int:
        """Return after how many steps the next lesson is due, or all is done."""
        left = max(self.args.dagger_rounds - self.rounds, 0)
        return self.steps + -(-max(self.args.steps - self.steps, 0) // (left + 1))

    @property
    def is_last_part(self) -> bool:
        """Return whether no lesson is to come."""
        return self.rounds >= self.args.dagger_rounds

    @property
    def is_tired(self) -> bool:
        """Return whether what is there to learn from brings nothing new."""
        return 0 < self.args.patience <= self.waited

    @property
    def total(self) -> int:
        """Return after how many steps it is done, as far as is known."""
        return self.steps if self.is_tired and self.is_last_part else self.args.steps


def epoch(learner: Learner, until: int, stop: Callable[[], bool]) -> tuple[float, bool]:
    """Learn from minibatches until ``until`` steps, the pass over the data, or a slice is done.

    Returns:
        The mean loss, and whether the pass is over.

    Raises:
        TrainingError: the loss is no number.
    """
    args, agent, data = learner.args, learner.agent, learner.data
    chance = torch.Generator().manual_seed((learner.task.seed * 1_000_003 + learner.epoch) % 2**63)
    order = data.rows[torch.randperm(len(data.rows), generator=chance)]
    total, count = 0.0, 0
    for index in range(SLICE):
        if learner.place >= len(order) or learner.steps >= until or (index and stop()):
            break
        if args.anneal_lr:
            left = max(0.0, 1.0 - learner.steps / args.steps)
            learner.optimizer.param_groups[0]["lr"] = left * args.learning_rate
        chosen = order[learner.place : learner.place + args.batch_size]
        chosen = chosen[: args.steps - learner.steps]
        loss = loss_of(agent, *_batch(learner, chosen), args.loss, learner.rounded)
        learner.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learner.learned.values(), args.max_grad_norm)
        learner.optimizer.step()
        if isinstance(agent.policy, Gaussian):
            with torch.no_grad():
                agent.policy.logstd.clamp_(min=log(args.min_std))
        learner.place += len(chosen)
        learner.steps += len(chosen)
        total, count = total + float(loss.detach()), count + 1
    check_losses({"losses/train": total}, learner.steps)
    return total / max(count, 1), learner.place >= len(order)


def _batch(learner: Learner, rows: Tensor) -> tuple[Observation, Tensor]:
    """Return what is seen and done in some pairs, on the device."""
    told = {name: x[rows].to(learner.device) for name, x in learner.data.told.items()}
    return learner.agent.eye(told), learner.data.acted[rows].to(learner.device)


@torch.no_grad()
def test(learner: Learner) -> dict[str, float]:
    """Return how well what is held out is foreseen; of all pairs where nothing is held out."""
    agent, args = learner.agent, learner.args
    rows = learner.data.held if len(learner.data.held) else learner.data.rows
    loss, wrong, squares = 0.0, 0.0, torch.zeros((), device=learner.device)
    for chosen in torch.split(rows, AT_ONCE):
        seen, acted = _batch(learner, chosen)
        loss += float(loss_of(agent, seen, acted, args.loss, learner.rounded)) * len(chosen)
        head = agent.head(seen)
        if learner.actions.kind == "discrete":
            wrong += float((agent.policy.best(head) != acted).float().sum())
        else:
            off = off_by(agent.policy, head, acted)
            wrong += float(off.abs().mean(dim=1).sum())
            squares = squares + off.square().sum(dim=0)
    if isinstance(agent.policy, Gaussian) and args.loss == "mse":
        # The deviation under which what was done is likeliest; squares alone don't teach it.
        std = (squares / len(rows)).sqrt().clamp(args.min_std, 1.0).log()
        free = [k for k in range(len(std)) if k not in learner.rounded]
        agent.policy.logstd[0, free] = std[free]
    return {"losses/held_out": loss / len(rows), "clone/error": wrong / len(rows)}


def take(learner: Learner, told: Mapping[str, Array], actions: Array) -> None:
    """Take pairs into the data and the normalisation; what was the best so far is forgotten."""
    fresh = learner.data.add(told, actions)
    for chosen in torch.split(torch.arange(len(next(iter(fresh.values())))), AT_ONCE):
        learner.agent.eye.learn({name: x[chosen].to(learner.device) for name, x in fresh.items()})
    learner.lowest, learner.waited, learner.best = np.inf, 0, {}
    learner.place = 0
    learner.epoch += 1


def gather(learner: Learner, run_dir: Path, progress: Progress) -> bool:
    """Take in what was demonstrated before anything is learned; return False if broken off.

    Raises:
        RacegymError: there is nothing to learn from; says why.
    """
    args = learner.args
    if not args.demonstrations and (args.teacher is None or not args.teacher_steps):
        raise ScenarioError(
            "trainer 'bc' has nothing to learn from; write demonstrations: [runs/NAME], with what "
            "`racegym drive` or `racegym run` has recorded, or teacher: raceline"
        )
    if args.dagger_rounds and args.teacher is None:
        raise ScenarioError(
            f"dagger_rounds is {args.dagger_rounds}, and nobody corrects the clone; write "
            "teacher: raceline, or another driver, or dagger_rounds: 0"
        )
    if args.demonstrations:
        world = learner.envs.world
        found = demonstrated(args.demonstrations, world, args, args.demonstrator)
        found.write(run_dir)
        found.report()
        take(learner, *found.pairs())
        learner.found |= {
            "data/kept": float(len(found)),
            "data/dropped": float(sum(map(len, found.drives)) - len(found)),
            "data/misfit": float(found.summary()["misfit_mean"] or 0.0),
        }
    return args.teacher is None or not args.teacher_steps or study(learner, 0, progress)


def study(learner: Learner, number: int, progress: Progress, executed: Array | None = None) -> bool:
    """Have a lesson of the teacher; return False if it was broken off.

    Args:
        learner: takes what was seen and what was right.
        number: 0, in which the teacher drives alone, or that of a round of DAgger.
        progress: may want it to stop.
        executed: what was done in it when it was had before.
    """
    args = learner.args
    assert args.teacher is not None
    wanted = args.dagger_steps if number else args.teacher_steps
    had = lesson(
        learner.envs,
        -(-wanted // args.num_envs) if executed is None else len(executed),
        _Asked(learner) if number else None,
        seed=learner.task.seed + 7919 * (number + 1),
        beta=args.dagger_beta**number if number else 1.0,
        noise=args.noise,
        executed=executed,
        stop=lambda: progress.stop_asked,
    )
    if had is None:
        return False
    take(learner, had.told, had.actions)
    learner.found |= {**had.figures, "data/pairs": float(len(learner.data))}
    if number:
        learner.executed.append(had.executed)
        learner.rounds = number
        learner.until = learner.part_end()
        told = {"dagger/round": float(number), "dagger/beta": args.dagger_beta**number}
        learner.found |= told if executed is not None else {**told, "dagger/apart": had.apart}
    return True


class _Asked:
    """A learner's policy as it is driven with: on its device, with its best weights so far."""

    def __init__(self, learner: Learner):
        self._device = learner.device
        self._agent = _best(learner)

    def __call__(self, told: Observation) -> Tensor:
        action: Tensor = self._agent({name: x.to(self._device) for name, x in told.items()})
        return action


def _best(learner: Learner) -> Agent:
    """Return a copy of the agent with what was best on what is held out."""
    agent = agent_of(_network(learner)).to(learner.device)
    agent.load_state_dict(learner.best or learner.agent.state_dict())
    return agent


def learn(learner: Learner, progress: Progress) -> None:
    """Pass over the data, and have lessons when they are due, until the steps are done."""
    args = learner.args
    use_threads(learner.device, images=bool(learner.layout.images))
    before, since = learner.steps, perf_counter()
    while learner.steps < learner.total and not progress.stop_asked:
        if not learner.is_last_part and (learner.is_tired or learner.steps >= learner.until):
            study(learner, learner.rounds + 1, progress)
            continue
        until = args.steps if learner.is_last_part else learner.until
        loss, over = epoch(learner, until, lambda: progress.stop_asked)
        told = {"losses/train": loss, "charts/SPS": (learner.steps - before) / _passed(since)}
        if over:
            told |= judge(learner)
        told["charts/learning_rate"] = learner.optimizer.param_groups[0]["lr"]
        progress.update(learner.steps, learner.total, **told, **learner.found)
        learner.found = {}
        if progress.checkpoint_due(learner.steps):
            save(learner, progress)
    if progress.checkpoint_due(learner.steps):
        save(learner, progress)


def _passed(since: float) -> float:
    return max(perf_counter() - since, 1e-9)


def judge(learner: Learner) -> dict[str, float]:
    """Test after a pass over the data, and keep what is the best so far."""
    told = test(learner)
    learner.epoch, learner.place = learner.epoch + 1, 0
    if told["losses/held_out"] < learner.lowest - BETTER:
        learner.lowest, learner.waited = told["losses/held_out"], 0
        learner.best = {name: x.clone() for name, x in learner.agent.state_dict().items()}
    else:
        learner.waited += 1
    return {**told, "clone/epoch": float(learner.epoch)}


def _network(learner: Learner) -> dict[str, Any]:
    return {
        "layout": learner.layout.plain(),
        "actions": learner.actions.plain(),
        "hidden": list(learner.args.hidden),
        "normalize": learner.args.normalize_observations,
        "recurrent": "none",
    }


def save(learner: Learner, progress: Progress, *, gathered: bool = True) -> None:
    """Leave a checkpoint: the best policy to drive with, and all that a resume needs.

    Args:
        learner: what is to be kept.
        progress: knows where.
        gathered: whether what is learned from was there; a resume begins with it otherwise.
    """
    head = Head(
        algorithm=ALGORITHM,
        args=learner.args.model_dump(mode="json"),
        note=learner.task.note,
        network=_network(learner),
        steps=learner.steps,
        state={
            "gathered": gathered, "rounds": learner.rounds, "until": learner.until,
            "epoch": learner.epoch, "place": learner.place, "waited": learner.waited,
            "tested": bool(learner.best), "lowest": learner.lowest if learner.best else 0.0,
        },
    )  # fmt: skip
    now = learner.agent.state_dict()
    best = learner.best or {name: values.clone() for name, values in now.items()}
    tensors = with_prefix("agent.", best) | with_prefix("now.", now)
    for index, values in learner.optimizer.state_dict()["state"].items():
        tensors |= with_prefix(f"adam.{index}.", values)
    tensors |= with_prefix("executed.", {str(k): x for k, x in enumerate(learner.executed)})
    with progress.checkpoint(f"last{SUFFIX}") as file:
        Checkpoint(head, tensors).write(file)


def check_fits(learner: Learner, begun: Checkpoint, file: Path) -> None:
    """Refuse a checkpoint that this learner can't go on from.

    Raises:
        ScenarioError: says why.
    """
    network = begun.head.network
    for what, here in _network(learner).items():
        if network.get(what) != here:
            raise ScenarioError(_OTHER.get(what, _OTHER["hidden"]).format(what), file=file)
    executed = part(begun.tensors, "executed.")
    if executed and learner.args.teacher is None:
        raise ScenarioError(
            f"has had {len(executed)} lessons, which are to be had again, and nobody is there to "
            "teach; write the teacher that it had",
            file=file,
        )
    now = learner.args.num_envs
    then = next((lesson.shape[1] for lesson in executed.values()), now)
    if then != now:
        raise ScenarioError(
            f"had its lessons in {then} races at once, and is to have them again in {now}; write "
            f"num_envs: {then}",
            file=file,
        )


_OTHER = {
    "layout": "was learned with other sensors than those of this scenario",
    "actions": "was learned with other actions than those of this scenario",
    "hidden": "was learned with another network than the trainer's settings describe: {0} differs",
}


def restore(learner: Learner, begun: Checkpoint, progress: Progress) -> bool:
    """Bring a learner to where a checkpoint was written; return False if that was broken off.

    Lessons are had again with the actions of then, so that they need not be kept.
    """
    head, tensors = begun.head, begun.tensors
    executed = part(tensors, "executed.")
    for number in range(len(executed)):
        if not study(learner, number + 1, progress, executed[str(number)].numpy()):
            return False
    learner.agent.load_state_dict(part(tensors, "now."))
    moments = {k: part(tensors, f"adam.{k}.") for k in range(len(learner.learned))}
    groups = learner.optimizer.state_dict()["param_groups"]
    learner.optimizer.load_state_dict(
        {"state": {k: x for k, x in moments.items() if x}, "param_groups": groups}
    )
    state = head.state
    learner.steps, learner.rounds = head.steps, state["rounds"]
    learner.epoch, learner.place = state["epoch"], state["place"]
    learner.waited = state["waited"]
    learner.until = (
        state["until"] if learner.args.steps == head.args["steps"] else learner.part_end()
    )
    if state["tested"]:
        learner.lowest, learner.best = state["lowest"], part(tensors, "agent.")
    return True


class BC(Trainer):
    """Behaviour cloning from recorded runs or a scripted teacher, who may correct (DAgger)."""

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
        self._learn(scenario, run_dir, progress, checkpoint)

    def begin_from(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Learn from the beginning, with the policy of a checkpoint of this algorithm or ppo."""
        self._learn(scenario, run_dir, progress, origin=checkpoint)

    def _learn(
        self,
        scenario: Scenario,
        run_dir: Path,
        progress: Progress,
        checkpoint: Path | None = None,
        origin: Path | None = None,
    ) -> None:
        begun = None if checkpoint is None else Checkpoint.read(checkpoint, ALGORITHM)
        n_envs = 1  # of which only the spaces matter where nobody teaches
        if self.args.teacher is not None:
            scenario, n_envs = with_teacher(scenario, self.args.teacher), self.args.num_envs
        task = Task.of_scenario(scenario, n_envs)
        try:
            learner = Learner(self.args, task)
            if origin is not None:
                load_origin(learner.agent, _network(learner), origin, None)
            if begun is not None and checkpoint is not None:
                check_fits(learner, begun, checkpoint)
                learner.agent.load_state_dict(part(begun.tensors, "now."))
            at_first = {name: x.clone() for name, x in learner.agent.state_dict().items()}
            ready = gather(learner, run_dir, progress)
            if begun is not None:
                if begun.head.state["gathered"]:
                    ready = ready and restore(learner, begun, progress)
                if not ready:
                    return  # the checkpoint is there already
            with tracked(self.args, scenario, run_dir, progress) as told:
                if ready:
                    learn(learner, told)
                else:
                    learner.agent.load_state_dict(at_first)  # has seen only a part
                    save(learner, told, gathered=False)
        finally:
            task.envs.close()

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file."""
        export(checkpoint, file)
