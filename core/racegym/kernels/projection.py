"""Where cars are on their track: from (x, y) to arc length and lateral offset, and back.

A track is a closed row of evenly spaced samples, joined by cubic Hermite curves through
(P_k, h T_k) and (P_k+1, h T_k+1), with spacing h and unit tangent T. The normals of the
samples cut the plane into cells; a point p belongs to segment k where

    (p - P_k) . T_k >= 0   and   (p - P_k+1) . T_k+1 < 0                              (1)

A car is followed from the segment it had before, one dot product per segment passed, so it
keeps its own branch where a track crosses itself. Inside the segment Newton's method solves

    (p - P(t)) . P'(t) = 0,   s = (k + t) h,   d = (p - P(t)) x P'(t) / |P'(t)|       (2)

in float64, whatever the precision of the frame it is written to. Nothing is drawn from the
batch around a car, so the bits are the same in any batch.

All tracks lie in five packed arrays, which a kernel takes as they are:

- ``points`` (n_points, POINT_COLUMNS) float64, one row a sample, columns X ... SLOPE;
- ``table`` (n_tracks, TABLE_COLUMNS) float64, one row a track, columns FIRST ...;
- ``outline`` (n_points, OUTLINE_COLUMNS) float32, one row a sample: curvature and whole
  width, each with what it gains to the next sample, for those who look at many places;
- ``line`` (n_points, LINE_COLUMNS) float64, one row a sample: the racing line there;
- ``cells`` (n_cells,) int32: per track a grid, row by row from its south-west corner; a
  cell holds the sample nearest to its centre, counted from the track's first. Used only
  for a car that was moved by more than driving.
"""

from __future__ import annotations

from math import inf, isfinite, sqrt
from typing import Any, TypeAlias

import numpy as np
from numba import prange
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel
from racegym.kernels.geometry import turn_angle, wrap_angle, wrap_difference, wrap_length

Floats: TypeAlias = NDArray[np.float64]
Reals: TypeAlias = NDArray[np.floating[Any]]  # the precision of the state
Indices: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

# Columns of ``points``.
X, Y = 0, 1  # [m]
TANGENT_X, TANGENT_Y = 2, 3  # unit vector along the track
HEADING = 4  # [rad] of the tangent, in [-pi, pi)
CURVATURE = 5  # [1/m] positive to the left
WIDTH_LEFT, WIDTH_RIGHT = 6, 7  # [m] centerline to the edge of the asphalt
Z = 8  # [m]
BANKING = 9  # [rad] positive: the left edge is the higher one
SLOPE = 10  # dz/ds
POINT_COLUMNS = 11

# Columns of ``outline``.
BEND, BEND_GAIN = 0, 1  # [1/m] positive to the left
ACROSS, ACROSS_GAIN = 2, 3  # [m] from edge to edge
OUTLINE_COLUMNS = 4

# Columns of ``line``.
LINE_OFFSET = 0  # [m] d of the racing line, left positive
LINE_SLOPE = 1  # what d gains for each metre of the centerline
LINE_CURVATURE = 2  # [1/m] of the line itself, positive to the left
LINE_STEP = 3  # [m] of the line itself, to the next sample's normal
LINE_COLUMNS = 4

# Columns of ``table``; whole numbers are exact in float64.
FIRST, COUNT = 0, 1  # rows of ``points``
SPACING, LENGTH = 2, 3  # [m]
KERB, RUNOFF = 4, 5  # [m] width of the kerbs; edge of the asphalt to the wall
CELL_FIRST, CELL_COLUMNS, CELL_ROWS = 6, 7, 8  # the track's grid in ``cells``
CELL_X, CELL_Y, CELL_SIZE = 9, 10, 11  # [m] its south-west corner, the side of a cell
CHECKPOINT_FIRST, CHECKPOINT_COUNT = 12, 13  # items of ``checkpoint_s``
SECTOR_FIRST, SECTOR_COUNT = 14, 15  # items of ``sector_s``
CROSSING_COUNT = 16  # rows of ``crossings`` that count
OBSTACLE_FIRST, OBSTACLE_COUNT = 17, 18  # rows of ``obstacles``
VERGED = 19  # 1 where something else than grass lies beyond the kerbs, else 0
GRID_COUNT = 20  # rows of ``grid_slots`` that count
TABLE_COLUMNS = 21

# What ``project`` reports.
WALKED = 0  # followed from its segment of the step before
SEARCHED = 1  # found again near by, on the same branch
MOVED = 2  # found through the grid: it is on another part of the track

