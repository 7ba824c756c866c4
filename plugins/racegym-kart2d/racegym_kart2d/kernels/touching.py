"""Which cars of a race touched in a step, when first, where and how.

Where cars are near each other (see ``nearby``), each such pair is followed through the step (see
``boxes``); those that touched are put in the order of their first touch. Ties go by place, never
by slot, so cars may swap their slots.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from racegym.kernels import device, outlined
from racegym.kernels.geometry import wrap_angle, wrap_difference
from racegym.kernels.projection import CROSSING_COUNT, SPACING
from racegym.kernels.projection import LENGTH as LAP
from racegym.kernels.trigonometry import cosine, sine
from racegym_kart2d.kernels.acting import mass_with
from racegym_kart2d.kernels.boxes import NEVER, Course, depth, last_box, meet, touch_point
from racegym_kart2d.kernels.columns import INERTIA, LENGTH, TO_FRONT, TO_REAR, WIDTH
from racegym_kart2d.kernels.impulses import (
    CLOSING,
    DEPTH,
    DX,
    DY,
    FIGURES,
    FIRST_C,
    FIRST_S,
    FIRST_X,
    FIRST_Y,
    IMPULSE,
    INVERSE_INERTIA,
    INVERSE_MASS,
    LONG,
    MIDDLE,
    MOVED_X,
    MOVED_Y,
    NX,
    NY,
    PX,
    PY,
    REACH,
    SECOND_X,
    SECOND_Y,
    SHIFTED,
    TIME,
    TURN,
    VX,
    VY,
    WIDE,
    C,
    R,
    S,
    X,
    Y,
)  # fmt: skip
from racegym_kart2d.kernels.nearby import may_touch, neighbours, reach

__all__ = ["LEVEL", "find_touches"]

Real = Any
Array = Any

LEVEL = 2.0  # [m] difference of height from which cars are on different levels
ABOUT = 40.0  # [m] along the track either way of a place where it crosses itself


@outlined
def _place(
    car: int, bodies: Array, i: int, x: Array, y: Array, last_x: Array, last_y: Array,
    parameters: Array,
) -> None:  # fmt: skip
    """Fill what tells whether a car comes near another one."""
    bodies[i, X], bodies[i, Y] = x[car], y[car]
    bodies[i, DX], bodies[i, DY] = bodies[i, X] - last_x[car], bodies[i, Y] - last_y[car]
    bodies[i, REACH] = reach(parameters[car])


@device
def _rotation(yaw: Real, real: Any) -> tuple[Real, Real]:
    """Return the cosine and sine of an angle, exactly of length 1 so that energy is kept."""
    angle = wrap_angle(float(yaw))
    c, s = cosine(angle, real), sine(angle, real)
    scale = real(1.0) / sqrt(c * c + s * s)
    return c * scale, s * scale


@outlined
def _load(
    car: int, bodies: Array, i: int, yaw: Array, vx: Array, vy: Array, yaw_rate: Array,
    last_yaw: Array, parameters: Array, added: Array,
) -> None:  # fmt: skip
    """Fill the row of a car that is near another one."""
    real, p = bodies.dtype.type, parameters[car]
    c, s = _rotation(yaw[car], real)
    bodies[i, C], bodies[i, S] = c, s
    bodies[i, FIRST_C], bodies[i, FIRST_S] = _rotation(last_yaw[car], real)
    bodies[i, TURN] = wrap_angle(float(yaw[car]) - float(last_yaw[car]))
    bodies[i, MIDDLE] = 0.5 * (float(p[TO_FRONT]) - float(p[TO_REAR]))
    bodies[i, LONG], bodies[i, WIDE] = 0.5 * float(p[LENGTH]), 0.5 * float(p[WIDTH])
    bodies[i, VX], bodies[i, VY] = c * vx[car] - s * vy[car], s * vx[car] + c * vy[car]
    bodies[i, R] = yaw_rate[car]
    bodies[i, INVERSE_MASS] = 1.0 / float(mass_with(p, added[car], p.dtype.type))
    bodies[i, INVERSE_INERTIA] = 1.0 / float(p[INERTIA])
    bodies[i, MOVED_X], bodies[i, MOVED_Y], bodies[i, SHIFTED] = 0.0, 0.0, 0.0


@device
def _course(bodies: Array, i: int) -> Course:
    """Return how a car moved through the step."""
    return Course(
        bodies[i, X], bodies[i, Y], bodies[i, C], bodies[i, S],
        bodies[i, FIRST_C], bodies[i, FIRST_S], bodies[i, DX], bodies[i, DY], bodies[i, TURN],
        bodies[i, MIDDLE], bodies[i, LONG], bodies[i, WIDE],
    )  # fmt: skip


@device
def _on_other_level(
    one: int, other: int, track: int, z: Array, segment: Array, table: Array, crossings: Array
) -> bool:
    """Return whether two cars that seem to touch are above each other."""
    if abs(z[one] - z[other]) > LEVEL:
        return True
    for crossing in range(int(table[track, CROSSING_COUNT])):
        here, there = crossings[track, 2 * crossing], crossings[track, 2 * crossing + 1]
        lap, spacing = table[track, LAP], table[track, SPACING]
        about = min(ABOUT, 0.5 * abs(wrap_difference(there - here, lap)))
        s, other_s = segment[one] * spacing, segment[other] * spacing
        if (
            abs(wrap_difference(s - here, lap)) < about
            and abs(wrap_difference(other_s - there, lap)) < about
        ) or (
            abs(wrap_difference(s - there, lap)) < about
            and abs(wrap_difference(other_s - here, lap)) < about
        ):
            return True
    return False


@outlined
def _add(bodies: Array, a: int, b: int, count: int, touches: Array, pairs: Array) -> int:
    """Put a pair of cars in its place in the order of first touch, if they touch; return how many.

    Args:
        bodies: of all cars of the race.
        a, b: their slots.
        count: how many there are.
        touches, pairs: written.
    """
    real, last = bodies.dtype.type, touches.shape[0] - 1
    course, by = _course(bodies, a), _course(bodies, b)
    met = meet(course, by, real)
    if met.time >= NEVER or count > last:
        return count
    px, py = touch_point(met.box, met.other, met.nx, met.ny, met.face, real)
    k = count
    while k > 0:
        before = touches[k - 1, TIME]
        at_x = touches[k - 1, PX]
        if met.time > before or (
            met.time == before and (px > at_x or (px == at_x and py >= touches[k - 1, PY]))
        ):
            break
        for column in range(FIGURES):
            touches[k, column] = touches[k - 1, column]
        pairs[k, 0], pairs[k, 1] = pairs[k - 1, 0], pairs[k - 1, 1]
        k -= 1
    pairs[k, 0], pairs[k, 1] = a, b
    rest = 1.0 - met.time
    touches[k, TIME], touches[k, NX], touches[k, NY], touches[k, PX], touches[k, PY] = (
        met.time,
        met.nx,
        met.ny,
        px,
        py,
    )
    touches[k, FIRST_X], touches[k, FIRST_Y] = (
        px - (bodies[a, X] - rest * bodies[a, DX]),
        py - (bodies[a, Y] - rest * bodies[a, DY]),
    )
    touches[k, SECOND_X], touches[k, SECOND_Y] = (
        px - (bodies[b, X] - rest * bodies[b, DX]),
        py - (bodies[b, Y] - rest * bodies[b, DY]),
    )
    touches[k, DEPTH] = depth(last_box(course), last_box(by), met.nx, met.ny)
    touches[k, CLOSING], touches[k, IMPULSE] = 0.0, 0.0
    return count + 1


@outlined
def find_touches(
    first: int, n_cars: int, near: float, track: int, x: Array, y: Array, z: Array, yaw: Array,
    vx: Array, vy: Array, yaw_rate: Array, present: Array, last_x: Array, last_y: Array,
    last_yaw: Array, order: Array, parameters: Array, segment: Array, added: Array, table: Array,
    crossings: Array, bodies: Array, touches: Array, pairs: Array, marked: Array,
    place: Array, others: Array,
) -> int:  # fmt: skip
    """Fill ``bodies``, ``touches`` and ``pairs`` of a race; return how many touches there are."""
    for i in range(n_cars):
        bodies[i, REACH] = 0.0  # not placed yet
        bodies[i, INVERSE_MASS] = 0.0  # nor loaded
        bodies[i, SHIFTED] = 0.0
    xs, ys = x[first : first + n_cars], y[first : first + n_cars]
    by_x = order[first : first + n_cars]
    for k in range(n_cars):
        place[by_x[k]] = k
    found = 0
    for i in range(n_cars):
        if not marked[i]:
            continue
        for neighbour in range(neighbours(i, place[i], near, xs, ys, by_x, others)):
            j = others[neighbour]
            ahead, left = xs[j] - xs[i], ys[j] - ys[i]
            for k in (i, j):
                if bodies[k, REACH] == 0.0:
                    _place(first + k, bodies, k, x, y, last_x, last_y, parameters)
            step_x = 0.5 * (bodies[j, DX] - bodies[i, DX])
            step_y = 0.5 * (bodies[j, DY] - bodies[i, DY])
            if not may_touch(ahead, left, step_x, step_y, bodies[i, REACH] + bodies[j, REACH]):
                continue
            one, another = first + i, first + j
            speeds = float(vx[one] + vy[one] + yaw_rate[one])
            speeds += float(vx[another] + vy[another] + yaw_rate[another])
            if not (present[one] and present[another] and abs(speeds) < np.inf):
                continue
            if _on_other_level(one, another, track, z, segment, table, crossings):
                continue
            for k in (i, j):
                if bodies[k, INVERSE_MASS] == 0.0:
                    _load(
                        first + k, bodies, k, yaw, vx, vy, yaw_rate, last_yaw,
                        parameters, added,
                    )  # fmt: skip
            # Told apart by place, so that slots don't matter.
            if ahead < 0.0 or (ahead == 0.0 and left < 0.0):
                found = _add(bodies, j, i, found, touches, pairs)
            else:
                found = _add(bodies, i, j, found, touches, pairs)
    return found
