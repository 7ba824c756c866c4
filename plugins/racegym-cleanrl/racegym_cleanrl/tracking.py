"""Figures of a training for those who watch: TensorBoard, Weights & Biases, trackio.

All are fed from one place: whatever a trainer tells core by ``progress.update`` goes to them as
well, under the same names, which are CleanRL's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from racegym.errors import MissingLibraryError, RunError
from racegym.interfaces import Progress, TrainerOptions

if TYPE_CHECKING:
    from racegym import Scenario

__all__ = ["TENSORBOARD", "Service", "TrackedOptions", "boards_of", "tracked"]

Service = Literal["none", "wandb", "trackio"]

TENSORBOARD = "tensorboard"  # folder in the run's
PROJECT = "racegym"  # of a service


class TrackedOptions(TrainerOptions):
    """Base of the settings of a trainer whose figures can be watched."""

    tensorboard: bool = Field(True, description="write scalars into the run's folder")
    track: Service = Field("none", description="a service to tell of the figures as well")


class _Board(Protocol):
    """Somebody who is told figures."""

    def tell(self, steps: int, figures: Mapping[str, float]) -> None:
        """Take figures after so many steps."""


class _TensorBoard:
    """Writes the events that ``tensorboard --logdir`` shows."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]):
        self._folder, self._settings = folder, settings
        self._writer: Any = None

    def tell(self, steps: int, figures: Mapping[str, float]) -> None:
        if self._writer is None:
            self._open(steps)
        for name, value in figures.items():
            self._writer.add_scalar(name, value, steps)

    def _open(self, steps: int) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        # What was told before an interruption and is told again now is not shown twice.
        self._writer = SummaryWriter(str(self._folder), purge_step=steps)
        rows = "\n".join(f"|{name}|{json.dumps(told)}|" for name, told in self._settings.items())
        self._writer.add_text("hyperparameters", f"|param|value|\n|-|-|\n{rows}")

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Remote:
    """Tells a library with the interface of wandb: ``init``, ``log``, ``finish``."""

    def __init__(self, library: Any, run_dir: Path, settings: Mapping[str, Any]):
        name = f"{run_dir.parent.name}-{run_dir.name}"
        own = {"dir": str(run_dir), "id": _plain(name), "resume": "allow"}
        own = own if library.__name__ == "wandb" else {"resume": "allow"}
        self._library = library
        try:
            library.init(project=PROJECT, name=name, config=dict(settings), **own)
        except (
            Exception
        ) as error:  # no account, no network: a stranger's library raises what it likes
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise RunError(
                f"track: {library.__name__} can't begin: {reason}; do what it asks for, or write "
                "trainer.track: none"
            ) from error

    def tell(self, steps: int, figures: Mapping[str, float]) -> None:
        self._library.log({**figures, "global_step": steps}, step=steps)

    def close(self) -> None:
        self._library.finish()


class _Tracked:
    """A ``Progress`` that tells others what it is told."""

    def __init__(self, progress: Progress, boards: list[_Board]):
        self._progress, self._boards = progress, boards
        self._steps = 0

    @property
    def stop_asked(self) -> bool:
        return self._progress.stop_asked

    @property
    def evaluation(self) -> Mapping[str, float]:
        return self._progress.evaluation

    def update(self, steps: int, total: int, **figures: float) -> None:
        self._steps = steps
        with self._judged():  # what an interruption had left to be judged
            self._progress.update(steps, total, **figures)
        self._tell(figures)

    def _tell(self, figures: Mapping[str, float]) -> None:
        for board in self._boards:
            board.tell(self._steps, figures)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Tell the figures of an evaluation, if core judges a checkpoint meanwhile."""
        before = self.evaluation
        yield
        if self.evaluation is not before:
            self._tell(self.evaluation)

    def checkpoint_due(self, steps: int) -> bool:
        self._steps = steps
        return self._progress.checkpoint_due(steps)

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        with self._judged(), self._progress.checkpoint(name, resumable=resumable) as file:
            yield file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._progress, name)  # whatever else core offers


@contextmanager
def tracked(
    args: TrackedOptions, scenario: Scenario, run_dir: Path, progress: Progress
) -> Iterator[Progress]:
    """Give a ``Progress`` that tells the boards, too, which ``args`` ask for.

    Args:
        args: of the trainer.
        scenario: that it learns on.
        run_dir: of the run.
        progress: that core gave.

    Raises:
        MissingLibraryError: the library of a service is not installed.
        RunError: the service can't begin.
    """
    about = {"seed": scenario.seed, "scenario": scenario.name}
    with boards_of(args, run_dir, progress, about) as told:
        yield told


@contextmanager
def boards_of(
    args: TrackedOptions, folder: Path, progress: Progress, about: Mapping[str, Any]
) -> Iterator[Progress]:
    """Do what ``tracked`` does for a training without a scenario.

    Args:
        args: of the trainer.
        folder: for the events of TensorBoard and what services leave.
        progress: that is told first.
        about: what is noted beside the settings.

    Raises:
        MissingLibraryError: the library of a service is not installed.
        RunError: the service can't begin.
    """
    settings = {**args.model_dump(mode="json"), **about}
    with ExitStack() as stack:
        boards: list[_Board] = []
        if args.tensorboard:
            board = _TensorBoard(folder / TENSORBOARD, settings)
            stack.callback(board.close)
            boards.append(board)
        if args.track != "none":
            remote = _Remote(_library(args.track), folder, settings)
            stack.callback(remote.close)
            boards.append(remote)
        yield _Tracked(progress, boards) if boards else progress


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingLibraryError(
            f"track: {name} needs {name}, which is not installed; install it: pip install "
            f"'racegym-cleanrl[{name}]', or pip install {name}"
        ) from None


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
