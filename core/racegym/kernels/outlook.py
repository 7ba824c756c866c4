"""What a racer sees: its corridor and the next corner, and the cars around it.

The equations stand in ``racegym.kernels.racecraft``.
"""

from __future__ import annotations

from math import cos, inf, sin, sqrt

from racegym.kernels.compile import device, outlined
from racegym.kernels.following import (
    LATERAL,
    LEAST_LATERAL,
    LINE_CURVATURE,
    OFFSET,
    SLOPE,
    SPEED,
    between,
)
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.manners import (
    AHEAD,
    AHEAD_GAP,
    AHEAD_HALF,
    AHEAD_OFF,
    AHEAD_PLACE,
    AHEAD_SPEED,
    APEX_IN,
    BEHIND_GAP,
    BEHIND_PLACE,
    BEHIND_SHARE,
    BOUND_FOR,
    BOUND_MOST,
    BRAKING,
    CLOSE_LENGTHS,
    CLOSE_TIME,
    CORNER_IN,
    CORNER_SHARE,
    COST_TIME,
    COSTS,
    ENTITLED,
    FREE,
    GRIP_LEFT,
    HIGH,
    HOLDS_BACK,
    INSIDE,
    LAG,
    LEAST_BRAKES,
    LEAST_SPEED,
    LOOK_TIME,
    LOOKS,
    LOW,
    MOST,
    NEAR_LENGTHS,
    NEAR_TIME,
    ON_GRID,
    OTHERS_HIGH,
    OTHERS_LOW,
    PARKED,
    PATIENCE,
    RATE,
    RECOVER,
    RETURNS,
    RIVAL,
    ROAD,
    ROOM,
    SIDEWAYS,
    SLANT,
    SOON,
    STALL,
    STAND_GAP,
    STAND_SHARE,
    STAND_SPEED,
    STANDING,
    STEEP,
    STEEPER,
    STRIDE,
    SWAY_FROM,
    SWAY_MORE,
    THREAT_TIME,
    URGE,
    URGENT,
)
from racegym.kernels.projection import COUNT, CURVATURE, FIRST, LENGTH, WIDTH_LEFT, WIDTH_RIGHT
from racegym.kernels.pursuit import known
from racegym.kernels.sensing import place_at

__all__ = ["clip", "look_ahead", "look_around"]


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
    sight, place, rate, track, here, speed, slowing, half, spare, brake, points, table, start,
    paths,
):  # fmt: skip
    """Fill the corridor and the next corner; return the most speed by (2)."""
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    horizon = max(LOOK_TIME * speed, 0.5 * speed * speed / brake) + 4.0 * half
    sight[LOW], sight[HIGH], sight[INSIDE] = -inf, inf, 0.0
    sight[CORNER_IN], sight[APEX_IN] = inf, inf
    sight[STRIDE] = horizon / LOOKS
    most, sharpest = inf, 0.0
    outwards = rate if speed > 2.0 * STAND_SPEED else 0.0
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
            # Tyres that brake do not push sideways as well.
            held = min(slowing / lateral, 1.0)
            left_over = sqrt(1.0 - held * held) - used
            left_over = left_over if left_over > 0.0 else 0.0
            sight[GRIP_LEFT] = lateral * (SWAY_FROM + SWAY_MORE * left_over)
            sight[URGE] = 1.0 + (URGENT - 1.0) * left_over
        # The line itself is always allowed.
        high = max(left + spare - half - aim, 0.0)
        low = min(half - right - spare - aim, 0.0)
        sight[ROAD + 2 * look], sight[ROAD + 2 * look + 1] = low, high
        # Until there, it can have come back so far from beyond.
        time = way / speed
        back = min(sight[SLANT] * way, 0.5 * RECOVER * lateral * time * time)
        # Going outwards, it first has to stop that.
        more = min(abs(outwards) * time, outwards * outwards / sight[GRIP_LEFT])
        sight[HIGH] = min(sight[HIGH], max(high + back - (more if rate > 0.0 else 0.0), 0.0))
        sight[LOW] = max(sight[LOW], min(low - back + (more if rate < 0.0 else 0.0), 0.0))
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
def passable(sight, side, least, most, widths, way):
    """Tell whether there is room beside another car over the next ``way`` [m].

    Args:
        sight: what the look ahead found.
        side: of it that is meant, 1 for left.
        least, most: [m] the places where it may be by then.
        widths: [m] between the middles of both, at least.
        way: [m].
    """
    free = True
    for look in range(LOOKS + 1):
        if look * sight[STRIDE] > way:
            break
        if side > 0.0:
            free = free and most + widths <= sight[ROAD + 2 * look + 1]
        else:
            free = free and least - widths >= sight[ROAD + 2 * look]
    return free


