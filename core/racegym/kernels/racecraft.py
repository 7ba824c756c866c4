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

from racegym.kernels.compile import kernel, outlined
from racegym.kernels.following import (
    OFFSET,
    between,
)
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.intent import ASIDE, FACTOR, INTENT_COLUMNS, LIMIT, NEUTRAL, SWAY
from racegym.kernels.manners import (
    AHEAD,
    AHEAD_GAP,
    AHEAD_HALF,
    AHEAD_PLACE,
    AHEAD_SPEED,
    APEX,
    APEX_IN,
    ATTACK_FOR,
    BACK_AFTER,
    BACK_ANGLE,
    BACK_FOR,
    BACK_ROOM,
    BACK_SPEED,
    BACKING,
    BEHIND_GAP,
    BEHIND_PLACE,
    BEHIND_SHARE,
    BESIDE,
    BLUE,
    BRAKE_SHARE,
    CLEAR,
    CLOCK,
    CORNER_IN,
    COSTS,
    COVER_FROM,
    COVER_TIME,
    DANGER,
    DEFENCE,
    DEFENCES,
    FASTER,
    FREE,
    GRIP_LEFT,
    HIGH,
    INSIDE,
    LAST_RACING,
    LEAST_SPEED,
    LOOK_TIME,
    LOW,
    MARGIN,
    MOST,
    NEAR_LENGTHS,
    NEAR_TIME,
    ON_GRID,
    OTHERS_HIGH,
    OTHERS_LOW,
    PASSES,
    PATIENCE,
    PLACE,
    RATE,
    REST,
    REST_FOR,
    RETURN,
    RIVAL,
    SHUT_TIMES,
    SIDE,
    SLANT,
    SLOWED,
    STALL,
    STAND_SPEED,
    STANDING,
    THREAT_TIME,
    URGE,
    WORTH,
    WORTH_TIMID,
    YELLOW_SPEED,
    YIELD,
    YIELD_SPEED,
    YIELD_WIDTHS,
)
from racegym.kernels.outlook import clip, look_ahead, look_around
from racegym.kernels.projection import COUNT, LENGTH
from racegym.kernels.pursuit import known
from racegym.kernels.sensing import place_at

__all__ = ["plan_moves"]


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
        if standing:  # which may stand across the track
            least = max(least, sight[AHEAD_HALF] + 1.6 * half_width)
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
        # Where that side has been shut, the other one may be open.
        here_room = sight[HIGH] - aside if memory[SIDE] > 0.0 else aside - sight[LOW]
        there_room = aside - sight[LOW] if memory[SIDE] > 0.0 else sight[HIGH] - aside
        memory[SLOWED] = memory[SLOWED] + dt if here_room < least < there_room else 0.0
        if memory[SLOWED] > SHUT_TIMES * reaction and not beside and not standing:
            memory[SIDE], memory[SLOWED] = -memory[SIDE], 0.0
        goal = aside + memory[SIDE] * least
        too_long = memory[CLOCK] > ATTACK_FOR and not beside and not standing
        gone = off > long + 2.0 * along + 8.0 * half_length and not standing
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
        need = sight[AHEAD_HALF] + 1.6 * half_width
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
def defend(
    memory, sight, progress, place, along, half_length, half_width, aggression, reaction, allowed
):  # fmt: skip
    """Return the place that covers a side, where that is called for.

    Before a corner that is the inside, on a straight the side to which the car behind has pulled
    out. It is left alone where that car would be alongside before the driver has reacted.
    """
    if progress > memory[APEX]:
        memory[DEFENCE] = 0.0
        gap = sight[BEHIND_GAP]
        mine = along / sight[FREE] if sight[FREE] > 0.0 else 1.0
        closing = (sight[BEHIND_SHARE] - mine) * sight[FREE]
        apart = sight[BEHIND_PLACE] - place
        threat = 0.5 * half_length < gap < THREAT_TIME * along
        threat = threat and gap > 2.0 * reaction * max(closing, 0.0)
        soon = COVER_FROM * along < sight[CORNER_IN] < COVER_TIME * along
        aside = apart * sight[INSIDE]
        side = 0.0
        if soon:  # whoever is on the inside already has it
            faster = sight[BEHIND_SHARE] > mine + FASTER or aside > half_width
            side = sight[INSIDE] if faster and aside < 2.5 * half_width else 0.0
        elif sight[CORNER_IN] >= COVER_TIME * along and half_width < abs(apart):
            side = (1.0 if apart > 0.0 else -1.0) if abs(apart) < 3.0 * half_width else 0.0
        if allowed and threat and side != 0.0 and aggression > 0.0:
            memory[DEFENCE] = side
            hold = min(sight[APEX_IN], COVER_TIME * along)
            memory[APEX] = progress + hold + half_length
            memory[DEFENCES] += 1.0
    if memory[DEFENCE] == 0.0:
        return 0.0
    edge = sight[HIGH] if memory[DEFENCE] > 0.0 else -sight[LOW]
    return memory[DEFENCE] * min(aggression * edge, 5.0 * half_width)


