"""The loops over races and cars: a step of the whole batch, and placing cars."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from racegym.kernels import device, kernel, prange
from racegym.kernels.geometry import wrap_angle
from racegym.kernels.projection import COUNT, locate
from racegym_kart2d.kernels.columns import (
    BRAKE_FORCE,
    CG_HEIGHT,
    GEAR_RATIO,
    IDLE_SPEED,
    MASS,
    RK4,
    ROLLING,
    STEER_LIMIT,
    STEER_RATE,
    TO_FRONT,
    TO_REAR,
    TOP_SPEED,
    TRACK_FRONT,
    TRACK_REAR,
    WHEEL_RADIUS,
)
from racegym_kart2d.kernels.functions import arctangent, cosine, rotation, sine
from racegym_kart2d.kernels.ground import (
    Wheels,
    find_place,
    hit_wall,
    surface_grip,
    surface_rolling,
    wheel_surfaces,
)
from racegym_kart2d.kernels.integrators import implicit_step, runge_kutta_step, turned
from racegym_kart2d.kernels.single_track import Acting, Body, axle_loads, slip_tangents

__all__ = ["Ground", "Memory", "Motion", "Orders", "Outside", "Touch", "place_cars", "step_cars"]

Real = Any
Array = Any

UNKNOWN = -1  # segment of a car that was placed: the world's frame tells the branch
WALL = -1  # `Contacts.WALL`
LEAST_MASS = 0.1  # of the vehicle's own, whatever effects take from it


class Motion(NamedTuple):
    """The fields of ``CarState`` that this backend fills, under the same names."""

    x: Array
    y: Array
    z: Array
    yaw: Array
    vx: Array
    vy: Array
    yaw_rate: Array
    ax: Array
    ay: Array
    steer: Array
    throttle: Array
    brake: Array
    engine_speed: Array
    load: Array
    slip_angle: Array
    slip_power: Array
    wheel_speed: Array
    surface: Array


class Memory(NamedTuple):
    """What the backend remembers besides ``CarState``."""

    parameters: Array  # (n_races, n_cars, PARAMETERS) real
    rack: Array  # (n_races, n_cars) real [rad], steering before any offset
    shift: Array  # (n_races, n_cars) real [m/s^2], acceleration by the tyres, low-passed
    segment: Array  # (n_races, n_cars) int32, or UNKNOWN


class Orders(NamedTuple):
    """The fields of ``Control`` that this backend follows."""

    steer: Array
    throttle: Array
    brake: Array
    gear: Array


class Outside(NamedTuple):
    """All fields of ``Effects``."""

    grip: Array
    tyre_stiffness: Array
    rolling_resistance: Array
    power: Array
    drag: Array
    brake: Array
    downforce_front: Array
    downforce_rear: Array
    mass: Array
    fx: Array
    fy: Array
    mz: Array
    steer_offset: Array
    speed_limit: Array


class Ground(NamedTuple):
    """The packed tracks and the world's own projection."""

    race_track: Array
    points: Array
    table: Array
    cells: Array
    segment: Array  # (n_races, n_cars) int32


class Touch(NamedTuple):
    """The arrays of ``Contacts``."""

    count: Array
    car: Array
    other: Array
    impulse: Array
    x: Array
    y: Array
    normal_x: Array
    normal_y: Array
    closing_speed: Array


@device
def _within(x: Real, low: float, high: float, real: Any) -> Real:
    return min(max(x, real(low)), real(high))


@device
def _limited(rack: Real, target: Real, most: Real) -> Real:
    return rack + min(max(target - rack, -most), most)


class Wheelwise(NamedTuple):
    """A value for each wheel."""

    fl: Real
    fr: Real
    rl: Real
    rr: Real


@device
def _wheelwise(values: Array, low: float, high: float, real: Any) -> Wheelwise:
    return Wheelwise(
        _within(values[0], low, high, real),
        _within(values[1], low, high, real),
        _within(values[2], low, high, real),
        _within(values[3], low, high, real),
    )