@outlined
def look_around(
    sight, memory, race, car, n_cars, here, place, goal, along, half_length, half_width, brake,
    reaction, track, s, d, previous_d, heading_error, vx, vy, ax, status, present, length, width,
    table, start, paths, dt,
):  # fmt: skip
    """Fill what the other cars allow and whom to pass or to fear."""
    count, around = int(table[track, COUNT]), table[track, LENGTH]
    sight[OTHERS_LOW], sight[OTHERS_HIGH], sight[MOST] = -inf, inf, inf
    sight[AHEAD], sight[AHEAD_GAP], sight[BEHIND_GAP] = -1.0, inf, inf
    sight[STANDING] = 0.0
    reach = max(1.5 * along, 0.5 * along * along / brake, 8.0 * half_length)
    reach += 8.0 * half_length
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
        # How fast it leaves the line, which may swing itself.
        rate = (known(d[race, other]) - known(previous_d[race, other])) / dt
        most = 0.3 * max(speed, 1.0)
        rate = min(max(rate, -2.0 * most), 2.0 * most)
        rate -= speed * between(paths, start, index, count, t, SLOPE)
        rate = min(max(rate, -most), most)
        gap = abs(off) - lengths
        is_mine = int(memory[RIVAL]) == other
        apart = aside - place
        closing = along - speed if off > 0.0 else speed - along
        # Where it will be by the time that it has slowed down.
        lasts = min(BOUND_FOR + 0.5 * max(closing, 0.0) / brake, BOUND_MOST)
        bound = goal + lasts * memory[RATE]

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
        parked = abs(speed) < PARKED
        low, high = min(place, goal, bound), max(place, goal, bound)
        if parked:  # the road may lead back to it
            low, high = min(low, sight[HIGH]), max(high, sight[LOW])
        near, far = aside, aside
        if speed < RETURNS * free:  # from off the road, or after a spin
            near += BOUND_MOST * min(rate, 0.0)
            far += BOUND_MOST * max(rate, 0.0)
        if cornering and gap > -0.5 * half_length and not parked:
            near, far = min(near, 0.5 * aside), max(far, 0.5 * aside)
        between_us = max(near - high, low - far)
        standing = speed < STAND_SHARE * free and along > speed + STAND_SPEED
        standing = standing or (speed < 1.0 and memory[STALL] > 0.0)
        margin = 0.2 if not parked else 0.5
        if is_mine and parked and along < 2.0 * STAND_SPEED:
            margin = 0.06
        blocked = between_us < widths + margin * half_width
        if not blocked and gap > -ENTITLED * lengths:
            # It has to be alongside before the road gets too narrow for both.
            # Who waits behind closes at nothing; who goes by does so at half its surplus or more.
            faster = max(closing, HOLDS_BACK * (sight[FREE] - speed), 0.04 * along)
            way = along * (gap + lengths) / faster
            side = -1.0 if apart > 0.0 else 1.0
            back = aside if parked else 0.0  # on the line again by then
            blocked = not passable(sight, side, min(aside, back), max(aside, back), widths, way)
        if blocked and gap > -lengths:
            keep = 2.0 * half_length * CLOSE_LENGTHS + CLOSE_TIME * along
            keep += reaction * max(along - speed, 0.0)
            if speed < 1.0 and status[race, other] != ON_GRID:
                patience = max(1.0 - memory[STALL] / PATIENCE, 0.12) if is_mine else 1.0
                keep = max(keep * patience, 2.0 * half_length * STAND_GAP * patience)
            way = gap - keep
            if way > 0.0:
                allowed = towards(max(speed, 0.0), sight[BRAKING], way)
                # Speeds are followed with a lag, so what the limit falls by is taken off it.
                falls = sight[BRAKING] * max(closing, 0.0)
                falls += max(speed, 0.0) * min(max(-known(ax[race, other]), 0.0), 2.0 * brake)
                allowed -= min(LAG * falls / max(allowed, 1.0), 0.3 * allowed)
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
