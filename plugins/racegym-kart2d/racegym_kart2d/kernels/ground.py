"""What the wheels stand on, and what happens at a wall or an obstacle.

Across the track lie asphalt, a kerb on either side, a verge, and a wall at the edge plus the
run-off. The verge is grass, gravel or asphalt, by segment and side. Gravel grips better than
grass, and slows a car down by 0.3 g as its wheels dig in: values of our calibration.

A car is a box centred between its axles. At a wall it is pushed back, then its foremost corner
gets an impulse along the normal with restitution, then one along the wall with friction, each
found for a rigid body [1]. Either alone takes energy from the car or leaves it; both at once
could add some. An obstacle is an upright cylinder; the point of the car's outline nearest to
its middle meets it as a corner meets a wall.

[1] Chatterjee, Ruina (1998), "A new algebraic rigid-body collision law based on impulse
    space considerations", J. Appl. Mech. 65(4):939-951.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from racegym.kernels import device, outlined
from racegym.kernels.obstacles import OBSTACLE_X, OBSTACLE_Y, RADIUS
from racegym.kernels.projection import (
    COUNT,
    FIRST,
    FLATTEST,
    KERB,
    RUNOFF,
    SPACING,
    TANGENT_X,
    TANGENT_Y,
    WALK,
    WIDTH_LEFT,
    WIDTH_RIGHT,
    X,
    Y,
    Z,
    locate,
    project,
    settle,
    walk,
)
from racegym_kart2d.kernels.columns import (
    INERTIA,
    LENGTH,
    TO_FRONT,
    TO_REAR,
    TRACK_FRONT,
    TRACK_REAR,
    WIDTH,
)
from racegym_kart2d.kernels.single_track import Body

__all__ = [
    "ASPHALT",
    "GRASS",
    "GRAVEL",
    "GRIP_OF_GRASS",
    "GRIP_OF_GRAVEL",
    "GRIP_OF_KERB",
    "KERB_SURFACE",
    "ROLLING_OF_GRASS",
    "ROLLING_OF_GRAVEL",
    "WALL_FRICTION",
    "WALL_RESTITUTION",
    "Hit",
    "Place",
    "Stretch",
    "Wheels",
    "follow",
    "heights",
    "hit_obstacle",
    "hit_wall",
    "nearest_place",
    "place_beside",
    "search",
    "stretch_at",
    "surface_grip",
    "surface_rolling",
    "verge_surfaces",
    "wheel_surfaces",
]

Real = Any
Reals = Any
Floats = Any

ASPHALT, KERB_SURFACE, GRASS, GRAVEL = 0, 1, 2, 3  # values of `racegym.interfaces.Surface`
GRIP_OF_KERB = 0.95
GRIP_OF_GRASS = 0.45
GRIP_OF_GRAVEL = 0.55
ROLLING_OF_GRASS = 0.08  # rolling resistance coefficient added
ROLLING_OF_GRAVEL = 0.3
WALL_RESTITUTION = 0.1
WALL_FRICTION = 0.3
FLAT = 0.05  # sine of the angle to the wall below which a side meets it, not a corner


class Place(NamedTuple):
    """Where a car is on its track."""

    d: Real  # [m] left is positive
    tx: Real  # unit vector along the track
    ty: Real
    left: Real  # [m] centerline to the edges of the asphalt
    right: Real
    kerb: Real  # [m] width of the kerbs
    runoff: Real  # [m] edge to the wall


class Wheels(NamedTuple):
    """Surfaces below the wheels: codes of ``Surface`` as floats, for vector registers."""

    fl: Real
    fr: Real
    rl: Real
    rr: Real


class Hit(NamedTuple):
    """What a wall or an obstacle did to a car; without a touch, no ``push`` and no ``impulse``."""

    body: Body  # the motion after it
    push: Real  # [m] moved along the normal
    impulse: Real  # [N s] along the normal
    closing: Real  # [m/s] approach before
    corner_x: Real  # [m] where it touched, in the car frame
    corner_y: Real
    normal_x: Real  # away from what was hit, in the map frame
    normal_y: Real


class Stretch(NamedTuple):
    """The segment of the centerline beside a car, from its first sample P_k."""

    px: Real  # [m] from P_k to the car
    py: Real
    ax: Real  # [m] spacing times tangent, at P_k
    ay: Real
    bx: Real  # at P_k+1
    by: Real
    cx: Real  # [m] from P_k to P_k+1
    cy: Real
    left: Real  # [m] centerline to the edges, at P_k
    right: Real
    left_gain: Real  # [m] from P_k to P_k+1
    right_gain: Real


@device
def follow(
    points: Floats, table: Floats, cells: Any, track: int, x: float, y: float, segment: int
) -> int:
    """Return the segment of a car at (x, y) that was on ``segment``, wherever it went."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    found = walk(points, first, count, segment, x, y, WALK)
    if found >= 0:
        return found
    return search(points, table, cells, track, x, y, segment)


