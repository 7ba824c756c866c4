"""What lies around a car, drawn into images of colour codes: in perspective, or from above.

The track is a row of portals, the normals of its samples, each cut by eight lines that run
along the track: the walls, the outer edges of the kerbs, the edges of the asphalt, and the
inner edges of the white lines. Between two portals that follow each other, wall to wall,
kerb to kerb, edge to edge and line to line are filled one over the other. A piece is as long
as its distance and its bend allow, since between portals all is straight; the rest of the lap,
beyond ``sight``, is stepped over in jumps that its distance allows. What stands on the ground
(walls, cars, obstacles) is drawn after all that lies on it, the farthest first.

Not drawn: the body of the car itself, shadows, and what another level of the track holds.
"""

from __future__ import annotations

from math import acos, atan2, ceil, cos, inf, pi, sin, sqrt, tan

from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.obstacles import (
    OBSTACLE_X,
    OBSTACLE_Y,
    OBSTACLE_Z,
    RADIUS,
    SEGMENT,
    first_obstacle,
)
from racegym.kernels.projection import (
    BANKING,
    COUNT,
    CROSSING_COUNT,
    CURVATURE,
    FIRST,
    KERB,
    LENGTH,
    OBSTACLE_COUNT,
    OBSTACLE_FIRST,
    OPEN_RUNOFF,
    RUNOFF,
    SPACING,
    TANGENT_X,
    TANGENT_Y,
    VERGED,
    WIDTH_LEFT,
    WIDTH_RIGHT,
    X,
    Y,
    Z,
)
from racegym.kernels.raster import fill_quad

__all__ = ["BLOCK", "CODES", "MOST_PORTALS", "draw_views"]

# Colour codes; a palette has a colour for each.
SKY, FIELD, GRASS, GRAVEL, ASPHALT = 0, 1, 2, 3, 4  # GRASS and GRAVEL as `Surface` has them
LINE = 5  # and three more, that are a quarter, a half and three quarters white
KERB_RED, KERB_WHITE, KERB_FAR = 9, 10, 11
START = 12
WALL_LEFT, WALL_RIGHT = 13, 14
OBSTACLE = 15
CAR = 16  # first of TEAMS colours, each followed by a darker one of the sides
TEAMS = 8
OBSTACLE_FOOT = CAR + 2 * TEAMS
CODES = OBSTACLE_FOOT + 1

# Points of a portal, from the left wall to the right one.
ACROSS = 10
WALL_L, KERB_L, EDGE_L, LINE_L, LINE_R, EDGE_R, KERB_R, WALL_R, TOP_L, TOP_R = range(ACROSS)
# What is known of each: right, up and ahead of the camera [m], and its place in the picture.
RIGHT, UP, AHEAD, U, V = range(5)
# What is known of a portal: its sample, how many samples on the next one is (0: another part
# of the track begins), and how far away it is [m].
SAMPLE, STRIDE, FAR = range(3)

MOST_PORTALS = 512
LINE_WIDTH = 0.15  # [m] of the white line inside of the edge
KERB_BLOCK = 2.0  # kerb widths of red, then of white
WALL_HEIGHT = 1.0  # [m]
WALL_WIDTH = 0.4  # [m] as seen from above
MARGIN = 3.0  # [m] that portals are thought to be longer
LEAST_PIXELS = 0.3  # of a kerb, to be drawn
HIDDEN = 40.0  # [m] either way of a crossing, of the level that is not drawn
TOP_APART = 10.0  # pixels between portals seen from above
LEAST_HEIGHT = 0.7  # rows of a block of a kerb, to be drawn by itself
MOST_SAGITTA = 0.4  # pixels that a bend may lie beside the straight pieces it is drawn by
CAR_HEIGHT = 0.9  # [m]
OBSTACLE_HEIGHT = 1.0  # [m]
FOOT_HEIGHT = 0.3  # [m] of an obstacle's darker foot
FACETS = 4  # flat pieces of the half of a cylinder that is seen
ROUND = 16  # corners of its top, an even number
START_DEPTH = 1.0  # [m] of the chequered line
NEAR = 0.2  # [m] in front of the camera, where the picture begins
PER_DISTANCE = 0.3  # portals are no farther apart than this share of their distance, or
PER_WIDTH = 1.0  # than this share of half the track's width
BLOCK = 8  # cars that one thread draws before it takes more
PARALLEL_FROM = 16


