"""Closed cubic splines through points, and their even resampling by arc length.

The spline is C2 (position, tangent and curvature are continuous, also where it closes) and
parametrised by chord length, which keeps it from looping between uneven points [1].

[1] de Boor (1978), "A Practical Guide to Splines", Springer, ch. IV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.splines import solve_ring, spline_lengths, spline_places, spline_values

__all__ = ["PeriodicSpline", "solve_cyclic"]

Floats = NDArray[np.float64]

# Gauss-Legendre with 8 nodes: exact to rounding for the speed along one short cubic piece.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_ROUNDS = 12  # of Newton, to find the parameter of an arc length; 3 or 4 are usual


def solve_cyclic(lower: Floats, diagonal: Floats, upper: Floats, right: Floats) -> Floats:
    """Solve a cyclic tridiagonal system whose diagonal dominates.

    Row i reads lower[i] x[i-1] + diagonal[i] x[i] + upper[i] x[i+1] = right[i], indices
    modulo n.

    Args:
        lower, diagonal, upper: (n,), n at least 3.
        right: (n, k), one column a right-hand side.

    Returns:
        (n, k) solutions.
    """
    solution = np.array(right, np.float64, order="C")
    solve_ring(solution, lower, diagonal, upper, np.empty((len(solution), 2)))
    return solution


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
        position, first, second = np.empty((3, len(u), 3))
        spline_values(
            np.ascontiguousarray(u), self.knots, self.points, self.second, position, first, second
        )
        return position, first, second

    def knot_lengths(self) -> Floats:
        """Return the horizontal arc length (n + 1,) [m] at each knot; the last is the lap."""
        lengths = np.empty_like(self.knots)
        spline_lengths(lengths, self.knots, self.points, self.second, _NODES, _WEIGHTS)
        return lengths

    def at_arc_length(self, s: Floats, at_knots: Floats) -> Floats:
        """Return the parameters of arc lengths ``s`` (k,) [m] in [0, lap).

        Args:
            s: arc lengths.
            at_knots: what ``knot_lengths`` returned.
        """
        u = np.empty_like(s)
        close = 1e-10 * float(at_knots[-1]) / len(s)
        spline_places(
            u, s, at_knots, self.knots, self.points, self.second, _NODES, _WEIGHTS, _ROUNDS, close
        )
        return u
