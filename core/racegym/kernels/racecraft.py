"""What a driver does about the other cars: where beside its line to be, and how fast at most.

Everything is told from the line that the driver follows. A car's *place* a is its offset from
that line, left positive, at its own arc length; so two cars on the same line have place 0, and
places change slowly even where the line swings from edge to edge.

Each car looks ahead along its line as far as it needs to brake. From that come the corridor, the
places that the asphalt leaves it, and the next corner, where the line asks for more than half of
the lateral limit. It looks at every car near it along the track, which gives

- a speed, for each car ahead that is in its way or in the way of where it wants to be:

      v^2 <= v_o^2 + 2 b (gap - g_0),   g_0 = g_l + v t_0 + max(v - v_o, 0) t_r             (1)

  with b a share of the brakes, g_l of the lengths, and t_r its reaction;
- bounds on its place, for each car that is alongside: a width and a little more is left.

What it wants, in this order: to let by whoever laps it; to pass who costs it time; to cover the
inside from who is about to pass, once before each corner; its line. The place follows as a mass
would that tyres push sideways, with a part of what the corner leaves, and the speed on the
shifted line is kept within

    v^2 <= v_l^2 k_l / k,   k = (1 - w) k_l / (1 - k_l a) + w k_c / (1 - k_c (o + a))         (2)

at every place that it looks at, and before it by (1)'s braking, where k_l and v_l are curvature
and speed of the line, k_c the curvature of the centerline, o the line's offset from it, and the
weight w grows from 0 on the line to 1 the track's half width beside it, since a car that
can't use the whole width drives the bend of the road.

All is symmetrical in left and right, and depends on the cars of the race alone.
"""

from __future__ import annotations

from math import cos, inf, sin, sqrt

from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.following import (
    LATERAL,
    LEAST_LATERAL,
    LINE_CURVATURE,
    OFFSET,
    SPEED,
    between,
)
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.intent import ASIDE, FACTOR, INTENT_COLUMNS, LIMIT, NEUTRAL, SWAY
from racegym.kernels.projection import COUNT, CURVATURE, FIRST, LENGTH, WIDTH_LEFT, WIDTH_RIGHT
from racegym.kernels.pursuit import known
from racegym.kernels.sensing import place_at

__all__ = [
    "APEX",
    "CLOCK",
    "COSTS",
    "DEFENCE",
    "DEFENCES",
    "MEMORY_COLUMNS",
    "MEMORY_FILL",
    "PASSES",
    "PLACE",
    "RATE",
    "REST",
    "RIVAL",
    "SIDE",
    "SIGHT_COLUMNS",
    "STALL",
    "YIELD",
    "plan_moves",
]

# Columns of ``memory``.
PLACE, RATE = 0, 1  # [m], [m/s] where it means to be beside its line, and how that changes
SIDE, RIVAL, CLOCK = 2, 3, 4  # of an attack: 1 left of the other car, -1 right; which; [s] since
COSTS = 5  # share of its speed that the car ahead costs it, smoothed
REST = 6  # [s] until it attacks again
DEFENCE, APEX = 7, 8  # side that it covers; progress [m] at which that corner is done
YIELD = 9  # side to which it lets others by
STALL = 10  # [s] that it has waited behind a standing car
SLOWED = 11  # [s] that a wish to attack has lasted
DEFENCES, PASSES = 12, 13  # counted
MEMORY_COLUMNS = 14
MEMORY_FILL = (0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1e18, 0.0, 0.0, 0.0, 0.0, 0.0)

