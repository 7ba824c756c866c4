"""stable-baselines3's PPO as a trainer: to compare others with it, through the same interface.

A checkpoint is an ONNX file: the driver ``onnx`` drives with it, and in its metadata stands what a
resume needs, as tensors that are read without unpickling anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from racegym.drivers.onnx import Onnx
from racegym.errors import MissingLibraryError
from racegym.interfaces import Driver, Progress, Trainer, TrainerOptions, options

if TYPE_CHECKING:
    from racegym.scenario import Scenario

__all__ = ["StableBaselinesPPO"]

LIBRARIES = ("stable_baselines3", "onnx", "onnxscript", "onnxruntime")


class StableBaselinesPPO(Trainer):
    """PPO of stable-baselines3, with its own settings and defaults where nothing else is said.

    Numbers are seen by a perceptron, pictures by the convolutions of its ``NatureCNN``; where
    there are both, by name, by both.
    """

    driver: ClassVar[type[Driver]] = Onnx

    class Options(TrainerOptions):
        """Settings; names are those of stable-baselines3."""

        n_envs: int = Field(16, ge=1, le=65_536, description="races that are driven at once")
        n_steps: int = Field(
            128, ge=2, le=65_536,
            description="steps of each race in a rollout; times `n_envs` it is their default",
        )  # fmt: skip
        batch_size: int = Field(64, ge=2, description="steps of a minibatch")
        n_epochs: int = Field(10, ge=1, le=1000, description="times a rollout is learned from")
        learning_rate: float = Field(3e-4, gt=0, le=1, description="of Adam")
        gamma: float = Field(0.99, ge=0, le=1, description="discount of a step")
        gae_lambda: float = Field(0.95, ge=0, le=1, description="of the advantages")
        clip_range: float = Field(0.2, gt=0, description="how far the ratio may go")
        ent_coef: float = Field(0.0, ge=0, description="of the entropy")
        vf_coef: float = Field(0.5, ge=0, description="of the value's loss")
        max_grad_norm: float = Field(0.5, gt=0, description="gradients are scaled down to it")
        normalize: bool = Field(
            True, description="observations and rewards, by VecNormalize, as RL Zoo does"
        )
        device: str = Field("cpu", description="cpu, cuda or auto")

    def __init__(self, given: Mapping[str, Any]):
        super().__init__(given)
        self.options = options.read(self.Options, given, "trainer 'sb3_ppo'")

    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning."""
        _check_libraries()
        from racegym.learners.sb3_learning import learn

        learn(self.options, scenario, None, progress)

    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint, with new episodes."""
        _check_libraries()
        from racegym.learners.sb3_learning import learn

        learn(self.options, scenario, checkpoint, progress)


def _check_libraries() -> None:
    from importlib.util import find_spec

    for name in LIBRARIES:
        if find_spec(name) is None:
            raise MissingLibraryError(
                f"the trainer 'sb3_ppo' needs {', '.join(LIBRARIES)}, and there is no module "
                f"{name!r}; install it: pip install {name.replace('_', '-')}"
            )
