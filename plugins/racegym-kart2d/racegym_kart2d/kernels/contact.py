"""Cars that touch cars: found over the whole step, answered by impulses at its end.

A race whose cars are all far apart costs a pass over its pairs, which the compiler turns into
vector instructions. Where some are near, each such pair is followed through the step (see
``boxes``); those that touched are answered in the order of their first touch. Ties go by place,
never by slot, so cars may swap their slots.

**Impulses** [1]. A sweep goes over all touches. Where two cars approach each other at the point
of touch, an impulse along the normal turns the approach round, times the restitution; then one
across the normal takes what sliding is left, up to the friction times the first. Levers are
those at the moment of touch. Either alone conserves linear and angular momentum and takes
energy or leaves it, whatever came before, so no number of sweeps can add any. Impulses once
given are not taken back, other than in [1], since that could add energy. A sweep without any
approach is the last.

**Positions**. Cars are moved apart along the normals, in proportion to their inverse masses and
without turning, then held at the walls; while these move some, both is done again. The walls
have the last word, and what overlap they leave is for the next step.

[1] Catto (2006), "Fast and simple physics using sequential impulses", Game Developers
    Conference; Baraff (1989), "Analytical methods for dynamic simulation of non-penetrating
    rigid bodies", SIGGRAPH 23(3):223-232, for what an exact answer to many touches takes.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from racegym.kernels import device, kernel, outlined, prange
from racegym.kernels.geometry import wrap_angle, wrap_difference
from racegym.kernels.projection import (
    COUNT,
    CROSSING_COUNT,
    FIRST,
    KERB,
    RUNOFF,
    SPACING,
    WALK,
    WIDTH_LEFT,
    WIDTH_RIGHT,
    walk,
)
from racegym.kernels.projection import LENGTH as LAP
from racegym.kernels.projection import X as PLACE_X
from racegym.kernels.projection import Y as PLACE_Y
from racegym.kernels.trigonometry import cosine, sine
from racegym_kart2d.kernels.acting import mass_with
from racegym_kart2d.kernels.boxes import NEVER, Course, depth, last_box, meet, touch_point
from racegym_kart2d.kernels.columns import INERTIA, LENGTH, MASS, TO_FRONT, TO_REAR, WIDTH
from racegym_kart2d.kernels.ground import hit_wall, place_beside, stretch_at
from racegym_kart2d.kernels.single_track import Body

__all__ = ["LEVEL", "collide"]

Real = Any
Array = Any

LEVEL = 2.0  # [m] difference of height from which cars are on different levels
ABOUT = 40.0  # [m] along the track either way of a place where it crosses itself
SLOW = 1e-3  # [m/s] approach that is let be
SLACK = 1e-4  # [m] overlap that is let be
IMPULSE_SWEEPS = 10
POSITION_SWEEPS = 6
WALL_ROUNDS = 4  # of position sweeps, while walls move cars
BLOCK = 64  # cars of the races that share their working memory
TAPER = 1.0  # [m] that a track is expected to narrow within a segment, at most
TOUCHES = 3  # a car at most: side by side, convex outlines touch at less than 3 n places

# Columns of ``touches``.
TIME = 0  # share of the step
NX, NY = 1, 2  # unit normal, from the first car to the second
PX, PY = 3, 4  # [m] where they touch
FIRST_X, FIRST_Y = 5, 6  # [m] the same from the middle of mass of either, then
SECOND_X, SECOND_Y = 7, 8
DEPTH = 9  # [m] along the normal at the end of the step
CLOSING = 10  # [m/s]
IMPULSE = 11  # [N s]
FIGURES = 12
# Columns of ``bodies``.
X, Y, DX, DY = 0, 1, 2, 3  # [m] at the end of the step, and moved in it
REACH = 4  # [m] of its outline from the middle of mass
C, S, FIRST_C, FIRST_S, TURN = 5, 6, 7, 8, 9  # of the yaw, at the end and the beginning; [rad]
MIDDLE, LONG, WIDE = 10, 11, 12  # [m] of its box
VX, VY, R = 13, 14, 15  # velocity [m/s] in the map frame, yaw rate [rad/s]
INVERSE_MASS, INVERSE_INERTIA = 16, 17
MOVED_X, MOVED_Y = 18, 19  # [m]
SHIFTED = 20  # 1 if so since it was held at the walls, else 0
BODY = 21


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


@device
def _push(bodies: Array, i: int, x: float, y: float, lever_x: float, lever_y: float) -> None:
    """Give a body an impulse [N s] at a lever [m]."""
    bodies[i, VX] += x * bodies[i, INVERSE_MASS]
    bodies[i, VY] += y * bodies[i, INVERSE_MASS]
    bodies[i, R] += (lever_x * y - lever_y * x) * bodies[i, INVERSE_INERTIA]


@device
def _speed(bodies: Array, a: int, b: int, touches: Array, k: int, nx: float, ny: float) -> float:
    """Return how fast [m/s] ``b`` leaves ``a`` along a direction, at the point of touch."""
    ahead = (bodies[b, VX] - bodies[b, R] * touches[k, SECOND_Y]) - (
        bodies[a, VX] - bodies[a, R] * touches[k, FIRST_Y]
    )
    left = (bodies[b, VY] + bodies[b, R] * touches[k, SECOND_X]) - (
        bodies[a, VY] + bodies[a, R] * touches[k, FIRST_X]
    )
    return float(ahead * nx + left * ny)


@device
def _yielding(bodies: Array, a: int, b: int, touches: Array, k: int, nx: float, ny: float) -> float:
    """Return what an impulse of 1 N s along a direction adds to ``_speed`` [1/kg]."""
    lever_a = touches[k, FIRST_X] * ny - touches[k, FIRST_Y] * nx
    lever_b = touches[k, SECOND_X] * ny - touches[k, SECOND_Y] * nx
    by_turning = (
        lever_a * lever_a * bodies[a, INVERSE_INERTIA]
        + lever_b * lever_b * bodies[b, INVERSE_INERTIA]
    )
    return float(bodies[a, INVERSE_MASS] + bodies[b, INVERSE_MASS] + by_turning)


@outlined
def _bounce(
    bodies: Array, a: int, b: int, touches: Array, k: int, restitution: float, friction: float
) -> bool:
    """Turn an approach at a touch round; return whether there was one."""
    nx, ny = touches[k, NX], touches[k, NY]
    speed = _speed(bodies, a, b, touches, k, nx, ny)
    if not speed < -SLOW:
        return False
    if touches[k, IMPULSE] == 0.0:
        touches[k, CLOSING] = -speed
    impulse = -(1.0 + restitution) * speed / _yielding(bodies, a, b, touches, k, nx, ny)
    touches[k, IMPULSE] += impulse
    _push(bodies, a, -impulse * nx, -impulse * ny, touches[k, FIRST_X], touches[k, FIRST_Y])
    _push(bodies, b, impulse * nx, impulse * ny, touches[k, SECOND_X], touches[k, SECOND_Y])
    tx, ty = -ny, nx
    rub = -_speed(bodies, a, b, touches, k, tx, ty) / _yielding(bodies, a, b, touches, k, tx, ty)
    most = friction * impulse
    rub = min(max(rub, -most), most)
    _push(bodies, a, -rub * tx, -rub * ty, touches[k, FIRST_X], touches[k, FIRST_Y])
    _push(bodies, b, rub * tx, rub * ty, touches[k, SECOND_X], touches[k, SECOND_Y])
    return True


@outlined
def _part(bodies: Array, a: int, b: int, touches: Array, k: int) -> bool:
    """Move two cars apart by what they overlap; return whether they did."""
    nx, ny = touches[k, NX], touches[k, NY]
    ahead = (bodies[b, MOVED_X] - bodies[a, MOVED_X]) * nx + (
        bodies[b, MOVED_Y] - bodies[a, MOVED_Y]
    ) * ny
    deep = touches[k, DEPTH] - ahead
    if not deep > SLACK:
        return False
    bodies[a, SHIFTED], bodies[b, SHIFTED] = 1.0, 1.0
    each = deep / (bodies[a, INVERSE_MASS] + bodies[b, INVERSE_MASS])
    bodies[a, MOVED_X] -= each * bodies[a, INVERSE_MASS] * nx
    bodies[a, MOVED_Y] -= each * bodies[a, INVERSE_MASS] * ny
    bodies[b, MOVED_X] += each * bodies[b, INVERSE_MASS] * nx
    bodies[b, MOVED_Y] += each * bodies[b, INVERSE_MASS] * ny
    return True


@outlined
def _hold(
    car: int, bodies: Array, i: int, parameters: Array, track: int, segment: Array,
    points: Array, table: Array, real: Any,
) -> bool:  # fmt: skip
    """Keep a car that was moved inside the walls; return whether one moved it, too."""
    x, y = bodies[i, X] + bodies[i, MOVED_X], bodies[i, Y] + bodies[i, MOVED_Y]
    first, number = int(table[track, FIRST]), int(table[track, COUNT])
    row = first + int(segment[car])
    dx, dy = x - points[row, PLACE_X], y - points[row, PLACE_Y]
    room = min(points[row, WIDTH_LEFT], points[row, WIDTH_RIGHT]) + table[track, RUNOFF]
    room -= bodies[i, REACH] + TAPER
    if room > 0.0 and dx * dx + dy * dy < room * room:
        return False  # as most cars are, far from any wall
    found = walk(points, first, number, int(segment[car]), x, y, WALK)
    if found < 0:
        return False  # off its part of the track: the next step searches
    part = stretch_at(points, table, track, x, y, found, real)
    kerb, runoff = real(table[track, KERB]), real(table[track, RUNOFF])
    place, _ = place_beside(part, kerb, runoff, real)
    zero, p = real(0.0), parameters[car]
    still = Body(zero, zero, zero)
    hit = hit_wall(p, p[MASS], still, place, real(bodies[i, C]), real(bodies[i, S]), real)
    bodies[i, MOVED_X] += hit.push * hit.normal_x
    bodies[i, MOVED_Y] += hit.push * hit.normal_y
    return bool(hit.push > zero)


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


@outlined
def _bounce_all(
    bodies: Array, touches: Array, pairs: Array, found: int, restitution: float, friction: float
) -> None:
    """Go over all touches until no cars approach each other any more."""
    for _ in range(IMPULSE_SWEEPS):
        bounced = False
        for k in range(found):
            a, b = pairs[k, 0], pairs[k, 1]
            bounced = _bounce(bodies, a, b, touches, k, restitution, friction) or bounced
        if not bounced:
            break


@outlined
def _part_all(
    first: int, n_cars: int, track: int, parameters: Array, segment: Array, points: Array,
    table: Array, bodies: Array, touches: Array, pairs: Array, found: int, real: Any,
) -> None:  # fmt: skip
    """Move cars apart, and back inside the walls."""
    for _ in range(WALL_ROUNDS):
        for _ in range(POSITION_SWEEPS):
            moved = False
            for k in range(found):
                moved = _part(bodies, pairs[k, 0], pairs[k, 1], touches, k) or moved
            if not moved:
                break
        held = False
        for i in range(n_cars):
            if bodies[i, SHIFTED] > 0.0:
                bodies[i, SHIFTED] = 0.0
                held = (
                    _hold(first + i, bodies, i, parameters, track, segment, points, table, real)
                    or held
                )
        if not held:
            break


@outlined
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
                _bounce_all(bodies, touches, pairs, found, restitution, friction)
                _part_all(
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
