"""Watches the training of a trial: its value, and whether it is worth going on."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Any, Protocol

from racegym.errors import nearest
from racegym.scenario.sweep_settings import SweepSettings

__all__ = ["Reported", "TrialWatch"]


class Reported(Protocol):
    """A trial of Optuna, as far as it is needed here."""

    def report(self, value: float, step: int) -> None:
        """Keep a value on the way."""

    def should_prune(self) -> bool:
        """Tell whether it is worse than others were."""


class TrialWatch:
    """Is shown a training, as a person would be.

    Args:
        settings: of the sweep.
        stop: ends the training, when it is called.
        trial: is told values on the way.
        ended: whether somebody wants the whole sweep to end.

    Attributes:
        pruned: it was ended, as others were better at that point.
    """

    PARTS = 20  # of a training, after each of which it is compared

    def __init__(
        self,
        settings: SweepSettings,
        stop: Callable[[], Any],
        trial: Reported,
        ended: Callable[[], bool] = lambda: False,
    ):
        self._settings, self._stop, self._trial, self._ended = settings, stop, trial, ended
        self._values: list[tuple[int, float]] = []
        self._since_part: list[float] = []
        self._part, self._total = 0, 1
        self._names: set[str] = set()
        self.pruned = False

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        """Take in figures; once a part of the training is over, compare it."""
        if self._ended():
            self._stop()
        self._total = total
        self._names |= figures.keys()
        value = figures.get(self._settings.figure)
        if value is not None and value == value:
            self._values.append((steps, value))
            self._since_part.append(value)
        part = min(self.PARTS * steps // total, self.PARTS)
        if self.pruned or part <= self._part or not self._since_part:
            return
        self._part = part
        self._trial.report(fmean(self._since_part), part)
        self._since_part = []
        if part < self.PARTS and self._trial.should_prune():
            self.pruned = True
            self._stop()

    @property
    def value(self) -> float | None:
        """The mean of the figure over the last steps, or its last value; None without any."""
        if not self._values:
            return None
        since = (1.0 - self._settings.last) * self._total
        last = [value for steps, value in self._values if steps >= since]
        return fmean(last) if last else self._values[-1][1]

    def why_not(self) -> str:
        """Return why there is no value."""
        figure = self._settings.figure
        return f"the training tells no figure {figure!r}; {nearest(figure, self._names)}"