@device
def _acting(
    race: int,
    car: int,
    p: Array,
    orders: Orders,
    outside: Outside,
    grip: Wheelwise,
    stiffness: Wheelwise,
    rolling: Wheelwise,
    wheels: Wheels,
    real: Any,
) -> Acting:
    """Gather what acts on a car: pedals, effects within their bounds, surfaces."""
    half = real(0.5)
    throttle = _within(orders.throttle[race, car], 0.0, 1.0, real)
    throttle = -throttle if orders.gear[race, car] < 0 else throttle
    brake = _within(orders.brake[race, car], 0.0, 1.0, real) * p[BRAKE_FORCE]
    mass = p[MASS] + _within(outside.mass[race, car], -500.0, 2000.0, real)
    own = p[ROLLING]
    return Acting(
        throttle,
        brake * _within(outside.brake[race, car], 0.0, 2.0, real),
        min(p[TOP_SPEED], max(outside.speed_limit[race, car], real(0.0))),
        _within(outside.power[race, car], 0.0, 2.0, real),
        max(mass, real(LEAST_MASS) * p[MASS]),
        half * (grip.fl * surface_grip(wheels.fl, real) + grip.fr * surface_grip(wheels.fr, real)),
        half * (grip.rl * surface_grip(wheels.rl, real) + grip.rr * surface_grip(wheels.rr, real)),
        half * (stiffness.fl + stiffness.fr),
        half * (stiffness.rl + stiffness.rr),
        half * (rolling.fl * (own + surface_rolling(wheels.fl, real))
                + rolling.fr * (own + surface_rolling(wheels.fr, real))),
        half * (rolling.rl * (own + surface_rolling(wheels.rl, real))
                + rolling.rr * (own + surface_rolling(wheels.rr, real))),
        _within(outside.drag[race, car], 0.0, 5.0, real),
        _within(outside.downforce_front[race, car], 0.0, 2.0, real),
        _within(outside.downforce_rear[race, car], 0.0, 2.0, real),
        _within(outside.fx[race, car], -1e5, 1e5, real),
        _within(outside.fy[race, car], -1e5, 1e5, real),
        _within(outside.mz[race, car], -1e5, 1e5, real),
    )  # fmt: skip


@device
def _neutral(p: Array, real: Any) -> Acting:
    """Return what acts on a car whose driver does nothing, on asphalt, without effects."""
    zero, one = real(0.0), real(1.0)
    return Acting(
        zero, zero, p[TOP_SPEED], one, p[MASS], one, one, one, one,
        p[ROLLING], p[ROLLING], one, one, one, zero, zero, zero,
    )  # fmt: skip


@device
def _share(axle: Real, transfer: Real, real: Any) -> tuple[Real, Real]:
    """Return the loads [N] of the left and right wheel of an axle, neither below zero."""
    half = real(0.5) * axle
    shift = min(max(transfer, -half), half)
    return half - shift, half + shift


@device
def _report_wheels(
    race: int,
    car: int,
    p: Array,
    act: Acting,
    body: Body,
    steer: Real,
    shift: Real,
    ay: Real,
    lost_front: Real,
    lost_rear: Real,
    wheels: Wheels,
    motion: Motion,
    real: Any,
) -> None:
    """Write what is known of each wheel.

    The tyre model knows axles alone: the loads of their two wheels differ by the lateral
    transfer of a stiff car in a steady corner, and share the power lost by load.
    """
    half, tiny = real(0.5), real(1e-6)
    cs, sn = cosine(steer, real), sine(steer, real)
    front, rear = axle_loads(p, act, body.vx, shift, real)
    lean = act.mass * ay * p[CG_HEIGHT] / (p[TO_FRONT] + p[TO_REAR])
    fl, fr = _share(front, lean * p[TO_REAR] / p[TRACK_FRONT], real)
    rl, rr = _share(rear, lean * p[TO_FRONT] / p[TRACK_REAR], real)
    load, power = motion.load[race, car], motion.slip_power[race, car]
    load[0], load[1], load[2], load[3] = fl, fr, rl, rr
    lost_front, lost_rear = lost_front / max(front, tiny), lost_rear / max(rear, tiny)
    power[0], power[1], power[2], power[3] = (
        lost_front * fl,
        lost_front * fr,
        lost_rear * rl,
        lost_rear * rr,
    )
    front_l, _, slip_front, rear_l, _, slip_rear = slip_tangents(p, body, cs, sn, real)
    alpha_front, alpha_rear = -arctangent(slip_front, real), -arctangent(slip_rear, real)
    slip, turning = motion.slip_angle[race, car], motion.wheel_speed[race, car]
    slip[0], slip[1], slip[2], slip[3] = alpha_front, alpha_front, alpha_rear, alpha_rear
    radius = p[WHEEL_RADIUS]
    inner_front = half * p[TRACK_FRONT] * body.r * cs
    inner_rear = half * p[TRACK_REAR] * body.r
    turning[0], turning[1] = (front_l - inner_front) / radius, (front_l + inner_front) / radius
    turning[2], turning[3] = (rear_l - inner_rear) / radius, (rear_l + inner_rear) / radius
    motion.engine_speed[race, car] = max(p[IDLE_SPEED], p[GEAR_RATIO] * abs(rear_l) / radius)
    under = motion.surface[race, car]
    under[0], under[1], under[2], under[3] = wheels.fl, wheels.fr, wheels.rl, wheels.rr


