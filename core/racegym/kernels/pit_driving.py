"""What rules ask of a racing driver: to wait for green, to drive through the pit lane.

A car that wants in keeps racing until it has to slow down for the entry. From there on its
speed is at most

    v = sqrt(v_limit^2 + 2 a x)                                                           (1)

at the distance x before the place where it turns out, and it is led by pure pursuit of its rear
axle [1] along a path that changes sides smoothly, stays in the middle of the lane, and leads
back behind the exit, until the car is on the asphalt again. (1) with a limit of 0 stops it at
its box.

[1] Coulter (1992), "Implementation of the pure pursuit path tracking algorithm",
    CMU-RI-TR-92-01.
"""

from __future__ import annotations

from math import atan, cos, hypot, pi, sin, sqrt

from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.geometry import wrap_length
from racegym.kernels.pit_lane import BOX_COUNT, LONGEST_STOP, OFFSET, WIDTH, lane_place
from racegym.kernels.projection import COUNT, FIRST, LENGTH, SPACING, curve

__all__ = ["follow_orders"]

ON_GRID, LIGHTS = 0, 1  # interfaces.Status, interfaces.Signal
REQUEST_PIT = 1  # interfaces.Request
DRIVE_THROUGH, STOP_GO = 3, 4  # interfaces.PenaltyKind
RACES, SERVES = 0, 1  # what a car does

RAMP = 5.0  # metres of way for each metre across
SIDEWAYS = 4.0  # [m/s^2] by which a car changes sides at most
LIMIT_TRUST = 0.96  # of the limit, that is driven
SLOWING = 0.4  # of the brakes, that is used before the entry
STOPPING = 0.3  # of the brakes, that is used before the box
SPEED_GAIN = 2.5  # [1/s]
REACH_BASES, REACH_TIME = 1.5, 0.5  # [1] wheelbases, [s] to the point to steer for
AT_BOX = 0.3  # [m] before its middle a car comes to a stand
PASSED = 1.5  # [m] behind the middle of the box it is too late to stop
STOPPED = 0.3  # [m/s]
CORNER = 0.6 * 9.80665  # [m/s^2] of the grip, that a bend may use
BRAKE, DRIVE = 6.0, 3.0  # [m/s^2] of a vehicle table that does not tell
LEAST_GAS = 0.15  # that gets a car going
ENGAGE = 0.7  # of the braking distance must be left when a car decides to come in


@device
def told(value, otherwise):
    """Return ``value`` in float64, or what stands for it where it is not above 0."""
    return float(value) if value > 0.0 else otherwise


@device
def smooth(t):
    """Return 0 at t = 0 and 1 at t = 1, with no slope at either."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@device
def offset_at(at, long, ramp, offset, begun):
    """Return the d [m] of the path, ``at`` metres behind the entry of a lane."""
    if at < 0.0:
        return begun + (offset - begun) * smooth(1.0 + at / ramp)
    return offset * (1.0 - smooth((at - long) / ramp))


@outlined
def bend_to(points, table, track, s, d, x, y, yaw, lever):
    """Return the curvature [1/m] that leads a rear axle to a place of the track."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    place = wrap_length(s, table[track, LENGTH]) / table[track, SPACING]
    index = min(int(place), count - 1)
    px, py, dx, dy = curve(points, first, count, index, table[track, SPACING], place - index)
    norm = hypot(dx, dy)
    px -= d * dy / norm + x - lever * cos(yaw)
    py += d * dx / norm - y + lever * sin(yaw)
    ahead, aside = px * cos(yaw) + py * sin(yaw), py * cos(yaw) - px * sin(yaw)
    return 2.0 * aside / max(ahead * ahead + aside * aside, 1e-6)


@outlined
def speed_in_lane(at, ramp, limit, box, brake, stops):
    """Return the speed [m/s] to have, ``at`` metres behind the entry of a lane."""
    if at < -ramp:
        return sqrt(limit * limit + 2.0 * SLOWING * brake * (-ramp - at))
    left = box - at
    if stops and left > -PASSED:
        return min(limit, sqrt(2.0 * STOPPING * brake * max(left - AT_BOX, 0.0)))
    return limit