@outlined
def put_portal(portals, n, points, borders, row, kerb_share, place, eye):
    """Set all points of portal ``n`` from the sample in ``row``."""
    x, y, z, cs, sn = place
    above, focal, middle_u, middle_v, height, tilt_cos, tilt_sin = eye
    right, up, ahead, us, vs = portals[n]
    tx, ty = points[row, TANGENT_X], points[row, TANGENT_Y]
    px, py = points[row, X], points[row, Y]
    # The portal is a straight line: forward and left of the camera's foot, by metres to left.
    fx, fy = cs * (px - x) + sn * (py - y), cs * (py - y) - sn * (px - x)
    gx, gy = sn * tx - cs * ty, cs * tx + sn * ty
    pixel = 1.0 / focal if above else max(fx, NEAR) / focal  # [m] across

    # How far to the left each point is, kept in the place of ``us`` for a moment.
    us[WALL_L] = (borders[row, 5] - py) * tx - (borders[row, 4] - px) * ty
    us[WALL_R] = (borders[row, 7] - py) * tx - (borders[row, 6] - px) * ty
    us[EDGE_L] = (borders[row, 1] - py) * tx - (borders[row, 0] - px) * ty
    us[EDGE_R] = (borders[row, 3] - py) * tx - (borders[row, 2] - px) * ty
    inset = min(max(LINE_WIDTH, pixel), 0.25 * (us[EDGE_L] - us[EDGE_R]))
    us[LINE_L], us[LINE_R] = us[EDGE_L] - inset, us[EDGE_R] + inset
    us[KERB_L] = us[EDGE_L] + kerb_share * (us[WALL_L] - us[EDGE_L])
    us[KERB_R] = us[EDGE_R] + kerb_share * (us[WALL_R] - us[EDGE_R])
    # From above the top of a wall is seen as a line beyond its foot.
    thick = max(WALL_WIDTH, pixel) if above else 0.0
    us[TOP_L], us[TOP_R] = us[WALL_L] + thick, us[WALL_R] - thick

    # What the view makes of a metre forward and of one of height.
    up_forward, up_rise = (1.0, 0.0) if above else (tilt_sin, tilt_cos)
    ahead_forward, ahead_rise = (0.0, 0.0) if above else (tilt_cos, -tilt_sin)
    least = 1.0 if above else 0.0
    banking = points[row, BANKING]
    bank = tan(banking) if banking != 0.0 else 0.0
    rise = points[row, Z] - z - height
    for point in range(ACROSS):
        d = us[point]
        forward, lifted = fx + d * gx, rise + d * bank
        lifted += WALL_HEIGHT if point >= TOP_L else 0.0
        right[point] = -(fy + d * gy)
        up[point] = forward * up_forward + lifted * up_rise
        ahead[point] = least + forward * ahead_forward + lifted * ahead_rise
        scale = focal / ahead[point]  # of no use before the camera, where nobody asks
        us[point] = middle_u + scale * right[point]
        vs[point] = middle_v - scale * up[point]


@device
def outside(fx, fy, reach, sides):
    """Return bits for the sides of the picture beyond which a portal lies altogether.

    Args:
        fx, fy: its middle [m], forward and left of the camera's foot.
        reach: [m] how far it may reach to either side.
        sides: (4, 3) with (a, b, c): beyond the side is where a fx + b fy > c + reach.
    """
    bits = 0
    for side in range(4):
        if sides[side, 0] * fx + sides[side, 1] * fy > sides[side, 2] + reach:
            bits |= 1 << side
    return bits


@device
def on_other_level(crossings, track, crossing_count, spacing, length, cell, index, reach):
    """Return whether a sample lies on the part of a crossing that the cell is not on."""
    for crossing in range(crossing_count):
        one, other = crossings[track, 2 * crossing], crossings[track, 2 * crossing + 1]
        to_one = abs(wrap_difference(cell * spacing - one, length))
        to_other = abs(wrap_difference(cell * spacing - other, length))
        hidden = other if to_one <= to_other else one
        if abs(wrap_difference(index * spacing - hidden, length)) < reach:
            return True
    return False