@kernel
def step_cars(
    vx, present, motion, memory, orders, outside, ground, touch, elapsed, advanced,
    dt, substeps, keep, tyre, integrator,
):  # fmt: skip
    """Advance all cars by ``dt``. Car arrays are (n_races, n_cars).

    Args:
        vx: real [m/s]; also in ``motion``.
        present: bool; absent cars stay as they are.
        motion: updated.
        memory: updated.
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
    h = real(dt / substeps)
    long_h = dt / substeps
    zero, half = real(0.0), real(0.5)
    fresh = real(1.0 - keep)
    for race in prange(vx.shape[0]):
        elapsed[race] += dt
        advanced[race] = True
        track = ground.race_track[race]
        count = int(ground.table[track, COUNT])
        for car in range(vx.shape[1]):
            if not present[race, car]:
                continue
            p = memory.parameters[race, car]
            x, y = motion.x[race, car], motion.y[race, car]
            yaw = float(motion.yaw[race, car])
            body = Body(motion.vx[race, car], motion.vy[race, car], motion.yaw_rate[race, car])
            angle = real(wrap_angle(yaw))
            cy, sy = cosine(angle, real), sine(angle, real)
            rack, shift = memory.rack[race, car], memory.shift[race, car]
            asked = p[STEER_LIMIT] * _within(orders.steer[race, car], -1.0, 1.0, real)
            offset = _within(outside.steer_offset[race, car], -0.5, 0.5, real)
            grip = _wheelwise(outside.grip[race, car], 0.0, 2.0, real)
            stiffness = _wheelwise(outside.tyre_stiffness[race, car], 0.05, 5.0, real)
            rolling = _wheelwise(outside.rolling_resistance[race, car], 0.0, 100.0, real)

            segment = np.int64(memory.segment[race, car])
            under = motion.surface[race, car]
            wheels = Wheels(
                np.int64(under[0]), np.int64(under[1]), np.int64(under[2]), np.int64(under[3])
            )
            if segment < 0:
                segment = min(max(np.int64(ground.segment[race, car]), 0), count - 1)
                place = find_place(
                    ground.points, ground.table, ground.cells, track, x, y, segment, real
                )
                wheels = wheel_surfaces(p, place, cy, sy, real)
                segment = place.segment
            act = _acting(
                race, car, p, orders, outside, grip, stiffness, rolling, wheels, real
            )
            gained_x, gained_y, lost_front, lost_rear = zero, zero, zero, zero
            impulse, closing, touch_nx, touch_ny = zero, zero, zero, zero
            touch_x, touch_y, height = 0.0, 0.0, motion.z[race, car]

            for _ in range(substeps):
                before = rack
                rack = _limited(rack, asked, p[STEER_RATE] * h)
                steer = half * (before + rack) + offset
                cs, sn = cosine(steer, real), sine(steer, real)
                if integrator == RK4:
                    moved = runge_kutta_step(p, tyre, act, body, steer, cs, sn, shift, h, real)
                    u0, w0 = body.vx * cy - body.vy * sy, body.vx * sy + body.vy * cy
                    swing = half * h * (body.r + moved.body.r)
                    yaw += 0.5 * long_h * (body.r + moved.body.r)
                    ct, st = rotation(swing, real)
                    cy, sy = cy * ct - sy * st, sy * ct + cy * st
                    body = moved.body
                    u1, w1 = body.vx * cy - body.vy * sy, body.vx * sy + body.vy * cy
                else:
                    ct, st = rotation(half * h * body.r, real)
                    yaw += 0.5 * long_h * body.r
                    cy, sy = cy * ct - sy * st, sy * ct + cy * st
                    body = turned(body, ct, st)
                    u0, w0 = body.vx * cy - body.vy * sy, body.vx * sy + body.vy * cy
                    moved = implicit_step(p, tyre, act, body, steer, cs, sn, shift, h, real)
                    body = moved.body
                    u1, w1 = body.vx * cy - body.vy * sy, body.vx * sy + body.vy * cy
                    ct, st = rotation(half * h * body.r, real)
                    yaw += 0.5 * long_h * body.r
                    cy, sy = cy * ct - sy * st, sy * ct + cy * st
                    body = turned(body, ct, st)
                x += half * h * (u0 + u1)
                y += half * h * (w0 + w1)
                shift += fresh * (moved.by_tyres - shift)
                gained_x += moved.gained_x
                gained_y += moved.gained_y
                lost_front += moved.lost_front
                lost_rear += moved.lost_rear

                place = find_place(
                    ground.points, ground.table, ground.cells, track, x, y, segment, real
                )
                segment = place.segment
                height = place.z
                hit = hit_wall(p, act.mass, body, place, cy, sy, real)
                if hit.push > zero:
                    x += hit.push * hit.normal_x
                    y += hit.push * hit.normal_y
                    body = hit.body
                    if hit.impulse > zero and impulse == zero:
                        closing, touch_nx, touch_ny = hit.closing, hit.normal_x, hit.normal_y
                        touch_x = x + (hit.corner_x * cy - hit.corner_y * sy)
                        touch_y = y + (hit.corner_x * sy + hit.corner_y * cy)
                    impulse += hit.impulse
                wheels = wheel_surfaces(p, place, cy, sy, real)
                act = _acting(
                    race, car, p, orders, outside, grip, stiffness, rolling, wheels, real
                )

            motion.x[race, car], motion.y[race, car], motion.z[race, car] = x, y, height
            motion.yaw[race, car] = wrap_angle(yaw)
            motion.vx[race, car], motion.vy[race, car] = body.vx, body.vy
            motion.yaw_rate[race, car] = body.r
            ax, ay = gained_x / real(dt), gained_y / real(dt)
            motion.ax[race, car], motion.ay[race, car] = ax, ay
            motion.steer[race, car] = rack + offset
            motion.throttle[race, car] = abs(act.throttle)
            motion.brake[race, car] = _within(orders.brake[race, car], 0.0, 1.0, real)
            memory.rack[race, car], memory.shift[race, car] = rack, shift
            memory.segment[race, car] = segment
            part = real(1.0) / real(substeps)
            _report_wheels(
                race, car, p, act, body, rack + offset, shift, ay,
                part * lost_front, part * lost_rear, wheels, motion, real,
            )  # fmt: skip
            if impulse > zero:
                k = touch.count[race]
                if k < touch.car.shape[1]:
                    touch.count[race] = k + 1
                    touch.car[race, k], touch.other[race, k] = car, WALL
                    touch.impulse[race, k], touch.closing_speed[race, k] = impulse, closing
                    touch.x[race, k], touch.y[race, k] = touch_x, touch_y
                    touch.normal_x[race, k], touch.normal_y[race, k] = touch_nx, touch_ny


@kernel
def place_cars(cars, pose, speed, vx, motion, memory, ground):
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
    zero = real(0.0)
    for i in prange(cars.shape[0]):
        race = cars[i] // n_cars
        car = cars[i] - race * n_cars
        track = ground.race_track[race]
        p = memory.parameters[race, car]
        x, y, yaw = pose[i, 0], pose[i, 1], wrap_angle(pose[i, 2])
        nearest = locate(ground.points, ground.table, ground.cells, track, x, y)
        place = find_place(ground.points, ground.table, ground.cells, track, x, y, nearest, real)
        wheels = wheel_surfaces(p, place, cosine(real(yaw), real), sine(real(yaw), real), real)
        body = Body(real(speed[i]), zero, zero)
        motion.x[race, car], motion.y[race, car], motion.z[race, car] = x, y, place.z
        motion.yaw[race, car] = yaw
        motion.vx[race, car], motion.vy[race, car] = body.vx, zero
        motion.yaw_rate[race, car] = zero
        motion.ax[race, car], motion.ay[race, car] = zero, zero
        motion.steer[race, car] = zero
        motion.throttle[race, car], motion.brake[race, car] = zero, zero
        memory.rack[race, car], memory.shift[race, car] = zero, zero
        memory.segment[race, car] = UNKNOWN
        act = _neutral(p, real)
        _report_wheels(
            race, car, p, act, body, zero, zero, zero, zero, zero, wheels, motion, real
        )
