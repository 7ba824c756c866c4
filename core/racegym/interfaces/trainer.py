"""What learns: the base class of training algorithms, and what core tells and asks them.

A trainer is no stage: it does not join a world, it makes its own from a scenario, as many
races at once as it likes. Core gives it a folder, shows its figures, keeps its checkpoints
whole and passes on Ctrl-C; everything else is its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import Field, model_validator

from racegym.errors import RunError, TrainingError, nearest
from racegym.interfaces.options import StageOptions
from racegym.interfaces.stages import Driver

if TYPE_CHECKING:
    from racegym.scenario import Scenario

__all__ = ["Progress", "Trainer", "TrainerOptions", "check_losses"]


class TrainerOptions(StageOptions):
    """Base of a trainer's ``Options``: what every trainer can be told.

    Attributes:
        presets: by name, settings that take the place of the defaults where a scenario asks for
            them, such as ``small`` for a machine with little memory. What the scenario says
            itself holds all the same.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    steps: int = Field(
        default=1_000_000, ge=1, le=10**15, description="decisions to learn for, of all races"
    )
    preset: str | None = Field(
        default=None, description="settings in place of the defaults, for a sort of machine"
    )

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, given: Any) -> Any:
        name = given.get("preset") if isinstance(given, Mapping) else None
        if not isinstance(name, str):
            return given
        if name not in cls.presets:
            raise ValueError(f"there is no preset {name!r}; {nearest(name, cls.presets)}")
        return {**cls.presets[name], **given}


class Progress(Protocol):
    """What a trainer tells while it learns, and what it is asked. Core makes it.

    A step is one decision of one race: sixty-four races that are stepped once are 64 steps.
    """

    @property
    def stop_asked(self) -> bool:
        """Whether somebody wants it to end: then leave a checkpoint and return, soon."""

    @property
    def evaluation(self) -> Mapping[str, float]:
        """The figures of the last checkpoint that was judged; empty before the first.

        Another object after each evaluation, which takes place where a checkpoint is written.
        """

    def update(self, steps: int, total: int, **figures: float) -> None:
        """Tell how far it is; shown, and kept as a line of ``train.csv``.

        To be called a few times a second at most.

        Args:
            steps: done since the very first, those before a resume included.
            total: after which it will be done; one that ends earlier, since there is nothing more
                to learn, tells so with its last update, in which both are the same.
            figures: by name, such as ``episode_return``; not every call needs all of them.
        """

    def checkpoint_due(self, steps: int) -> bool:
        """Tell whether it is time to write a checkpoint that a resume may go on from.

        Core decides: it is every ``training.checkpoint_every`` steps, and at the end, for
        whatever reason it ends. It is due until one is written, and never twice for the same
        steps. To be asked after each ``update``, and once more after the last::

            while steps < total and not progress.stop_asked:
                ...
                progress.update(steps, total, loss=loss)
                if progress.checkpoint_due(steps):
                    save()
            if progress.checkpoint_due(steps):
                save()

        Args:
            steps: done since the very first, as for ``update``.
        """

    def checkpoint(self, name: str, *, resumable: bool = True) -> AbstractContextManager[Path]:
        """Write a checkpoint: ``with progress.checkpoint("last.npz") as file: ...``.

        The file is put into its place, ``checkpoints/name``, once it is whole; one of that
        name is replaced. An exception within leaves everything as it was. Trainers write
        ``last.*`` when one is due; core keeps those that are to be kept.

        Args:
            name: of the file, without a folder; its ending is kept while it is written.
            resumable: False for one that is there to drive with, such as the best so far, and
                that a resume must not go on from.
        """


class Trainer(ABC):
    """A learning algorithm.

    Built as ``Class(options)``. The class has an attribute ``Options``, a ``TrainerOptions``
    of its settings. All that it draws is a function of ``scenario.seed``.

    Attributes:
        driver: the driver that drives with what it has learned. Its option ``file`` takes a
            checkpoint, and it is registered as a driver beside the trainer.
        resumes_exactly: a training that was interrupted and resumed ends with the same policy
            as one that was not.
        device: where it learns, as ``train.json`` tells it.
    """

    driver: ClassVar[type[Driver]]
    resumes_exactly: ClassVar[bool] = False
    device: str = "cpu"

    def __init__(self, options: Mapping[str, Any]):
        self.given = options

    @abstractmethod
    def train(self, scenario: Scenario, run_dir: Path, progress: Progress) -> None:
        """Learn from the beginning, and leave at least one checkpoint.

        Args:
            scenario: what to learn on; ``racegym.make_vec(scenario, n_races)`` is a batch.
            run_dir: the run's folder, for whatever else it wants to write.
            progress: see ``Progress``.
        """

    @abstractmethod
    def resume(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Go on from a checkpoint until ``steps`` are done, as ``train`` would have.

        Args:
            scenario, run_dir, progress: as for ``train``.
            checkpoint: written by this trainer, with options that may have been others.

        Raises:
            RacegymError: the checkpoint does not fit the scenario or the options.
        """

    def begin_from(
        self, scenario: Scenario, run_dir: Path, checkpoint: Path, progress: Progress
    ) -> None:
        """Learn from the beginning, ``steps`` long, but start with what a checkpoint knows.

        Steps count from 0, and the scenario may be another than the checkpoint's. A trainer
        that can't do this need not say so: the default does.

        Args:
            scenario, run_dir, progress: as for ``train``.
            checkpoint: that somebody names, of whatever trainer, not in ``run_dir``.

        Raises:
            RacegymError: the checkpoint is none of this trainer's, or does not fit the
                scenario's sensors and actions.
        """
        raise RunError(
            "the trainer can't begin from a checkpoint; remove training.init_from", file=checkpoint
        )

    @classmethod
    def export(cls, checkpoint: Path, file: Path) -> None:
        """Write what a checkpoint has learned as an ONNX file, for the driver ``onnx``.

        What that file must say is told in docs/learners.md; ``racegym export`` checks it and puts
        it into its place. A trainer that writes no ONNX leaves this as it is.

        Args:
            checkpoint: one that ``driver`` takes.
            file: to be written; it does not exist.

        Raises:
            RacegymError: it can't be written; this one says that no trainer of this kind can.
        """
        del file
        raise RunError(f"{cls.__name__} writes no ONNX files", file=checkpoint)


def check_losses(losses: Mapping[str, float], steps: int) -> None:
    """Refuse losses that are no numbers, before what they have spoilt is saved.

    To be called after an update, before the next checkpoint. The training then ends as failed,
    and its last checkpoint is as it was.

    Args:
        losses: by name; all must be finite.
        steps: that are done.

    Raises:
        TrainingError: names the terms that are not finite.
    """
    odd = {name: value for name, value in losses.items() if not isfinite(value)}
    if odd:
        told = ", ".join(f"{name} is {value}" for name, value in odd.items())
        raise TrainingError(f"after {steps:,} steps {told}: what was learned is spoilt")
