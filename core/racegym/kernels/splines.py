"""Closed cubic splines: their equations, their lengths, and where along them a length lies.

These run a few times for each track that is made, never in a step.
"""

from __future__ import annotations

from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel

__all__ = ["solve_ring", "spline_lengths", "spline_places", "spline_values"]

Floats: TypeAlias = NDArray[np.float64]


@device
def spline_speed(i: int, u: float, knots: Floats, points: Floats, second: Floats) -> float:
    """Return the horizontal speed |dP/du| of a closed cubic spline on piece ``i`` at ``u``."""
    j = i + 1 if i + 1 < points.shape[0] else 0
    h = knots[i + 1] - knots[i]
    b = (u - knots[i]) / h
    a = 1.0 - b
    on, back, sixth = 3.0 * b * b - 1.0, 3.0 * a * a - 1.0, h / 6.0
    dx = (points[j, 0] - points[i, 0]) / h + (on * second[j, 0] - back * second[i, 0]) * sixth
    dy = (points[j, 1] - points[i, 1]) / h + (on * second[j, 1] - back * second[i, 1]) * sixth
    return sqrt(dx * dx + dy * dy)


@device
def piece_length(
    i: int, end: float, knots: Floats, points: Floats, second: Floats, nodes: Floats,
    weights: Floats,
) -> float:  # fmt: skip
    """Return the horizontal arc length [m] of piece ``i`` of a spline up to ``end``."""
    half, total = 0.5 * (end - knots[i]), 0.0
    for k in range(nodes.shape[0]):
        u = knots[i] + half * (1.0 + nodes[k])
        total += weights[k] * spline_speed(i, u, knots, points, second)
    return float(half * total)


@kernel
def spline_lengths(
    at_knots: Floats, knots: Floats, points: Floats, second: Floats, nodes: Floats, weights: Floats
) -> None:
    """Write the horizontal arc length at each knot of a closed cubic spline.

    Args:
        at_knots: (n + 1,) [m]; the last is the lap. Written.
        knots, points, second: (n + 1,), (n, 3), (n, 3) as in ``racegym.track.spline``.
        nodes, weights: (m,) of the quadrature on [-1, 1].
    """
    at_knots[0] = 0.0
    for i in range(points.shape[0]):
        piece = piece_length(i, knots[i + 1], knots, points, second, nodes, weights)
        at_knots[i + 1] = at_knots[i] + piece


@kernel
def spline_places(
    u: Floats, s: Floats, at_knots: Floats, knots: Floats, points: Floats, second: Floats,
    nodes: Floats, weights: Floats, rounds: int, close: float,
) -> None:  # fmt: skip
    """Write the parameters at which a closed cubic spline has some arc lengths.

    Args:
        u: (k,) [m]. Written.
        s: (k,) [m] in [0, lap).
        at_knots: (n + 1,) [m] what ``spline_lengths`` wrote.
        knots, points, second, nodes, weights: as there.
        rounds: of Newton's method, at most.
        close: [m] step that is small enough.
    """
    n, i = points.shape[0], 0
    for k in range(u.shape[0]):
        # Each piece is looked for from the one before: lengths mostly come in order.
        i = i if at_knots[i] <= s[k] else 0
        while i + 1 < n and at_knots[i + 1] <= s[k]:
            i += 1
        low, high = knots[i], knots[i + 1]
        target = s[k] - at_knots[i]
        place = low + (high - low) * target / (at_knots[i + 1] - at_knots[i])
        for _ in range(rounds):
            speed = max(spline_speed(i, place, knots, points, second), 1e-3)
            step = piece_length(i, place, knots, points, second, nodes, weights) - target
            step /= speed
            place = min(max(place - step, low), high)
            if abs(step) < close:
                break
        u[k] = place


@kernel
def spline_values(
    u: Floats, knots: Floats, points: Floats, second: Floats, position: Floats, slope: Floats,
    bend: Floats,
) -> None:  # fmt: skip
    """Write where a closed cubic spline is, and both its derivatives, at some parameters.

    Args:
        u: (k,) [m] from 0 to the last knot.
        knots, points, second: (n + 1,), (n, 3), (n, 3) as in ``racegym.track.spline``.
        position, slope, bend: (k, 3) [m], [-], [1/m]. Written.
    """
    n = points.shape[0]
    for k in range(u.shape[0]):
        i = min(max(int(np.searchsorted(knots, u[k], side="right")) - 1, 0), n - 1)
        j = i + 1 if i + 1 < n else 0
        h = knots[i + 1] - knots[i]
        b = (u[k] - knots[i]) / h
        a = 1.0 - b
        back, on = a * a * a - a, b * b * b - b
        back_slope, on_slope = 3.0 * a * a - 1.0, 3.0 * b * b - 1.0
        for c in range(points.shape[1]):
            p, q, m, r = points[i, c], points[j, c], second[i, c], second[j, c]
            position[k, c] = a * p + b * q + (back * m + on * r) * (h * h / 6.0)
            slope[k, c] = (q - p) / h + (on_slope * r - back_slope * m) * (h / 6.0)
            bend[k, c] = a * m + b * r


@kernel
def solve_ring(
    solution: Floats, lower: Floats, diagonal: Floats, upper: Floats, scratch: Floats
) -> None:
    """Solve a cyclic tridiagonal system whose diagonal dominates, by elimination.

    Row i reads lower[i] x[i-1] + diagonal[i] x[i] + upper[i] x[i+1] = right[i], indices
    modulo n. The last unknown is left out at first, and what it adds to the others is carried
    along.

    Args:
        solution: (n, k) the right-hand sides, n at least 3. Solutions are written.
        lower, diagonal, upper: (n,).
        scratch: (n, 2). Written.
    """
    n, columns = solution.shape
    last = n - 1
    share, ahead = scratch[:, 0], scratch[:, 1]  # of the last unknown; of the one that follows
    for i in range(last):
        before = i - 1 if i > 0 else last
        low = lower[i]
        pivot = diagonal[i] - (low * ahead[before] if i > 0 else 0.0)
        carried = -low * (share[before] if i > 0 else 1.0)
        carried -= upper[i] if i + 1 == last else 0.0
        share[i] = carried / pivot
        ahead[i] = upper[i] / pivot if i + 1 < last else 0.0
        for c in range(columns):
            rest = solution[i, c] - (low * solution[before, c] if i > 0 else 0.0)
            solution[i, c] = rest / pivot
    for i in range(last - 2, -1, -1):
        share[i] -= ahead[i] * share[i + 1]
        for c in range(columns):
            solution[i, c] -= ahead[i] * solution[i + 1, c]
    pivot = diagonal[last] + upper[last] * share[0] + lower[last] * share[last - 1]
    for c in range(columns):
        rest = upper[last] * solution[0, c] + lower[last] * solution[last - 1, c]
        solution[last, c] = (solution[last, c] - rest) / pivot
        for i in range(last):
            solution[i, c] += share[i] * solution[last, c]
