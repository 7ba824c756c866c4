"""How sure a result over a few seeds is: interquartile means and bootstrap intervals.

Follows [1]: a few runs of each of several tasks are summed up by the mean of the middle half of
all of them, which neither the luckiest nor the unluckiest run can move far, and each figure has
the interval that a bootstrap gives which draws runs anew within every task.

Left out of [1]: the normalisation of scores, which here are in percent of a reference already.
Its median is that of the tasks' means; here it is that of all runs. A task with a single run says
nothing of how runs differ, so there is no interval where one of the tasks has no more.

[1] Agarwal, Schwarzer, Castro, Courville, Bellemare (2021), "Deep reinforcement learning at the
    edge of the statistical precipice", NeurIPS 34, arXiv:2108.13264.
[2] Efron (1979), "Bootstrap methods: another look at the jackknife", Ann. Statist. 7(1):1-26.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AGGREGATES", "Aggregate", "Estimate", "estimate", "interquartile_mean", "mean", "median",
    "optimality_gap", "probability_of_improvement", "profile", "resampled",
]  # fmt: skip

Floats = NDArray[np.float64]
Aggregate = Callable[[Floats], Floats]

TARGET = 100.0  # [%] of the reference: a run that reaches it has no gap
TRIMMED = 0.25  # share of the runs that is cut off at either end


class Estimate(NamedTuple):
    """A figure, and the interval that covers it with the asked confidence, if there is one."""

    value: float
    low: float | None
    high: float | None


def interquartile_mean(scores: Floats) -> Floats:
    """Return the mean of the middle half of all runs of all tasks.

    As [1] has it, ``int(n / 4)`` of n runs are cut off at either end.

    Args:
        scores: (..., n_runs).
    """
    ordered = np.sort(scores, axis=-1)
    cut = int(TRIMMED * scores.shape[-1])
    found: Floats = ordered[..., cut : scores.shape[-1] - cut].mean(axis=-1)
    return found


def mean(scores: Floats) -> Floats:
    """Return the mean of (..., n_runs)."""
    found: Floats = scores.mean(axis=-1)
    return found


def median(scores: Floats) -> Floats:
    """Return the median of (..., n_runs)."""
    found: Floats = np.median(scores, axis=-1)
    return found


def optimality_gap(scores: Floats) -> Floats:
    """Return by how much (..., n_runs) stay below 100 % in the mean; what is above counts as 100.

    It is the one figure of these that is better when it is lower.
    """
    found: Floats = TARGET - np.minimum(scores, TARGET).mean(axis=-1)
    return found


AGGREGATES: dict[str, Aggregate] = {
    "iqm": interquartile_mean,
    "median": median,
    "mean": mean,
    "optimality_gap": optimality_gap,
}


def resampled(
    scores: Sequence[Floats], repetitions: int, random: np.random.Generator
) -> Floats:  # fmt: skip
    """Return (repetitions, n) of runs that are drawn anew, with replacement, within each task.

    Args:
        scores: by task, (n_runs,).
        repetitions: of the bootstrap [2].
        random: source of the draws.
    """
    drawn = [
        runs[random.integers(len(runs), size=(repetitions, len(runs)))]
        for runs in map(np.asarray, scores)
    ]
    return np.concatenate(drawn, axis=1, dtype=np.float64)


def estimate(
    scores: Sequence[Floats],
    aggregate: Aggregate = interquartile_mean,
    *,
    confidence: float = 0.95,
    repetitions: int = 10_000,
    seed: int = 0,
) -> Estimate:
    """Return a figure of all runs of all tasks, with the percentile interval of the bootstrap.

    Args:
        scores: by task, (n_runs,); the tasks may have different numbers of runs.
        aggregate: from (..., n) to (...).
        confidence: that the interval is to cover with.
        repetitions: of the bootstrap.
        seed: of its draws.
    """
    value = float(aggregate(np.concatenate(scores)))
    if _alone(scores):
        return Estimate(value, None, None)
    drawn = aggregate(resampled(scores, repetitions, np.random.default_rng(seed)))
    return Estimate(value, *_interval(drawn, confidence))


def _alone(scores: Sequence[Floats]) -> bool:
    """Tell whether a task has a single run, of which no spread is known."""
    return any(len(runs) < 2 for runs in scores)


def _interval(drawn: Floats, confidence: float) -> tuple[float, float]:
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(drawn, [tail, 100.0 - tail])
    return float(low), float(high)


def probability_of_improvement(
    ours: Sequence[Floats],
    theirs: Sequence[Floats],
    *,
    confidence: float = 0.95,
    repetitions: int = 2_000,
    seed: int = 0,
) -> Estimate:
    """Return how likely a run of ours is better than one of theirs, on a task drawn by chance.

    For each task it is the share of pairs of runs in which ours is better, pairs that are even
    counting half (the statistic of Mann and Whitney), as in [1].

    Args:
        ours, theirs: by task, (n_runs,); the same tasks in the same order.
        confidence, repetitions, seed: as for ``estimate``.
    """
    random = np.random.default_rng(seed)
    value = np.mean([_share(a[None], b[None])[0] for a, b in zip(ours, theirs, strict=True)])
    if _alone(ours) or _alone(theirs):
        return Estimate(float(value), None, None)
    drawn = np.zeros(repetitions)
    for a, b in zip(ours, theirs, strict=True):
        drawn += _share(resampled([a], repetitions, random), resampled([b], repetitions, random))
    return Estimate(float(value), *_interval(drawn / len(ours), confidence))


def _share(ours: Floats, theirs: Floats) -> Floats:
    """Return (k,): the share of pairs of (k, n) and (k, m) in which ours is better."""
    a, b = ours[:, :, None], theirs[:, None, :]
    found: Floats = ((a > b) + 0.5 * (a == b)).mean(axis=(1, 2))
    return found


def profile(
    scores: Sequence[Floats],
    at: Floats,
    *,
    confidence: float = 0.95,
    repetitions: int = 2_000,
    seed: int = 0,
) -> tuple[Floats, Floats, Floats]:
    """Return the share of runs that are better than each of some scores, a performance profile.

    Each task weighs the same, whatever its number of runs.

    Args:
        scores: by task, (n_runs,).
        at: (n,) scores that are asked for.
        confidence, repetitions, seed: as for ``estimate``.

    Returns:
        (n,) of the share, and of both ends of its pointwise interval.
    """
    random = np.random.default_rng(seed)
    value, drawn = np.zeros(len(at)), np.zeros((repetitions, len(at)))
    for runs in scores:
        value += _above(runs[None], at)[0]
        drawn += _above(resampled([runs], repetitions, random), at)
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(drawn / len(scores), [tail, 100.0 - tail], axis=0)
    return value / len(scores), low, high


def _above(runs: Floats, at: Floats) -> Floats:
    """Return (k, n): the share of (k, n_runs) that is above each of (n,)."""
    found: Floats = (runs[:, :, None] > at).mean(axis=1)
    return found
