"""Memory in which cars lie side by side, so that one instruction moves several of them.

A block of up to ``LANES`` cars is copied into one flat array, a row a quantity. Loops over
its lanes call the scalar functions of one car, all inlined; where these neither branch nor
call the C library, the compiler turns the loop into vector instructions. Those are the same
IEEE operations as for a single car, so the bits do not depend on who shares a block.

The first rows are the parameters, by column; the others are named here. Quantities that
need double precision lie in a second array, the ``wide`` one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels import device
from racegym_kart2d.kernels.acting import Given, Wheelwise
from racegym_kart2d.kernels.columns import (
    BRAKE_FORCE,
    BRAKE_FRONT,
    CG_HEIGHT,
    DOWNFORCE_FRONT,
    DOWNFORCE_REAR,
    DRAG,
    DRIVE_FORCE,
    DRIVE_FRONT,
    GEAR_RATIO,
    GRIP_FRONT,
    GRIP_LOAD,
    GRIP_LONG,
    GRIP_REAR,
    IDLE_SPEED,
    INERTIA,
    LENGTH,
    MASS,
    NOMINAL_LOAD,
    POWER,
    REVERSE_FORCE,
    REVERSE_SPEED,
    ROLLING,
    SHAPE_FRONT,
    SHAPE_REAR,
    SLIP_SPEED,
    STEER_LIMIT,
    STEER_RATE,
    STIFFNESS_FRONT,
    STIFFNESS_REAR,
    TO_FRONT,
    TO_REAR,
    TOP_SPEED,
    TRACK_FRONT,
    TRACK_REAR,
    WHEEL_RADIUS,
    WIDTH,
)
from racegym_kart2d.kernels.ground import Place, Stretch, Wheels
from racegym_kart2d.kernels.single_track import Acting, Body

Real = Any  # a float of either precision
Array = Any

LANES = 64  # a constant distance between rows, above any vector's width

# Rows of the flat array of reals. Where a row is said to be one of several, the others follow.
VX, VY, R = 36, 37, 38  # motion
CY, SY = 39, 40  # cosine and sine of the yaw
ANGLE = 41  # [rad] yaw
RACK, ASKED, OFFSET, STEER = 42, 43, 44, 45  # [rad]
SHIFT = 46  # [m/s^2] acceleration by the tyres, low-passed
ACTING = 47  # of 17, the fields of ``Acting``
WHEELS = 64  # of 4, surfaces
GRIP, STIFFNESS, ROLL = 68, 72, 76  # of 4 each, factors
GAINED_X, GAINED_Y = 80, 81  # [m/s] by forces since the step began; then [m/s^2]
LOST_FRONT, LOST_REAR = 82, 83  # [W] summed over substeps
PLACE = 84  # of 7, the fields of ``Place``
IMPULSE, CLOSING = 91, 92  # [N s], [m/s] of walls
NORMAL_X, NORMAL_Y = 93, 94  # of the first wall touched
LOAD, SLIP_POWER, WHEEL_SPEED = 95, 99, 103  # of 4 each
SLIP_ANGLE = 107  # of 4 [rad]
ENGINE = 111  # [rad/s]
THROTTLE, BRAKE, GEAR = 112, 113, 114  # what the driver asks
GIVEN = 115  # of 10, the fields of ``Given``
STRETCH = 125  # of 12, the fields of ``Stretch``
OBSTACLE = 137  # of 4, as the four of walls from IMPULSE on
ROWS = 141

# Rows of the flat array of float64.
X, Y, Z, YAW = 0, 1, 2, 3
TOUCH_X, TOUCH_Y = 4, 5  # [m] where the first wall was touched
SEGMENT = 6  # a whole number
HEIGHT, CLIMB = 7, 8  # [m] at the segment's first sample, and gained to the next
OBSTACLE_TOUCH = 9  # of 2 [m], as those of walls from TOUCH_X on
WIDE_ROWS = 11


@device
def get(w: Array, row: int, i: int) -> Real:
    """Return the value of lane ``i`` in ``row``."""
    return w[np.uintp(row * LANES + i)]  # unsigned: no check for a negative index


@device
def put(w: Array, row: int, i: int, value: Real) -> None:
    """Set the value of lane ``i`` in ``row``."""
    w[np.uintp(row * LANES + i)] = value


@device
def get_body(w: Array, i: int) -> Body:
    """Return the motion of lane ``i``."""
    return Body(get(w, VX, i), get(w, VY, i), get(w, R, i))


@device
def put_body(w: Array, i: int, body: Body) -> None:
    """Set the motion of lane ``i``."""
    put(w, VX, i, body.vx)
    put(w, VY, i, body.vy)
    put(w, R, i, body.r)


@device
def get_wheelwise(w: Array, row: int, i: int) -> Wheelwise:
    """Return the four values from ``row`` on."""
    return Wheelwise(get(w, row, i), get(w, row + 1, i), get(w, row + 2, i), get(w, row + 3, i))


@device
def put_wheelwise(w: Array, row: int, i: int, values: Wheelwise) -> None:
    """Set the four values from ``row`` on."""
    put(w, row, i, values.fl)
    put(w, row + 1, i, values.fr)
    put(w, row + 2, i, values.rl)
    put(w, row + 3, i, values.rr)


@device
def get_wheels(w: Array, i: int) -> Wheels:
    """Return the surfaces below the wheels of lane ``i``."""
    fl, fr, rl, rr = get_wheelwise(w, WHEELS, i)
    return Wheels(fl, fr, rl, rr)


@device
def put_wheels(w: Array, i: int, surfaces: Wheels) -> None:
    """Set the surfaces below the wheels of lane ``i``."""
    put(w, WHEELS, i, surfaces.fl)
    put(w, WHEELS + 1, i, surfaces.fr)
    put(w, WHEELS + 2, i, surfaces.rl)
    put(w, WHEELS + 3, i, surfaces.rr)


@device
def get_place(w: Array, i: int) -> Place:
    """Return the place of lane ``i``."""
    return Place(
        get(w, PLACE, i), get(w, PLACE + 1, i), get(w, PLACE + 2, i), get(w, PLACE + 3, i),
        get(w, PLACE + 4, i), get(w, PLACE + 5, i), get(w, PLACE + 6, i),
    )  # fmt: skip


@device
def put_place(w: Array, i: int, place: Place) -> None:
    """Set the place of lane ``i``."""
    put(w, PLACE, i, place.d)
    put(w, PLACE + 1, i, place.tx)
    put(w, PLACE + 2, i, place.ty)
    put(w, PLACE + 3, i, place.left)
    put(w, PLACE + 4, i, place.right)
    put(w, PLACE + 5, i, place.kerb)
    put(w, PLACE + 6, i, place.runoff)


@device
def get_stretch(w: Array, i: int) -> Stretch:
    """Return the segment beside lane ``i``."""
    s = STRETCH
    return Stretch(
        get(w, s, i), get(w, s + 1, i), get(w, s + 2, i), get(w, s + 3, i), get(w, s + 4, i),
        get(w, s + 5, i), get(w, s + 6, i), get(w, s + 7, i), get(w, s + 8, i),
        get(w, s + 9, i), get(w, s + 10, i), get(w, s + 11, i),
    )  # fmt: skip


@device
def put_stretch(w: Array, i: int, part: Stretch) -> None:
    """Set the segment beside lane ``i``."""
    s = STRETCH
    put(w, s, i, part.px)
    put(w, s + 1, i, part.py)
    put(w, s + 2, i, part.ax)
    put(w, s + 3, i, part.ay)
    put(w, s + 4, i, part.bx)
    put(w, s + 5, i, part.by)
    put(w, s + 6, i, part.cx)
    put(w, s + 7, i, part.cy)
    put(w, s + 8, i, part.left)
    put(w, s + 9, i, part.right)
    put(w, s + 10, i, part.left_gain)
    put(w, s + 11, i, part.right_gain)


@device
def get_given(w: Array, i: int) -> Given:
    """Return the effects on lane ``i``, as realism gave them."""
    return Given(
        get(w, GIVEN, i), get(w, GIVEN + 1, i), get(w, GIVEN + 2, i), get(w, GIVEN + 3, i),
        get(w, GIVEN + 4, i), get(w, GIVEN + 5, i), get(w, GIVEN + 6, i), get(w, GIVEN + 7, i),
        get(w, GIVEN + 8, i), get(w, GIVEN + 9, i),
    )  # fmt: skip


@device
def get_acting(w: Array, i: int) -> Acting:
    """Return what acts on lane ``i``."""
    a = ACTING
    return Acting(
        get(w, a, i), get(w, a + 1, i), get(w, a + 2, i), get(w, a + 3, i), get(w, a + 4, i),
        get(w, a + 5, i), get(w, a + 6, i), get(w, a + 7, i), get(w, a + 8, i),
        get(w, a + 9, i), get(w, a + 10, i), get(w, a + 11, i), get(w, a + 12, i),
        get(w, a + 13, i), get(w, a + 14, i), get(w, a + 15, i), get(w, a + 16, i),
    )  # fmt: skip


@device
def put_acting(w: Array, i: int, act: Acting) -> None:
    """Set what acts on lane ``i``."""
    a = ACTING
    put(w, a, i, act.throttle)
    put(w, a + 1, i, act.brake)
    put(w, a + 2, i, act.limit)
    put(w, a + 3, i, act.power)
    put(w, a + 4, i, act.mass)
    put(w, a + 5, i, act.grip_front)
    put(w, a + 6, i, act.grip_rear)
    put(w, a + 7, i, act.stiffness_front)
    put(w, a + 8, i, act.stiffness_rear)
    put(w, a + 9, i, act.rolling_front)
    put(w, a + 10, i, act.rolling_rear)
    put(w, a + 11, i, act.drag)
    put(w, a + 12, i, act.downforce_front)
    put(w, a + 13, i, act.downforce_rear)
    put(w, a + 14, i, act.fx)
    put(w, a + 15, i, act.fy)
    put(w, a + 16, i, act.mz)


@device
def get_parameters(w: Array, i: int) -> tuple[Real, ...]:
    """Return the parameters of lane ``i``, to be indexed by column like an array's row."""
    # Written out: as a call, each row would be compiled as a type of its own.
    j = np.uintp(i)
    return (
        w[j + np.uintp(MASS * LANES)],
        w[j + np.uintp(INERTIA * LANES)],
        w[j + np.uintp(TO_FRONT * LANES)],
        w[j + np.uintp(TO_REAR * LANES)],
        w[j + np.uintp(CG_HEIGHT * LANES)],
        w[j + np.uintp(TRACK_FRONT * LANES)],
        w[j + np.uintp(TRACK_REAR * LANES)],
        w[j + np.uintp(LENGTH * LANES)],
        w[j + np.uintp(WIDTH * LANES)],
        w[j + np.uintp(WHEEL_RADIUS * LANES)],
        w[j + np.uintp(STEER_LIMIT * LANES)],
        w[j + np.uintp(STEER_RATE * LANES)],
        w[j + np.uintp(GRIP_FRONT * LANES)],
        w[j + np.uintp(GRIP_REAR * LANES)],
        w[j + np.uintp(GRIP_LOAD * LANES)],
        w[j + np.uintp(NOMINAL_LOAD * LANES)],
        w[j + np.uintp(GRIP_LONG * LANES)],
        w[j + np.uintp(STIFFNESS_FRONT * LANES)],
        w[j + np.uintp(STIFFNESS_REAR * LANES)],
        w[j + np.uintp(SHAPE_FRONT * LANES)],
        w[j + np.uintp(SHAPE_REAR * LANES)],
        w[j + np.uintp(SLIP_SPEED * LANES)],
        w[j + np.uintp(DRIVE_FORCE * LANES)],
        w[j + np.uintp(POWER * LANES)],
        w[j + np.uintp(DRIVE_FRONT * LANES)],
        w[j + np.uintp(TOP_SPEED * LANES)],
        w[j + np.uintp(REVERSE_FORCE * LANES)],
        w[j + np.uintp(REVERSE_SPEED * LANES)],
        w[j + np.uintp(BRAKE_FORCE * LANES)],
        w[j + np.uintp(BRAKE_FRONT * LANES)],
        w[j + np.uintp(ROLLING * LANES)],
        w[j + np.uintp(DRAG * LANES)],
        w[j + np.uintp(DOWNFORCE_FRONT * LANES)],
        w[j + np.uintp(DOWNFORCE_REAR * LANES)],
        w[j + np.uintp(GEAR_RATIO * LANES)],
        w[j + np.uintp(IDLE_SPEED * LANES)],
    )


@device
def put_four(w: Array, row: int, i: int, source: Array, car: int) -> None:
    """Set four rows from ``source[car]``."""
    put(w, row, i, source[car, 0])
    put(w, row + 1, i, source[car, 1])
    put(w, row + 2, i, source[car, 2])
    put(w, row + 3, i, source[car, 3])


@device
def take_four(w: Array, row: int, i: int, target: Array, car: int) -> None:
    """Set ``target[car]`` from four rows."""
    target[car, 0] = get(w, row, i)
    target[car, 1] = get(w, row + 1, i)
    target[car, 2] = get(w, row + 2, i)
    target[car, 3] = get(w, row + 3, i)
