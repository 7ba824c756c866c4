"""Smoothing of closed curves: as smooth as a tolerance on the way from the data allows.

The discrete smoothing spline of Whittaker and Reinsch [1], on a ring: it minimises
sum w |q - p|^2 + lambda sum |third difference of q|^2, and lambda is the largest for which the
weighted root mean square of q - p stays within the tolerance, and each known |q - p| within
a limit. The third difference leaves arcs
of constant curvature nearly alone, where the second would draw corners inward. Noisy data raise
the tolerance: to a quarter more than what is left of them once short waves are gone.

[1] Reinsch (1967), "Smoothing by spline functions", Numerische Mathematik 10:177-183.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

__all__ = ["resample_closed", "smooth_closed"]

Floats = NDArray[np.float64]

_STEPS = 8  # of the search for lambda: to a few hundredths of a decade
_LONGEST = 0.5  # of the ring: the longest wave that smoothing may damp by half
_PEAK = 4.0  # of the tolerance: what a single known value may be moved by, if not told
_NOISE = 1.25  # of the distance that damping short waves alone leaves: what is allowed
_FLOOR = 1e-9  # weight of what has none, so that the system can be solved


def smooth_closed(
    values: Floats,
    weights: Floats,
    tolerance: float,
    shortest: float,
    most: float = 0.0,
) -> Floats:
    """Return the smoothest ring of values within ``tolerance`` of those given.

    Args:
        values: (n, k), evenly spaced round the ring.
        weights: (n,), 0 where a value is unknown and to be bridged.
        tolerance: of the weighted root mean square distance, in the unit of ``values``; more is
            allowed if they are noisy.
        shortest: waves of fewer samples than this are damped in any case.
        most: that a single known value may be moved by; four times the tolerance if that is more.

    Returns:
        (n, k).
    """
    n = len(values)
    ring = np.arange(n)
    third = sparse.csc_matrix((n, n))
    for shift, factor in ((-1, -1.0), (0, 3.0), (1, -3.0), (2, 1.0)):
        third = third + sparse.csc_matrix(
            (np.full(n, factor), (ring, (ring + shift) % n)), shape=(n, n)
        )
    penalty = (third.T @ third).tocsc()
    weight = sparse.diags(np.maximum(weights, _FLOOR)).tocsc()
    right = np.maximum(weights, _FLOOR)[:, None] * values

    peak = max(_PEAK, most / tolerance)

    def solved(log_strength: float) -> Floats:
        result: Floats = splu(weight + 10.0**log_strength * penalty).solve(right)
        return result

    def distance(result: Floats) -> float:
        square = ((result - values) ** 2).sum(axis=1)
        mean = (weights * square).sum() / max(weights.sum(), _FLOOR)
        return float(np.sqrt(max(mean, (square * (weights > 0.0)).max() / peak**2)))

    low = _strength(shortest)
    high = max(low, _strength(_LONGEST * n))
    best = solved(low)
    tolerance = max(tolerance, _NOISE * distance(best))
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        trial = solved(middle)
        if distance(trial) <= tolerance:
            low, best = middle, trial
        else:
            high = middle
    return best


def _strength(wave: float) -> float:
    """Return the logarithm of the lambda that halves waves of so many samples."""
    return float(-6.0 * np.log10(2.0 * np.sin(np.pi / max(wave, 2.0))))


def resample_closed(points: Floats, spacing: float, least: int) -> Floats:
    """Return points evenly spaced along the closed polygon through ``points`` (n, 2).

    Args:
        points: none equal to the one before.
        spacing: about so far apart.
        least: at least so many.
    """
    closed = np.concatenate([points, points[:1]])
    step = np.hypot(*np.diff(closed, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(step)])
    count = max(least, round(along[-1] / spacing))
    at = along[-1] * np.arange(count) / count
    return np.column_stack([np.interp(at, along, closed[:, k]) for k in (0, 1)])
