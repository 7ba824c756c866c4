"""A step of the whole batch, block by block, and placing cars.

A block holds whole races, in lanes (see ``lanes``), and does one thing after the other for
all of its cars: load, then per substep move, find the place on the track and meet walls, and
at last report and save. Only finding the place is done car by car.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels import device, kernel, prange
from racegym.kernels.geometry import wrap_angle
from racegym.kernels.projection import COUNT, KERB, OPEN_RUNOFF, REACH, RUNOFF
from racegym_kart2d.kernels import lanes
from racegym_kart2d.kernels.acting import acting, all_within, neutral, on_surface, within
from racegym_kart2d.kernels.columns import IMPLICIT, SATURATING, STEER_LIMIT, STEER_RATE
from racegym_kart2d.kernels.functions import cosine, sine
from racegym_kart2d.kernels.ground import (
    follow,
    heights,
    hit_wall,
    nearest_place,
    place_beside,
    search,
    stretch_at,
    wheel_surfaces,
)
from racegym_kart2d.kernels.integrators import travel
from racegym_kart2d.kernels.lanes import (
    LANES,
    get,
    get_acting,
    get_body,
    get_given,
    get_parameters,
    get_place,
    get_stretch,
    get_wheels,
    get_wheelwise,
    load,
    load_columns,
    put,
    put_acting,
    put_body,
    put_place,
    put_stretch,
    put_wheelwise,
    save,
    save_columns,
)
from racegym_kart2d.kernels.records import Ground, Memory, Motion, Orders, Outside, Touch
from racegym_kart2d.kernels.report import report
from racegym_kart2d.kernels.single_track import Body

__all__ = ["place_cars", "step_any", "step_cars"]

Real = Any  # a float of either precision
Array = Any

UNKNOWN = -1  # segment of a car that was placed: the world's frame tells the branch
WALL = -1  # `Contacts.WALL`


@device
def _load(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
) -> None:
    """Copy cars ``first`` to ``first + n`` into the lanes."""
    load_columns(w, 0, memory.parameters, first, n)
    load(w, lanes.VX, motion.vx, first, n)
    load(w, lanes.VY, motion.vy, first, n)
    load(w, lanes.R, motion.yaw_rate, first, n)
    load(w, lanes.RACK, memory.rack, first, n)
    load(w, lanes.SHIFT, memory.shift, first, n)
    load_columns(w, lanes.WHEELS, motion.surface, first, n)
    load(wide, lanes.X, motion.x, first, n)
    load(wide, lanes.Y, motion.y, first, n)
    load(wide, lanes.Z, motion.z, first, n)
    load(wide, lanes.YAW, motion.yaw, first, n)
    load(wide, lanes.SEGMENT, memory.segment, first, n)
    load(w, lanes.ASKED, orders.steer, first, n)
    load(w, lanes.THROTTLE, orders.throttle, first, n)
    load(w, lanes.BRAKE, orders.brake, first, n)
    load(w, lanes.GEAR, orders.gear, first, n)
    load_columns(w, lanes.GRIP, outside.grip, first, n)
    load_columns(w, lanes.STIFFNESS, outside.tyre_stiffness, first, n)
    load_columns(w, lanes.ROLL, outside.rolling_resistance, first, n)
    load(w, lanes.OFFSET, outside.steer_offset, first, n)
    load(w, lanes.GIVEN, outside.power, first, n)
    load(w, lanes.GIVEN + 1, outside.drag, first, n)
    load(w, lanes.GIVEN + 2, outside.brake, first, n)
    load(w, lanes.GIVEN + 3, outside.downforce_front, first, n)
    load(w, lanes.GIVEN + 4, outside.downforce_rear, first, n)
    load(w, lanes.GIVEN + 5, outside.mass, first, n)
    load(w, lanes.GIVEN + 6, outside.fx, first, n)
    load(w, lanes.GIVEN + 7, outside.fy, first, n)
    load(w, lanes.GIVEN + 8, outside.mz, first, n)
    load(w, lanes.GIVEN + 9, outside.speed_limit, first, n)


@device
def _prepare(w: Array, wide: Array, n: int, real: Any) -> None:
    """Bring what was loaded into the form that substeps use, and clear what they sum."""
    zero = real(0.0)
    for i in range(n):
        p = get_parameters(w, i)
        angle = real(wrap_angle(get(wide, lanes.YAW, i)))
        put(w, lanes.CY, i, cosine(angle, real))
        put(w, lanes.SY, i, sine(angle, real))
        put(w, lanes.ASKED, i, p[STEER_LIMIT] * within(get(w, lanes.ASKED, i), -1.0, 1.0, real))
        put(w, lanes.OFFSET, i, within(get(w, lanes.OFFSET, i), -0.5, 0.5, real))
        grip = all_within(get_wheelwise(w, lanes.GRIP, i), 0.0, 2.0, real)
        put_wheelwise(w, lanes.GRIP, i, grip)
        roll = all_within(get_wheelwise(w, lanes.ROLL, i), 0.0, 100.0, real)
        put_wheelwise(w, lanes.ROLL, i, roll)
        stiffness = all_within(get_wheelwise(w, lanes.STIFFNESS, i), 0.05, 5.0, real)
        throttle, brake = get(w, lanes.THROTTLE, i), get(w, lanes.BRAKE, i)
        gear = get(w, lanes.GEAR, i)
        put_acting(w, i, acting(p, throttle, brake, gear, get_given(w, i), stiffness, real))
        put(w, lanes.THROTTLE, i, within(throttle, 0.0, 1.0, real))
        put(w, lanes.BRAKE, i, within(brake, 0.0, 1.0, real))
        put(w, lanes.GAINED_X, i, zero)
        put(w, lanes.GAINED_Y, i, zero)
        put(w, lanes.LOST_FRONT, i, zero)
        put(w, lanes.LOST_REAR, i, zero)
        put(w, lanes.IMPULSE, i, zero)
        put(w, lanes.CLOSING, i, zero)


@device
def _move(
    w: Array,
    wide: Array,
    n: int,
    tyre: int,
    integrator: int,
    long_h: float,
    fresh: Real,
    real: Any,
) -> None:
    """Steer and move all lanes by ``long_h`` [s], without regard to walls."""
    h, half = real(long_h), real(0.5)
    for i in range(n):
        p = get_parameters(w, i)
        before, asked = get(w, lanes.RACK, i), get(w, lanes.ASKED, i)
        most = p[STEER_RATE] * h
        rack = before + min(max(asked - before, -most), most)
        steer = half * (before + rack) + get(w, lanes.OFFSET, i)
        grip, roll = get_wheelwise(w, lanes.GRIP, i), get_wheelwise(w, lanes.ROLL, i)
        act = on_surface(p, get_acting(w, i), grip, roll, get_wheels(w, i), real)
        cy, sy, shift = get(w, lanes.CY, i), get(w, lanes.SY, i), get(w, lanes.SHIFT, i)
        cs, sn = cosine(steer, real), sine(steer, real)
        body = get_body(w, i)
        trip = travel(p, tyre, integrator, act, body, cy, sy, steer, cs, sn, shift, h, real)
        put_body(w, i, Body(trip.vx, trip.vy, trip.r))
        put(w, lanes.RACK, i, rack)
        put(w, lanes.CY, i, trip.cy)
        put(w, lanes.SY, i, trip.sy)
        put(w, lanes.SHIFT, i, shift + fresh * (trip.by_tyres - shift))
        put(w, lanes.GAINED_X, i, get(w, lanes.GAINED_X, i) + trip.gained_x)
        put(w, lanes.GAINED_Y, i, get(w, lanes.GAINED_Y, i) + trip.gained_y)
        put(w, lanes.LOST_FRONT, i, get(w, lanes.LOST_FRONT, i) + trip.lost_front)
        put(w, lanes.LOST_REAR, i, get(w, lanes.LOST_REAR, i) + trip.lost_rear)
        put(wide, lanes.X, i, get(wide, lanes.X, i) + trip.dx)
        put(wide, lanes.Y, i, get(wide, lanes.Y, i) + trip.dy)
        put(wide, lanes.YAW, i, get(wide, lanes.YAW, i) + trip.turn)


@device
def _look_up(
    w: Array, wide: Array, first: int, n: int, n_cars: int, ground: Ground, real: Any
) -> None:
    """Get what tracks say of themselves, and where placed cars are."""
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        track = ground.race_track[race]
        if get(wide, lanes.SEGMENT, i) == float(UNKNOWN):
            last = ground.table[track, COUNT] - 1.0
            put(wide, lanes.SEGMENT, i, min(max(float(ground.segment[first + i]), 0.0), last))
        put(w, lanes.PLACE, i, real(0.0))
        put(w, lanes.PLACE + 3, i, real(0.0))
        put(w, lanes.PLACE + 4, i, real(0.0))
        put(w, lanes.PLACE + 5, i, real(ground.table[track, KERB]))
        put(w, lanes.PLACE + 6, i, real(ground.table[track, RUNOFF]))
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@device
def _find(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    n_cars: int,
    present: Array,
    ground: Ground,
    real: Any,
) -> None:
    """Follow all lanes along their tracks."""
    points, table, cells = ground.points, ground.table, ground.cells
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        if present[first + i]:
            track = ground.race_track[race]
            segment = int(get(wide, lanes.SEGMENT, i))
            x, y = get(wide, lanes.X, i), get(wide, lanes.Y, i)
            before = get_place(w, i)
            reach = max(before.left, before.right) + min(before.runoff, real(OPEN_RUNOFF))
            if abs(before.d) > reach + real(REACH):
                segment = search(points, table, cells, track, x, y, segment)
            else:
                segment = follow(points, table, cells, track, x, y, segment)
            put(wide, lanes.SEGMENT, i, float(segment))
            put_stretch(w, i, stretch_at(points, table, track, x, y, segment, real))
            height, climb = heights(points, table, track, segment)
            put(wide, lanes.HEIGHT, i, height)
            put(wide, lanes.CLIMB, i, climb)
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@device
def _meet_walls(w: Array, wide: Array, n: int, real: Any) -> None:
    """See where all lanes are across the track, hold them at walls, note their surfaces."""
    zero = real(0.0)
    for i in range(n):
        p = get_parameters(w, i)
        cy, sy = get(w, lanes.CY, i), get(w, lanes.SY, i)
        kerb, runoff = get(w, lanes.PLACE + 5, i), get(w, lanes.PLACE + 6, i)
        place, t = place_beside(get_stretch(w, i), kerb, runoff, real)
        put_place(w, i, place)
        put(wide, lanes.Z, i, get(wide, lanes.HEIGHT, i) + t * get(wide, lanes.CLIMB, i))
        mass = get_acting(w, i).mass
        hit = hit_wall(p, mass, get_body(w, i), place, cy, sy, real)
        put_body(w, i, hit.body)
        x = get(wide, lanes.X, i) + hit.push * hit.normal_x
        y = get(wide, lanes.Y, i) + hit.push * hit.normal_y
        put(wide, lanes.X, i, x)
        put(wide, lanes.Y, i, y)
        # What is reported is the first touch, and the sum of all impulses.
        impulse = get(w, lanes.IMPULSE, i)
        first = impulse == zero
        touch_x = hit.corner_x * cy - hit.corner_y * sy
        touch_y = hit.corner_x * sy + hit.corner_y * cy
        put(w, lanes.CLOSING, i, hit.closing if first else get(w, lanes.CLOSING, i))
        put(w, lanes.NORMAL_X, i, hit.normal_x if first else get(w, lanes.NORMAL_X, i))
        put(w, lanes.NORMAL_Y, i, hit.normal_y if first else get(w, lanes.NORMAL_Y, i))
        put(wide, lanes.TOUCH_X, i, x + touch_x if first else get(wide, lanes.TOUCH_X, i))
        put(wide, lanes.TOUCH_Y, i, y + touch_y if first else get(wide, lanes.TOUCH_Y, i))
        put(w, lanes.IMPULSE, i, impulse + hit.impulse)
        fl, fr, rl, rr = wheel_surfaces(p, place, cy, sy, real)
        put(w, lanes.WHEELS, i, fl)
        put(w, lanes.WHEELS + 1, i, fr)
        put(w, lanes.WHEELS + 2, i, rl)
        put(w, lanes.WHEELS + 3, i, rr)


@device
def _report(w: Array, wide: Array, n: int, dt: float, substeps: int, real: Any) -> None:
    """Work out what is told of the step as a whole."""
    per_second, per_substep = real(1.0 / dt), real(1.0 / substeps)
    for i in range(n):
        ay = get(w, lanes.GAINED_Y, i) * per_second
        put(w, lanes.GAINED_X, i, get(w, lanes.GAINED_X, i) * per_second)
        put(w, lanes.GAINED_Y, i, ay)
        put(w, lanes.ANGLE, i, real(wrap_angle(get(wide, lanes.YAW, i))))
        steer = get(w, lanes.RACK, i) + get(w, lanes.OFFSET, i)
        put(w, lanes.STEER, i, steer)
        told = report(
            get_parameters(w, i),
            get_acting(w, i),
            get_body(w, i),
            steer,
            get(w, lanes.SHIFT, i),
            ay,
            get(w, lanes.LOST_FRONT, i) * per_substep,
            get(w, lanes.LOST_REAR, i) * per_substep,
            real,
        )
        put_wheelwise(w, lanes.LOAD, i, told.load)
        put_wheelwise(w, lanes.SLIP_ANGLE, i, told.slip_angle)
        put_wheelwise(w, lanes.SLIP_POWER, i, told.slip_power)
        put_wheelwise(w, lanes.WHEEL_SPEED, i, told.wheel_speed)
        put(w, lanes.ENGINE, i, told.engine_speed)


@device
def _save(
    w: Array, wide: Array, first: int, n: int, present: Array, motion: Motion, memory: Memory
) -> None:
    """Copy the lanes back to cars ``first`` to ``first + n``."""
    save(wide, lanes.X, motion.x, present, first, n)
    save(wide, lanes.Y, motion.y, present, first, n)
    save(wide, lanes.Z, motion.z, present, first, n)
    save(w, lanes.ANGLE, motion.yaw, present, first, n)
    save(w, lanes.VX, motion.vx, present, first, n)
    save(w, lanes.VY, motion.vy, present, first, n)
    save(w, lanes.R, motion.yaw_rate, present, first, n)
    save(w, lanes.GAINED_X, motion.ax, present, first, n)
    save(w, lanes.GAINED_Y, motion.ay, present, first, n)
    save(w, lanes.STEER, motion.steer, present, first, n)
    save(w, lanes.THROTTLE, motion.throttle, present, first, n)
    save(w, lanes.BRAKE, motion.brake, present, first, n)
    save(w, lanes.ENGINE, motion.engine_speed, present, first, n)
    save_columns(w, lanes.LOAD, motion.load, present, first, n)
    save_columns(w, lanes.SLIP_ANGLE, motion.slip_angle, present, first, n)
    save_columns(w, lanes.SLIP_POWER, motion.slip_power, present, first, n)
    save_columns(w, lanes.WHEEL_SPEED, motion.wheel_speed, present, first, n)
    save_columns(w, lanes.WHEELS, motion.surface, present, first, n)
    save(w, lanes.RACK, memory.rack, present, first, n)
    save(w, lanes.SHIFT, memory.shift, present, first, n)
    save(wide, lanes.SEGMENT, memory.segment, present, first, n)


@device
def _append_contacts(
    w: Array, wide: Array, first: int, n: int, n_cars: int, present: Array, touch: Touch, real: Any
) -> None:
    """Report the walls that were touched, as long as there is room."""
    for i in range(n):
        if present[first + i] and get(w, lanes.IMPULSE, i) > real(0.0):
            race = (first + i) // n_cars
            k = touch.count[race]
            if k < touch.car.shape[1]:
                touch.count[race] = k + 1
                touch.car[race, k] = first + i - race * n_cars
                touch.other[race, k] = WALL
                touch.impulse[race, k] = get(w, lanes.IMPULSE, i)
                touch.closing_speed[race, k] = get(w, lanes.CLOSING, i)
                touch.x[race, k] = get(wide, lanes.TOUCH_X, i)
                touch.y[race, k] = get(wide, lanes.TOUCH_Y, i)
                touch.normal_x[race, k] = get(w, lanes.NORMAL_X, i)
                touch.normal_y[race, k] = get(w, lanes.NORMAL_Y, i)


@device
def _step_block(
    begin: int,
    end: int,
    n_cars: int,
    present: Array,
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
    """Advance cars ``begin`` to ``end``; other arguments as in ``step_cars``."""
    w = np.zeros(lanes.ROWS * LANES, motion.vx.dtype)
    wide = np.zeros(lanes.WIDE_ROWS * LANES, np.float64)
    for first in range(begin, end, LANES):
        n = min(LANES, end - first)
        _load(w, wide, first, n, motion, memory, orders, outside)
        _look_up(w, wide, first, n, n_cars, ground, real)
        _prepare(w, wide, n, real)
        for _ in range(substeps):
            _move(w, wide, n, tyre, integrator, dt / substeps, real(1.0 - keep), real)
            _find(w, wide, first, n, n_cars, present, ground, real)
            _meet_walls(w, wide, n, real)
        _report(w, wide, n, dt, substeps, real)
        _save(w, wide, first, n, present, motion, memory)
        _append_contacts(w, wide, first, n, n_cars, present, touch, real)


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
) -> None:
    """Advance all cars by ``dt`` with saturating tyres and the implicit integrator.

    Car arrays are flat, (n_races * n_cars,) or (n_races * n_cars, 4).

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
    """
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    races = max(1, LANES // n_cars)  # of a block
    for block in prange((n_races + races - 1) // races):
        last = min(n_races, (block + 1) * races)
        for race in range(block * races, last):
            elapsed[race] += dt
            advanced[race] = True
        _step_block(
            block * races * n_cars, last * n_cars, n_cars, present, motion, memory, orders,
            outside, ground, touch, dt, substeps, keep, SATURATING, IMPLICIT, vx.dtype.type,
        )  # fmt: skip


@kernel
def step_any(
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
    """Do what ``step_cars`` does with any tyre and integrator, for validation.

    Args:
        vx ... keep: as in ``step_cars``.
        tyre: SATURATING or LINEAR.
        integrator: IMPLICIT or RK4.
    """
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    for race in prange(n_races):
        elapsed[race] += dt
        advanced[race] = True
        _step_block(
            race * n_cars, (race + 1) * n_cars, n_cars, present, motion, memory, orders,
            outside, ground, touch, dt, substeps, keep, tyre, integrator, vx.dtype.type,
        )  # fmt: skip


@device
def _put_car(
    car: int,
    n_cars: int,
    x: float,
    y: float,
    yaw: float,
    vx: Real,
    motion: Motion,
    memory: Memory,
    ground: Ground,
    real: Any,
) -> None:
    """Put one car somewhere, driving straight ahead with neutral controls."""
    zero = real(0.0)
    p = memory.parameters[car]
    track = ground.race_track[car // n_cars]
    place, z = nearest_place(ground.points, ground.table, ground.cells, track, x, y, real)
    wheels = wheel_surfaces(p, place, cosine(real(yaw), real), sine(real(yaw), real), real)
    body = Body(vx, zero, zero)
    told = report(p, neutral(p, real), body, zero, zero, zero, zero, zero, real)
    motion.x[car], motion.y[car], motion.z[car], motion.yaw[car] = x, y, z, yaw
    motion.vx[car], motion.vy[car], motion.yaw_rate[car] = vx, zero, zero
    motion.ax[car], motion.ay[car], motion.steer[car] = zero, zero, zero
    motion.throttle[car], motion.brake[car] = zero, zero
    motion.engine_speed[car] = told.engine_speed
    _fill(motion.load[car], told.load)
    _fill(motion.slip_angle[car], told.slip_angle)
    _fill(motion.slip_power[car], told.slip_power)
    _fill(motion.wheel_speed[car], told.wheel_speed)
    _fill(motion.surface[car], wheels)
    memory.rack[car], memory.shift[car], memory.segment[car] = zero, zero, UNKNOWN


@device
def _fill(target: Array, values: tuple[Real, Real, Real, Real]) -> None:
    target[0], target[1], target[2], target[3] = values


@kernel
def place_cars(
    cars: Array,
    pose: Array,
    speed: Array,
    n_cars: int,
    motion: Motion,
    memory: Memory,
    ground: Ground,
) -> None:
    """Put cars somewhere, driving straight ahead with neutral controls.

    Args:
        cars: (k,) int64, flat.
        pose: (k, 3) float64; x [m], y [m], yaw [rad].
        speed: (k,) float64 [m/s] forward.
        n_cars: cars of a race.
        motion, memory: of all cars, flat; the rows of ``cars`` are written.
        ground: the tracks.
    """
    for i in prange(cars.shape[0]):
        real = motion.vx.dtype.type
        x, y, yaw = pose[i, 0], pose[i, 1], wrap_angle(pose[i, 2])
        _put_car(cars[i], n_cars, x, y, yaw, real(speed[i]), motion, memory, ground, real)
