"""What sensors tell of the other cars, and of the edges of the track ahead."""

from __future__ import annotations

from math import cos, sin

import numpy as np
from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.geometry import wrap_difference, wrap_length
from racegym.kernels.projection import COUNT, FIRST, LENGTH, SPACING, X, Y
from racegym.kernels.sensing import bounded

__all__ = ["FEATURES", "observe_opponents", "observe_track_points"]

FEATURES = 10  # of each opponent
MOST_GAP = 60.0  # [s]
BOUND = 10.0
SLACK = 1e-6  # [m] by which rounding may put two cars into the wrong order


@device
def limited(value, real):
    """Return ``value`` within the bounds of what sensors tell, in their precision."""
    return real(bounded(float(value), -BOUND, BOUND))


@device
def line_up(order, place, s, present):
    """Sort the cars of a race by ``s``, those on the track first; return how many these are.

    Args:
        order: (n_cars,) int64, the cars in any order; quick where nearly sorted. Updated.
        place: (n_cars,) int64, where in it each car is. Written.
        s: (n_cars,) float64 [m].
        present: (n_cars,) bool.
    """
    n_cars, here = order.shape[0], 0
    for i in range(n_cars):
        car = order[i]
        there = present[car]
        here += int(there)
        k = i
        while k > 0 and there:
            before = order[k - 1]
            if present[before] and s[before] <= s[car]:
                break
            order[k] = before
            k -= 1
        order[k] = car
    for i in range(n_cars):
        place[order[i]] = i
    return here


@device
def keep_nearest(nearest, found, other, away, car, s, length):
    """Put a car into the list of the nearest, the lower slot first of two that are as near.

    Args:
        nearest: (most,) int64, the nearest so far. Updated.
        found: how many.
        other: the car.
        away: [m] along the track, from ``car``.
        car: whose neighbours they are.
        s: (n_cars,) float64 [m].
        length: [m] of a lap.

    Returns:
        how many there are now, and how far away [m] the last one is.
    """
    most = nearest.shape[0]
    k = found
    while k > 0:
        before = nearest[k - 1]
        apart = abs(wrap_difference(s[before] - s[car], length))
        if apart < away or (apart == away and before < other):
            break
        if k < most:
            nearest[k] = before
        k -= 1
    if k < most:
        nearest[k] = other
    found = min(found + 1, most)
    return found, abs(wrap_difference(s[nearest[found - 1]] - s[car], length))


@device
def find_nearest(car, order, place, here, s, present, length, reach, nearest):
    """List the nearest cars along the track, going from a car's place in the line both ways.

    Args:
        car: whose neighbours.
        order, place, here: as ``line_up`` left and returned them.
        s, present: of the race's cars.
        length: [m] of a lap.
        reach: [m] beyond which cars are not listed.
        nearest: (most,) int64, -1 where there is none. Written.
    """
    most, found, farthest = nearest.shape[0], 0, 0.0
    forward, left = place[car] + 1, here - 1
    backward = forward - 2
    if not present[car]:
        forward, left = 0, here
        while forward < here and s[order[forward]] < s[car]:
            forward += 1
        backward = forward - 1
    ahead, behind = True, True  # whether there may be more
    while left > 0:
        front = order[forward if forward < here else forward - here]
        rear = order[backward if backward >= 0 else backward + here]
        to_front = wrap_difference(s[front] - s[car], length)
        to_rear = -wrap_difference(s[rear] - s[car], length)
        limit = (reach if found < most else min(reach, farthest)) + SLACK
        ahead = ahead and 0.0 <= to_front <= limit
        behind = behind and 0.0 <= to_rear <= limit
        if ahead and (not behind or to_front <= to_rear):
            other, away = front, to_front
            forward += 1
        elif behind:
            other, away = rear, to_rear
            backward -= 1
        else:
            break
        left -= 1
        if away <= reach:
            found, farthest = keep_nearest(nearest, found, other, away, car, s, length)
    for k in range(found, most):
        nearest[k] = -1


@outlined
def find_all(cars, first, race, nearest, order, place, s, present, length, reach):
    """Fill ``nearest`` of all cars of a race that are asked for; return the row of the next race.

    Args:
        cars: (k,) flat indices, rising.
        first: the row of the race's first one.
        race: index.
        nearest, order, place, s, present, reach: as for ``observe_opponents``.
        length: [m] of a lap.
    """
    n_cars = order.shape[1]
    here = line_up(order[race], place[race], s[race], present[race])
    k = first
    while k < cars.shape[0] and cars[k] // n_cars == race:
        find_nearest(
            cars[k] - race * n_cars, order[race], place[race], here, s[race], present[race],
            length, reach, nearest[k],
        )  # fmt: skip
        k += 1
    return k


@device
def tell_opponents(
    race, car, nearest, x, y, yaw, vx, vy, s, d, length, position_unit, speed_unit,
    least_speed, out,
):  # fmt: skip
    """Fill the rows of one car, see ``observe_opponents``."""
    real = out.dtype.type
    heading = float(yaw[race, car])
    cs, sn = cos(heading), sin(heading)
    for row in range(out.shape[0]):
        other = nearest[row]
        if other < 0:
            for feature in range(FEATURES):
                out[row, feature] = real(0.0)
            continue
        ahead = wrap_difference(s[race, other] - s[race, car], length)
        dx, dy = x[race, other] - x[race, car], y[race, other] - y[race, car]
        turn = float(yaw[race, other]) - heading
        ct, st = cos(turn), sin(turn)
        forward, left = float(vx[race, other]), float(vy[race, other])
        forward, left = ct * forward - st * left, st * forward + ct * left
        speed = max(float(vx[race, car]), least_speed)
        gap = bounded(ahead / speed, -MOST_GAP, MOST_GAP) * (BOUND / MOST_GAP)
        told = out[row]
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
def observe_opponents(
    cars, out, nearest, order, place, x, y, yaw, vx, vy, s, d, present, race_track, table,
    reach, position_unit, speed_unit, least_speed,
):  # fmt: skip
    """Fill ten numbers of each of the nearest cars, in order of their distance along the track.

    Of two that are as far, the one in the lower slot comes first.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car, rising.
        out: (k, most, FEATURES) real; rows without a car are 0. Written.
        nearest: (>= k, most) int64, scratch.
        order: (n_races, n_cars) int64, the cars of each race in any order, best in that of the
            step before. Updated.
        place: (n_races, n_cars) int64, scratch.
        x, y, yaw, vx, vy: of ``CarState``; s, d: of ``TrackFrame``.
        present: of ``RaceState``.
        race_track, table: the packed tracks.
        reach: [m] along the track, beyond which cars are not told of.
        position_unit, speed_unit: [m] and [m/s] that read 1.
        least_speed: [m/s] that gaps are counted with at least.
    """
    n_cars = x.shape[1]
    for first in prange(cars.shape[0]):
        race = cars[first] // n_cars
        if first > 0 and cars[first - 1] // n_cars == race:
            continue  # whoever is first of a race sees to all of it
        length = table[race_track[race], LENGTH]
        begin = np.int64(first)  # counted without a sign where several threads run
        stop = find_all(cars, begin, race, nearest, order, place, s, present, length, reach)
        for k in range(begin, stop):
            tell_opponents(
                race, cars[k] - race * n_cars, nearest[k], x, y, yaw, vx, vy, s, d, length,
                position_unit, speed_unit, least_speed, out[k],
            )  # fmt: skip


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