# Columns of ``sight``: what a look ahead found, scratch of each car.
LOOKS = 8
LOW, HIGH = 0, 1  # [m] of the corridor
INSIDE, CORNER_IN, APEX_IN = 2, 3, 4  # side of the next corner, [m] to it and to its middle
FREE = 5  # [m/s] of the line here
GRIP_LEFT = 6  # [m/s^2] sideways that the corner leaves
OTHERS_LOW, OTHERS_HIGH = 7, 8  # [m] the bounds that cars alongside set
AHEAD, AHEAD_GAP, AHEAD_PLACE, AHEAD_SPEED, AHEAD_HALF = 9, 10, 11, 12, 13
BEHIND_GAP, BEHIND_PLACE, BEHIND_SHARE = 14, 15, 16  # and its speed, of the line's there
MOST = 17  # [m/s] that cars ahead allow
AHEAD_OFF = 18  # [m] between the middles of both, along the track
STANDING = 19  # 1: the car ahead is as good as standing
SLANT = 20  # metres sideways that it goes for one ahead at most
BRAKING = 21  # [m/s^2] that the bend leaves
STRIDE = 22  # [m] from look to look
ROAD = 23  # [m] lowest and highest place at each look
SIGHT_COLUMNS = ROAD + 2 * (LOOKS + 1)

BRAKE_SHARE = 0.6  # of the vehicle's brakes, b of (1)
LOOK_TIME = 1.2  # [s] ahead that it looks at least
SOON = 0.2  # [s] for which a car alongside is taken to go on sideways as it does
STEEP, STEEPER = 0.1, 0.7  # metres sideways for one ahead at most; more when it crawls
SIDEWAYS = 0.15  # of the lateral limit, that a move uses
CORNER_SHARE = 0.5  # of the lateral limit that makes a corner
MARGIN = 0.12  # [widths] kept to the edge of the asphalt
ROOM, BESIDE = 0.28, 0.4  # [widths] left to a car alongside; aimed at when passing
CLOSE_LENGTHS, CLOSE_TIME = 0.25, 0.06  # g_l and t_0 of (1)
NEAR_TIME, NEAR_LENGTHS = 1.0, 2.0  # [s], [lengths] of a gap within which it attacks
COST_TIME = 1.5  # [s] of the smoothing of COSTS
WORTH, WORTH_TIMID = 0.006, 0.02  # share of speed that it must cost; and more for the timid
ATTACK_FOR, REST_FOR = 9.0, 1.5  # [s] an attack may last that gets nowhere; pause after it
ENTITLED = 0.4  # of the lengths that overlap, from which the other has to leave room
LEAST_BRAKES = 0.3  # of them, that a bend leaves
CLEAR = 0.35  # [lengths] ahead of the other car, at which it is passed
COVER_TIME, COVER_FROM = 3.0, 0.25  # [s] before a corner that it is covered; the last of it
THREAT_TIME, FASTER = 0.6, 0.015  # [s] of a gap, behind, that threatens; share of speed
STAND_SHARE, STAND_SPEED, STAND_GAP = 0.3, 2.0, 2.0  # of the line's speed; [m/s]; [lengths]
PATIENCE = 3.0  # [s] behind a standing car, after which the verge is used
YIELD_WIDTHS, YIELD_SPEED = 1.3, 0.93  # place of a lapped car; of its speed
YELLOW_SPEED = 0.85  # of its speed
SWAY_FROM, SWAY_MORE = 0.08, 0.22  # of the lateral limit, for moves: always; what is left
RECOVER = 0.06  # of the lateral limit, that is counted on to come back into the corridor
URGENT = 2.0  # times that, to make room
RETURN = 2.5  # [1/s] at which it goes to where it means to be
LEAST_SPEED = 0.5  # [m/s]
BLUE, DANGER = 2, 5  # bits of ``Flag``: BLUE; YELLOW or SAFETY_CAR
ON_GRID, LAST_RACING = 0, 2  # of ``Status``


@device
def clip(value, low, high):
    """Return ``value`` within bounds; their middle where they have crossed."""
    if low > high:
        return 0.5 * (low + high)
    return min(max(value, low), high)


@device
def towards(v_o, brake, way):
    """Return the speed [m/s] from which ``brake`` brings a car to ``v_o`` within ``way`` [m]."""
    return sqrt(max(v_o * v_o + 2.0 * brake * way, 0.0)) if way > 0.0 else v_o