WALK = 8  # segments that a car may pass between two calls and still count as driving
WINDOW = 50  # segments either way that are searched by distance after that
REACH = 5.0  # [m] beyond the wall, before a car may be thought to be on another branch
OPEN_RUNOFF = 20.0  # [m] taken for the wall where there is none, or a very distant one
NEWTON_STEPS = 8
NEWTON_DONE = 1e-4  # a smaller step in t leaves an error below 1e-8: Newton's squares it
BLOCK = 5  # cells either way of a track's grid that are filled together
FLATTEST = 0.02  # of |P'|^2: the least slope of (2) that Newton may divide by


@device
def along(points: Floats, row: int, x: float, y: float) -> float:
    """Return (p - P) . T [m] of the sample in ``row``: how far p is ahead of its normal."""
    ahead = (x - points[row, X]) * points[row, TANGENT_X]
    return float(ahead + (y - points[row, Y]) * points[row, TANGENT_Y])


@device
def distance_squared(points: Floats, row: int, x: float, y: float) -> float:
    """Return |p - P|^2 [m^2] for the sample in ``row``."""
    dx = x - points[row, X]
    dy = y - points[row, Y]
    return float(dx * dx + dy * dy)


@device
def walk(points: Floats, first: int, count: int, index: int, x: float, y: float, limit: int) -> int:
    """Return the segment that holds p by (1), walking from ``index``; -1 if not in reach.

    Which way to go is settled at the start, so a walk can't oscillate.
    """
    ahead = along(points, first + index, x, y)
    if ahead < 0.0:
        for _ in range(limit):
            index = index - 1 if index > 0 else count - 1
            if along(points, first + index, x, y) >= 0.0:
                return index
        return -1
    for _ in range(limit + 1):
        following = index + 1 if index + 1 < count else 0
        if along(points, first + following, x, y) < 0.0:
            return index
        index = following
    return -1


@device
def curve(
    points: Floats, first: int, count: int, index: int, spacing: float, t: float
) -> tuple[float, float, float, float]:
    """Return P(t) [m] and P'(t) [m], as (x, y, dx, dy), on segment ``index``."""
    row = first + index
    nxt = row + 1 if index + 1 < count else first
    ax = spacing * points[row, TANGENT_X]
    ay = spacing * points[row, TANGENT_Y]
    bx = spacing * points[nxt, TANGENT_X]
    by = spacing * points[nxt, TANGENT_Y]
    cx = points[nxt, X] - points[row, X]
    cy = points[nxt, Y] - points[row, Y]
    qx, qy = 3.0 * cx - 2.0 * ax - bx, 3.0 * cy - 2.0 * ay - by
    rx, ry = ax + bx - 2.0 * cx, ay + by - 2.0 * cy
    return (
        points[row, X] + t * (ax + t * (qx + t * rx)),
        points[row, Y] + t * (ay + t * (qy + t * ry)),
        ax + t * (2.0 * qx + 3.0 * t * rx),
        ay + t * (2.0 * qy + 3.0 * t * ry),
    )


@device
def foot(
    points: Floats, first: int, count: int, index: int, spacing: float, x: float, y: float
) -> tuple[float, float, float, float]:
    """Return (t, d, P'x, P'y): where p projects to on segment ``index``, by (2)."""
    row = first + index
    nxt = row + 1 if index + 1 < count else first
    px, py = x - points[row, X], y - points[row, Y]
    ax = spacing * points[row, TANGENT_X]
    ay = spacing * points[row, TANGENT_Y]
    bx = spacing * points[nxt, TANGENT_X]
    by = spacing * points[nxt, TANGENT_Y]
    cx = points[nxt, X] - points[row, X]
    cy = points[nxt, Y] - points[row, Y]
    qx, qy = 3.0 * cx - 2.0 * ax - bx, 3.0 * cy - 2.0 * ay - by
    rx, ry = ax + bx - 2.0 * cx, ay + by - 2.0 * cy

    # Between the two normals the ratio of the distances to them is already close.
    start = px * ax + py * ay
    end = (px - cx) * bx + (py - cy) * by
    t = start / (start - end) if start > end else 0.5
    t = min(max(t, 0.0), 1.0)
    steepest = -FLATTEST * spacing * spacing
    for _ in range(NEWTON_STEPS):
        ex, ey = px - t * (ax + t * (qx + t * rx)), py - t * (ay + t * (qy + t * ry))
        dx, dy = ax + t * (2.0 * qx + 3.0 * t * rx), ay + t * (2.0 * qy + 3.0 * t * ry)
        slope = ex * (2.0 * qx + 6.0 * t * rx) + ey * (2.0 * qy + 6.0 * t * ry)
        slope -= dx * dx + dy * dy
        # Past the centre of curvature the slope changes sign; keep it a descent.
        step = (ex * dx + ey * dy) / min(slope, steepest)
        before = t
        t = min(max(t - step, 0.0), 1.0)
        if abs(t - before) < NEWTON_DONE:
            break
    ex, ey = px - t * (ax + t * (qx + t * rx)), py - t * (ay + t * (qy + t * ry))
    dx, dy = ax + t * (2.0 * qx + 3.0 * t * rx), ay + t * (2.0 * qy + 3.0 * t * ry)
    d = (dx * ey - dy * ex) / sqrt(dx * dx + dy * dy)
    return t, d, dx, dy


