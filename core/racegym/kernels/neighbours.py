"""What sensors tell of the other cars, and of the edges of the track ahead."""

from __future__ import annotations

from math import cos, sin

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.geometry import wrap_difference, wrap_length
from racegym.kernels.projection import COUNT, FIRST, LENGTH, SPACING, X, Y
from racegym.kernels.sensing import bounded

__all__ = ["FEATURES", "observe_opponents", "observe_track_points"]

FEATURES = 10  # of each opponent
MOST_GAP = 60.0  # [s]
BOUND = 10.0


@device
def limited(value, real):
    """Return ``value`` within the bounds of what sensors tell, in their precision."""
    return real(bounded(float(value), -BOUND, BOUND))


@kernel
def observe_opponents(
    cars, out, nearest, x, y, yaw, vx, vy, s, d, present, race_track, table,
    reach, position_unit, speed_unit, least_speed,
):  # fmt: skip
    """Fill ten numbers of each of the nearest cars, in order of their distance along the track.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car.
        out: (k, most, FEATURES) real; rows without a car are 0. Written.
        nearest: (>= k, most) int64, scratch.
        x, y, yaw, vx, vy: of ``CarState``; s, d: of ``TrackFrame``.
        present: of ``RaceState``.
        race_track, table: the packed tracks.
        reach: [m] along the track, beyond which cars are not told of.
        position_unit, speed_unit: [m] and [m/s] that read 1.
        least_speed: [m/s] that gaps are counted with at least.
    """
    real = out.dtype.type
    n_cars, most = x.shape[1], out.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        length = table[race_track[race], LENGTH]
        found = 0
        for other in range(n_cars):
            if other == car or not present[race, other]:
                continue
            ahead = wrap_difference(s[race, other] - s[race, car], length)
            if abs(ahead) > reach:
                continue
            place = found
            while place > 0:
                before = nearest[k, place - 1]
                if abs(wrap_difference(s[race, before] - s[race, car], length)) <= abs(ahead):
                    break
                if place < most:
                    nearest[k, place] = before
                place -= 1
            if place < most:
                nearest[k, place] = other
            found = min(found + 1, most)
        heading = float(yaw[race, car])
        cs, sn = cos(heading), sin(heading)
        for row in range(most):
            if row >= found:
                for feature in range(FEATURES):
                    out[k, row, feature] = real(0.0)
                continue
            other = nearest[k, row]
            ahead = wrap_difference(s[race, other] - s[race, car], length)
            dx, dy = x[race, other] - x[race, car], y[race, other] - y[race, car]
            turn = float(yaw[race, other]) - heading
            ct, st = cos(turn), sin(turn)
            forward, left = float(vx[race, other]), float(vy[race, other])
            forward, left = ct * forward - st * left, st * forward + ct * left
            speed = max(float(vx[race, car]), least_speed)
            gap = bounded(ahead / speed, -MOST_GAP, MOST_GAP) * (BOUND / MOST_GAP)
            told = out[k, row]
            told[0] = real(1.0)
            told[1] = limited(ahead / position_unit, real)
            told[2] = limited((d[race, other] - d[race, car]) / position_unit, real)
            told[3] = limited((cs * dx + sn * dy) / position_unit, real)
            told[4] = limited((cs * dy - sn * dx) / position_unit, real)
            told[5] = limited((forward - vx[race, car]) / speed_unit, real)
            told[6] = limited((left - vy[race, car]) / speed_unit, real)
            told[7], told[8] = real(ct), real(st)
            told[9] = limited(gap, real)


@kernel
def observe_track_points(
    cars, out, x, y, yaw, vx, s, race_track, points, borders, table, ahead, timed, least_speed,
    unit,
):  # fmt: skip
    """Fill where the left edge, the middle and the right edge are at places ahead of each car.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car.
        out: (k, n, 6) real: forward and left of the left edge, of the middle, of the right
            edge. Written.
        x, y, yaw, vx: of ``CarState``; s: of ``TrackFrame``.
        race_track, points, borders, table: the packed tracks.
        ahead: (n,) float64, [m] ahead, or [s] ahead when ``timed``.
        timed: bool.
        least_speed: [m/s] that seconds are counted with at least.
        unit: [m] that read 1.
    """
    real = out.dtype.type
    n_cars = x.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        track = race_track[race]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        scale = max(float(vx[race, car]), least_speed) if timed else 1.0
        heading = float(yaw[race, car])
        cs, sn = cos(heading), sin(heading)
        for i in range(ahead.shape[0]):
            at = wrap_length(s[race, car] + scale * ahead[i], table[track, LENGTH])
            place = at / table[track, SPACING]
            index = min(int(place), count - 1)
            t = place - index
            row = first + index
            following = row + 1 if index + 1 < count else first
            for side in range(3):
                if side == 1:
                    px = points[row, X] + t * (points[following, X] - points[row, X])
                    py = points[row, Y] + t * (points[following, Y] - points[row, Y])
                else:
                    at_x = 0 if side == 0 else 2
                    px = borders[row, at_x]
                    px += t * (borders[following, at_x] - px)
                    py = borders[row, at_x + 1]
                    py += t * (borders[following, at_x + 1] - py)
                dx, dy = px - x[race, car], py - y[race, car]
                out[k, i, 2 * side] = limited((cs * dx + sn * dy) / unit, real)
                out[k, i, 2 * side + 1] = limited((cs * dy - sn * dx) / unit, real)