@outlined
def search(
    points: Floats, table: Floats, cells: Any, track: int, x: float, y: float, segment: int
) -> int:
    """Return the segment of a car that may have left its part of the track."""
    found, _, _, _, _, _ = project(points, table, cells, track, x, y, segment)
    return found


@device
def stretch_at(
    points: Floats, table: Floats, track: int, x: float, y: float, segment: int, real: Any
) -> Stretch:
    """Return ``segment`` as seen by a car at (x, y)."""
    row = int(table[track, FIRST]) + segment
    ahead = row + 1 if segment + 1 < int(table[track, COUNT]) else int(table[track, FIRST])
    spacing = table[track, SPACING]
    return Stretch(
        real(x - points[row, X]),
        real(y - points[row, Y]),
        real(spacing * points[row, TANGENT_X]),
        real(spacing * points[row, TANGENT_Y]),
        real(spacing * points[ahead, TANGENT_X]),
        real(spacing * points[ahead, TANGENT_Y]),
        real(points[ahead, X] - points[row, X]),
        real(points[ahead, Y] - points[row, Y]),
        real(points[row, WIDTH_LEFT]),
        real(points[row, WIDTH_RIGHT]),
        real(points[ahead, WIDTH_LEFT] - points[row, WIDTH_LEFT]),
        real(points[ahead, WIDTH_RIGHT] - points[row, WIDTH_RIGHT]),
    )


@device
def heights(points: Floats, table: Floats, track: int, segment: int) -> tuple[float, float]:
    """Return the height [m] at the first sample of ``segment``, and its gain to the next."""
    row = int(table[track, FIRST]) + segment
    ahead = row + 1 if segment + 1 < int(table[track, COUNT]) else int(table[track, FIRST])
    return points[row, Z], points[ahead, Z] - points[row, Z]


@device
def place_beside(part: Stretch, kerb: Real, runoff: Real, real: Any) -> tuple[Place, Real]:
    """Return (place, t): where a car is beside the centerline, at t in [0, 1] of the segment.

    The foot of the perpendicular on the cubic of ``racegym.kernels.projection``, by a fixed
    number of Newton steps: three leave less than a micrometre.
    """
    zero, half, one = real(0.0), real(0.5), real(1.0)
    two, three, six = real(2.0), real(3.0), real(6.0)
    px, py, ax, ay, cx, cy = part.px, part.py, part.ax, part.ay, part.cx, part.cy
    qx, qy = three * cx - two * ax - part.bx, three * cy - two * ay - part.by
    rx, ry = ax + part.bx - two * cx, ay + part.by - two * cy
    chord = ax * ax + ay * ay
    start = px * ax + py * ay
    length = start - ((px - cx) * part.bx + (py - cy) * part.by)
    t = start / length if length > zero else half
    t = min(max(t, zero), one)
    for _ in range(3):
        ex, ey = px - t * (ax + t * (qx + t * rx)), py - t * (ay + t * (qy + t * ry))
        dx = ax + t * (two * qx + three * t * rx)
        dy = ay + t * (two * qy + three * t * ry)
        slope = ex * (two * qx + six * t * rx) + ey * (two * qy + six * t * ry)
        slope = min(slope - (dx * dx + dy * dy), -real(FLATTEST) * chord)
        t = min(max(t - (ex * dx + ey * dy) / slope, zero), one)
    ex, ey = px - t * (ax + t * (qx + t * rx)), py - t * (ay + t * (qy + t * ry))
    dx, dy = ax + t * (two * qx + three * t * rx), ay + t * (two * qy + three * t * ry)
    scale = one / sqrt(dx * dx + dy * dy)
    tx, ty = dx * scale, dy * scale
    left, right = part.left + t * part.left_gain, part.right + t * part.right_gain
    return Place(tx * ey - ty * ex, tx, ty, left, right, kerb, runoff), t