@outlined
def back_out(memory, sight, place, goal, along, half_length, dt):
    """Say whether to drive backwards: too close to a car that stands to pull out beside it."""
    room = min(abs(goal - place) / BACK_ANGLE, 6.0 * half_length)
    room += 2.0 * BACK_ROOM * half_length
    waits = memory[STALL] > BACK_AFTER and memory[SIDE] != 0.0
    near = sight[AHEAD_GAP] < room and sight[MOST] < LEAST_SPEED
    free_behind = sight[BEHIND_GAP] > half_length
    if memory[BACKING] > 0.0:
        on = waits and sight[AHEAD_GAP] < room and free_behind
        memory[BACKING] = max(memory[BACKING] - dt, 0.0) if on else 0.0
    elif waits and near and free_behind and abs(along) < LEAST_SPEED:
        memory[BACKING] = BACK_FOR
    return memory[BACKING] > 0.0


@outlined
def plan_car(
    memory, intent, sight, race, car, n_cars, track, here, own_d, along, progress,
    half_length, half_width, brake, flags, aggression, reaction,
    s, d, previous_d, heading_error, vx, vy, ax, status, present, length, width,
    points, table, start, paths, dt,
):  # fmt: skip
    """Decide for one car; see ``plan_moves``."""
    count = int(table[track, COUNT])
    index, t = place_at(table, track, here)
    place = own_d - between(paths, start, index, count, t, OFFSET)
    waiting = memory[STALL] > 0.0
    if along < STAND_SPEED and abs(place - memory[PLACE]) > half_width and not waiting:
        memory[PLACE], memory[RATE] = place, 0.0  # on the grid, after a spin, put there
    spare = 2.0 * half_width if memory[STALL] > PATIENCE else 0.0
    half = half_width * (1.0 + 2.0 * MARGIN)
    slowing = min(max(-known(ax[race, car]), 0.0), 2.0 * brake)
    most = look_ahead(
        sight, memory[PLACE], memory[RATE], track, here, max(along, 1.0), slowing, half, spare,
        brake, points, table, start, paths,
    )  # fmt: skip
    look_around(
        sight, memory, race, car, n_cars, here, place, memory[PLACE], along, half_length,
        half_width, brake, reaction, track, s, d, previous_d, heading_error, vx, vy, ax, status,
        present, length, width, table, start, paths, dt,
    )  # fmt: skip
    lapped, danger = (flags & BLUE) != 0, (flags & DANGER) != 0
    standing = sight[STANDING] > 0.0
    goal = attack(
        memory, sight, race, here, along, half_length, half_width, aggression, reaction,
        standing or not (lapped or danger), s, d, length, table, track, start, paths, dt,
    )  # fmt: skip
    cover = defend(
        memory, sight, progress, place, along, half_length, half_width, aggression, reaction,
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
    urgent = sight[URGE] if goal != wish else 1.0
    if squeezed and sight[AHEAD] >= 0.0 and sight[AHEAD_GAP] < 0.0:
        most = min(most, 0.93 * max(sight[AHEAD_SPEED], 0.0))  # who is behind gives way
    most = min(most, sight[MOST])
    waits = (standing and along < STAND_SPEED) or memory[STALL] > 0.0
    near = sight[AHEAD_GAP] < 16.0 * half_length and sight[AHEAD_SPEED] < LEAST_SPEED
    near = near and status[race, car] != ON_GRID
    memory[STALL] = memory[STALL] + dt if (waits or along < LEAST_SPEED) and near else 0.0
    intent[FACTOR], intent[LIMIT], intent[SWAY] = factor, most, 0.0
    if back_out(memory, sight, place, goal, along, half_length, dt):
        memory[PLACE], memory[RATE] = place, 0.0
        intent[ASIDE], intent[LIMIT] = place, -max(2.0 * BACK_SPEED * half_length, LEAST_SPEED)
        return
    crawl = max(2.0 * BACK_SPEED * half_length, STAND_SPEED)
    if memory[STALL] > 0.0 and sight[MOST] < inf:  # at a crawl, tyres are no limit
        intent[LIMIT] = min(most, crawl)
    if memory[STALL] > 0.0 and along < 1.2 * crawl:
        memory[PLACE], memory[RATE] = goal, 0.0
        intent[ASIDE] = goal
        return

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


@kernel
def plan_moves(
    cars, memory, intent, sights, aggression, reaction,
    s, d, previous_d, heading_error, progress, vx, vy, ax, status, present, flags,
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
        vx, vy, ax: of ``CarState``; accelerations may be missing.
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
            s, d, previous_d, heading_error, vx, vy, ax, status, present, length, width,
            points, table, starts[race, car], paths, dt,
        )  # fmt: skip