@device
def nearest_in_window(
    points: Floats, first: int, count: int, index: int, x: float, y: float, window: int
) -> int:
    """Return the sample nearest to p among those at most ``window`` from ``index``."""
    best, best_squared = index, inf
    for offset in range(-min(window, count // 2), min(window, count // 2) + 1):
        i = index + offset
        i = i + count if i < 0 else i
        i = i - count if i >= count else i
        squared = distance_squared(points, first + i, x, y)
        if squared < best_squared:
            best, best_squared = i, squared
    return best


@device
def nearest_of_all(
    points: Floats, first: int, count: int, best: int, spacing: float, x: float, y: float
) -> int:
    """Return the sample nearest to p among all of a track, beginning with the guess ``best``.

    Samples follow each other at no more than ``spacing``, so those that can't be nearer
    than the best so far are skipped.
    """
    nearest, k = sqrt(distance_squared(points, first + best, x, y)), 0
    while k < count:
        distance = sqrt(distance_squared(points, first + k, x, y))
        if distance < nearest:
            best, nearest = k, distance
        k += max(1, int((distance - nearest) / spacing))
    return best


@device
def settle(points: Floats, first: int, count: int, sample: int, x: float, y: float) -> int:
    """Return the segment that holds p by (1) at its nearest ``sample``."""
    found = int(walk(points, first, count, sample, x, y, WALK))
    if found >= 0:
        return found
    before = sample - 1 if sample > 0 else count - 1
    return sample if along(points, first + sample, x, y) >= 0.0 else before


@device
def locate(points: Floats, table: Floats, cells: Indices, track: int, x: float, y: float) -> int:
    """Return the sample of ``track`` nearest to p, found without knowing where it was.

    The grid gives candidates from the cell of p and the eight around it; the best one is
    then improved along the track. Outside the grid all samples are searched. Where parts of
    a track cross, either may be meant.
    """
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    n_columns, n_rows = int(table[track, CELL_COLUMNS]), int(table[track, CELL_ROWS])
    grid, size = int(table[track, CELL_FIRST]), table[track, CELL_SIZE]
    across, up = (x - table[track, CELL_X]) / size, (y - table[track, CELL_Y]) / size
    if not (0.0 <= across < n_columns and 0.0 <= up < n_rows):
        return int(nearest_of_all(points, first, count, 0, table[track, SPACING], x, y))
    column, row = int(across), int(up)
    best, best_squared = 0, inf
    for j in range(max(row - 1, 0), min(row + 2, n_rows)):
        for i in range(max(column - 1, 0), min(column + 2, n_columns)):
            sample = cells[grid + j * n_columns + i]
            squared = distance_squared(points, first + sample, x, y)
            if squared < best_squared:
                best, best_squared = int(sample), squared
    return int(nearest_in_window(points, first, count, best, x, y, WALK))


@device
def project(
    points: Floats, table: Floats, cells: Indices, track: int, x: float, y: float, index: int
) -> tuple[int, float, float, float, float, int]:
    """Return where p lies on ``track``, following a car that was on segment ``index``.

    Args:
        points, table, cells: the packed tracks (see the module's text).
        track: row of ``table``.
        x, y: the point p [m], finite.
        index: the segment before; any integer in [0, count).

    Returns:
        (index, t, d, dx, dy, status): segment, place on it in [0, 1], lateral offset [m],
        direction of the centerline there (not normalised), and WALKED, SEARCHED or MOVED.
    """
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    spacing = table[track, SPACING]
    status = WALKED
    found = walk(points, first, count, index, x, y, WALK)
    if found < 0:
        status = SEARCHED
        sample = nearest_in_window(points, first, count, index, x, y, WINDOW)
        found = walk(points, first, count, sample, x, y, WALK)
        if found < 0:
            status = MOVED
            found = sample
    t, d, dx, dy = foot(points, first, count, found, spacing, x, y)

    width = max(points[first + found, WIDTH_LEFT], points[first + found, WIDTH_RIGHT])
    reach = width + min(table[track, RUNOFF], OPEN_RUNOFF) + REACH
    if status == MOVED or abs(d) > reach:
        sample = locate(points, table, cells, track, x, y)
        px, py, _, _ = curve(points, first, count, found, spacing, t)
        here = sqrt((x - px) * (x - px) + (y - py) * (y - py))
        there = sqrt(distance_squared(points, first + sample, x, y))
        # A branch is left only for one that is clearly nearer, so cars never flicker.
        if there + 2.0 * spacing < here:
            status = MOVED
            found = settle(points, first, count, sample, x, y)
            t, d, dx, dy = foot(points, first, count, found, spacing, x, y)
        elif status == MOVED:
            status = SEARCHED
    return found, t, d, dx, dy, status


@device
def mix(points: Floats, first: int, count: int, index: int, t: float, column: int) -> float:
    """Return a ``column`` of ``points``, linear between the two samples of a segment."""
    row = first + index
    nxt = row + 1 if index + 1 < count else first
    return float(points[row, column] + t * (points[nxt, column] - points[row, column]))


@device
def direction(points: Floats, row: int, dx: float, dy: float) -> float:
    """Return the heading [rad] of P' = (dx, dy), near that of the sample in ``row``."""
    cos, sin = points[row, TANGENT_X], points[row, TANGENT_Y]
    return float(points[row, HEADING] + turn_angle(cos * dx + sin * dy, cos * dy - sin * dx))


@kernel
def project_cars(
    x: Floats,
    y: Floats,
    yaw: Reals,
    present: Flags,
    race_track: Indices,
    points: Floats,
    table: Floats,
    cells: Indices,
    segment: Indices,
    s: Floats,
    d: Reals,
    heading_error: Reals,
    curvature: Reals,
    progress: Floats,
    jumped: Flags,
    width_left: Reals,
    width_right: Reals,
) -> None:
    """Follow every car along its track. All car arrays are flat, (n_races * n_cars,).

    Args:
        x, y: float64 [m]; a car whose position is not finite keeps its frame.
        yaw: real [rad].
        present: bool; the frames of absent cars are left as they are.
        race_track: (n_races,) int32, the row of ``table`` of each race.
        points, table, cells: the packed tracks (see the module's text).
        segment: int32; the segment before, and now. Updated.
        s: float64 [m] in [0, length). Updated.
        d: real [m], left is positive. Updated.
        heading_error: real [rad] in [-pi, pi), yaw less the track's direction. Updated.
        curvature: real [1/m] of the centerline. Updated.
        progress: float64 [m], unwrapped s. Updated.
        jumped: bool; true where the car was not found by walking from its segment before:
            it cut, or something moved it. Written.
        width_left, width_right: real [m] to the edges of the asphalt. Written.
    """
    n_races = race_track.shape[0]
    n_cars = x.shape[0] // n_races
    for race in prange(n_races):
        track = race_track[race]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        spacing, length = table[track, SPACING], table[track, LENGTH]
        for i in range(race * n_cars, (race + 1) * n_cars):
            jumped[i] = False
            px, py = x[i], y[i]
            if not present[i] or not (isfinite(px) and isfinite(py)):
                continue
            index = min(max(int(segment[i]), 0), count - 1)
            index, t, offset, dx, dy, status = project(points, table, cells, track, px, py, index)
            now = wrap_length((index + t) * spacing, length)
            progress[i] += wrap_difference(now - s[i], length)
            segment[i] = index
            s[i] = now
            d[i] = offset
            heading_error[i] = wrap_angle(yaw[i] - direction(points, first + index, dx, dy))
            curvature[i] = mix(points, first, count, index, t, CURVATURE)
            width_left[i] = mix(points, first, count, index, t, WIDTH_LEFT)
            width_right[i] = mix(points, first, count, index, t, WIDTH_RIGHT)
            jumped[i] = status != WALKED


@kernel
def relocate_cars(
    cars: Longs,
    hint_s: Floats,
    x: Floats,
    y: Floats,
    yaw: Reals,
    race_track: Indices,
    points: Floats,
    table: Floats,
    cells: Indices,
    segment: Indices,
    s: Floats,
    d: Reals,
    heading_error: Reals,
    curvature: Reals,
    progress: Floats,
    jumped: Flags,
    width_left: Reals,
    width_right: Reals,
) -> None:
    """Set the frames of cars that were placed, from nothing.

    Args:
        cars: (k,) int64, race * n_cars + car. Each car at most once.
        hint_s: (k,) float64 [m]; where finite, the branch near it is taken; else the
            nearest part of the track.
        x ... width_right: as in ``project_cars``. ``progress``
            becomes s in the first half of the lap and s - length in the second, so that a
            car on the grid behind the line has a negative one. ``jumped`` becomes false.
    """
    n_cars = x.shape[0] // race_track.shape[0]
    for i in prange(cars.shape[0]):
        car = cars[i]
        track = race_track[car // n_cars]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        spacing, length = table[track, SPACING], table[track, LENGTH]
        px, py = x[car], y[car]
        jumped[car] = False
        if not (isfinite(px) and isfinite(py)):
            continue
        if isfinite(hint_s[i]):
            index = min(int(wrap_length(hint_s[i], length) / spacing), count - 1)
            sample = nearest_in_window(points, first, count, index, px, py, WALK)
        else:
            sample = locate(points, table, cells, track, px, py)
        index = settle(points, first, count, sample, px, py)
        t, offset, dx, dy = foot(points, first, count, index, spacing, px, py)
        now = wrap_length((index + t) * spacing, length)
        segment[car] = index
        s[car] = now
        progress[car] = now if now <= 0.5 * length else now - length
        d[car] = offset
        heading_error[car] = wrap_angle(yaw[car] - direction(points, first + index, dx, dy))
        curvature[car] = mix(points, first, count, index, t, CURVATURE)
        width_left[car] = mix(points, first, count, index, t, WIDTH_LEFT)
        width_right[car] = mix(points, first, count, index, t, WIDTH_RIGHT)


@kernel
def pose_cars(
    pose: Floats,
    races: Longs,
    s: Floats,
    d: Floats,
    race_track: Indices,
    points: Floats,
    table: Floats,
) -> None:
    """Write the poses of places given along the track: the inverse of ``project_cars``.

    Args:
        pose: (k, 3) float64; x [m], y [m], yaw [rad] along the track. Written.
        races: (k,) int64.
        s: (k,) float64 [m], any value; wrapped.
        d: (k,) float64 [m], left is positive.
        race_track, points, table: the packed tracks (see the module's text).
    """
    for i in prange(pose.shape[0]):
        track = race_track[races[i]]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        spacing = table[track, SPACING]
        place = wrap_length(s[i], table[track, LENGTH]) / spacing
        index = min(int(place), count - 1)
        px, py, dx, dy = curve(points, first, count, index, spacing, place - index)
        norm = sqrt(dx * dx + dy * dy)
        pose[i, 0] = px - d[i] * dy / norm
        pose[i, 1] = py + d[i] * dx / norm
        pose[i, 2] = wrap_angle(direction(points, first + index, dx, dy))


@kernel(allocates=True)
def fill_grid(cells: Indices, track: int, points: Floats, table: Floats) -> None:
    """Write into each cell of a track's grid the sample nearest to its centre.

    Args:
        cells: (rows, columns) int32, the track's part of the packed ``cells``. Written.
        track: row of ``table``, which is filled already.
        points, table: the packed tracks (see the module's text).
    """
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    spacing, size = table[track, SPACING], table[track, CELL_SIZE]
    west, south = table[track, CELL_X], table[track, CELL_Y]
    rows, columns = cells.shape
    # Blocks of cells: what is nearest to one of them is about as near to the block's middle.
    half = 0.5 * BLOCK * size
    beyond = 1.4143 * (BLOCK - 1) * size
    for band in prange((rows + BLOCK - 1) // BLOCK):
        near, near_x, near_y = np.empty(count, np.int32), np.empty(count), np.empty(count)
        best = 0
        for left in range(0, columns, BLOCK):
            x, y = west + left * size + half, south + band * BLOCK * size + half
            best = nearest_of_all(points, first, count, best, spacing, x, y)
            reach = sqrt(distance_squared(points, first + best, x, y)) + beyond
            found, k = 0, 0
            while k < count:
                distance = sqrt(distance_squared(points, first + k, x, y))
                if distance <= reach:
                    near[found] = k
                    near_x[found], near_y[found] = points[first + k, X], points[first + k, Y]
                    found, k = found + 1, k + 1
                else:
                    k += max(1, int((distance - reach) / spacing))
            for row in range(band * BLOCK, min((band + 1) * BLOCK, rows)):
                y = south + (row + 0.5) * size
                for column in range(left, min(left + BLOCK, columns)):
                    x = west + (column + 0.5) * size
                    chosen, least = 0, inf
                    for i in range(found):
                        squared = (x - near_x[i]) ** 2 + (y - near_y[i]) ** 2
                        if squared < least:
                            chosen, least = i, squared
                    cells[row, column] = near[chosen]
