"""What SAC, TD3 and DQN are while they learn: their common settings, replay, device and count."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from pydantic import Field
from torch import Tensor, nn

from racegym.errors import ScenarioError
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.machine import chosen_device, seed_all
from racegym_cleanrl.networks import NUMBERS, Eye, Layout, Observation
from racegym_cleanrl.replay import Batch, Replay, drawn_in_shares
from racegym_cleanrl.shift import randomly_shifted
from racegym_cleanrl.tasks import Episodes, Task
from racegym_cleanrl.tracking import TrackedOptions

__all__ = ["OffPolicyArgs", "OffPolicyLearner", "need_a_box", "normalised"]

Width = Annotated[int, Field(ge=1, le=65_536)]


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
            raise ScenarioError(
                "amp is there for a GPU, and the device is cpu; write trainer.amp: false"
            )
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
