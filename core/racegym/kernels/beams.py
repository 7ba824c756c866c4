"""How far it is to the borders of the track, to cars and to obstacles, along many beams.

Two samples that follow each other span a cell: a quadrilateral between their normals and the
two borders. A beam that starts inside the corridor leaves each cell through a border, where
it ends, or through the far normal into the next cell. Beams that pass the same normal do so
side by side, so all of them are led through the corridor together, a window of beams that
grows narrower from both ends: each cell is looked at once, and each beam is intersected once,
with the one piece of border that it ends at. The result is exact for borders that run
straight from sample to sample, keeps to its own branch where a track crosses itself, and is
never kept waiting by parts of the track that can't be seen.

A car outside of the corridor sees each border of the window of samples around it.
"""

from __future__ import annotations

from math import asin, atan2, cos, inf, pi, sin, sqrt

import numpy as np
from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.obstacles import BACK, OBSTACLE_X, OBSTACLE_Y, ON, RADIUS, SEGMENT
from racegym.kernels.projection import (
    COUNT,
    FIRST,
    OBSTACLE_COUNT,
    OBSTACLE_FIRST,
    SPACING,
    WALK,
    walk,
)
from racegym.kernels.trigonometry import arctangent

__all__ = ["cast_beams"]

BLOCK = 16  # cars that one thread looks at before it takes more
PARALLEL_FROM = 64
FEW = 12  # beams that are tried one by one rather than looked up by their angle
MARGIN = 1e-6  # [rad] so that rounding loses no beam
LEFT_X, RIGHT_X = 0, 2  # columns of a border, from the first one


@device
def first_beam(angles, angle):
    """Return how many of the rising ``angles`` [rad] lie below ``angle``."""
    low, high = 0, angles.shape[0]
    while low < high:
        middle = (low + high) // 2
        if angles[middle] < angle:
            low = middle + 1
        else:
            high = middle
    return low


@device
def between(angles, start, stop):
    """Return (first, count) of the beams from direction ``start`` [rad] on, up to ``stop``.

    Counter-clockwise, and cyclic: after the last beam the first one follows.
    """
    low, high = first_beam(angles, start), first_beam(angles, stop)
    if start <= stop:
        return low, high - low
    return low, angles.shape[0] - low + high


@device
def distance_along(bx, by, px, py, qx, qy):
    """Return how far [m] along the unit vector b the line through p and q is."""
    ex, ey = qx - px, qy - py
    return (px * ey - py * ex) / (bx * ey - by * ex)


@device
def corner(borders, row, column, x, y, cs, sn):
    """Return a point of a border [m] as the beams' origin sees it: forward, to the left."""
    dx, dy = borders[row, column] - x, borders[row, column + 1] - y
    return cs * dx + sn * dy, cs * dy - sn * dx


@outlined
def follow_corridor(
    ranges, beams, borders, first, count, cell, step, low_column, high_column,
    x, y, cs, sn, begin, number, reach,
):  # fmt: skip
    """Follow beams through the cells on one side of their own, until all have ended.

    Args:
        ranges: (n,), written for the beams in question where they end within ``reach``.
        beams: (2, n) the beams' unit vectors in the sensor's frame.
        borders: of all tracks.
        first, count: rows of the track.
        cell: of the origin.
        step: 1 to go with the track, -1 against it.
        low_column, high_column: of the borders on the clockwise and the other side.
        x, y, cs, sn: origin [m], cosine and sine of its yaw.
        begin, number: the beams in question, cyclic.
        reach: [m].

    Returns:
        How many cells beyond the own one were looked at.
    """
    n = ranges.shape[0]
    low, high = begin, begin + number  # of the window; the index is taken modulo n
    index = cell + 1 if step > 0 else cell
    index = index - count if index >= count else index
    ax, ay = corner(borders, first + index, low_column, x, y, cs, sn)
    bx, by = corner(borders, first + index, high_column, x, y, cs, sn)
    for passed in range(count):
        if low >= high:
            return passed
        index += step
        index = index - count if index >= count else index
        index = index + count if index < 0 else index
        cx, cy = corner(borders, first + index, low_column, x, y, cs, sn)
        dx, dy = corner(borders, first + index, high_column, x, y, cs, sn)
        while low < high:
            i = low if low < n else low - n
            ux, uy = beams[0, i], beams[1, i]
            if cx * uy - cy * ux >= 0.0:
                break
            ranges[i] = min(ranges[i], distance_along(ux, uy, ax, ay, cx, cy))
            low += 1
        while low < high:
            i = high - 1 if high <= n else high - 1 - n
            ux, uy = beams[0, i], beams[1, i]
            if dx * uy - dy * ux <= 0.0:
                break
            ranges[i] = min(ranges[i], distance_along(ux, uy, bx, by, dx, dy))
            high -= 1
        ex, ey = dx - cx, dy - cy
        height = cx * ey - cy * ex  # times the normal's length: how far off its line is
        if height * height > reach * reach * (ex * ex + ey * ey):
            return passed + 1
        ax, ay, bx, by = cx, cy, dx, dy
    return count