@outlined
def gather(
    portals, about, points, borders, crossings, table, track, cell, place, eye, sides, sight
):
    """Collect the portals in the picture and within ``sight`` [m], once round from ``cell`` on.

    Returns:
        How many there are.
    """
    x, y, _, cs, sn = place
    above, focal = eye[0], eye[1]
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    spacing, length = table[track, SPACING], table[track, LENGTH]
    per_spacing = 1.0 / spacing
    crossing_count = int(table[track, CROSSING_COUNT])
    runoff = min(table[track, RUNOFF], OPEN_RUNOFF)
    kerb_share = min(table[track, KERB] / runoff, 1.0) if runoff > 0.0 else 0.0
    n, passed, joined, ready = 0, 0, False, False
    bits_before, row_before, far_before, stride_before = 0, 0, 0.0, 1
    while passed <= count and n < MOST_PORTALS:
        index = cell + passed
        index = index - count if index >= count else index
        row = first + index
        dx, dy = points[row, X] - x, points[row, Y] - y
        distance = sqrt(dx * dx + dy * dy)
        beyond = distance - sight
        hidden = crossing_count > 0 and on_other_level(
            crossings, track, crossing_count, spacing, length, cell, index, HIDDEN
        )
        if beyond > 0.0 or hidden:
            joined = False
            passed += max(1, int(beyond / spacing))
            continue
        wide = max(points[row, WIDTH_LEFT], points[row, WIDTH_RIGHT])
        reach = runoff + wide + MARGIN
        bits = outside(cs * dx + sn * dy, cs * dy - sn * dx, reach, sides)
        far = 1.0 if above else distance
        apart = TOP_APART / focal if above else max(PER_DISTANCE * far, PER_WIDTH * wide)
        if apart >= 2.0 * spacing:
            bend = focal * abs(points[row, CURVATURE]) + 1e-9
            apart = min(apart, sqrt(8.0 * MOST_SAGITTA * far / bend))
        stride = max(1, min(int(apart * per_spacing), count - passed))
        if joined and bits & bits_before == 0:
            # Something of the piece from the portal before to this one may be in the picture.
            if not ready:
                put_portal(portals, n, points, borders, row_before, kerb_share, place, eye)
                about[n, SAMPLE], about[n, FAR] = row_before - first, far_before
                n += 1
            about[n - 1, STRIDE] = stride_before
            if n == MOST_PORTALS:
                break
            put_portal(portals, n, points, borders, row, kerb_share, place, eye)
            about[n, SAMPLE], about[n, FAR], about[n, STRIDE] = index, distance, 0.0
            n += 1
            ready = True
        else:
            ready = False
        bits_before, row_before, far_before, stride_before = bits, row, distance, stride
        joined = True
        passed += stride
    return n


@outlined
def fill_clipped(image, shape, code, eye, spare):
    """Fill the quadrilateral of (4, 3) ``shape``, cut off before the camera."""
    _, focal, middle_u, middle_v, _, _, _ = eye
    n = 0
    for i in range(4):
        j = (i + 1) % 4
        here, there = shape[i, AHEAD] - NEAR, shape[j, AHEAD] - NEAR
        if here >= 0.0:
            scale = focal / shape[i, AHEAD]
            spare[0, n] = middle_u + scale * shape[i, RIGHT]
            spare[1, n] = middle_v - scale * shape[i, UP]
            n += 1
        if (here < 0.0) != (there < 0.0):
            t = here / (here - there)
            right = shape[i, RIGHT] + t * (shape[j, RIGHT] - shape[i, RIGHT])
            up = shape[i, UP] + t * (shape[j, UP] - shape[i, UP])
            spare[0, n] = middle_u + focal * right / NEAR
            spare[1, n] = middle_v - focal * up / NEAR
            n += 1
    if n < 3:
        return
    us, vs = spare[0], spare[1]
    d = 3 if n > 3 else 2
    fill_quad(image, us[0], vs[0], us[1], vs[1], us[2], vs[2], us[d], vs[d], code)
    if n == 5:
        fill_quad(image, us[0], vs[0], us[3], vs[3], us[4], vs[4], us[0], vs[0], code)


@device
def fill_strip(image, portals, i, left, right, code, eye, shape, spare):
    """Fill what lies between two points across, from portal ``i`` to the next."""
    j = i + 1
    near = min(
        min(portals[i, AHEAD, left], portals[i, AHEAD, right]),
        min(portals[j, AHEAD, left], portals[j, AHEAD, right]),
    )
    if near >= NEAR:
        fill_quad(
            image, portals[i, U, left], portals[i, V, left], portals[j, U, left],
            portals[j, V, left], portals[j, U, right], portals[j, V, right],
            portals[i, U, right], portals[i, V, right], code,
        )  # fmt: skip
        return
    for k in range(3):
        shape[0, k], shape[1, k] = portals[i, k, left], portals[j, k, left]
        shape[2, k], shape[3, k] = portals[j, k, right], portals[i, k, right]
    fill_clipped(image, shape, code, eye, spare)


