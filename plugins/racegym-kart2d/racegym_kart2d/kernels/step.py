"""The loops over races and cars: a step of the whole batch, and placing cars."""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels import device, kernel, prange
from racegym.kernels.geometry import wrap_angle
from racegym.kernels.projection import COUNT
from racegym_kart2d.kernels.acting import acting, neutral, on_surface, wheelwise, within
from racegym_kart2d.kernels.columns import STEER_LIMIT, STEER_RATE
from racegym_kart2d.kernels.functions import cosine, sine
from racegym_kart2d.kernels.ground import (
    Wheels,
    find_place,
    hit_wall,
    nearest_place,
    wheel_surfaces,
)
from racegym_kart2d.kernels.integrators import travel
from racegym_kart2d.kernels.records import Ground, Memory, Motion, Orders, Outside, Touch
from racegym_kart2d.kernels.report import report_wheels
from racegym_kart2d.kernels.single_track import Body

__all__ = ["place_cars", "step_cars"]

Real = Any  # a float of either precision
Array = Any

UNKNOWN = -1  # segment of a car that was placed: the world's frame tells the branch
WALL = -1  # `Contacts.WALL`


@device
def _limited(rack: Real, target: Real, most: Real) -> Real:
    """Return ``rack`` moved towards ``target`` by at most ``most``."""
    return rack + min(max(target - rack, -most), most)


@device
def _segment(race: int, car: int, memory: Memory, ground: Ground, track: int) -> int:
    """Return the segment that the car was on, or the world's opinion if it was placed."""
    segment = np.int64(memory.segment[race, car])
    if segment == UNKNOWN:
        count = np.int64(ground.table[track, COUNT])
        return min(max(np.int64(ground.segment[race, car]), 0), count - 1)
    return segment


@device
def _append(
    race: int,
    car: int,
    touch: Touch,
    impulse: Real,
    closing: Real,
    x: float,
    y: float,
    normal_x: Real,
    normal_y: Real,
) -> None:
    """Report a contact with a wall, if there is room."""
    k = touch.count[race]
    if k >= touch.car.shape[1]:
        return
    touch.count[race] = k + 1
    touch.car[race, k], touch.other[race, k] = car, WALL
    touch.impulse[race, k], touch.closing_speed[race, k] = impulse, closing
    touch.x[race, k], touch.y[race, k] = x, y
    touch.normal_x[race, k], touch.normal_y[race, k] = normal_x, normal_y


@device
def _advance(
    race: int,
    car: int,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    dt: float,
    substeps: int,
    keep: float,
    tyre: int,
    integrator: int,
    real: Any,
) -> None:
    """Advance one car; arguments as in ``step_cars``."""
    h, fresh = real(dt / substeps), real(1.0 - keep)
    zero, half = real(0.0), real(0.5)
    points, table, cells = ground.points, ground.table, ground.cells
    track = ground.race_track[race]
    p = memory.parameters[race, car]
    x, y, z = motion.x[race, car], motion.y[race, car], motion.z[race, car]
    yaw = wrap_angle(float(motion.yaw[race, car]))
    cy, sy = cosine(real(yaw), real), sine(real(yaw), real)
    body = Body(motion.vx[race, car], motion.vy[race, car], motion.yaw_rate[race, car])
    rack, shift = memory.rack[race, car], memory.shift[race, car]
    segment = _segment(race, car, memory, ground, track)
    under = motion.surface[race, car]
    wheels = Wheels(np.int64(under[0]), np.int64(under[1]), np.int64(under[2]), np.int64(under[3]))

    asked = p[STEER_LIMIT] * within(orders.steer[race, car], -1.0, 1.0, real)
    offset = within(outside.steer_offset[race, car], -0.5, 0.5, real)
    grip = wheelwise(outside.grip[race, car], 0.0, 2.0, real)
    rolling = wheelwise(outside.rolling_resistance[race, car], 0.0, 100.0, real)
    common = acting(race, car, p, orders, outside, real)

    gained_x, gained_y, lost_front, lost_rear = zero, zero, zero, zero
    impulse, closing, normal_x, normal_y = zero, zero, zero, zero
    touch_x, touch_y = 0.0, 0.0
    for _ in range(substeps):
        before = rack
        rack = _limited(rack, asked, p[STEER_RATE] * h)
        steer = half * (before + rack) + offset
        act = on_surface(p, common, grip, rolling, wheels, real)
        cs, sn = cosine(steer, real), sine(steer, real)
        trip = travel(p, tyre, integrator, act, body, cy, sy, steer, cs, sn, shift, h, real)
        x += trip.dx
        y += trip.dy
        yaw += trip.turn
        cy, sy, body = trip.cy, trip.sy, trip.moved.body
        shift += fresh * (trip.moved.by_tyres - shift)
        gained_x += trip.moved.gained_x
        gained_y += trip.moved.gained_y
        lost_front += trip.moved.lost_front
        lost_rear += trip.moved.lost_rear

        place = find_place(points, table, cells, track, x, y, segment, real)
        segment, z = place.segment, place.z
        hit = hit_wall(p, act.mass, body, place, cy, sy, real)
        if hit.push > zero:
            x += hit.push * hit.normal_x
            y += hit.push * hit.normal_y
            body = hit.body
            if hit.impulse > zero and impulse == zero:
                closing, normal_x, normal_y = hit.closing, hit.normal_x, hit.normal_y
                touch_x = x + (hit.corner_x * cy - hit.corner_y * sy)
                touch_y = y + (hit.corner_x * sy + hit.corner_y * cy)
            impulse += hit.impulse
        wheels = wheel_surfaces(p, place, cy, sy, real)

    motion.x[race, car], motion.y[race, car], motion.z[race, car] = x, y, z
    motion.yaw[race, car] = wrap_angle(yaw)
    motion.vx[race, car], motion.vy[race, car] = body.vx, body.vy
    motion.yaw_rate[race, car] = body.r
    share = real(1.0 / dt)
    ax, ay = gained_x * share, gained_y * share
    motion.ax[race, car], motion.ay[race, car] = ax, ay
    motion.steer[race, car] = rack + offset
    motion.throttle[race, car] = abs(common.throttle)
    motion.brake[race, car] = within(orders.brake[race, car], 0.0, 1.0, real)
    memory.rack[race, car], memory.shift[race, car] = rack, shift
    memory.segment[race, car] = segment
    part = real(1.0 / substeps)
    report_wheels(
        race, car, p, common, body, rack + offset, shift, ay,
        part * lost_front, part * lost_rear, wheels, motion, real,
    )  # fmt: skip
    if impulse > zero:
        _append(race, car, touch, impulse, closing, touch_x, touch_y, normal_x, normal_y)


