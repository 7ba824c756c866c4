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
from racegym.kernels.intent import ASIDE, FACTOR, INTENT_COLUMNS, LIMIT, NEUTRAL, SWAY
from racegym.kernels.manners import (
    AHEAD,
    AHEAD_GAP,
    AHEAD_SPEED,
    BACK_SPEED,
    BLUE,
    BRAKE_SHARE,
    DANGER,
    GRIP_LEFT,
    HIGH,
    INSIDE,
    LAST_RACING,
    LEAST_SPEED,
    LOW,
    MARGIN,
    MOST,
    ON_GRID,
    OTHERS_HIGH,
    OTHERS_LOW,
    PATIENCE,
    PLACE,
    RATE,
    RETURN,
    SIDE,
    SLANT,
    STALL,
    STAND_SPEED,
    STANDING,
    URGE,
    YELLOW_SPEED,
    YIELD,
    YIELD_SPEED,
    YIELD_WIDTHS,
)
from racegym.kernels.moves import attack, back_out, defend
from racegym.kernels.outlook import clip, look_ahead, look_around
from racegym.kernels.projection import COUNT
from racegym.kernels.pursuit import known
from racegym.kernels.sensing import place_at

__all__ = ["plan_moves"]


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
    if back_out(memory, sight, place, goal, along, half_length, half_width, dt):
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
