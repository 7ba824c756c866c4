"""What cars that touch do to each other: impulses, and moving apart.

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

from typing import Any

from racegym.kernels import device, outlined
from racegym.kernels.projection import (
    COUNT,
    FIRST,
    KERB,
    RUNOFF,
    WALK,
    WIDTH_LEFT,
    WIDTH_RIGHT,
    walk,
)
from racegym.kernels.projection import X as PLACE_X
from racegym.kernels.projection import Y as PLACE_Y
from racegym_kart2d.kernels.columns import MASS
from racegym_kart2d.kernels.ground import hit_wall, place_beside, stretch_at
from racegym_kart2d.kernels.single_track import Body

__all__ = [
    "BODY",
    "CLOSING",
    "DEPTH",
    "DX",
    "DY",
    "FIGURES",
    "FIRST_C",
    "FIRST_S",
    "FIRST_X",
    "FIRST_Y",
    "IMPULSE",
    "INVERSE_INERTIA",
    "INVERSE_MASS",
    "LONG",
    "MIDDLE",
    "MOVED_X",
    "MOVED_Y",
    "NX",
    "NY",
    "PX",
    "PY",
    "REACH",
    "SECOND_X",
    "SECOND_Y",
    "SHIFTED",
    "TIME",
    "TURN",
    "VX",
    "VY",
    "WIDE",
    "C",
    "R",
    "S",
    "X",
    "Y",
    "bounce_all",
    "part_all",
]

Real = Any
Array = Any

SLOW = 1e-3  # [m/s] approach that is let be
SLACK = 1e-4  # [m] overlap that is let be
IMPULSE_SWEEPS = 10
POSITION_SWEEPS = 6
WALL_ROUNDS = 4  # of position sweeps, while walls move cars
TAPER = 1.0  # [m] that a track is expected to narrow within a segment, at most

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
def bounce_all(
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
def part_all(
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
