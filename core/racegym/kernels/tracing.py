"""Closed lines before they are tracks: spline speeds, untangling, and parts too near each other.

These run a few times for each track that is made, never in a step.
"""

from __future__ import annotations

from math import floor, hypot
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel

__all__ = ["find_meeting", "scatter_apart", "spline_speeds", "untangle"]

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

MOST_CELLS = 512  # either way, of the grid that finds what is near


@kernel
def spline_speeds(
    speed: Floats, u: Floats, piece: Indices, knots: Floats, points: Floats, second: Floats
) -> None:
    """Write the horizontal speed |dP/du| of a closed cubic spline at some parameters.

    Args:
        speed: (k, m). Written.
        u: (k, m) [m] parameters, those of a row in one piece.
        piece: (k,) the piece of each row.
        knots, points, second: (n + 1,), (n, 3), (n, 3) as in ``racegym.track.spline``.
    """
    n = points.shape[0]
    for row in range(speed.shape[0]):
        i = piece[row]
        j = i + 1 if i + 1 < n else 0
        h = knots[i + 1] - knots[i]
        sixth = h / 6.0
        slope_x, slope_y = (points[j, 0] - points[i, 0]) / h, (points[j, 1] - points[i, 1]) / h
        for column in range(speed.shape[1]):
            b = (u[row, column] - knots[i]) / h
            a = 1.0 - b
            on, back = 3.0 * b * b - 1.0, 3.0 * a * a - 1.0
            speed[row, column] = hypot(
                slope_x + (on * second[j, 0] - back * second[i, 0]) * sixth,
                slope_y + (on * second[j, 1] - back * second[i, 1]) * sixth,
            )


@device
def splits(points: Floats, a: int, b: int, c: int, d: int) -> bool:
    """Return whether a and b lie on both sides of the line from c to d."""
    ex, ey = points[d, 0] - points[c, 0], points[d, 1] - points[c, 1]
    one = ex * (points[a, 1] - points[c, 1]) - ey * (points[a, 0] - points[c, 0])
    other = ex * (points[b, 1] - points[c, 1]) - ey * (points[b, 0] - points[c, 0])
    return bool(one * other < 0.0)


@kernel
def untangle(order: Indices, points: Floats) -> None:
    """Reorder a closed tour until it no longer crosses itself.

    Edges that cross are exchanged, the first pair of all each time, which always shortens the
    tour and so comes to an end.

    Args:
        order: (n,) rows of ``points`` in the order of the tour. Written.
        points: (n, 2) [m].
    """
    n = order.shape[0]
    for _ in range(8 * n):
        found = False
        for i in range(n - 2):
            a, b = order[i], order[i + 1]
            for j in range(i + 2, n if i else n - 1):
                c, d = order[j], order[j + 1 if j + 1 < n else 0]
                if splits(points, a, b, c, d) and splits(points, c, d, a, b):
                    found = True
                    low, high = i + 1, j
                    while low < high:
                        order[low], order[high] = order[high], order[low]
                        low, high = low + 1, high - 1
                    break
            if found:
                break
        if not found:
            return


@kernel
def find_meeting(out: Indices, x: Floats, y: Floats, reach: float, apart: float) -> None:
    """Write into ``out[0]`` whether two distinct parts of a closed line come near each other.

    Args:
        out: (1,) int64; 1 if so, else 0. Written.
        x, y: (n,) [m] points of the line.
        reach: [m] distance up to which two points are near, above zero.
        apart: points between two along the line, beyond which they are of distinct parts.
    """
    n = x.shape[0]
    west, south = x.min(), y.min()
    wide, high = x.max() - west, y.max() - south
    size = max(reach, max(wide, high) / MOST_CELLS)
    columns, rows = int(floor(wide / size)) + 1, int(floor(high / size)) + 1
    # Points by cell of a grid, as linked lists.
    head = np.full(columns * rows, -1, np.int64)
    following = np.empty(n, np.int64)
    out[0] = 0
    for k in range(n):
        column, row = int(floor((x[k] - west) / size)), int(floor((y[k] - south) / size))
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                j = head[r * columns + c]
                while j >= 0:
                    along = min(k - j, n - (k - j))
                    dx, dy = x[j] - x[k], y[j] - y[k]
                    if along > apart and dx * dx + dy * dy <= reach * reach:
                        out[0] = 1
                        return
                    j = following[j]
        cell = row * columns + column
        following[k] = head[cell]
        head[cell] = k


@kernel
def scatter_apart(points: Floats, first: Floats, offers: Floats) -> None:
    """Choose points one by one, each the farthest of some from those before.

    Args:
        points: (n, 2). Written.
        first: (2,) the first of them.
        offers: (n - 1, k, 2) the places that each other one is chosen from.
    """
    points[0, 0], points[0, 1] = first[0], first[1]
    for i in range(offers.shape[0]):
        best, chosen = -1.0, 0
        for k in range(offers.shape[1]):
            nearest = np.inf
            for j in range(i + 1):
                dx = offers[i, k, 0] - points[j, 0]
                dy = offers[i, k, 1] - points[j, 1]
                nearest = min(nearest, dx * dx + dy * dy)
            if nearest > best:
                best, chosen = nearest, k
        points[i + 1, 0], points[i + 1, 1] = offers[i, chosen, 0], offers[i, chosen, 1]
