"""What the races of a round add up to, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, median
from typing import Any

from racegym.duels.judging import HEAVY, Verdict

__all__ = ["summed_up", "wilson"]

NORMAL = 1.959964  # of the normal distribution, 95 % lie so many deviations about the mean
CLASSES = (0, 1, 2, 4)


def wilson(successes: int, races: int) -> tuple[float, float]:
    """Return the interval that covers the chance of a success with 95 %, after Wilson [1].

    [1] Wilson (1927), "Probable inference, the law of succession, and statistical inference",
        J. Am. Stat. Assoc. 22(158):209-212, doi:10.1080/01621459.1927.10502953.
    """
    share, square = successes / races, NORMAL * NORMAL
    middle = share + square / (2 * races)
    half = NORMAL * sqrt(share * (1.0 - share) / races + square / (4 * races * races))
    low, high = ((middle + sign * half) / (1.0 + square / races) for sign in (-1.0, 1.0))
    return max(low, 0.0), min(high, 1.0)


def summed_up(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the figures of some races.

    Returns:
        ``races``, ``passed``; ``success`` with ``low`` and ``high``; ``time``, the median of the
        successes [s]; ``contacts``, how many races had which as their worst class; ``blamed``,
        races with a contact of 2x or 4x that the attacker is blamed for; ``blame``, mean of share
        times class; ``repassed``, races in which somebody that it passed was ahead again;
        ``not_raced``, races without a pace to set the surplus by.
    """
    passed = [one for one in verdicts if one.passed]
    low, high = wilson(len(passed), len(verdicts))
    times = [one.time for one in passed if one.time is not None]
    return {
        "races": len(verdicts),
        "passed": len(passed),
        "success": len(passed) / len(verdicts),
        "low": low,
        "high": high,
        "time": median(times) if times else None,
        "contacts": {f"{k}x": sum(one.contact == k for one in verdicts) for k in CLASSES},
        "blamed": sum(one.blame > 0.0 and (one.contact or 0) >= HEAVY for one in verdicts),
        "blame": fmean(one.blame for one in verdicts),
        "repassed": sum(not one.held for one in verdicts),
        "not_raced": sum(not one.raced for one in verdicts),
    }
