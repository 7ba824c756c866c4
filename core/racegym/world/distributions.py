"""How a number that differs from episode to episode is distributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from racegym.kernels import variation as kernels

__all__ = ["SPREAD", "Distribution"]

SPREAD = 5.0  # standard deviations at which a normal distribution without ends is cut off


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A distribution over a finite range.

    Attributes:
        kind: ``"constant"`` is always ``low``; ``"uniform"`` over [low, high];
            ``"log_uniform"`` has a logarithm that is; ``"normal"`` is drawn again until it
            lies in [low, high]; ``"choice"`` takes one of ``values``, each as likely.
        low, high: the ends, finite; of a choice its least and greatest value.
        mean, deviation: of a normal distribution, before it is cut off.
        values: of a choice, in order.
    """

    kind: Literal["constant", "uniform", "normal", "log_uniform", "choice"]
    low: float
    high: float
    mean: float = 0.0
    deviation: float = 0.0
    values: tuple[float, ...] = ()

    @classmethod
    def constant(cls, value: float) -> Distribution:
        """Return what is always the same."""
        return cls(kind="constant", low=value, high=value)

    @classmethod
    def uniform(cls, low: float, high: float) -> Distribution:
        """Return what is anywhere in a range, everywhere as likely."""
        return cls(kind="uniform", low=low, high=high)

    @classmethod
    def log_uniform(cls, low: float, high: float) -> Distribution:
        """Return what has a uniform logarithm; ``low`` is above 0."""
        return cls(kind="log_uniform", low=low, high=high)

    @classmethod
    def normal(
        cls, mean: float, deviation: float, low: float | None = None, high: float | None = None
    ) -> Distribution:
        """Return a bell cut off at its ends, or ``SPREAD`` deviations from its mean."""
        return cls(
            kind="normal",
            low=mean - SPREAD * deviation if low is None else low,
            high=mean + SPREAD * deviation if high is None else high,
            mean=mean,
            deviation=deviation,
        )

    @classmethod
    def choice(cls, values: Sequence[float]) -> Distribution:
        """Return one of some values; one that is named twice is twice as likely."""
        return cls(kind="choice", low=min(values), high=max(values), values=tuple(values))

    @property
    def nominal(self) -> float:
        """What stands for it where one number is wanted: its middle, or its first choice."""
        if self.kind == "choice":
            return self.values[0]
        if self.kind == "normal":
            return min(max(self.mean, self.low), self.high)
        if self.kind == "log_uniform":
            return sqrt(self.low) * sqrt(self.high)
        return 0.5 * self.low + 0.5 * self.high

    @property
    def ends(self) -> tuple[float, ...]:
        """Every value that can be wrong if any can: both ends, or all choices."""
        return self.values or (self.low, self.high)

    def kernel_kind(self) -> int:
        """Return what ``racegym.kernels.variation`` calls it."""
        return int(getattr(kernels, self.kind.upper()))

    def figures(self, values: list[float]) -> NDArray[np.float64]:
        """Return (FIGURES,) float64 for the kernel; a choice appends to ``values``."""
        if self.kind == "choice":
            first = len(values)
            values.extend(self.values)
            return np.array([first, len(self.values), 0.0, 0.0])
        return np.array([self.low, self.high, self.mean, self.deviation])