@device
def nearest_place(
    points: Floats, table: Floats, cells: Any, track: int, x: float, y: float, real: Any
) -> tuple[Place, float, int]:
    """Return (place, height [m], segment) of (x, y) on the nearest part of ``track``."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    sample = locate(points, table, cells, track, x, y)
    segment = settle(points, first, count, sample, x, y)
    part = stretch_at(points, table, track, x, y, segment, real)
    kerb, runoff = real(table[track, KERB]), real(table[track, RUNOFF])
    place, t = place_beside(part, kerb, runoff, real)
    height, climb = heights(points, table, track, segment)
    return place, height + t * climb, segment


@device
def _surface(d: Real, place: Place, real: Any) -> Real:
    """Return the code of what lies at offset ``d`` [m]."""
    beyond = max(d - place.left, -d - place.right)
    paved = real(ASPHALT) if beyond <= real(0.0) else real(KERB_SURFACE)
    return paved if beyond <= max(place.kerb, real(0.0)) else real(GRASS)


@device
def _wheel_offsets(p: Reals, place: Place, cs: Real, sn: Real, real: Any) -> Wheels:
    """Return the offset [m] of each wheel; ``cs`` and ``sn`` are of the car's yaw."""
    half = real(0.5)
    ahead = sn * place.tx - cs * place.ty  # sine of the heading error
    across = cs * place.tx + sn * place.ty
    front = place.d + p[TO_FRONT] * ahead
    rear = place.d - p[TO_REAR] * ahead
    half_front = half * p[TRACK_FRONT] * across
    half_rear = half * p[TRACK_REAR] * across
    return Wheels(front + half_front, front - half_front, rear + half_rear, rear - half_rear)


@device
def wheel_surfaces(p: Reals, place: Place, cs: Real, sn: Real, real: Any) -> Wheels:
    """Return what each wheel stands on; ``cs`` and ``sn`` are of the car's yaw."""
    d = _wheel_offsets(p, place, cs, sn, real)
    return Wheels(
        _surface(d.fl, place, real),
        _surface(d.fr, place, real),
        _surface(d.rl, place, real),
        _surface(d.rr, place, real),
    )


@device
def _verge(surface: Real, d: Real, left: Real, right: Real, real: Any) -> Real:
    """Return the surface, with that of the verge on the side of ``d`` in the place of grass."""
    beside = left if d > real(0.0) else right
    return beside if surface == real(GRASS) else surface


@device
def verge_surfaces(
    p: Reals, place: Place, cs: Real, sn: Real, wheels: Wheels, left: Real, right: Real, real: Any
) -> Wheels:
    """Return what each wheel stands on where the verges are ``left`` and ``right``.

    Args:
        p, place, cs, sn: as for ``wheel_surfaces``.
        wheels: what that found.
        left, right: codes of the verges.
        real: the precision.
    """
    d = _wheel_offsets(p, place, cs, sn, real)
    return Wheels(
        _verge(wheels.fl, d.fl, left, right, real),
        _verge(wheels.fr, d.fr, left, right, real),
        _verge(wheels.rl, d.rl, left, right, real),
        _verge(wheels.rr, d.rr, left, right, real),
    )


@device
def surface_grip(surface: Real, real: Any) -> Real:
    """Return the factor on grip of a surface."""
    grass = max(surface - real(KERB_SURFACE), real(0.0))
    kerb = min(surface, real(1.0)) - grass
    gravel = max(surface - real(GRASS), real(0.0))
    # On gravel ``grass`` is 2 and ``kerb`` is -1; the last term makes that good, else it is 0.
    more = real(GRIP_OF_GRAVEL - (1.0 + (1.0 - GRIP_OF_KERB) - 2.0 * (1.0 - GRIP_OF_GRASS)))
    paved = real(1.0) - kerb * real(1.0 - GRIP_OF_KERB) - grass * real(1.0 - GRIP_OF_GRASS)
    return paved + gravel * more


@device
def surface_rolling(surface: Real, real: Any) -> Real:
    """Return what a surface adds to the rolling resistance coefficient."""
    soft = real(ROLLING_OF_GRASS) * max(surface - real(KERB_SURFACE), real(0.0))
    more = real(ROLLING_OF_GRAVEL - 2.0 * ROLLING_OF_GRASS)
    return soft + more * max(surface - real(GRASS), real(0.0))


@device
def _clipped(x: Real, real: Any) -> Real:
    return min(max(x / real(FLAT), real(-1.0)), real(1.0))


@device
def hit_wall(p: Reals, mass: Real, body: Body, place: Place, cs: Real, sn: Real, real: Any) -> Hit:
    """Keep the car inside the walls; ``cs`` and ``sn`` are of its yaw."""
    zero, half = real(0.0), real(0.5)
    ahead = sn * place.tx - cs * place.ty  # sine of the heading error
    across = cs * place.tx + sn * place.ty
    middle = half * (p[TO_FRONT] - p[TO_REAR])
    half_length, half_width = half * p[LENGTH], half * p[WIDTH]
    reach = half_length * abs(ahead) + half_width * abs(across)
    centre = place.d + middle * ahead
    beyond_left = centre + reach - (place.left + place.runoff)
    beyond_right = reach - centre - (place.right + place.runoff)
    push = max(beyond_left, beyond_right)
    touching = push > zero
    side = real(1.0) if beyond_left > beyond_right else real(-1.0)
    normal_x, normal_y = side * place.ty, -side * place.tx
    # A corner, or the middle of a side that lies flat against the wall.
    corner_x = middle + half_length * _clipped(side * ahead, real)
    corner_y = half_width * _clipped(side * across, real)
    nx, ny = normal_x * cs + normal_y * sn, normal_y * cs - normal_x * sn
    after, impulse, closing = _bounced(p, mass, body, corner_x, corner_y, nx, ny, touching, real)
    return Hit(after, max(push, zero), impulse, closing, corner_x, corner_y, normal_x, normal_y)


