"""Cars that can't go on: flung away, upside down, or with a state that is no number."""

from __future__ import annotations

from math import hypot, isfinite, pi

from numba import prange

from racegym.kernels.compile import kernel, outlined
from racegym.kernels.geometry import wrap_length
from racegym.kernels.projection import COUNT, FIRST, LENGTH, SPACING, curve

__all__ = ["find_wrecks"]

PIT = 2  # interfaces.Status
FLUNG, UPSIDE_DOWN, BROKEN = 2, 3, 4  # interfaces.Retirement
FASTEST = 150.0  # [m/s] more is no speed that explains a distance
FARTHEST = 1e8  # [m] from the map's origin; beyond it a position counts as no number


@outlined
def moved_from(points, table, track, s, d, x, y):
    """Return the distance [m] between (x, y) and a place on the track."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    place = wrap_length(s, table[track, LENGTH]) / table[track, SPACING]
    index = min(int(place), count - 1)
    px, py, dx, dy = curve(points, first, count, index, table[track, SPACING], place - index)
    norm = hypot(dx, dy)
    return hypot(x - px + d * dy / norm, y - py - d * dx / norm)


@kernel
def find_wrecks(
    x, y, yaw, vx, vy, yaw_rate, ax, ay, roll, pitch, status, present,
    d, previous_s, previous_d, width_left, width_right, jumped, elapsed,
    race_track, points, table, turned_for, reason, broken, found, upside_down, flung, astray,
):  # fmt: skip
    """Say which cars can't go on, and whose state has to be cleaned.

    Car arrays are flat, (n_races * n_cars,).

    Args:
        x ... pitch: of ``CarState``; for what the backend does not fill, another of them.
        status, present: of ``RaceState``.
        d, width_left, width_right, jumped: of ``TrackFrame``; ``previous_s`` and
            ``previous_d`` of a step before.
        elapsed: (n_races,) float64 [s].
        race_track, points, table: the packed tracks.
        turned_for: real [s] for which the car has been upside down. Updated.
        reason: uint8, a ``Retirement``, or 0. Written.
        broken: bool, whose state is no number, out of the race or not. Written.
        found: (1,) bool, set where one is.
        upside_down, flung, astray: of ``WreckRules``.
    """
    real = turned_for.dtype.type
    n_races = elapsed.shape[0]
    n_cars = x.shape[0] // n_races
    for race in prange(n_races):
        track = race_track[race]
        for i in range(race * n_cars, (race + 1) * n_cars):
            reason[i] = 0
            total = abs(x[i]) + abs(y[i]) + float(yaw[i]) + float(vx[i]) + float(vy[i])
            total += float(yaw_rate[i]) + float(ax[i]) + float(ay[i])
            broken[i] = not (isfinite(total) and abs(x[i]) + abs(y[i]) < FARTHEST)
            if broken[i]:
                found[0] = True
            if not present[i] or status[i] > PIT:
                continue
            if broken[i]:
                reason[i] = BROKEN
                continue
            if abs(roll[i]) > real(0.5 * pi) or abs(pitch[i]) > real(0.5 * pi):
                turned_for[i] += real(elapsed[race])
            else:
                turned_for[i] = real(0)
            if upside_down > 0.0 and turned_for[i] >= real(upside_down):
                reason[i] = UPSIDE_DOWN
            if astray > 0.0 and max(d[i] - width_left[i], -d[i] - width_right[i]) > astray:
                reason[i] = FLUNG
            if flung > 0.0 and (jumped[i] or abs(d[i] - previous_d[i]) > flung):
                speed = min(hypot(float(vx[i]), float(vy[i])), FASTEST)
                moved = moved_from(points, table, track, previous_s[i], previous_d[i], x[i], y[i])
                if moved > flung + speed * elapsed[race]:
                    reason[i] = FLUNG
