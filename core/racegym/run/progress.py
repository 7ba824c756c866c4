"""What a trainer is given while it learns: core's side of ``racegym.interfaces.Progress``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from racegym.errors import RunError, nearest
from racegym.record.due import CheckpointClock
from racegym.record.training import Stay, TrainingLog
from racegym.run.curriculum import LEVEL, Curriculum
from racegym.run.examination import is_better
from racegym.run.interruption import Interruption
from racegym.scenario.training_settings import EVALUATION, TrainingSettings

__all__ = ["TARGET", "Examine", "Shown", "Speaks", "TrainingProgress"]

TARGET = "target"  # why a training has ended that met its stop_at
Examine: TypeAlias = Callable[[Path], dict[str, float]]


class Shown(Protocol):
    """Shows how a training goes."""

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        """Show it."""


@runtime_checkable
class Speaks(Protocol):
    """What shows a training may also say what somebody should know."""

    def say(self, text: str) -> None:
        """Say it."""


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
        self._names: set[str] = set()  # of all that were told
        self._warned = False
        self._met = False
        self._evaluation: Mapping[str, float] = log.evaluation
        left = begun is not None and examine is not None and log.to_evaluate(begun.name)
        self._left = begun.name if begun is not None and left else None
        if begun is not None:
            self._names |= log.told_since(-1).keys()
            self._look(log.told_since(-1 if curriculum is None else curriculum.since))

    @property
    def interrupted(self) -> bool:
        """Whether somebody wants it to end."""
        return self._interruption.asked

    @property
    def broken_off(self) -> bool:
        """Whether it ends because somebody wants it, and not because all is done."""
        return self.interrupted and not (self._met or self._log.is_done)

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
        self._told.clear()  # a target is to be met by what is told in the stage

    def end(self) -> None:
        """Complete what is told, when the trainer has returned for good."""
        self._make_up()
        if not self.broken_off and not self._met:
            self._log.was_never_told(self._missing)

    @property
    def stop_asked(self) -> bool:
        """See ``racegym.interfaces.Progress``, as for all that follows."""
        self._make_up()
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
        self._make_up()
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
        clock = self._clock
        wanted = resumable and self._is_to_be_judged()
        with self._log.checkpoint(
            name, clock.steps, resumable=resumable, evaluate=wanted,
            stay=self._stay() if resumable else None,
        ) as file:  # fmt: skip
            yield file
        if not resumable:
            return
        clock.written()
        if wanted and not self.interrupted:  # a resume makes up for it
            self._judge(name)
        self._warn()

    def _stay(self) -> Stay | None:
        """Return how the checkpoint of now is to stay, if it is one that was due."""
        clock, every = self._clock, self._settings.keep_every
        if not (clock.passed(clock.every) or clock.at_the_end or self._met):
            return None
        return Stay(self._settings.keep, every is not None and clock.passed(clock.every * every))

    def _make_up(self) -> None:
        """Judge the checkpoint that is gone on from, if that was due and could not be done.

        Not before the trainer has taken it: one that is refused changes nothing.
        """
        if self._left is not None and not self.interrupted:
            name, self._left = self._left, None
            self._judge(name)

    @property
    def _missing(self) -> set[str]:
        """The figures that are waited for, and were never told."""
        asked = frozenset() if self._curriculum is None else self._curriculum.asked
        return (self._settings.stop_at.keys() | asked) - self._names

    def _warn(self) -> None:
        """Say once, when there is a checkpoint, which figures are waited for in vain so far."""
        if self._warned or not self._names or not isinstance(self._shown, Speaks):
            return
        self._warned = True
        known = sorted(self._names)
        for name in sorted(self._missing):
            if not name.startswith(EVALUATION):  # of these it is known that they will come
                self._shown.say(
                    f"{name} is waited for, and has not been told so far; {nearest(name, known)}"
                )

    def _is_to_be_judged(self) -> bool:
        evaluate, clock = self._settings.evaluate, self._clock
        if self._examine is None or evaluate is None:
            return False
        return clock.at_the_end or self._met or clock.passed(clock.every * evaluate.every)

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
        self._names |= figures.keys()
        self._look(figures)
        if self._shown is not None:
            self._shown.update(self._clock.steps, total, dict(figures))

    def _look(self, figures: Mapping[str, float]) -> None:
        """Take in figures, and see whether the target is met."""
        self._told |= figures
        targets = self._settings.stop_at
        if targets and not self._met:
            self._met = all(t.is_met(self._told.get(name)) for name, t in targets.items())
            if self._met:
                self._log.ends_by(TARGET)