@device
def bearing(x, y):
    """Return the direction [rad] of (x, y) in [-pi, pi]: atan2 within 1e-9, but quicker."""
    if abs(y) <= abs(x):
        angle = arctangent(y / x, np.float64) if x != 0.0 else 0.0
        if x >= 0.0:
            return angle
        return angle + pi if y >= 0.0 else angle - pi
    quarter = 0.5 * pi if y > 0.0 else -0.5 * pi
    return quarter - arctangent(x / y, np.float64)


@device
def end_at_piece(ranges, beams, begin, number, px, py, qx, qy):
    """Shorten some beams, cyclic, to the line through p and q."""
    n = ranges.shape[0]
    for j in range(begin, begin + number):
        i = j if j < n else j - n
        far = distance_along(beams[0, i], beams[1, i], px, py, qx, qy)
        if far < ranges[i]:
            ranges[i] = far


@device
def meet_piece(ranges, beams, angles, px, py, qx, qy):
    """Shorten the beams that meet the piece of border from p to q, seen from either side."""
    if px * qy - py * qx < 0.0:
        px, py, qx, qy = qx, qy, px, py
    if ranges.shape[0] <= FEW:
        for i in range(ranges.shape[0]):
            ux, uy = beams[0, i], beams[1, i]
            if px * uy - py * ux >= 0.0 and ux * qy - uy * qx >= 0.0:
                far = distance_along(ux, uy, px, py, qx, qy)
                if 0.0 <= far < ranges[i]:
                    ranges[i] = far
        return
    begin, number = between(angles, bearing(px, py), bearing(qx, qy))
    end_at_piece(ranges, beams, begin, number, px, py, qx, qy)


