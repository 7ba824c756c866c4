"""Which cars are near enough to touch: found among neighbours in x, not among all pairs.

The cars of a race are kept sorted by their x, so that only those are compared whose x are close.
What is found does not depend on the order that sorting begins with.
"""

from __future__ import annotations

from math import isnan, sqrt
from typing import Any

from racegym.kernels import device, outlined
from racegym_kart2d.kernels.columns import LENGTH, TO_FRONT, TO_REAR, WIDTH

__all__ = ["mark_near", "may_touch", "neighbours", "reach"]

Array = Any


@device
def reach(p: Array) -> float:
    """Return how far [m] a corner of a car is from its middle of mass, at most; never 0."""
    long, wide, middle = float(p[LENGTH]), float(p[WIDTH]), float(p[TO_FRONT] - p[TO_REAR])
    return 0.5 * (abs(middle) + sqrt(long * long + wide * wide))


@outlined
def sort(order: Array, x: Array) -> None:
    """Sort the cars of a race by ``x``, from the order of the step before; who is nowhere last."""
    for i in range(1, order.shape[0]):
        car = order[i]
        k = i
        while k > 0 and not x[order[k - 1]] <= x[car] and not isnan(x[car]):
            order[k] = order[k - 1]
            k -= 1
        order[k] = car


@device
def may_touch(ahead: float, left: float, step_x: float, step_y: float, reaches: float) -> bool:
    """Return whether circles about two cars, moved through the step, come together.

    Args:
        ahead, left: [m] from one to the other, at the end of the step.
        step_x, step_y: [m] half of how much farther the other one has moved.
        reaches: [m] of both cars together.
    """
    mid_x, mid_y = ahead - step_x, left - step_y
    far = reaches + sqrt(step_x * step_x + step_y * step_y)
    return bool(mid_x * mid_x + mid_y * mid_y < far * far)


@outlined
def mark_near(
    first: int, n_cars: int, x: Array, y: Array, last_x: Array, last_y: Array, parameters: Array,
    order: Array, marked: Array,
) -> float:  # fmt: skip
    """Mark the cars of a race that may touch one in a later slot, as if all were the largest.

    Args:
        first, n_cars: which cars.
        x, y, last_x, last_y, parameters, order: as for ``collide``; the order is brought up to
            date.
        marked: (n_cars,) bool. Written.

    Returns:
        the square of the distance [m] within which cars may touch; 0 if none is marked.
    """
    moved, outline, offset = 0.0, 0.0, 0.0
    for i in range(n_cars):
        marked[i] = False
        dx, dy = x[first + i] - last_x[first + i], y[first + i] - last_y[first + i]
        p = parameters[first + i]
        long, wide, middle = float(p[LENGTH]), float(p[WIDTH]), float(p[TO_FRONT] - p[TO_REAR])
        square = dx * dx + dy * dy
        if square > moved:  # not so for a car that is nowhere
            moved = square
        outline = max(outline, long * long + wide * wide)
        offset = max(offset, abs(middle))
    reaches = offset + sqrt(outline)
    near = (reaches + 2.0 * sqrt(moved)) ** 2
    by_x = order[first : first + n_cars]
    sort(by_x, x[first : first + n_cars])
    some = False
    for k in range(n_cars - 1):
        a = first + by_x[k]
        for after in range(k + 1, n_cars):
            b = first + by_x[after]
            dx, dy = x[b] - x[a], y[b] - y[a]
            if not dx * dx < near:
                break
            if not dx * dx + dy * dy < near:
                continue
            step_x = 0.5 * ((x[b] - last_x[b]) - (x[a] - last_x[a]))
            step_y = 0.5 * ((y[b] - last_y[b]) - (y[a] - last_y[a]))
            if may_touch(dx, dy, step_x, step_y, reaches):
                marked[min(a, b) - first] = True
                some = True
    return near if some else 0.0


@outlined
def neighbours(
    i: int, at: int, near: float, xs: Array, ys: Array, by_x: Array, others: Array
) -> int:
    """List the later slots whose cars are near slot ``i``, rising; return how many there are.

    Args:
        i, at: the slot, and its place in ``by_x``.
        near: [m^2], as ``mark_near`` returned it.
        xs, ys: [m] of the race's cars.
        by_x: their slots, sorted.
        others: written.
    """
    n_cars, count = by_x.shape[0], 0
    for way in (-1, 1):
        k = at + way
        while 0 <= k < n_cars:
            j = by_x[k]
            dx, dy = xs[j] - xs[i], ys[j] - ys[i]
            if not dx * dx < near:
                break
            k += way
            if j < i or not dx * dx + dy * dy < near:
                continue
            place = count
            while place > 0 and others[place - 1] > j:
                others[place] = others[place - 1]
                place -= 1
            others[place] = j
            count += 1
    return count