@outlined
def look_ahead(
    sight, place, track, here, speed, half, spare, brake, points, table, start, paths
):  # fmt: skip
    """Fill the corridor and the next corner; return the most speed by (2)."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    horizon = max(LOOK_TIME * speed, 0.5 * speed * speed / brake) + 4.0 * half
    sight[LOW], sight[HIGH], sight[INSIDE] = -inf, inf, 0.0
    sight[CORNER_IN], sight[APEX_IN] = inf, inf
    sight[STRIDE] = horizon / LOOKS
    most, sharpest = inf, 0.0
    for look in range(LOOKS + 1):
        way = horizon * look / LOOKS
        index, t = place_at(table, track, here + way)
        aim = between(paths, start, index, count, t, OFFSET)
        bend = between(paths, start, index, count, t, LINE_CURVATURE)
        free = between(paths, start, index, count, t, SPEED)
        lateral = max(between(paths, start, index, count, t, LATERAL), LEAST_LATERAL)
        left = between(points, first, index, count, t, WIDTH_LEFT)
        right = between(points, first, index, count, t, WIDTH_RIGHT)
        road = between(points, first, index, count, t, CURVATURE)
        used = abs(bend) * free * free / lateral
        if look == 0:
            sight[FREE] = free
            sight[BRAKING] = brake * max(sqrt(max(1.0 - used * used, 0.0)), LEAST_BRAKES)
            moved = sqrt(4.0 * SIDEWAYS * lateral * half)
            steep = STEEP + STEEPER * max(1.0 - 0.5 * speed / STAND_SPEED, 0.0)
            sight[SLANT] = min(steep, moved / max(speed, LEAST_SPEED))
            sight[GRIP_LEFT] = lateral * (SWAY_FROM + SWAY_MORE * max(1.0 - used, 0.0))
        # The line itself is always allowed.
        high = max(left + spare - half - aim, 0.0)
        low = min(half - right - spare - aim, 0.0)
        sight[ROAD + 2 * look], sight[ROAD + 2 * look + 1] = low, high
        # Until there, it can have come back so far from beyond.
        time = way / speed
        back = min(sight[SLANT] * way, 0.5 * RECOVER * lateral * time * time)
        sight[HIGH] = min(sight[HIGH], high + back)
        sight[LOW] = max(sight[LOW], low - back)
        side = 1.0 if bend > 0.0 else -1.0
        if used > CORNER_SHARE:
            if sight[INSIDE] == 0.0:
                sight[INSIDE], sight[CORNER_IN] = side, way
            if side == sight[INSIDE] and used > sharpest:
                sharpest = used
                sight[APEX_IN] = way
        beside = min(max(place, low), high)
        if abs(bend) > 1e-9 and beside != 0.0:
            weight = min(abs(beside) / max(0.5 * (left + right), half), 1.0)
            shifted = abs(bend) / max(1.0 - bend * beside, 0.4)
            curve = abs(road) / max(1.0 - road * (aim + beside), 0.4)
            blended = (1.0 - weight) * shifted + weight * curve
            # Of what the line uses of the tyres, or of all of them where it hardly bends.
            tight = max(used, 1e-6) / abs(bend)
            if blended * tight > 1.0:
                allowed = sqrt(free * free / (blended * tight))
                most = min(most, towards(allowed, brake, way))
    return most


@device
def passable(sight, side, other, widths, way):
    """Tell whether there is room beside another car over the next ``way`` [m].

    Args:
        sight: what the look ahead found.
        side: of it that is meant, 1 for left.
        other: its place [m]; it may as well be back on the line by then.
        widths: [m] between the middles of both, at least.
        way: [m].
    """
    free = True
    for look in range(LOOKS + 1):
        if look * sight[STRIDE] > way:
            break
        if side > 0.0:
            free = free and max(other, 0.0) + widths <= sight[ROAD + 2 * look + 1]
        else:
            free = free and min(other, 0.0) - widths >= sight[ROAD + 2 * look]
    return free


@outlined
def look_around(
    sight, memory, race, car, n_cars, here, place, goal, along, half_length, half_width, brake,
    reaction, track, s, d, previous_d, heading_error, vx, vy, status, present, length, width,
    table, start, paths, dt,
):  # fmt: skip
    """Fill what the other cars allow and whom to pass or to fear."""
    count, around = int(table[track, COUNT]), table[track, LENGTH]
    sight[OTHERS_LOW], sight[OTHERS_HIGH], sight[MOST] = -inf, inf, inf
    sight[AHEAD], sight[AHEAD_GAP], sight[BEHIND_GAP] = -1.0, inf, inf
    sight[STANDING] = 0.0
    reach = max(1.5 * along, 0.5 * along * along / brake) + 8.0 * half_length
    fear = max(THREAT_TIME * along, 0.0) + 4.0 * half_length
    cornering = sight[CORNER_IN] < 0.5 * max(along, 1.0)
    free_ahead = 0.0
    for other in range(n_cars):
        if other == car or not present[race, other]:
            continue
        off = wrap_difference(s[race, other] - here, around)
        if not (-fear < off < reach):
            continue
        turn = known(heading_error[race, other])
        ct, st = 1.0, turn
        if abs(turn) > 0.1:
            ct, st = cos(turn), sin(turn)
        speed = known(vx[race, other]) * ct - known(vy[race, other]) * st
        ct, st = abs(ct), abs(st)
        long, wide = known(length[race, other]), known(width[race, other])
        # Of a car that stands across the track, the other way round counts.
        lengths = half_length + 0.5 * (long * ct + wide * st)
        widths = half_width + 0.5 * (wide * ct + long * st)
        index, t = place_at(table, track, s[race, other])
        aside = known(d[race, other]) - between(paths, start, index, count, t, OFFSET)
        free = between(paths, start, index, count, t, SPEED)
        rate = (known(d[race, other]) - known(previous_d[race, other])) / dt
        rate = min(max(rate, -0.3 * max(speed, 1.0)), 0.3 * max(speed, 1.0))
        gap = abs(off) - lengths
        is_mine = int(memory[RIVAL]) == other
        apart = aside - place
        closing = along - speed if off > 0.0 else speed - along

        # Alongside: leave room. One that comes from behind counts a little earlier.
        early = 0.4 * half_length + 0.25 * max(closing, 0.0) if off < 0.0 else 0.0
        if gap < early and abs(apart) > (0.3 if is_mine else 0.6) * widths:
            least = widths + 2.0 * ROOM * half_width
            # The other car has to stay on the road as well, also in the bend to come.
            if apart > 0.0:
                it = min(aside + SOON * min(rate, 0.0), max(sight[HIGH], aside - widths))
                sight[OTHERS_HIGH] = min(sight[OTHERS_HIGH], it - least)
            else:
                it = max(aside + SOON * max(rate, 0.0), min(sight[LOW], aside + widths))
                sight[OTHERS_LOW] = max(sight[OTHERS_LOW], it + least)
        if off <= 0.0:
            if 0.0 < gap < sight[BEHIND_GAP]:
                sight[BEHIND_GAP], sight[BEHIND_PLACE] = gap, aside
                sight[BEHIND_SHARE] = speed / free if free > 0.0 else 0.0
            continue

        # Ahead: it is in the way if it is beside no place between here and the goal. Before a
        # corner it may come back to the line, unless one is alongside already.
        low, high = min(place, goal), max(place, goal)
        near, far = aside, aside
        if cornering and gap > -0.5 * half_length:
            near, far = min(aside, 0.5 * aside), max(aside, 0.5 * aside)
        between_us = max(near - high, low - far)
        standing = speed < STAND_SHARE * free and along > speed + STAND_SPEED
        standing = standing or (speed < 1.0 and memory[STALL] > 0.0)
        stands = is_mine and speed < 1.0
        blocked = between_us < widths + (0.06 if stands else 0.2) * half_width
        if not blocked and gap > -ENTITLED * lengths:
            # It has to be alongside before the road gets too narrow for both.
            way = along * (gap + lengths) / max(closing, 0.04 * along)
            side = -1.0 if apart > 0.0 else 1.0
            blocked = not passable(sight, side, aside, widths, way)
        if blocked and gap > -lengths:
            keep = 2.0 * half_length * CLOSE_LENGTHS + CLOSE_TIME * along
            keep += reaction * max(along - speed, 0.0)
            if speed < 1.0 and status[race, other] != ON_GRID:
                patience = max(1.0 - memory[STALL] / PATIENCE, 0.12) if is_mine else 1.0
                keep = max(keep * patience, 2.0 * half_length * STAND_GAP * patience)
            way = gap - keep
            if way > 0.0:
                allowed = towards(max(speed, 0.0), sight[BRAKING], way)
            else:
                allowed = max(speed, 0.0) * max(1.0 + 0.3 * way / keep, 0.5)
            sight[MOST] = min(sight[MOST], allowed)
        if gap < sight[AHEAD_GAP]:
            sight[AHEAD], sight[AHEAD_GAP], sight[AHEAD_PLACE] = other, gap, aside
            sight[AHEAD_SPEED], sight[AHEAD_HALF] = speed, widths - half_width
            sight[AHEAD_OFF] = off
            sight[STANDING] = 1.0 if standing else 0.0
            free_ahead = free
    # Once all have been looked at, so that their numbers do not matter.
    near_enough = NEAR_TIME * along + 2.0 * NEAR_LENGTHS * half_length
    if free_ahead > 0.0 and sight[AHEAD_GAP] < near_enough:
        held = sight[MOST] < sight[FREE] and along > 0.85 * sight[MOST]
        lost = 1.0 - max(sight[AHEAD_SPEED], 0.0) / free_ahead if held else 0.0
        memory[COSTS] += min(dt / COST_TIME, 1.0) * (max(lost, -0.1) - memory[COSTS])


@outlined
def attack(memory, sight, race, here, along, half_length, half_width, aggression, reaction,
           allowed, s, d, length, table, track, start, paths, dt):  # fmt: skip
    """Begin, go on with or end an attack; return the place that it asks for, if any."""
    count, around = int(table[track, COUNT]), table[track, LENGTH]
    least = 2.0 * half_width * (1.0 + BESIDE + 0.3 * (1.0 - aggression))
    memory[REST] = max(memory[REST] - dt, 0.0)
    rival, standing = int(memory[RIVAL]), sight[STANDING] > 0.0
    if standing and int(sight[AHEAD]) != rival:
        rival, memory[RIVAL], memory[REST] = -1, -1.0, 0.0  # first things first
    if rival >= 0:
        memory[CLOCK] += dt
        off = wrap_difference(s[race, rival] - here, around)
        long = half_length + 0.5 * known(length[race, rival])
        index, t = place_at(table, track, s[race, rival])
        aside = known(d[race, rival]) - between(paths, start, index, count, t, OFFSET)
        beside = abs(off) < long
        if off < -(long + 2.0 * CLEAR * half_length):
            memory[PASSES] += 1.0
            memory[RIVAL], memory[SIDE], memory[COSTS] = -1.0, 0.0, 0.0
            return 0.0
        goal = aside + memory[SIDE] * least
        too_long = memory[CLOCK] > ATTACK_FOR and not beside and not standing
        gone = off > long + 2.0 * along + 8.0 * half_length
        if too_long or gone or not allowed:
            memory[RIVAL], memory[SIDE], memory[REST] = -1.0, 0.0, REST_FOR
            return 0.0
        return goal
    near = sight[AHEAD_GAP] < NEAR_TIME * along + 2.0 * NEAR_LENGTHS * half_length
    worth = memory[COSTS] > WORTH + WORTH_TIMID * (1.0 - aggression) and near
    if sight[AHEAD] < 0.0 or not (worth or standing) or not allowed or memory[REST] > 0.0:
        memory[SLOWED] = 0.0
        return 0.0
    memory[SLOWED] += dt
    if memory[SLOWED] < reaction:
        return 0.0
    # The side: by the room beside the other car, and the inside of the next corner.
    other = sight[AHEAD_PLACE]
    need = sight[AHEAD_HALF] - half_width + 2.0 * half_width * (1.15 + 0.3 * (1.0 - aggression))
    if standing:
        need = sight[AHEAD_HALF] + 1.2 * half_width
    left, right = sight[HIGH] - (other + need), (other - need) - sight[LOW]
    bonus = (1.0 + 2.0 * aggression) * half_width * sight[INSIDE]
    if sight[CORNER_IN] > LOOK_TIME * 2.0 * along:
        bonus *= 0.5
    left_score, right_score = min(left, 4.0 * half_width), min(right, 4.0 * half_width)
    prefer = left_score - right_score + bonus - 0.2 * other
    side = 0.0
    if left >= 0.0 and (right < 0.0 or prefer > 0.0):
        side = 1.0
    elif right >= 0.0:
        side = -1.0
    if side == 0.0:
        return 0.0
    memory[SIDE], memory[RIVAL], memory[CLOCK] = side, sight[AHEAD], 0.0
    memory[SLOWED] = 0.0
    return other + side * max(need, least)


@outlined
def defend(memory, sight, progress, place, along, half_length, half_width, aggression, allowed):
    """Return the place that covers the inside, where that is called for."""
    if progress > memory[APEX]:
        memory[DEFENCE] = 0.0
        threat = sight[BEHIND_GAP] < THREAT_TIME * along and sight[BEHIND_GAP] > 0.5 * half_length
        mine = along / sight[FREE] if sight[FREE] > 0.0 else 1.0
        aside = (sight[BEHIND_PLACE] - place) * sight[INSIDE]
        threat = threat and (sight[BEHIND_SHARE] > mine + FASTER or aside > half_width)
        soon = COVER_FROM * along < sight[CORNER_IN] < COVER_TIME * along
        # Whoever is on the inside already has it.
        if allowed and threat and soon and aside < 2.5 * half_width and aggression > 0.0:
            memory[DEFENCE] = sight[INSIDE]
            memory[APEX] = progress + sight[APEX_IN] + half_length
            memory[DEFENCES] += 1.0
    if memory[DEFENCE] == 0.0:
        return 0.0
    edge = sight[HIGH] if memory[DEFENCE] > 0.0 else -sight[LOW]
    return memory[DEFENCE] * min((0.4 + 0.5 * aggression) * edge, 5.0 * half_width)


@outlined
def plan_car(
    memory, intent, sight, race, car, n_cars, track, here, own_d, along, progress,
    half_length, half_width, brake, flags, aggression, reaction,
    s, d, previous_d, heading_error, vx, vy, status, present, length, width,
    points, table, start, paths, dt,
):  # fmt: skip
    """Decide for one car; see ``plan_moves``."""
    count = int(table[track, COUNT])
    index, t = place_at(table, track, here)
    place = own_d - between(paths, start, index, count, t, OFFSET)
    if along < STAND_SPEED and abs(place - memory[PLACE]) > half_width:
        memory[PLACE], memory[RATE] = place, 0.0  # on the grid, after a spin, put there
    spare = 2.0 * half_width if memory[STALL] > PATIENCE else 0.0
    half = half_width * (1.0 + 2.0 * MARGIN)
    most = look_ahead(
        sight, memory[PLACE], track, here, max(along, 1.0), half, spare, brake, points, table,
        start, paths,
    )  # fmt: skip
    look_around(
        sight, memory, race, car, n_cars, here, place, memory[PLACE], along, half_length,
        half_width, brake, reaction, track, s, d, previous_d, heading_error, vx, vy, status,
        present, length, width, table, start, paths, dt,
    )  # fmt: skip
    lapped, danger = (flags & BLUE) != 0, (flags & DANGER) != 0
    standing = sight[STANDING] > 0.0
    goal = attack(
        memory, sight, race, here, along, half_length, half_width, aggression, reaction,
        standing or not (lapped or danger), s, d, length, table, track, start, paths, dt,
    )  # fmt: skip
    cover = defend(
        memory, sight, progress, place, along, half_length, half_width, aggression,
        not (lapped or danger) and memory[SIDE] == 0.0,
    )  # fmt: skip
    factor = YELLOW_SPEED if danger else 1.0
    if memory[SIDE] == 0.0:
        goal = cover
    if lapped and not standing:
        if memory[YIELD] == 0.0:  # where there is more room, and rather not inside
            room = sight[HIGH] + sight[LOW] - half_width * sight[INSIDE]
            memory[YIELD] = 1.0 if room > 0.0 else -1.0
        goal = memory[YIELD] * 2.0 * YIELD_WIDTHS * half_width
        factor = min(factor, YIELD_SPEED)
    else:
        memory[YIELD] = 0.0
    wish = goal
    goal = clip(goal, sight[OTHERS_LOW], sight[OTHERS_HIGH])
    squeezed = sight[OTHERS_LOW] > sight[HIGH] or sight[OTHERS_HIGH] < sight[LOW]
    squeezed = squeezed or sight[OTHERS_LOW] > sight[OTHERS_HIGH]
    goal = clip(goal, sight[LOW], sight[HIGH])
    urgent = URGENT if goal != wish else 1.0
    if squeezed and sight[AHEAD] >= 0.0 and sight[AHEAD_GAP] < 0.0:
        most = min(most, 0.93 * max(sight[AHEAD_SPEED], 0.0))  # who is behind gives way
    most = min(most, sight[MOST])
    waits = (standing and along < STAND_SPEED) or memory[STALL] > 0.0
    near = sight[AHEAD_GAP] < 8.0 * half_length and sight[AHEAD_SPEED] < LEAST_SPEED
    memory[STALL] = memory[STALL] + dt if (waits or along < LEAST_SPEED) and near else 0.0

    # The place goes to the goal as tyres can push it.
    push = urgent * sight[GRIP_LEFT]
    away = goal - memory[PLACE]
    rate = min(urgent * RETURN * abs(away), sqrt(2.0 * push * abs(away)))
    rate = min(rate, sight[SLANT] * max(along, LEAST_SPEED))
    rate = rate if away > 0.0 else -rate
    memory[RATE] += min(max(rate - memory[RATE], -push * dt), push * dt)
    before = memory[PLACE]
    memory[PLACE] += memory[RATE] * dt
    intent[ASIDE] = memory[PLACE]
    intent[SWAY] = (memory[PLACE] - before) / (dt * max(along, 2.0))
    intent[FACTOR], intent[LIMIT] = factor, most


@kernel
def plan_moves(
    cars, memory, intent, sights, aggression, reaction,
    s, d, previous_d, heading_error, progress, vx, vy, status, present, flags,
    length, width, brake, race_track, points, table, starts, paths, dt,
):  # fmt: skip
    """Decide where beside its line each of some cars shall be, and how fast at most.

    Args:
        cars: (k,) int64, race * n_cars + car.
        memory: (n_races, n_cars, MEMORY_COLUMNS) float64. Updated.
        intent: (n_races, n_cars, INTENT_COLUMNS) float64. Written in the rows of ``cars``.
        sights: (>= k, SIGHT_COLUMNS) float64, scratch.
        aggression: from 0 to 1.
        reaction: [s].
        s, d, heading_error, progress: of ``TrackFrame``; previous_d: of the one before.
        vx, vy: of ``CarState``.
        status, present, flags: of ``RaceState``.
        length, width, brake: of ``VehicleTable``.
        race_track, points, table: the packed tracks.
        starts: (n_races, n_cars) int64, where each car's line begins in ``paths``.
        paths: (n, PATH_COLUMNS) float64, as ``follow_line`` takes them.
        dt: [s].
    """
    n_cars = s.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        if not present[race, car] or status[race, car] > LAST_RACING:
            for column in range(INTENT_COLUMNS):
                intent[race, car, column] = NEUTRAL[column]
            continue
        turn = known(heading_error[race, car])
        along = known(vx[race, car]) * cos(turn) - known(vy[race, car]) * sin(turn)
        plan_car(
            memory[race, car], intent[race, car], sights[k], race, car, n_cars,
            race_track[race], s[race, car], known(d[race, car]), along,
            progress[race, car],
            max(0.5 * known(length[race, car]), 0.05), max(0.5 * known(width[race, car]), 0.02),
            max(BRAKE_SHARE * known(brake[race, car]), 0.5), int(flags[race, car]),
            aggression, reaction,
            s, d, previous_d, heading_error, vx, vy, status, present, length, width,
            points, table, starts[race, car], paths, dt,
        )  # fmt: skip
