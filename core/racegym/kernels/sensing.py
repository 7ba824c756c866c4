"""What sensors compute for each car: scaled, bounded and finite.

``points``, ``outline``, ``line`` and ``table`` are the packed tracks of
``racegym.kernels.projection``; car arrays are ``(n_races, n_cars)``; ``cars`` (k,) int64 are
flat indices race * n_cars + car, and row k of ``out``, real (k, n), belongs to ``cars[k]``.
"""

from __future__ import annotations

from math import atan2, pi

import numpy as np
from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.geometry import wrap_angle, wrap_length
from racegym.kernels.projection import (
    ACROSS,
    ACROSS_GAIN,
    BEND,
    BEND_GAIN,
    CHECKPOINT_COUNT,
    CHECKPOINT_FIRST,
    COUNT,
    FIRST,
    LENGTH,
    LINE_OFFSET,
    SPACING,
    TANGENT_X,
    TANGENT_Y,
    curve,
    mix,
)
from racegym.kernels.trigonometry import cosine, sine

__all__ = [
    "bounded",
    "line_offset",
    "observe_lookahead",
    "observe_state",
    "observe_telemetry",
    "offset_ratio",
    "place_at",
]

GRAVITY = 9.80665  # [m/s^2]
BLOCK = 64  # cars that one thread looks at before it takes more


@device
def bounded(value, low, high):
    """Return ``value`` within [low, high]; what is not a number becomes the value nearest 0."""
    if value != value:
        value = 0.0
    return min(max(value, low), high)


@device
def offset_ratio(d, width_left, width_right):
    """Return ``d`` as a share of the half width on its side: 1 at the left edge, -1 right."""
    width = width_left if d > 0.0 else width_right
    return d / width if width > 0.0 else 0.0


@device
def place_at(table, track, s):
    """Return the segment that holds arc length ``s`` [m], any value, and the place t on it."""
    place = wrap_length(s, table[track, LENGTH]) / table[track, SPACING]
    index = min(int(place), int(table[track, COUNT]) - 1)
    return index, place - index


@device
def line_offset(line, table, track, s):
    """Return the lateral offset [m] of the racing line at arc length ``s`` [m], left positive."""
    index, t = place_at(table, track, s)
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    return mix(line, first, count, index, t, LINE_OFFSET)


@device
def checkpoint_bearing(points, table, checkpoint_s, track, number, x, y, yaw):
    """Return the angle [rad] from the car's heading to a checkpoint on the centerline."""
    count = int(table[track, CHECKPOINT_COUNT])
    if count == 0:
        return 0.0
    s = checkpoint_s[int(table[track, CHECKPOINT_FIRST]) + number % count]
    index, t = place_at(table, track, s)
    first, samples = int(table[track, FIRST]), int(table[track, COUNT])
    px, py, _, _ = curve(points, first, samples, index, table[track, SPACING], t)
    return wrap_angle(atan2(py - y, px - x) - yaw)


@kernel
def observe_telemetry(
    cars, out, x, y, yaw, vx, ax, ay, steer, throttle, brake,
    s, d, curvature, width_left, width_right, next_checkpoint,
    race_track, points, line, table, checkpoint_s, speed_unit, radius_unit,
):  # fmt: skip
    """Fill the nine values of the telemetry sensor, each in [-10, 10].

    Args:
        cars, out: see the module's text; ``out`` is (k, 9).
        x, y, yaw, vx, ax, ay, steer: of ``CarState``.
        throttle, brake: of ``Control``.
        s, d, curvature, width_left, width_right: of ``TrackFrame``.
        next_checkpoint: of ``RaceState``.
        race_track, points, line, table, checkpoint_s: the packed tracks.
        speed_unit: [m/s] that reads 1.
        radius_unit: [m] radius of a bend that reads 1.
    """
    real = out.dtype.type
    n_cars = x.shape[1]
    ten = real(10.0)
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        bearing = checkpoint_bearing(
            points, table, checkpoint_s, race_track[race], next_checkpoint[race, car],
            x[race, car], y[race, car], yaw[race, car],
        )  # fmt: skip
        beside = real(line_offset(line, table, race_track[race], s[race, car]))
        offset = offset_ratio(
            d[race, car] - beside, width_left[race, car] - beside, width_right[race, car] + beside
        )
        out[k, 0] = bounded(vx[race, car] / real(speed_unit), -ten, ten)
        out[k, 1] = bounded(steer[race, car] * ten, -ten, ten)
        out[k, 2] = bounded(throttle[race, car] * ten, real(0.0), ten)
        out[k, 3] = bounded(brake[race, car] * ten, real(0.0), ten)
        out[k, 4] = bounded(ay[race, car] / real(GRAVITY), -ten, ten)
        out[k, 5] = bounded(ax[race, car] / real(GRAVITY), -ten, ten)
        out[k, 6] = bounded(offset, -ten, ten)
        out[k, 7] = bounded(curvature[race, car] * real(radius_unit), -ten, ten)
        out[k, 8] = bounded(real(bearing) * real(10.0 / pi), -ten, ten)


