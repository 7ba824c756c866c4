"""What a trainer is given while it learns: core's side of ``racegym.interfaces.Progress``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias

from racegym.errors import RunError
from racegym.record.due import CheckpointClock
from racegym.record.training import TrainingLog
from racegym.run.curriculum import LEVEL, Curriculum
from racegym.run.examination import is_better
from racegym.run.interruption import Interruption
from racegym.scenario.training_settings import TrainingSettings

__all__ = ["TARGET", "Examine", "Shown", "TrainingProgress"]

TARGET = "target"  # why a training has ended that met its stop_at
Examine: TypeAlias = Callable[[Path], dict[str, float]]


class Shown(Protocol):
    """Shows how a training goes."""

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        """Show it."""


class TrainingProgress:
    """Keeps what a trainer tells, decides when checkpoints are due, and has them judged.

    Args:
        log: takes everything.
        settings: the scenario's ``training``.
        interruption: whether somebody wants it to end.
        begun: the checkpoint that a resume goes on from; None for a beginning.
        shown: is told how it goes.
        examine: judges a checkpoint and returns its figures; None where nothing is judged.
        curriculum: is told all figures, and may want another stage; None without one.
    """

    def __init__(
        self,
        log: TrainingLog,
        settings: TrainingSettings,
        interruption: Interruption,
        begun: Path | None,
        shown: Shown | None,
        examine: Examine | None,
        curriculum: Curriculum | None = None,
    ):
        self._log = log
        self._curriculum = curriculum
        if curriculum is not None:
            log.curriculum = curriculum.state
        self._settings = settings
        self._interruption = interruption
        self._shown = shown
        self._examine = examine
        steps = None if begun is None else log.steps_of(begun.name)
        self._clock = CheckpointClock(log.total, settings.checkpoint_every, steps)
        self._told: dict[str, float] = {}  # the last value of each figure
        self._met = False
        self._evaluation: Mapping[str, float] = log.evaluation
        left = begun is not None and examine is not None and log.to_evaluate(begun.name)
        self._left = begun.name if begun is not None and left else None

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants it to end."""
        return self._interruption.asked

    @property
    def goes_on(self) -> bool:
        """Whether the trainer was only asked to stop to go on with another stage."""
        moved = self._curriculum is not None and self._curriculum.moved
        return moved and not (self._met or self.interrupted or self._log.is_done)

    def begin_stage(self, examine: Examine | None) -> None:
        """Take note that another stage of the curriculum begins.

        Args:
            examine: judges checkpoints from now on.
        """
        self._examine = examine

    @property
    def stop_asked(self) -> bool:
        """See ``racegym.interfaces.Progress``, as for all that follows."""
        moved = self._curriculum is not None and self._curriculum.moved
        return moved or self._met or self.interrupted

    @property
    def evaluation(self) -> Mapping[str, float]:
        """The figures of the last evaluation."""
        return self._evaluation

    def update(self, steps: int, total: int, **figures: float) -> None:
        """Keep a row of figures, and show them."""
        if steps < 0 or total < 1:
            raise RunError(f"the trainer {self._log.trainer!r} tells of {steps} steps of {total}")
        if self._left is not None:
            self._judge(self._left)
            self._left = None
        plain = {name: float(value) for name, value in figures.items()}
        self._clock.steps, self._clock.total = int(steps), int(total)
        if self._curriculum is not None:
            plain[LEVEL] = float(self._curriculum.level)
        self._log.update(int(steps), int(total), plain)
        self._follow(plain)
        self._show(int(total), plain)

    def checkpoint_due(self, steps: int) -> bool:
        """Tell whether it is time for a checkpoint."""
        return self._clock.is_due(int(steps), ending=self.stop_asked)

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        """Put a checkpoint into its place, keep it if it is to be kept, have it judged."""
        clock, settings = self._clock, self._settings
        with self._log.checkpoint(name, clock.steps, resumable=resumable) as file:
            yield file
        if not resumable:
            return
        due, every = clock.passed(clock.every), settings.keep_every
        if due:
            milestone = every is not None and clock.passed(clock.every * every)
            self._log.keep(name, settings.keep, milestone=milestone)
        wanted = self._is_to_be_judged()
        clock.written()
        if wanted:
            self._log.await_evaluation(name)
            if not self.interrupted:  # a resume makes up for it
                self._judge(name)

    def _is_to_be_judged(self) -> bool:
        evaluate, clock = self._settings.evaluate, self._clock
        if self._examine is None or evaluate is None:
            return False
        return clock.at_the_end or clock.passed(clock.every * evaluate.every)

    @property
    def _is_of_stage(self) -> bool:
        """Whether checkpoints are judged on the races of their stage, not on the same ones."""
        evaluate = self._settings.evaluate
        return evaluate is not None and not isinstance(evaluate.scenario, str)

    def _judge(self, name: str) -> None:
        """Judge a checkpoint, and keep it if there was none better."""
        assert self._examine is not None
        figures = self._examine(self._log.folder.checkpoints / name)
        if self._curriculum is not None:
            if self._is_of_stage:
                figures[LEVEL] = float(self._curriculum.level)  # goes first where it is compared
            self._follow(figures)
        self._log.evaluated(name, figures, best=is_better(figures, self._log.best))
        self._evaluation = figures
        self._show(self._log.total, figures)

    def _follow(self, figures: Mapping[str, float]) -> None:
        """Let the curriculum, if there is one, see figures."""
        if self._curriculum is not None:
            self._curriculum.told(self._clock.steps, figures)
            self._log.curriculum = self._curriculum.state

    def _show(self, total: int, figures: Mapping[str, float]) -> None:
        self._told |= figures
        targets = self._settings.stop_at
        if targets and not self._met:
            self._met = all(t.is_met(self._told.get(name)) for name, t in targets.items())
            if self._met:
                self._log.ends_by(TARGET)
        if self._shown is not None:
            self._shown.update(self._clock.steps, total, dict(figures))
