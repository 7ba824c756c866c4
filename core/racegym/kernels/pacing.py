"""How fast a car can go along a line: the forward-backward speed profile.

A point mass follows a line of curvature k, sampled at equal steps h. Its tyres hold

    a_lat_max(v) = grip * (g + downforce v^2)                                            (1)

and what a corner uses of that is not there for driving and braking: a friction ellipse
of exponent 2, with its share along the line

    share(v, k) = sqrt(1 - (k v^2 / a_lat_max)^2)                                        (2)

The corner alone allows v^2 = grip g / (|k| - grip downforce), and no limit where that is
not positive. From there, once forwards along the line and once backwards,

    v_(i+1)^2 <= v_i^2 + 2 h (min(drive share, power / v) - drag v^2)                    (3)
    v_i^2 <= v_(i+1)^2 + 2 h (brake share + drag v^2)                                    (4)

with v and k on the right-hand side taken at the sample that the step sets out from. Around a
closed line each pass goes twice, so that it ends where it began [1, sec. 2.2].

At a pace p, as a share, forces are p^2 of the full ones and top speed is p of it, so that
a car without drag drives p times as fast everywhere: grip, drive and brake times p^2, power
times p^3.

Left out: elevation and banking, load transfer, slip, gears and the time to change pedals.

[1] Heilmeier et al. (2020), "Minimum curvature trajectory planning and control for an
    autonomous race car", Vehicle System Dynamics 58(10):1497-1527,
    doi:10.1080/00423114.2019.1631455.
"""

from __future__ import annotations

from math import sqrt

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.projection import CURVATURE

__all__ = [
    "BRAKE",
    "DOWNFORCE",
    "DRAG",
    "DRIVE",
    "ENVELOPE_COLUMNS",
    "GRAVITY",
    "GRIP",
    "POWER",
    "TOP_SPEED",
    "corner_speed",
    "drive_along",
    "fill_profiles",
    "share_along",
]

# Columns of ``envelopes``.
GRIP, DRIVE, POWER, BRAKE, DRAG, DOWNFORCE, TOP_SPEED = 0, 1, 2, 3, 4, 5, 6
ENVELOPE_COLUMNS = 7

GRAVITY = 9.80665  # [m/s^2]
CRAWL = 0.3  # [m/s] the least speed of a profile, so that no car is told to stop
MOST_ROUNDS = 200  # of a closed line, until its speeds have settled
SETTLED = 1e-6  # [m/s] a smaller change is none
FASTEST = 200.0  # [m/s] of a car whose top speed nobody knows


@device
def corner_speed(envelope, row, pace, curvature):
    """Return the greatest speed [m/s] at which the tyres hold a bend, by (1)."""
    top = envelope[row, TOP_SPEED] * pace
    if not (top > 0.0 and top < FASTEST):
        top = FASTEST
    grip = envelope[row, GRIP] * pace * pace
    bend = abs(curvature) - grip * envelope[row, DOWNFORCE]
    if bend <= 0.0:
        return top
    return max(min(sqrt(grip * GRAVITY / bend), top), CRAWL)


@device
def share_along(envelope, row, pace, curvature, speed):
    """Return the share of drive and brake that a bend leaves, by (2)."""
    squared = speed * speed
    most = envelope[row, GRIP] * pace * pace * (GRAVITY + envelope[row, DOWNFORCE] * squared)
    used = curvature * squared / most if most > 0.0 else 1.0
    return sqrt(max(1.0 - used * used, 0.0))


@device
def drive_along(envelope, row, pace, share, speed):
    """Return the greatest drive [m/s^2] in a bend that leaves ``share``, drag not deducted."""
    squared = pace * pace
    engine = envelope[row, POWER] * squared * pace / max(speed, CRAWL)
    return min(envelope[row, DRIVE] * squared * share, engine)


@kernel
def fill_profiles(starts, firsts, counts, spacings, points, envelopes, paces, speeds):
    """Write the speed profiles of some closed lines, each in its own part of ``speeds``.

    Args:
        starts: (m,) int64, where each profile begins in ``speeds``.
        firsts: (m,) int64, where its line begins in ``points``.
        counts: (m,) int64, its samples.
        spacings: (m,) float64 [m].
        points: (n, POINT_COLUMNS) float64, the packed tracks' samples.
        envelopes: (m, ENVELOPE_COLUMNS) float64.
        paces: (m,) float64, 1 for all the car can do.
        speeds: float64 [m/s]. Written.
    """
    for j in prange(starts.shape[0]):
        start, first, count = starts[j], firsts[j], counts[j]
        pace, h = paces[j], spacings[j]
        slowest = 0
        for i in range(count):
            speeds[start + i] = corner_speed(envelopes, j, pace, points[first + i, CURVATURE])
            if speeds[start + i] < speeds[start + slowest]:
                slowest = i
        # Two rounds do where the slowest bend is one to drive out of. Where drag eats up all
        # drive, what a round ends with is slower than what it began with, and more are driven.
        last = 0
        for n in range(MOST_ROUNDS * count):
            if n >= 2 * count and n - last > count:
                break
            i = (slowest + n) % count
            nxt = (i + 1) % count
            v = speeds[start + i]
            share = share_along(envelopes, j, pace, points[first + i, CURVATURE], v)
            gain = drive_along(envelopes, j, pace, share, v) - envelopes[j, DRAG] * v * v
            reached = sqrt(max(v * v + 2.0 * h * gain, CRAWL * CRAWL))
            if reached < speeds[start + nxt] - SETTLED:
                last = n
            speeds[start + nxt] = min(speeds[start + nxt], reached)
        brake = envelopes[j, BRAKE] * pace * pace
        for n in range(2 * count):
            i = (slowest - n) % count
            before = (i - 1) % count
            v = speeds[start + i]
            share = share_along(envelopes, j, pace, points[first + i, CURVATURE], v)
            loss = brake * share + envelopes[j, DRAG] * v * v
            allowed = sqrt(max(v * v + 2.0 * h * loss, CRAWL * CRAWL))
            speeds[start + before] = min(speeds[start + before], allowed)
