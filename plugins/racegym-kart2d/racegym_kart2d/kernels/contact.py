"""Cars that touch cars: found over the whole step, answered by impulses at its end.

A race whose cars are all far apart costs a pass over its pairs, which the compiler turns into
vector instructions. Where some are near, each such pair is followed through the step (see
``boxes``); those that touched are answered in the order of their first touch. Ties go by place,
never by slot, so cars may swap their slots.

Touches are answered in ``impulses``.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from racegym.kernels import device, kernel, outlined, prange
from racegym.kernels.geometry import wrap_angle, wrap_difference
from racegym.kernels.projection import (
    CROSSING_COUNT,
    SPACING,
)
from racegym.kernels.projection import LENGTH as LAP
from racegym.kernels.trigonometry import cosine, sine
from racegym_kart2d.kernels.acting import mass_with
from racegym_kart2d.kernels.boxes import NEVER, Course, depth, last_box, meet, touch_point
from racegym_kart2d.kernels.columns import INERTIA, LENGTH, TO_FRONT, TO_REAR, WIDTH
from racegym_kart2d.kernels.impulses import (
    BODY,
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
    bounce_all,
    part_all,
)

__all__ = ["LEVEL", "collide"]

Real = Any
Array = Any

LEVEL = 2.0  # [m] difference of height from which cars are on different levels
ABOUT = 40.0  # [m] along the track either way of a place where it crosses itself
BLOCK = 64  # cars of the races that share their working memory
TOUCHES = 3  # a car at most: side by side, convex outlines touch at less than 3 n places


@device
def _reach(p: Array) -> float:
    """Return how far [m] a corner of a car is from its middle of mass, at most."""
    long, wide, middle = float(p[LENGTH]), float(p[WIDTH]), float(p[TO_FRONT] - p[TO_REAR])
    return 0.5 * (abs(middle) + sqrt(long * long + wide * wide))


@outlined
def _are_near(
    first: int, n_cars: int, x: Array, y: Array, last_x: Array, last_y: Array, parameters: Array
) -> float:
    """Return the square of the distance [m] within which cars of a race may touch; 0 if none do."""
    most = 0.0
    for car in range(first, first + n_cars):
        dx, dy = x[car] - last_x[car], y[car] - last_y[car]
        reach = _reach(parameters[car]) + sqrt(dx * dx + dy * dy)
        if reach > most:  # not so for a car that is nowhere
            most = reach
    near = 4.0 * most * most
    found = 0
    xs, ys = x[first : first + n_cars], y[first : first + n_cars]
    for one in range(n_cars - 1):
        ox, oy = xs[one], ys[one]
        rest_x, rest_y = xs[one + 1 :], ys[one + 1 :]
        for k in range(rest_x.shape[0]):
            dx, dy = rest_x[k] - ox, rest_y[k] - oy
            found += 1 if dx * dx + dy * dy < near else 0
    return near if found > 0 else 0.0


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


@device
def _may_touch(bodies: Array, a: int, b: int) -> bool:
    """Return whether circles about the cars, moved through the step, come together."""
    step_x, step_y = 0.5 * (bodies[b, DX] - bodies[a, DX]), 0.5 * (bodies[b, DY] - bodies[a, DY])
    mid_x, mid_y = bodies[b, X] - bodies[a, X] - step_x, bodies[b, Y] - bodies[a, Y] - step_y
    far = bodies[a, REACH] + bodies[b, REACH] + sqrt(step_x * step_x + step_y * step_y)
    return bool(mid_x * mid_x + mid_y * mid_y < far * far)


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
        if met.time > before or (met.time == before and px >= touches[k - 1, PX]):
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
def _report(
    race: int, touches: Array, touch: int, one: int, other: int, count: Array, car: Array,
    by: Array, impulse: Array, px: Array, py: Array, normal_x: Array, normal_y: Array,
    closing: Array,
) -> None:  # fmt: skip
    """Append a contact while there is room, or add to that of an earlier part of the step."""
    least, most = min(one, other), max(one, other)
    for k in range(count[race]):
        if car[race, k] == least and by[race, k] == most:
            impulse[race, k] += touches[touch, IMPULSE]
            return
    k = count[race]
    if k < car.shape[1]:
        count[race] = k + 1
        side = -1.0 if one < other else 1.0  # normals point from the first in place
        car[race, k], by[race, k] = least, most
        impulse[race, k], closing[race, k] = touches[touch, IMPULSE], touches[touch, CLOSING]
        normal_x[race, k], normal_y[race, k] = side * touches[touch, NX], side * touches[touch, NY]
        px[race, k], py[race, k] = touches[touch, PX], touches[touch, PY]


@outlined
def _find(
    first: int, n_cars: int, near: float, track: int, x: Array, y: Array, z: Array, yaw: Array,
    vx: Array, vy: Array, yaw_rate: Array, present: Array, last_x: Array, last_y: Array,
    last_yaw: Array, parameters: Array, segment: Array, added: Array, table: Array,
    crossings: Array, bodies: Array, touches: Array, pairs: Array,
) -> int:  # fmt: skip
    """Fill ``bodies``, ``touches`` and ``pairs`` of a race; return how many touches there are."""
    for i in range(n_cars):
        p = parameters[first + i]
        bodies[i, X], bodies[i, Y] = x[first + i], y[first + i]
        bodies[i, DX], bodies[i, DY] = (
            bodies[i, X] - last_x[first + i],
            bodies[i, Y] - last_y[first + i],
        )
        bodies[i, REACH] = _reach(p)
        bodies[i, INVERSE_MASS] = 0.0  # the rest is not loaded yet
        bodies[i, SHIFTED] = 0.0
    found = 0
    for i in range(n_cars - 1):
        for j in range(i + 1, n_cars):
            ahead, left = bodies[j, X] - bodies[i, X], bodies[j, Y] - bodies[i, Y]
            if not ahead * ahead + left * left < near or not _may_touch(bodies, i, j):
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


@outlined(allocates=True)
def _meet_others(
    begin: int, end: int, n_cars: int, x: Array, y: Array, z: Array, yaw: Array,
    vx: Array, vy: Array, yaw_rate: Array, present: Array, last_x: Array, last_y: Array,
    last_yaw: Array, parameters: Array, segment: Array, added: Array, race_track: Array,
    points: Array, table: Array, crossings: Array, count: Array, car: Array, other: Array,
    impulse: Array, touch_x: Array, touch_y: Array, normal_x: Array, normal_y: Array,
    closing: Array, restitution: float, friction: float,
) -> None:  # fmt: skip
    """Find and answer all touches of races ``begin`` to ``end``; others as in ``collide``."""
    real = vx.dtype.type
    bodies = np.empty((n_cars, BODY), np.float64)
    touches = np.empty((TOUCHES * n_cars, FIGURES), np.float64)
    pairs = np.empty((TOUCHES * n_cars, 2), np.int64)
    for race in range(begin, end):
        first, track = race * n_cars, race_track[race]
        near = _are_near(first, n_cars, x, y, last_x, last_y, parameters)
        if near > 0.0:
            found = _find(
                first, n_cars, near, track, x, y, z, yaw, vx, vy, yaw_rate, present,
                last_x, last_y, last_yaw, parameters, segment, added, table, crossings,
                bodies, touches, pairs,
            )  # fmt: skip
            if found > 0:
                bounce_all(bodies, touches, pairs, found, restitution, friction)
                part_all(
                    first, n_cars, track, parameters, segment, points, table,
                    bodies, touches, pairs, found, real,
                )  # fmt: skip
            for i in range(n_cars):
                if bodies[i, INVERSE_MASS] > 0.0:
                    x[first + i] += bodies[i, MOVED_X]
                    y[first + i] += bodies[i, MOVED_Y]
            for k in range(found):
                if touches[k, IMPULSE] > 0.0:
                    for side in range(2):
                        i = pairs[k, side]
                        c, s = bodies[i, C], bodies[i, S]
                        vx[first + i] = c * bodies[i, VX] + s * bodies[i, VY]
                        vy[first + i] = c * bodies[i, VY] - s * bodies[i, VX]
                        yaw_rate[first + i] = bodies[i, R]
                    _report(
                        race, touches, k, pairs[k, 0], pairs[k, 1], count, car, other, impulse,
                        touch_x, touch_y, normal_x, normal_y, closing,
                    )  # fmt: skip
        for i in range(first, first + n_cars):
            last_x[i], last_y[i], last_yaw[i] = x[i], y[i], yaw[i]


@kernel
def collide(
    x: Array,
    y: Array,
    z: Array,
    yaw: Array,
    vx: Array,
    vy: Array,
    yaw_rate: Array,
    present: Array,
    last_x: Array,
    last_y: Array,
    last_yaw: Array,
    parameters: Array,
    segment: Array,
    added: Array,
    race_track: Array,
    points: Array,
    table: Array,
    crossings: Array,
    count: Array,
    car: Array,
    other: Array,
    impulse: Array,
    touch_x: Array,
    touch_y: Array,
    normal_x: Array,
    normal_y: Array,
    closing: Array,
    restitution: float,
    friction: float,
) -> None:
    """Answer the contacts of cars with cars of the step that was just made.

    Car arrays are flat, (n_races * n_cars,).

    Args:
        x, y, z, yaw, vx, vy, yaw_rate: of ``CarState``; those of cars that touch are updated,
            but for ``z`` and ``yaw``.
        present: bool; absent cars touch nothing.
        last_x, last_y, last_yaw: as they were when the step began; set to what they are now.
        parameters: (n_races * n_cars, PARAMETERS) real.
        segment: int32, where on the track.
        added: [kg] of ``Effects.mass``.
        race_track, points, table, crossings: the packed tracks.
        count, car, other, impulse, touch_x, touch_y, normal_x, normal_y, closing: of
            ``Contacts``, to which one a pair is appended.
        restitution, friction: between cars.
    """
    n_races = count.shape[0]
    n_cars = x.shape[0] // n_races
    races = max(1, BLOCK // n_cars)
    for block in prange((n_races + races - 1) // races):
        _meet_others(
            block * races, min(n_races, (block + 1) * races), n_cars, x, y, z, yaw, vx, vy,
            yaw_rate, present, last_x, last_y, last_yaw, parameters, segment, added, race_track,
            points, table, crossings, count, car, other, impulse, touch_x, touch_y, normal_x,
            normal_y, closing, restitution, friction,
        )  # fmt: skip