@device
def _place(
    race: int,
    car: int,
    x: float,
    y: float,
    yaw: float,
    speed: float,
    motion: Motion,
    memory: Memory,
    ground: Ground,
    real: Any,
) -> None:
    """Put one car somewhere; arguments as in ``place_cars``."""
    zero = real(0.0)
    points, table, cells = ground.points, ground.table, ground.cells
    track = ground.race_track[race]
    p = memory.parameters[race, car]
    place = nearest_place(points, table, cells, track, x, y, real)
    cy, sy = cosine(real(yaw), real), sine(real(yaw), real)
    wheels = wheel_surfaces(p, place, cy, sy, real)
    motion.x[race, car], motion.y[race, car], motion.z[race, car] = x, y, place.z
    motion.yaw[race, car] = yaw
    motion.vx[race, car], motion.vy[race, car] = real(speed), zero
    motion.yaw_rate[race, car] = zero
    motion.ax[race, car], motion.ay[race, car] = zero, zero
    motion.steer[race, car] = zero
    motion.throttle[race, car], motion.brake[race, car] = zero, zero
    memory.rack[race, car], memory.shift[race, car] = zero, zero
    memory.segment[race, car] = UNKNOWN
    body = Body(real(speed), zero, zero)
    report_wheels(
        race, car, p, neutral(p, real), body, zero, zero, zero, zero, zero, wheels, motion, real
    )


@kernel
def step_cars(
    vx: Array,
    present: Array,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    elapsed: Array,
    advanced: Array,
    dt: float,
    substeps: int,
    keep: float,
    tyre: int,
    integrator: int,
) -> None:
    """Advance all cars by ``dt``. Car arrays are (n_races, n_cars).

    Args:
        vx: real [m/s]; also in ``motion``.
        present: bool; absent cars stay as they are.
        motion, memory: updated.
        orders: what drivers ask.
        outside: what realism does.
        ground: the tracks.
        touch: contacts, to which at most one a car is appended.
        elapsed: (n_races,) float64 [s]; ``dt`` is added.
        advanced: (n_races,) bool; written.
        dt: [s].
        substeps: equal parts of it.
        keep: share of the low-passed acceleration that a substep keeps.
        tyre: SATURATING or LINEAR.
        integrator: IMPLICIT or RK4.
    """
    real = vx.dtype.type
    for race in prange(vx.shape[0]):
        elapsed[race] += dt
        advanced[race] = True
        for car in range(vx.shape[1]):
            if present[race, car]:
                _advance(
                    race, car, motion, memory, orders, outside, ground, touch,
                    dt, substeps, keep, tyre, integrator, real,
                )  # fmt: skip


@kernel
def place_cars(
    cars: Array,
    pose: Array,
    speed: Array,
    vx: Array,
    motion: Motion,
    memory: Memory,
    ground: Ground,
) -> None:
    """Put cars somewhere, driving straight ahead with neutral controls.

    Args:
        cars: (k,) int64, race * n_cars + car.
        pose: (k, 3) float64; x [m], y [m], yaw [rad].
        speed: (k,) float64 [m/s] forward.
        vx: (n_races, n_cars) real [m/s]; also in ``motion``.
        motion, memory: of all cars; the rows of ``cars`` are written.
        ground: the tracks.
    """
    real = vx.dtype.type
    n_cars = vx.shape[1]
    for i in prange(cars.shape[0]):
        race = cars[i] // n_cars
        car = cars[i] - race * n_cars
        yaw = wrap_angle(pose[i, 2])
        _place(race, car, pose[i, 0], pose[i, 1], yaw, speed[i], motion, memory, ground, real)