@kernel
def follow_orders(
    cars, x, y, yaw, vx, s, d, width_left, width_right,
    status, signal, pit_limit, pit_standing, penalty_due, penalty_stop,
    width, wheelbase, to_front, steer_limit, grip, drive, brakes,
    race_track, points, table, pits, pit_boxes,
    serves, begun, steer, throttle, brake, gear, request, dt,
):  # fmt: skip
    """Change what drivers have written where the rules ask something else of them.

    Args:
        cars: (k,) int64, race * n_cars + car.
        x, y, yaw, vx: of ``CarState``, (n_races, n_cars).
        s, d, width_left, width_right: of ``TrackFrame``.
        status ... penalty_stop: of ``RaceState``; ``signal`` and ``pit_limit`` led by races.
        width ... brakes: of ``VehicleTable``.
        race_track, points, table, pits, pit_boxes: the packed tracks.
        serves: (n_races, n_cars) int8, whether a car is on its way through the lane. Updated.
        begun: real [m], the d from which it turned out. Updated.
        steer, throttle, brake, gear: of ``Control``. Updated in the rows of ``cars``.
        request: of ``Control``.
        dt: [s].
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        if signal[race] == LIGHTS and status[race, car] == ON_GRID:
            throttle[race, car], brake[race, car] = real(0), real(1)
            continue
        due = penalty_due[race, car]
        wants = due in (DRIVE_THROUGH, STOP_GO) or (request[race, car] & REQUEST_PIT) != 0
        limit = LIMIT_TRUST * float(pit_limit[race])
        if limit <= 0.0 or not (wants or serves[race, car] == SERVES):
            continue
        track = race_track[race]
        lap = table[track, LENGTH]
        at, long = lane_place(pits, track, s[race, car], lap)
        offset, stop = pits[track, OFFSET], told(brakes[race, car], BRAKE)
        across = abs(offset) + pits[track, WIDTH]
        ramp = max(RAMP * abs(offset), sqrt(6.0 * across / SIDEWAYS) * limit)
        forward = float(vx[race, car])
        if serves[race, car] == RACES:
            slows = max(forward * forward - limit * limit, 0.0) / (2.0 * SLOWING * stop)
            to_go = (-ramp - at) % lap
            near = slows + 2.0 * max(forward, 0.0) * dt
            if not ENGAGE * slows <= to_go <= near:
                continue
            serves[race, car] = SERVES
        inside = 0.5 * float(width[race, car])
        off = max(d[race, car] - width_left[race, car], -d[race, car] - width_right[race, car])
        if at > long and (off < -inside or at > long + ramp):
            serves[race, car] = RACES
            continue

        count = int(pits[track, BOX_COUNT])
        box = 0.5 * long
        if count > 0:
            box, _ = lane_place(pits, track, pit_boxes[track, car % count], lap)
        ordered = float(penalty_stop[race, car])
        served = float(pit_standing[race, car]) >= (ordered if ordered > 0.0 else LONGEST_STOP)
        stops = due == STOP_GO and not served
        target = speed_in_lane(at, ramp, limit, box, stop, stops)
        if at >= -ramp:
            base = max(float(wheelbase[race, car]), 0.05)
            lock = min(told(steer_limit[race, car], 0.4), 0.45 * pi)
            lever = min(max(base - max(float(to_front[race, car]), 0.0), 0.0), base)
            reach = REACH_BASES * base + REACH_TIME * max(forward, 0.0)
            aim = offset_at(at + reach, long, ramp, offset, float(begun[race, car]))
            bend = bend_to(
                points, table, track, s[race, car] - lever + reach, aim,
                x[race, car], y[race, car], float(yaw[race, car]), lever,
            )  # fmt: skip
            target = min(target, sqrt(CORNER * told(grip[race, car], 1.0) / max(abs(bend), 1e-4)))
            steer[race, car] = real(min(max(atan(base * bend) / lock, -1.0), 1.0))
            gear[race, car] = 0
        push = SPEED_GAIN * (target - forward)
        gas = min(max(push / told(drive[race, car], DRIVE), 0.0), 1.0)
        halt = min(max(-push / stop, 0.0), 1.0)
        if at < -ramp:
            begun[race, car] = d[race, car]
            gas = min(gas, float(throttle[race, car]))
            halt = max(halt, float(brake[race, car]))
        elif target > STOPPED and forward < 0.5 * target:
            gas = max(gas, LEAST_GAS)
        elif stops and abs(box - at) < PASSED and target <= STOPPED:
            gas, halt = 0.0, max(halt, 0.5)
        throttle[race, car] = real(gas)
        brake[race, car] = real(halt)
