"""Closed lines before they are tracks: untangling, corners, and parts too near each other.

These run a few times for each track that is made, never in a step.
"""

from __future__ import annotations

from math import atan2, cos, floor, hypot, inf, pi, sin
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel

__all__ = ["find_meeting", "round_vertices", "scatter_apart", "trace_corners", "untangle"]

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

MOST_CELLS = 512  # either way, of the grid that finds what is near


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


@kernel(allocates=True)
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


@kernel
def trace_corners(
    points: Floats, straight: Floats, turn: Floats, radius: Floats, begin: float, east: float,
    extent: float, ramp: float, fine: int,
) -> None:  # fmt: skip
    """Write even points along a closed row of straights, each followed by a corner.

    The curvature of a corner rises, holds and falls, both ramps straight lines of the same
    length. What rounding leaves open is spread over the lap.

    Args:
        points: (k, 2) [m]; the first is the start. Written.
        straight, turn, radius: (m,) [m], [rad], [m] as in ``racegym.track.generate.corners``.
        begin: [m] from the beginning of the first straight to the start, which lies on it.
        east: [rad] direction at the start.
        extent: length of a corner over radius times angle.
        ramp: length of one ramp over that of its corner.
        fine: steps between two points, each straight in the direction of its middle.
    """
    count, corners = points.shape[0], straight.shape[0]
    lap = 0.0
    for k in range(corners):
        lap += straight[k] + extent * abs(turn[k]) * radius[k]
    step = lap / (fine * count)
    peak = 1.0 / (1.0 - ramp)
    # The start's straight comes twice: what is ahead of the start, and what is behind it.
    corner, heading = 0, east
    flat, bent = straight[0] - begin, extent * abs(turn[0]) * radius[0]
    ahead_x, ahead_y = cos(heading), sin(heading)
    x, y, passed = 0.0, 0.0, 0.0
    for j in range(count):
        for i in range(fine):
            s = (j * fine + i + 0.5) * step - passed
            while s >= flat + bent and corner < corners:
                s -= flat + bent
                passed += flat + bent
                heading += turn[corner]
                ahead_x, ahead_y = cos(heading), sin(heading)
                corner += 1
                flat = straight[corner] if corner < corners else begin
                bent = extent * abs(turn[corner]) * radius[corner] if corner < corners else 0.0
            if s <= flat or bent == 0.0:
                x += ahead_x
                y += ahead_y
            else:
                share = min((s - flat) / bent, 1.0)
                rest = min(share, 1.0 - share)
                grown = 0.5 * rest * rest / ramp if rest < ramp else rest - 0.5 * ramp
                made = peak * grown
                angle = heading + turn[corner] * (made if share <= 0.5 else 1.0 - made)
                x += cos(angle)
                y += sin(angle)
        following = j + 1 if j + 1 < count else 0
        points[following, 0], points[following, 1] = x, y
    for j in range(count):
        share = float(j if j else count) / count
        points[j, 0] = step * (points[j, 0] - share * x)
        points[j, 1] = step * (points[j, 1] - share * y)


@kernel(allocates=True)
def round_vertices(
    out: Floats, vertices: Floats, length: float, radius: float, lean: Floats, extent: float,
    slightest: float, sharpest: float, kept: Indices,
) -> None:  # fmt: skip
    """Drop vertices that leave no room for a corner, one by one, the worst first.

    Args:
        out: (m, 3) for each vertex left, the length of the edge before it [m], its turn [rad],
            and the largest radius [m] with which its corner takes no more than half of either
            edge. Written.
        vertices: (m, 2) of a closed polygon. Written.
        length: [m] that the polygon is scaled to.
        radius: [m] of the tightest corner.
        lean: (k,) share of its turn that a corner has made, less one half, at even places.
        extent: length of a corner over radius times angle.
        slightest, sharpest: [rad] turns that a corner has, at least and at most.
        kept: (1,) int64 how many vertices are left, 0 where none are. Written.
    """
    n = vertices.shape[0]
    after, heading = np.empty(n), np.empty(n)
    kept[0] = 0
    while n >= 3:
        total = 0.0
        for i in range(n):
            j = i + 1 if i + 1 < n else 0
            dx, dy = vertices[j, 0] - vertices[i, 0], vertices[j, 1] - vertices[i, 1]
            after[i], heading[i] = hypot(dx, dy), atan2(dy, dx)
            total += after[i]
        scale = length / total
        drop, worst = -1, inf
        for i in range(n):
            before = i - 1 if i > 0 else n - 1
            turn = (heading[i] - heading[before] + pi) % (2.0 * pi) - pi
            size = abs(turn)
            angle, chord = min(max(size, slightest), sharpest), 0.0
            for k in range(lean.shape[0]):
                chord += cos(angle * lean[k])
            chord *= extent * angle / lean.shape[0]
            room = 0.5 * scale * min(after[before], after[i])
            reach = room * 2.0 * cos(0.5 * angle) / chord
            out[i, 0], out[i, 1], out[i, 2] = scale * after[before], turn, reach
            value = 0.0 if size < slightest else reach
            if (value < radius or size > sharpest) and value < worst:
                drop, worst = i, value
        if drop < 0:
            kept[0] = n
            return
        for i in range(drop, n - 1):
            vertices[i, 0], vertices[i, 1] = vertices[i + 1, 0], vertices[i + 1, 1]
        n -= 1