@outlined
def _observe_states(
    start, stop, cars, out, motion, frame, vehicle, asked, speed_unit,
):  # fmt: skip
    """Fill rows ``start`` to ``stop``; the arrays of the four tuples are flat."""
    real = out.dtype.type
    vx, vy, yaw_rate, steer = motion
    d, heading_error, width_left, width_right = frame
    width, steer_limit = vehicle
    steer_asked, throttle, brake = asked
    per_speed = real(1.0 / speed_unit)
    one, five, ten, twenty = real(1.0), real(5.0), real(10.0), real(20.0)
    for k in range(start, stop):
        car = cars[k]
        offset = d[car]
        left, right = width_left[car], width_right[car]
        error = heading_error[car]
        lock = steer_limit[car]
        body = max(width[car], real(0.01))
        out[k, 0] = bounded(vx[car] * per_speed, -ten, ten)
        out[k, 1] = bounded(real(4.0) * vy[car] * per_speed, -ten, ten)
        out[k, 2] = bounded(yaw_rate[car], -ten, ten)
        out[k, 3] = bounded(offset_ratio(offset, left, right), -five, five)
        out[k, 4] = bounded(sine(error, real), -one, one)
        out[k, 5] = bounded(cosine(error, real), -one, one)
        out[k, 6] = bounded(steer[car] / lock if lock > 0.0 else real(0.0), -one, one)
        out[k, 7] = bounded((left - offset) / body, -twenty, twenty)
        out[k, 8] = bounded((right + offset) / body, -twenty, twenty)
        out[k, 9] = bounded(steer_asked[car], -one, one)
        out[k, 10] = bounded(throttle[car] - brake[car], -one, one)


@kernel
def observe_state(
    cars, out, vx, vy, yaw_rate, steer, d, heading_error, width_left, width_right,
    width, steer_limit, steer_asked, throttle, brake, speed_unit,
):  # fmt: skip
    """Fill the eleven values of the state sensor; its bounds stand in ``sensors.state``.

    Args:
        cars, out: see the module's text; ``out`` is (k, 11).
        vx, vy, yaw_rate, steer: of ``CarState``.
        d, heading_error, width_left, width_right: of ``TrackFrame``.
        width, steer_limit: of ``VehicleTable``.
        steer_asked, throttle, brake: of ``Control``.
        speed_unit: [m/s] that reads 1.
    """
    count = cars.shape[0]
    motion = (vx.reshape(-1), vy.reshape(-1), yaw_rate.reshape(-1), steer.reshape(-1))
    frame = (
        d.reshape(-1),
        heading_error.reshape(-1),
        width_left.reshape(-1),
        width_right.reshape(-1),
    )
    vehicle = (width.reshape(-1), steer_limit.reshape(-1))
    asked = (steer_asked.reshape(-1), throttle.reshape(-1), brake.reshape(-1))
    for block in prange(-(-count // BLOCK)):
        _observe_states(
            block * BLOCK, min((block + 1) * BLOCK, count), cars, out,
            motion, frame, vehicle, asked, speed_unit,
        )  # fmt: skip


@outlined
def _look_ahead(
    start, stop, cars, out, s, vx, n_cars, race_track, points, outline, table, ahead, timed,
    speed_least, radius_unit, width_unit, heading,
):  # fmt: skip
    """Fill rows ``start`` to ``stop``; ``s`` and ``vx`` are flat."""
    real = out.dtype.type
    n = ahead.shape[0]
    one, ten = real(1.0), real(10.0)
    bend_scale, width_scale = real(radius_unit), real(1.0 / width_unit)
    for k in range(start, stop):
        car = cars[k]
        track = race_track[car // n_cars]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        around = float(count)
        scale = 1.0 / table[track, SPACING]
        here = wrap_length(s[car] * scale, around)
        if timed:
            scale *= bounded(float(vx[car]), speed_least, 1e3)
        for j in range(n):
            place = wrap_length(here + ahead[j] * scale, around)
            index = min(int(place), count - 1)
            t = real(place - index)
            row = np.uintp(first + index)
            bend = outline[row, BEND] + t * outline[row, BEND_GAIN]
            width = outline[row, ACROSS] + t * outline[row, ACROSS_GAIN]
            out[k, j] = bounded(bend * bend_scale, -ten, ten)
            out[k, n + j] = bounded(width * width_scale, real(0.0), ten)
        if heading:
            index, t = place_at(table, track, s[car])
            from_x = mix(points, first, count, index, t, TANGENT_X)
            from_y = mix(points, first, count, index, t, TANGENT_Y)
            for j in range(n):
                place = wrap_length(here + ahead[j] * scale, around)
                index = min(int(place), count - 1)
                to_x = mix(points, first, count, index, place - index, TANGENT_X)
                to_y = mix(points, first, count, index, place - index, TANGENT_Y)
                turn = atan2(from_x * to_y - from_y * to_x, from_x * to_x + from_y * to_y)
                out[k, 2 * n + j] = bounded(real(turn / pi), -one, one)


@kernel
def observe_lookahead(
    cars, out, s, vx, race_track, points, outline, table, ahead, timed, speed_least,
    radius_unit, width_unit, heading,
):  # fmt: skip
    """Fill curvature and width, and heading change if asked, at places ahead of each car.

    Args:
        cars, out: see the module's text; ``out`` is (k, 2 n) or, with heading, (k, 3 n):
            first all curvatures, then all widths, then all heading changes.
        s: float64, of ``TrackFrame``.
        vx: of ``CarState``; read only when ``timed``.
        race_track, points, outline, table: the packed tracks; ``line_outline`` in place of
            ``outline`` tells the curvature of the racing line.
        ahead: (n,) float64, [m] ahead, or [s] ahead when ``timed``.
        timed: bool.
        speed_least: [m/s] that seconds are counted with at least.
        radius_unit, width_unit: [m] that read 1.
        heading: bool.
    """
    count = cars.shape[0]
    for block in prange(-(-count // BLOCK)):
        _look_ahead(
            block * BLOCK, min((block + 1) * BLOCK, count), cars, out,
            s.reshape(-1), vx.reshape(-1), s.shape[1],
            race_track, points, outline, table, ahead, timed, speed_least,
            radius_unit, width_unit, heading,
        )  # fmt: skip
