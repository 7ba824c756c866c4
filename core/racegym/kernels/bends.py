"""Which corner a place on a track belongs to: entry, apex and end.

A corner is what ``racegym.track.corners`` calls one: a stretch whose radius, averaged over a
width of the track, is below a seventh of the lap, and which turns by 20 degrees or more. Read
from the samples at the moment of a contact, for tracks may change between races.
"""

from __future__ import annotations

from racegym.kernels.compile import outlined
from racegym.kernels.projection import (
    COUNT,
    CURVATURE,
    FIRST,
    LENGTH,
    SPACING,
    WIDTH_LEFT,
    WIDTH_RIGHT,
)

__all__ = ["bend_at", "corner_around", "straight_for"]

WIDEST = 1.0 / 7.0  # radius over lap
LEAST_TURN = 0.3490658503988659  # [rad] 20 degrees
MOST_WINDOW = 64  # samples


@outlined
def bend_at(points, table, track, index):
    """Return the curvature [1/m] around a sample, averaged over a width; 0 where it is straight."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    here = first + index % count
    across = points[here, WIDTH_LEFT] + points[here, WIDTH_RIGHT]
    window = min(max(1, int(across / table[track, SPACING] + 0.5)), MOST_WINDOW, count)
    total = 0.0
    for k in range(window):
        total += points[first + (index + k - window // 2 + count) % count, CURVATURE]
    bend = total / window
    return bend if abs(bend) * WIDEST * table[track, LENGTH] > 1.0 else 0.0


@outlined
def corner_around(points, table, track, s):
    """Return (side, entry, apex, end) of the corner at ``s``; a side of 0 where there is none.

    The side is 1 for a left-hander and -1 for a right-hander; the rest is s [m].
    """
    count, h = int(table[track, COUNT]), table[track, SPACING]
    here = int(s / h) % count
    bend = bend_at(points, table, track, here)
    if bend == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    side = 1.0 if bend > 0.0 else -1.0
    sharpest, apex, turn = abs(bend), here, abs(bend)
    back = 0
    while back < count:
        bend = side * bend_at(points, table, track, here - back - 1 + count)
        if bend <= 0.0:
            break
        back += 1
        turn += bend
        if bend > sharpest:
            sharpest, apex = bend, here - back
    on = 0
    while on + back < count:
        bend = side * bend_at(points, table, track, here + on + 1)
        if bend <= 0.0:
            break
        on += 1
        turn += bend
        if bend > sharpest:
            sharpest, apex = bend, here + on
    if back + on >= count - 1 or turn * h < LEAST_TURN:
        return 0.0, 0.0, 0.0, 0.0
    return side, (here - back) * h, apex * h, (here + on) * h


@outlined
def straight_for(points, table, track, s, reach):
    """Return whether the track is straight from ``s`` on for ``reach`` metres."""
    count, h = int(table[track, COUNT]), table[track, SPACING]
    here = int(s / h)
    for k in range(min(int(reach / h) + 1, count)):
        if bend_at(points, table, track, here + k) != 0.0:
            return False
    return True
