"""Two boxes that move: whether, when and where they touch.

Two convex outlines are apart exactly if they are so along the normal of one of their faces
[1]. The gap of two boxes is the greatest of those along their four normals; that normal is
the one on which they touch. During a step the middle of mass of a car moves along a line and
its yaw at a steady rate. The first touch is found by conservative advancement [2]: boxes that
are a gap apart along a direction stay apart until their greatest approach along it has used
the gap up, so time moves on by that much and looks again. That is exact at once
for cars that do not turn, however fast and small. Cars that turn are looked at more often; to
come to an end, time moves on by at least a 32nd of the step after eight looks, which is all that
a touch can be late by. So the faces that meet are those that met first, whatever overlaps by
the end.

[1] Gottschalk, Lin, Manocha (1996), "OBBTree: a hierarchical structure for rapid interference
    detection", SIGGRAPH, section 5.
[2] Mirtich (1996), "Impulse-based dynamic simulation of rigid body systems", PhD thesis,
    University of California, Berkeley, section 2.3.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from racegym.kernels import device, outlined
from racegym.kernels.trigonometry import cosine, sine

__all__ = [
    "NEVER",
    "TOUCHING",
    "Box",
    "Course",
    "Meeting",
    "depth",
    "last_box",
    "meet",
    "touch_point",
]

Real = Any

TOUCHING = 1e-4  # [m] gap that counts as none
NEVER = 2.0  # the share of a step at which boxes touch that do not
FLAT = 0.05  # tangent of the angle between faces below which they meet on a width, not a corner
SURE, MORE = 8, 32  # looks before time moves on by at least a 32nd, and after


class Box(NamedTuple):
    """An oriented rectangle."""

    x: Real  # [m] its middle
    y: Real
    c: Real  # cosine and sine of its yaw
    s: Real
    long: Real  # [m] half its length and width
    wide: Real


class Course(NamedTuple):
    """How a car moves through a step, and its size."""

    x: Real  # [m] middle of mass at the end
    y: Real
    c: Real  # cosine and sine of the yaw at the end
    s: Real
    first_c: Real  # and at the beginning
    first_s: Real
    dx: Real  # [m] moved
    dy: Real
    turn: Real  # [rad] turned
    middle: Real  # [m] from the middle of mass ahead to that of the box
    long: Real  # [m] half its length and width
    wide: Real


class Meeting(NamedTuple):
    """When and how two boxes touch first."""

    time: Real  # share of the step; NEVER if they don't
    box: Box  # where they are then
    other: Box
    nx: Real  # unit normal, from the first box to the second
    ny: Real
    face: int  # whose: 0, 1 the first's x and y axis; 2, 3 the second's


@device
def first_box(car: Course) -> Box:
    """Return where the box is at the beginning of the step."""
    x = car.x - car.dx + car.middle * car.first_c
    y = car.y - car.dy + car.middle * car.first_s
    return Box(x, y, car.first_c, car.first_s, car.long, car.wide)


@device
def last_box(car: Course) -> Box:
    """Return where the box is at the end of the step."""
    x, y = car.x + car.middle * car.c, car.y + car.middle * car.s
    return Box(x, y, car.c, car.s, car.long, car.wide)


@outlined
def box_at(car: Course, time: Real, real: Any) -> Box:
    """Return where the box is at a share ``time`` of the step."""
    back = real(1.0) - time
    angle = back * car.turn
    ct, st = cosine(angle, real), sine(angle, real)
    c, s = car.c * ct + car.s * st, car.s * ct - car.c * st
    x, y = car.x - back * car.dx, car.y - back * car.dy
    return Box(x + car.middle * c, y + car.middle * s, c, s, car.long, car.wide)


@device
def _gap(a: Box, b: Box, real: Any) -> tuple[Real, Real, Real, int]:
    """Return (gap [m], normal x, normal y, face); the gap is negative where they overlap."""
    dx, dy = b.x - a.x, b.y - a.y
    along, across = abs(a.c * b.c + a.s * b.s), abs(a.c * b.s - a.s * b.c)
    ax, ay = dx * a.c + dy * a.s, dy * a.c - dx * a.s
    bx, by = dx * b.c + dy * b.s, dy * b.c - dx * b.s
    gap, face, nx, ny, ahead = (
        abs(ax) - (a.long + along * b.long + across * b.wide),
        0,
        a.c,
        a.s,
        ax,
    )
    other = abs(ay) - (a.wide + across * b.long + along * b.wide)
    if other > gap:
        gap, face, nx, ny, ahead = other, 1, -a.s, a.c, ay
    other = abs(bx) - (b.long + along * a.long + across * a.wide)
    if other > gap:
        gap, face, nx, ny, ahead = other, 2, b.c, b.s, bx
    other = abs(by) - (b.wide + across * a.long + along * a.wide)
    if other > gap:
        gap, face, nx, ny, ahead = other, 3, -b.s, b.c, by
    side = real(1.0) if ahead >= real(0.0) else real(-1.0)
    return gap, side * nx, side * ny, face


@device
def _swing(car: Course) -> Real:
    """Return how far [m] turning can move a corner of a car."""
    out = abs(car.middle) + car.long
    return abs(car.turn) * sqrt(out * out + car.wide * car.wide)


@outlined
def meet(a: Course, b: Course, real: Any) -> Meeting:
    """Return when two cars touch first; at the beginning, if they do so or overlap then."""
    zero, one = real(0.0), real(1.0)
    swing = _swing(a) + _swing(b)
    time, nx, ny, face = zero, one, zero, 0
    box, other = first_box(a), first_box(b)
    for look in range(SURE + MORE):
        gap, nx, ny, face = _gap(box, other, real)
        if gap <= real(TOUCHING):
            return Meeting(time, box, other, nx, ny, face)
        approach = swing - ((b.dx - a.dx) * nx + (b.dy - a.dy) * ny)
        # Half of what counts as touching is left, so that rounding never makes one look more.
        gap -= real(0.5 * TOUCHING)
        if gap >= approach * (one - time):
            break
        ahead = gap / approach
        time = min(time + (max(ahead, real(1.0 / MORE)) if look >= SURE else ahead), one)
        box, other = box_at(a, time, real), box_at(b, time, real)
    return Meeting(real(NEVER), box, other, nx, ny, face)


@device
def depth(a: Box, b: Box, nx: Real, ny: Real) -> Real:
    """Return how deep [m] the boxes are in each other along a normal from ``a`` to ``b``.

    It has no sense of which face is nearest: a box that went right through is deep.
    """
    reach_a = abs(nx * a.c + ny * a.s) * a.long + abs(ny * a.c - nx * a.s) * a.wide
    reach_b = abs(nx * b.c + ny * b.s) * b.long + abs(ny * b.c - nx * b.s) * b.wide
    return reach_a + reach_b - (nx * (b.x - a.x) + ny * (b.y - a.y))


@outlined
def touch_point(a: Box, b: Box, nx: Real, ny: Real, face: int, real: Any) -> tuple[Real, Real]:
    """Return the point [m] where two boxes touch.

    A corner on a face; where faces lie flat on each other, the middle of what they share, and
    between the two in proportion to the angle.

    Args:
        a, b: the boxes.
        nx, ny, face: as ``meet`` found them.
        real: the precision.
    """
    half, zero = real(0.5), real(0.0)
    # ``on`` has the face; ``by`` is the box that comes with an edge or a corner.
    on, by = (a, b) if face < 2 else (b, a)
    if face >= 2:
        nx, ny = -nx, -ny
    tx, ty = -ny, nx
    front = on.long if face % 2 == 0 else on.wide
    side = on.wide if face % 2 == 0 else on.long
    ahead, left = nx * by.c + ny * by.s, ny * by.c - nx * by.s
    if abs(ahead) > abs(left):
        out = -by.long if ahead > zero else by.long
        ex, ey, ux, uy, span = by.x + out * by.c, by.y + out * by.s, -by.s, by.c, by.wide
    else:
        out = -by.wide if left > zero else by.wide
        ex, ey, ux, uy, span = by.x - out * by.s, by.y + out * by.c, by.c, by.s, by.long
    # The edge, as the face sees it: middle, half its width, and how it rises from the face.
    middle, height = (ex - on.x) * tx + (ey - on.y) * ty, (ex - on.x) * nx + (ey - on.y) * ny
    run = ux * tx + uy * ty
    rise = (ux * nx + uy * ny) / run
    span *= abs(run)
    low, high = max(middle - span, -side), min(middle + span, side)
    lean = min(max(-rise / real(FLAT), real(-1.0)), real(1.0))
    at = half * (low + high) + lean * half * max(high - low, zero)
    up = half * (front + height + (at - middle) * rise)
    return on.x + at * tx + up * nx, on.y + at * ty + up * ny