@device
def _bounced(
    p: Reals,
    mass: Real,
    body: Body,
    corner_x: Real,
    corner_y: Real,
    nx: Real,
    ny: Real,
    touching: Any,
    real: Any,
) -> tuple[Body, Real, Real]:
    """Return (motion after, impulse [N s], approach [m/s]) of a touch at a point of a car.

    Args:
        p, mass, body: the car.
        corner_x, corner_y: the point [m], in the car frame.
        nx, ny: away from what it touches, in the car frame.
        touching: whether it does.
        real: the precision.
    """
    zero, inertia = real(0.0), p[INERTIA]
    approach = (body.vx - body.r * corner_y) * nx + (body.vy + body.r * corner_x) * ny
    approach = min(approach, zero) if touching else zero
    lever = corner_x * ny - corner_y * nx
    inverse = real(1.0) / mass
    impulse = -real(1.0 + WALL_RESTITUTION) * approach / (inverse + lever * lever / inertia)
    vx = body.vx + impulse * nx * inverse
    vy = body.vy + impulse * ny * inverse
    r = body.r + impulse * lever / inertia

    tx, ty = -ny, nx
    sliding = (vx - r * corner_y) * tx + (vy + r * corner_x) * ty
    lever = corner_x * ty - corner_y * tx
    most = real(WALL_FRICTION) * impulse
    rub = -sliding / (inverse + lever * lever / inertia)
    rub = min(max(rub, -most), most)
    after = Body(vx + rub * tx * inverse, vy + rub * ty * inverse, r + rub * lever / inertia)
    return after, impulse, -approach


@device
def _way_in(room: Real, speed: Real, real: Any) -> Real:
    """Return how long ago [s] a point came in through a face, ``room`` [m] behind it by now."""
    return room / max(speed, real(1e-3))


@outlined
def hit_obstacle(
    p: Reals,
    mass: Real,
    body: Body,
    obstacles: Floats,
    row: int,
    x: float,
    y: float,
    cs: Real,
    sn: Real,
    real: Any,
) -> Hit:
    """Keep the car at (x, y) [m] out of an obstacle; ``cs`` and ``sn`` are of its yaw."""
    zero, half, one = real(0.0), real(0.5), real(1.0)
    middle = half * (p[TO_FRONT] - p[TO_REAR])
    half_length, half_width = half * p[LENGTH], half * p[WIDTH]
    radius = real(obstacles[row, RADIUS])
    dx, dy = real(obstacles[row, OBSTACLE_X] - x), real(obstacles[row, OBSTACLE_Y] - y)
    # The obstacle as the middle of the car sees it, and the nearest point of the box.
    ox, oy = cs * dx + sn * dy - middle, cs * dy - sn * dx
    px = min(max(ox, -half_length), half_length)
    py = min(max(oy, -half_width), half_width)
    gap_x, gap_y = px - ox, py - oy
    gap = sqrt(gap_x * gap_x + gap_y * gap_y)
    push = radius - gap
    if gap > zero:
        nx, ny = gap_x / gap, gap_y / gap
    else:
        # Its middle is inside the car: it goes out by the face through which it came in last.
        vx, vy = body.vx - body.r * oy, body.vy + body.r * (middle + ox)
        from_front, from_rear = half_length - ox, half_length + ox
        from_left, from_right = half_width - oy, half_width + oy
        nx, ny, depth, least = -one, zero, from_front, _way_in(from_front, vx, real)
        since = _way_in(from_rear, -vx, real)
        if since < least:
            nx, ny, depth, least = one, zero, from_rear, since
        since = _way_in(from_left, vy, real)
        if since < least:
            nx, ny, depth, least = zero, -one, from_left, since
        since = _way_in(from_right, -vy, real)
        if since < least:
            nx, ny, depth = zero, one, from_right
        px, py = ox - depth * nx, oy - depth * ny
        push = radius + depth
    corner_x = middle + px
    after, impulse, closing = _bounced(p, mass, body, corner_x, py, nx, ny, push > zero, real)
    normal_x, normal_y = nx * cs - ny * sn, nx * sn + ny * cs
    return Hit(after, max(push, zero), impulse, closing, corner_x, py, normal_x, normal_y)
