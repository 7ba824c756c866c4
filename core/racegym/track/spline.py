"""Closed cubic splines through points, and their even resampling by arc length.

The spline is C2 (position, tangent and curvature are continuous, also where it closes) and
parametrised by chord length, which keeps it from looping between uneven points [1].

[1] de Boor (1978), "A Practical Guide to Splines", Springer, ch. IV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.tracing import spline_speeds

__all__ = ["PeriodicSpline", "solve_cyclic"]

Floats = NDArray[np.float64]

# Gauss-Legendre with 8 nodes: exact to rounding for the speed along one short cubic piece.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_ROUNDS = 12  # of Newton, to find the parameter of an arc length; 3 or 4 are usual
_NEGLIGIBLE = 1e-18  # of the diagonal: what is left of the neighbours at the end


def solve_cyclic(lower: Floats, diagonal: Floats, upper: Floats, right: Floats) -> Floats:
    """Solve a cyclic tridiagonal system whose diagonal dominates, by cyclic reduction.

    Row i reads lower[i] x[i-1] + diagonal[i] x[i] + upper[i] x[i+1] = right[i], indices
    modulo n. Each round replaces the neighbours by those twice as far away; dominance
    squares the ratio of neighbours to diagonal, so six or so rounds are enough for any n.

    Args:
        lower, diagonal, upper: (n,).
        right: (n, k), one column a right-hand side.

    Returns:
        (n, k) solutions.
    """
    shift = 1
    while max(np.abs(lower / diagonal).max(), np.abs(upper / diagonal).max()) > _NEGLIGIBLE:
        down = -lower / _turned(diagonal, -shift)
        up = -upper / _turned(diagonal, shift)
        right = right + down[:, None] * _turned(right, -shift) + up[:, None] * _turned(right, shift)
        diagonal = diagonal + down * _turned(upper, -shift) + up * _turned(lower, shift)
        lower, upper = down * _turned(lower, -shift), up * _turned(upper, shift)
        shift *= 2
    return right / diagonal[:, None]


def _turned(values: Floats, by: int) -> Floats:
    """Return the rows of ``values`` from row ``by`` on, and then those before it."""
    by %= len(values)
    return np.concatenate((values[by:], values[:by]))


@dataclass(frozen=True)
class PeriodicSpline:
    """A closed C2 cubic spline in 3-D; piece i runs from knot i to knot i+1, and closes."""

    knots: Floats  # (n + 1,) [m] chord length at each point; the last closes the loop
    points: Floats  # (n, 3) [m]
    second: Floats  # (n, 3) [1/m] second derivative at the points

    @classmethod
    def through(cls, points: Floats) -> PeriodicSpline:
        """Return the spline through ``points`` (n, 3) [m], none equal to the one before."""
        ahead = np.roll(points, -1, axis=0) - points
        h = np.hypot(ahead[:, 0], ahead[:, 1])
        before = np.roll(h, 1)
        slope = ahead / h[:, None]
        # Continuity of the first derivative at every point, [1] (IV.13) in second derivatives.
        second = solve_cyclic(
            before, 2.0 * (before + h), h, 6.0 * (slope - np.roll(slope, 1, axis=0))
        )
        return cls(np.concatenate([[0.0], np.cumsum(h)]), points, second)

    def evaluate(self, u: Floats) -> tuple[Floats, Floats, Floats]:
        """Return position, first and second derivative (each (k, 3)) at parameters ``u``."""
        n = len(self.points)
        i = np.clip(np.searchsorted(self.knots, u, side="right") - 1, 0, n - 1)
        j = (i + 1) % n
        h = (self.knots[i + 1] - self.knots[i])[:, None]
        b = (u - self.knots[i])[:, None] / h
        a = 1.0 - b
        p, q = self.points[i], self.points[j]
        m, k = self.second[i], self.second[j]
        position = a * p + b * q + ((a**3 - a) * m + (b**3 - b) * k) * (h * h / 6.0)
        first = (q - p) / h + ((3.0 * b * b - 1.0) * k - (3.0 * a * a - 1.0) * m) * (h / 6.0)
        return position, first, a * m + b * k

    def arc_length(self, start: Floats, end: Floats) -> Floats:
        """Return the horizontal arc length [m] from ``start`` to ``end``, within one piece each.

        Args:
            start, end: (k,) parameters; start[i] and end[i] lie in one piece of the spline.
        """
        half = 0.5 * (end - start)
        middle = 0.5 * (start + end)
        # The piece is that of the middle, so that an end on a knot can't fall into the next.
        return half * (self._speeds(middle[:, None] + half[:, None] * _NODES, middle) @ _WEIGHTS)

    def _speeds(self, u: Floats, within: Floats) -> Floats:
        """Return |dP/du| (k, m) at parameters ``u`` (k, m), in the pieces of ``within`` (k,)."""
        piece = np.searchsorted(self.knots, within, side="right") - 1
        speed = np.empty_like(u)
        spline_speeds(
            speed, u, np.clip(piece, 0, len(self.points) - 1), self.knots, self.points, self.second
        )
        return speed

    def knot_lengths(self) -> Floats:
        """Return the horizontal arc length (n + 1,) [m] at each knot; the last is the lap."""
        pieces = self.arc_length(self.knots[:-1], self.knots[1:])
        return np.concatenate([[0.0], np.cumsum(pieces)])

    def at_arc_length(self, s: Floats, at_knots: Floats) -> Floats:
        """Return the parameters of arc lengths ``s`` (k,) [m] in [0, lap).

        Args:
            s: arc lengths.
            at_knots: what ``knot_lengths`` returned.
        """
        i = np.clip(np.searchsorted(at_knots, s, side="right") - 1, 0, len(self.points) - 1)
        low, high = self.knots[i], self.knots[i + 1]
        target = s - at_knots[i]
        u = low + (high - low) * target / (at_knots[i + 1] - at_knots[i])
        for _ in range(_ROUNDS):
            speed = np.maximum(self._speeds(u[:, None], u)[:, 0], 1e-3)
            step = (self.arc_length(low, u) - target) / speed
            u = np.clip(u - step, low, high)
            if np.abs(step).max() < 1e-10 * at_knots[-1] / len(s):
                break
        return u