@device
def set_slice(shape, portals, i, left, right, begin, end):
    """Set a shape to a part of a strip: shares of the way from portal ``i`` to the next."""
    for corner in range(4):
        point = left if corner < 2 else right
        t = begin if corner == 0 or corner == 3 else end
        for k in range(3):
            start = portals[i, k, point]
            shape[corner, k] = start + t * (portals[i + 1, k, point] - start)


@outlined
def draw_verges(image, inks, portals, about, i, verges, first, eye, shape, spare):
    """Draw what is beyond the kerbs of a piece where that is no grass."""
    row = first + int(about[i, SAMPLE])
    left, right = verges[row, 0], verges[row, 1]
    if left != GRASS:
        fill_strip(image, portals, i, WALL_L, KERB_L, verge_ink(inks, left), eye, shape, spare)
    if right != GRASS:
        fill_strip(image, portals, i, KERB_R, WALL_R, verge_ink(inks, right), eye, shape, spare)


@device
def verge_ink(inks, surface):
    """Return the ink of a code of ``interfaces.Surface``; that of grass is ``GRASS`` here too."""
    if surface == GRAVEL:
        return inks[GRAVEL]
    return inks[ASPHALT] if surface == 0 else inks[KERB_FAR]


@outlined
def draw_ground(
    image, inks, portals, about, n, kerb, spacing, count, verges, first, verged, eye, shape, spare
):
    """Draw everything that lies on the ground, the farthest first."""
    above, focal, _, _, _, _, _ = eye
    for i in range(n - 2, -1, -1):
        if about[i, STRIDE] > 0.0:
            fill_strip(image, portals, i, WALL_L, WALL_R, inks[GRASS], eye, shape, spare)
            if verged:
                draw_verges(image, inks, portals, about, i, verges, first, eye, shape, spare)
    block = KERB_BLOCK * kerb
    for i in range(n - 2, -1, -1):
        stride = int(about[i, STRIDE])
        if stride == 0:
            continue
        pixels = focal if above else focal / max(about[i, FAR], NEAR)  # a metre across
        if kerb * pixels > LEAST_PIXELS:
            begin, end = about[i, SAMPLE] * spacing, (about[i, SAMPLE] + stride) * spacing
            far = max(about[i, FAR], NEAR)
            rows = block * focal if above else block * focal * eye[4] / (far * far)
            if rows <= LEAST_HEIGHT:
                fill_strip(image, portals, i, KERB_L, KERB_R, inks[KERB_FAR], eye, shape, spare)
            elif stride * spacing <= block:
                code = KERB_RED + int(begin / block) % 2
                fill_strip(image, portals, i, KERB_L, KERB_R, inks[code], eye, shape, spare)
            else:
                for number in range(int(begin / block), int(ceil(end / block))):
                    start = max(number * block - begin, 0.0) / (end - begin)
                    stop = min((number + 1) * block - begin, end - begin) / (end - begin)
                    set_slice(shape, portals, i, KERB_L, KERB_R, start, stop)
                    code = KERB_RED + number % 2
                    fill_clipped(image, shape, inks[code], eye, spare)
        white = int(4.0 * min(LINE_WIDTH * pixels, 1.0) + 0.5)
        if white > 0:
            code = LINE + 4 - white
            fill_strip(image, portals, i, EDGE_L, EDGE_R, inks[code], eye, shape, spare)
            fill_strip(image, portals, i, LINE_L, LINE_R, inks[ASPHALT], eye, shape, spare)
        else:
            fill_strip(image, portals, i, EDGE_L, EDGE_R, inks[ASPHALT], eye, shape, spare)
        to_line = int(count - about[i, SAMPLE]) % count
        if to_line < stride:
            begin = to_line / stride
            end = min(begin + START_DEPTH / (stride * spacing), 1.0)
            set_slice(shape, portals, i, LINE_L, LINE_R, begin, end)
            fill_clipped(image, shape, inks[START], eye, spare)