@outlined
def look_from_outside(
    ranges, beams, angles, borders, first, count, cell, column, x, y, cs, sn, window, reach
):
    """Shorten beams to the borders of all cells up to ``window`` from ``cell``."""
    half = min(window, count // 2)
    for side in range(2):
        at = column + 2 * side
        index = cell - half
        index = index + count if index < 0 else index
        px, py = corner(borders, first + index, at, x, y, cs, sn)
        for _ in range(2 * half):
            index = index + 1 if index + 1 < count else 0
            qx, qy = corner(borders, first + index, at, x, y, cs, sn)
            # How near the piece may come: from its nearer end, less its own length.
            ex, ey = qx - px, qy - py
            nearest = sqrt(min(px * px + py * py, qx * qx + qy * qy))
            if nearest - sqrt(ex * ex + ey * ey) <= reach:
                meet_piece(ranges, beams, angles, px, py, qx, qy)
            px, py = qx, qy


@outlined
def cast(
    ranges, beams, angles, borders, points, first, count, spacing, segment, column,
    x, y, cs, sn, reach,
):  # fmt: skip
    """Fill the ranges [m] of one car's beams.

    Returns:
        (cell, ahead, behind): where the origin is, and how many cells were seen either way.
    """
    ranges[:] = reach
    found = walk(points, first, count, segment, x, y, WALK)
    cell = found if found >= 0 else segment
    following = cell + 1 if cell + 1 < count else 0
    left, right = column + LEFT_X, column + RIGHT_X
    ax, ay = corner(borders, first + cell, left, x, y, cs, sn)
    bx, by = corner(borders, first + cell, right, x, y, cs, sn)
    cx, cy = corner(borders, first + following, left, x, y, cs, sn)
    dx, dy = corner(borders, first + following, right, x, y, cs, sn)
    inside = (
        found >= 0
        and ax * cy - ay * cx < 0.0
        and bx * dy - by * dx > 0.0
        and bx * ay - by * ax < 0.0
        and dx * cy - dy * cx > 0.0
    )
    if not inside:
        window = int(2.0 * reach / spacing) + 2
        look_from_outside(
            ranges, beams, angles, borders, first, count, cell, column, x, y, cs, sn, window, reach
        )
        return cell, window, window
    to_a, to_b, to_c, to_d = bearing(ax, ay), bearing(bx, by), bearing(cx, cy), bearing(dx, dy)
    begin, number = between(angles, to_c, to_a)
    end_at_piece(ranges, beams, begin, number, cx, cy, ax, ay)
    begin, number = between(angles, to_b, to_d)
    end_at_piece(ranges, beams, begin, number, bx, by, dx, dy)
    begin, number = between(angles, to_d, to_c)
    ahead = follow_corridor(
        ranges, beams, borders, first, count, cell, 1, right, left,
        x, y, cs, sn, begin, number, reach,
    )  # fmt: skip
    begin, number = between(angles, to_a, to_b)
    behind = follow_corridor(
        ranges, beams, borders, first, count, cell, -1, left, right,
        x, y, cs, sn, begin, number, reach,
    )  # fmt: skip
    return cell, ahead, behind


@device
def box_distance(ux, uy, px, py, cs, sn, half_length, half_width):
    """Return how far [m] along the unit vector u a box is entered; inf if it is missed.

    Args:
        ux, uy: the beam, from the origin.
        px, py: the box's middle [m].
        cs, sn: cosine and sine of the box's heading.
        half_length, half_width: [m].
    """
    along, across = cs * ux + sn * uy, cs * uy - sn * ux
    ox, oy = -(cs * px + sn * py), -(cs * py - sn * px)
    near, far = 0.0, inf
    for place, rate, half in ((ox, along, half_length), (oy, across, half_width)):
        if rate == 0.0:
            if abs(place) > half:
                return inf
        else:
            one, other = (-half - place) / rate, (half - place) / rate
            near = max(near, min(one, other))
            far = min(far, max(one, other))
    return near if near <= far else inf


@device
def circle_distance(ux, uy, px, py, radius):
    """Return how far [m] along the unit vector u a circle is entered; inf if it is missed."""
    along = ux * px + uy * py
    across = ux * py - uy * px
    room = radius * radius - across * across
    if room < 0.0 or (along < 0.0 and px * px + py * py > radius * radius):
        return inf
    return max(along - sqrt(room), 0.0)


@device
def facing(angles, px, py, radius):
    """Return (first, count) of the beams that may meet a circle around p, cyclic."""
    distance = sqrt(px * px + py * py)
    if distance <= radius:
        return 0, angles.shape[0]
    middle, half = atan2(py, px), asin(radius / distance) + MARGIN
    start, stop = middle - half, middle + half
    if start < -pi:
        start += 2.0 * pi
    if stop >= pi:
        stop -= 2.0 * pi
    return between(angles, start, stop)


@device
def cells_apart(index, other, count):
    """Return how many cells ``other`` is ahead of ``index``, the short way: negative behind."""
    apart = other - index
    if apart > count // 2:
        return apart - count
    return apart + count if apart < -(count // 2) else apart


@outlined
def shorten_by_cars(
    ranges, beams, angles, race, own, x, y, cs, sn, reach, count, spacing, cell, ahead, behind,
    car_x, car_y, car_yaw, car_segment, present, length, width, wheelbase, to_front,
):  # fmt: skip
    """Shorten beams to the other cars of the race in the cells that were seen."""
    n = angles.shape[0]
    for car in range(car_x.shape[1]):
        if car == own or not present[race, car]:
            continue
        half_length, half_width = 0.5 * length[race, car], 0.5 * width[race, car]
        radius = sqrt(half_length * half_length + half_width * half_width)
        yaw = float(car_yaw[race, car])
        cos_yaw, sin_yaw = cos(yaw), sin(yaw)
        to_middle = to_front[race, car] - 0.5 * wheelbase[race, car]
        dx = car_x[race, car] + to_middle * cos_yaw - x
        dy = car_y[race, car] + to_middle * sin_yaw - y
        if dx * dx + dy * dy > (reach + radius) * (reach + radius):
            continue
        apart = cells_apart(cell, car_segment[race, car], count)
        sticking_out = int((radius + abs(to_middle)) / spacing) + 1
        if not -behind - sticking_out <= apart <= ahead + sticking_out:
            continue  # out of sight, or on another level of the track
        px, py = cs * dx + sn * dy, cs * dy - sn * dx
        cos_turn, sin_turn = cs * cos_yaw + sn * sin_yaw, cs * sin_yaw - sn * cos_yaw
        begin, number = facing(angles, px, py, radius)
        for j in range(begin, begin + number):
            i = j if j < n else j - n
            found = box_distance(
                beams[0, i], beams[1, i], px, py, cos_turn, sin_turn, half_length, half_width
            )
            if found < ranges[i]:
                ranges[i] = found


@outlined
def shorten_by_obstacles(
    ranges, beams, angles, obstacles, begin, number, x, y, cs, sn, reach, count, cell, ahead, behind
):
    """Shorten beams to the obstacles in the cells that were seen.

    Args:
        ranges, beams, angles: of all beams.
        obstacles: of all tracks.
        begin, number: rows of the track.
        x, y, cs, sn: origin [m], cosine and sine of its yaw.
        reach: [m].
        count: cells of the track.
        cell, ahead, behind: where the origin is, and how many cells were seen either way.
    """
    n = angles.shape[0]
    for row in range(begin, begin + number):
        dx, dy = obstacles[row, OBSTACLE_X] - x, obstacles[row, OBSTACLE_Y] - y
        radius = obstacles[row, RADIUS]
        if dx * dx + dy * dy > (reach + radius) * (reach + radius):
            continue
        apart = cells_apart(cell, int(obstacles[row, SEGMENT]), count)
        if not -behind - obstacles[row, ON] <= apart <= ahead + obstacles[row, BACK]:
            continue  # out of sight, or on another level of the track
        px, py = cs * dx + sn * dy, cs * dy - sn * dx
        start, facing_it = facing(angles, px, py, radius)
        for j in range(start, start + facing_it):
            i = j if j < n else j - n
            found = circle_distance(beams[0, i], beams[1, i], px, py, radius)
            if found < ranges[i]:
                ranges[i] = found


@kernel(parallel_from=PARALLEL_FROM)
def cast_beams(
    cars, out, x, y, yaw, segment, present, length, width, wheelbase, to_front,
    race_track, points, borders, obstacles, table,
    angles, beams, column, mount, reach, unit, scratch,
):  # fmt: skip
    """Fill the ranges of all beams of some cars.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car.
        out: (k, n) real; the range over ``unit``, that of ``reach`` where nothing is nearer.
        x, y, yaw: of ``CarState``; segment: of ``TrackFrame``; present: of ``RaceState``.
        length, width, wheelbase, to_front: of ``VehicleTable``.
        race_track, points, borders, obstacles, table: the packed tracks.
        angles: (n,) float64 rising in [-pi, pi), to the left of straight ahead.
        beams: (2, n) float64, their cosines and sines.
        column: first of four columns of ``borders``: 0 for edges, 4 for walls.
        mount: [m] of the sensor ahead of the car's reference point.
        reach: [m] of the longest beam.
        unit: [m] that read 1.
        scratch: (blocks, n) float64 with a row for each ``BLOCK`` cars; written.
    """
    n_cars = x.shape[1]
    real = out.dtype.type
    for block in prange(-(-cars.shape[0] // BLOCK)):
        ranges = scratch[block]
        for k in range(block * BLOCK, min((block + 1) * BLOCK, cars.shape[0])):
            race = cars[k] // n_cars
            car = cars[k] - race * n_cars
            track = race_track[race]
            count, spacing = int(table[track, COUNT]), table[track, SPACING]
            heading = float(yaw[race, car])
            cs, sn = cos(heading), sin(heading)
            px, py = x[race, car] + mount * cs, y[race, car] + mount * sn
            cell, ahead, behind = cast(
                ranges, beams, angles, borders, points, int(table[track, FIRST]), count,
                spacing, segment[race, car], column, px, py, cs, sn, reach,
            )  # fmt: skip
            if n_cars > 1:
                shorten_by_cars(
                    ranges, beams, angles, race, car, px, py, cs, sn, reach, count, spacing,
                    cell, ahead, behind, x, y, yaw, segment, present,
                    length, width, wheelbase, to_front,
                )  # fmt: skip
            if table[track, OBSTACLE_COUNT] > 0.0:
                shorten_by_obstacles(
                    ranges, beams, angles, obstacles, int(table[track, OBSTACLE_FIRST]),
                    int(table[track, OBSTACLE_COUNT]), px, py, cs, sn, reach, count,
                    cell, ahead, behind,
                )  # fmt: skip
            for i in range(ranges.shape[0]):
                out[k, i] = real(ranges[i] / unit)