@device
def set_corner(shape, corner, x, y, z, eye):
    """Set a corner of a shape: x, y, z [m] forward, left and up of the camera's foot."""
    above, _, _, _, height, tilt_cos, tilt_sin = eye
    shape[corner, RIGHT] = -y
    if above:
        shape[corner, UP], shape[corner, AHEAD] = x, 1.0
    else:
        rise = z - height
        shape[corner, UP] = x * tilt_sin + rise * tilt_cos
        shape[corner, AHEAD] = x * tilt_cos - rise * tilt_sin


@outlined
def draw_box(image, inks, x, y, z, yaw, half_length, half_width, code, eye, shape, spare):
    """Draw a car: its middle x, y, z [m] and yaw as seen from the camera's foot."""
    above, _, _, _, height, _, _ = eye
    cs, sn = cos(yaw), sin(yaw)
    # Where the camera is, as the car sees it, tells which of its sides are seen.
    ox, oy = -(cs * x + sn * y), -(cs * y - sn * x)
    if not above:
        for side in range(4):
            along, turn = side < 2, 1.0 if side % 2 == 0 else -1.0
            seen = turn * ox > half_length if along else turn * oy > half_width
            if not seen:
                continue
            for corner in range(4):
                across = 1.0 if corner == 0 or corner == 3 else -1.0
                a = turn * half_length if along else across * half_length
                b = across * half_width if along else turn * half_width
                top = z + (CAR_HEIGHT if corner > 1 else 0.0)
                set_corner(shape, corner, x + cs * a - sn * b, y + sn * a + cs * b, top, eye)
            fill_clipped(image, shape, inks[code if along else code + 1], eye, spare)
    if above or height > z + CAR_HEIGHT:
        for corner in range(4):
            a = half_length if corner < 2 else -half_length
            b = half_width if corner == 0 or corner == 3 else -half_width
            set_corner(shape, corner, x + cs * a - sn * b, y + sn * a + cs * b, z + CAR_HEIGHT, eye)
        fill_clipped(image, shape, inks[code], eye, spare)


@outlined
def draw_cylinder(image, inks, x, y, z, radius, eye, shape, spare):
    """Draw an obstacle: its middle x, y, z [m] on the ground as seen from the camera's foot."""
    above, _, _, _, height, _, _ = eye
    distance = sqrt(x * x + y * y)
    if not above and distance > radius:
        # The half that is seen lies between the two lines of sight that graze it.
        toward, half = atan2(-y, -x), acos(radius / distance)
        for band in range(2):
            low = z + (FOOT_HEIGHT if band == 1 else 0.0)
            high = z + (OBSTACLE_HEIGHT if band == 1 else FOOT_HEIGHT)
            for facet in range(FACETS):
                for corner in range(4):
                    turn = facet if corner == 0 or corner == 3 else facet + 1
                    angle = toward + half * (2.0 * turn / FACETS - 1.0)
                    set_corner(
                        shape, corner, x + radius * cos(angle), y + radius * sin(angle),
                        low if corner < 2 else high, eye,
                    )  # fmt: skip
                code = OBSTACLE if band == 1 else OBSTACLE_FOOT
                fill_clipped(image, shape, inks[code], eye, spare)
    if above or height > z + OBSTACLE_HEIGHT:
        # In strips between two pairs of corners that lie opposite each other.
        for strip in range(ROUND // 2):
            for corner in range(4):
                turn = strip if corner == 0 or corner == 3 else strip + 1
                angle = (turn if corner < 2 else -turn) * 2.0 * pi / ROUND
                set_corner(
                    shape, corner, x + radius * cos(angle), y + radius * sin(angle),
                    z + OBSTACLE_HEIGHT, eye,
                )  # fmt: skip
            fill_clipped(image, shape, inks[OBSTACLE], eye, spare)


@device
def within(segment, sample, stride, count):
    """Return whether a segment is one of the ``stride`` from ``sample`` on, of ``count``."""
    beyond = segment - sample
    beyond = beyond + count if beyond < 0 else beyond
    return beyond < stride


@device
def obstacle_between(obstacles, begin, number, sample, stride, count):
    """Return whether an obstacle stands on one of the ``stride`` segments from ``sample`` on."""
    first = first_obstacle(obstacles, begin, number, sample)
    row = begin + first if first < number else begin
    return within(int(obstacles[row, SEGMENT]), sample, stride, count)


@device
def is_next(distance, number, last_distance, last_number):
    """Return whether a thing comes after the last one, from far to near, then by number."""
    return distance < last_distance or (distance == last_distance and number > last_number)


@outlined
def draw_things(
    image, inks, sample, stride, count, race, own, place, eye, x, y, z, yaw, segment, present,
    length, width, wheelbase, to_front, obstacles, begin, number, sides, shape, spare,
):  # fmt: skip
    """Draw the cars and obstacles of the segments from ``sample`` on, the farthest first."""
    here_x, here_y, here_z, cs, sn = place
    n_cars = x.shape[1]
    first = first_obstacle(obstacles, begin, number, sample) if number > 0 else 0
    last_distance, last = inf, -1
    while True:
        # Cars are counted first, then obstacles; there are seldom more than one.
        farthest, found = -1.0, -1
        for car in range(n_cars):
            if car == own or not present[race, car]:
                continue
            if not within(segment[race, car], sample, stride, count):
                continue
            dx, dy = x[race, car] - here_x, y[race, car] - here_y
            distance = dx * dx + dy * dy
            if distance > farthest and is_next(distance, car, last_distance, last):
                farthest, found = distance, car
        for k in range(number):
            row = begin + (first + k) % number
            if not within(int(obstacles[row, SEGMENT]), sample, stride, count):
                break
            dx, dy = obstacles[row, OBSTACLE_X] - here_x, obstacles[row, OBSTACLE_Y] - here_y
            distance = dx * dx + dy * dy
            thing = n_cars + row - begin
            if distance > farthest and is_next(distance, thing, last_distance, last):
                farthest, found = distance, thing
        if found < 0:
            return
        last_distance, last = farthest, found
        if found >= n_cars:
            row = begin + found - n_cars
            dx, dy = obstacles[row, OBSTACLE_X] - here_x, obstacles[row, OBSTACLE_Y] - here_y
            fx, fy, radius = cs * dx + sn * dy, cs * dy - sn * dx, obstacles[row, RADIUS]
            if outside(fx, fy, radius + NEAR, sides) == 0:
                rise = obstacles[row, OBSTACLE_Z] - here_z
                draw_cylinder(image, inks, fx, fy, rise, radius, eye, shape, spare)
            continue
        heading = float(yaw[race, found])
        middle = to_front[race, found] - 0.5 * wheelbase[race, found]
        dx = x[race, found] + middle * cos(heading) - here_x
        dy = y[race, found] + middle * sin(heading) - here_y
        rise = z[race, found] - here_z
        draw_box(
            image, inks, cs * dx + sn * dy, cs * dy - sn * dx, rise if rise == rise else 0.0,
            heading - atan2(sn, cs), 0.5 * length[race, found], 0.5 * width[race, found],
            CAR + 2 * (found % TEAMS), eye, shape, spare,
        )  # fmt: skip


@outlined
def draw_standing(
    image, inks, portals, about, n, walls, count, race, own, place, eye, x, y, z, yaw, segment,
    present, length, width, wheelbase, to_front, obstacles, begin, number, sides, shape, spare,
):  # fmt: skip
    """Draw walls, cars and obstacles, the farthest first."""
    for i in range(n - 2, -1, -1):
        stride = int(about[i, STRIDE])
        if stride == 0:
            continue
        if walls:
            fill_strip(image, portals, i, WALL_L, TOP_L, inks[WALL_LEFT], eye, shape, spare)
            fill_strip(image, portals, i, WALL_R, TOP_R, inks[WALL_RIGHT], eye, shape, spare)
        sample = int(about[i, SAMPLE])
        # Most pieces are empty, and the call below has many arguments.
        some = number > 0 and obstacle_between(obstacles, begin, number, sample, stride, count)
        for car in range(x.shape[1]):
            on = within(segment[race, car], sample, stride, count)
            some = some or (on and car != own and present[race, car])
        if some:
            draw_things(
                image, inks, sample, stride, count, race, own, place, eye, x, y, z, yaw,
                segment, present, length, width, wheelbase, to_front, obstacles, begin, number,
                sides, shape, spare,
            )  # fmt: skip


@outlined
def colour(image, out, palette):
    """Write the colours of an image of codes (height, width) into ``out`` (..., 3)."""
    height, width, _ = out.shape
    for row in range(height):
        line, target = image[row], out[row]
        code = line[0]
        others = 0
        for column in range(width):
            others += line[column] != code
        red, green, blue = palette[code, 0], palette[code, 1], palette[code, 2]
        for column in range(width):
            if others > 0:
                code = line[column]
                red, green, blue = palette[code, 0], palette[code, 1], palette[code, 2]
            target[column, 0], target[column, 1], target[column, 2] = red, green, blue


@outlined
def fill_background(pixels, horizon, sky, field):
    """Fill a flat image: ``sky`` up to ``horizon``, ``field`` from there on."""
    split = min(max(horizon, 0), pixels.shape[0])
    for i in range(split):
        pixels[i] = sky
    for i in range(split, pixels.shape[0]):
        pixels[i] = field


@kernel(parallel_from=PARALLEL_FROM)
def draw_views(
    cars, out, x, y, z, yaw, segment, present, length, width, wheelbase, to_front,
    race_track, points, borders, verges, crossings, obstacles, table, inks, palette, eye,
    turned, mount,
    horizon,
    own_car, sides, sight, images, portals, about, shapes, spares,
):  # fmt: skip
    """Draw what some cars see.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car.
        out: (k, height, width, channels) uint8, one channel or three; written.
        x, y, z, yaw: of ``CarState``; segment: of ``TrackFrame``; present: of ``RaceState``.
        length, width, wheelbase, to_front: of ``VehicleTable``.
        race_track, points, borders, verges, crossings, obstacles, table: the packed tracks.
        inks: (1 or n_races, CODES) uint8, what is written into ``images`` for each code: with
            three channels the code itself, with one its brightness.
        palette: (1 or n_races, CODES, 3) uint8, colours of codes.
        eye: (above, focal, middle_u, middle_v, height, tilt_cos, tilt_sin): whether the view
            is from above, without perspective; pixels a metre, at 1 m ahead; where straight
            ahead is in the picture [pixels]; height of the camera [m]; its tilt downward.
        turned: whether the view turns with the car; else north is up.
        mount: [m] of the camera ahead of the car's reference point.
        horizon: row of the horizon; the sky is above it.
        own_car: whether the car itself is drawn.
        sight: [m] how far the track is drawn.
        sides: (4, 3), see ``outside``.
        images: with one channel, ``out`` without its last axis; else scratch, (height, width)
            uint8 for each ``BLOCK`` cars.
        portals, about, shapes, spares: scratch, with a row for each ``BLOCK`` cars:
            (MOST_PORTALS, 5, ACROSS), (MOST_PORTALS, 3), (4, 3) and (2, 5) float64.
    """
    n_cars = x.shape[1]
    direct = out.shape[3] == 1
    for block in prange(-(-cars.shape[0] // BLOCK)):
        shape, spare = shapes[block], spares[block]
        for k in range(block * BLOCK, min((block + 1) * BLOCK, cars.shape[0])):
            image = images[k] if direct else images[block]
            race = cars[k] // n_cars
            ink = inks[race if inks.shape[0] > 1 else 0]
            car = cars[k] - race * n_cars
            track = race_track[race]
            count, spacing = int(table[track, COUNT]), table[track, SPACING]
            heading = float(yaw[race, car])
            cs, sn = cos(heading), sin(heading)
            px, py, pz = x[race, car] + mount * cs, y[race, car] + mount * sn, z[race, car]
            if not turned:
                cs, sn = 0.0, 1.0
            place = (px, py, pz if pz == pz else 0.0, cs, sn)
            fill_background(image.reshape(-1), horizon * image.shape[1], ink[SKY], ink[FIELD])
            n = gather(
                portals[block], about[block], points, borders, crossings, table, track,
                segment[race, car], place, eye, sides, sight,
            )  # fmt: skip
            draw_ground(
                image, ink, portals[block], about[block], n, table[track, KERB], spacing, count,
                verges, int(table[track, FIRST]), table[track, VERGED] > 0.0, eye, shape, spare,
            )  # fmt: skip
            draw_standing(
                image, ink, portals[block], about[block], n, table[track, RUNOFF] <= OPEN_RUNOFF,
                count, race, -1 if own_car else car, place, eye, x, y, z, yaw, segment,
                present, length, width, wheelbase, to_front, obstacles,
                int(table[track, OBSTACLE_FIRST]), int(table[track, OBSTACLE_COUNT]), sides,
                shape, spare,
            )  # fmt: skip
            if not direct:
                colour(image, out[k], palette[race if palette.shape[0] > 1 else 0])
