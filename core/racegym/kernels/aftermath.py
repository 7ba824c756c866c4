"""What becomes of contacts between cars: consequences, classes, points, and the event that tells.

A class is 0, 1, 2 or 4, as in iRacing: by the blow, and by what became of the cars.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from racegym.kernels.blame import DELTA_V, OTHER_SHARE, SHARE
from racegym.kernels.compile import kernel, outlined
from racegym.kernels.events import emit, note
from racegym.kernels.evidence import size_scale
from racegym.kernels.incidents import (
    CONSEQUENCE,
    FIRST,
    LAST,
    OVER,
    PEAK,
    REAR_STATE,
    STATES,
    WAS_ROUND,
    condition,
    in_race,
)

__all__ = ["follow_incidents"]

PIT = 2  # interfaces.Status
CONTACT = 20  # interfaces.EventKind
LIGHT, LOSS, HEAVY = 1, 2, 4  # classes, beside 0
OFF, WALL_HIT = 1, 2  # points of a car that is alone; a loss of control costs ``LOSS``


@outlined
def credit(tallies, race, car, points, begin, end, window):
    """Add points to a car; of one event, only the worst count."""
    before = 0
    if begin <= tallies.event_last[race, car] + window:
        before = int(tallies.event_points[race, car])
    worst = max(before, points)
    tallies.incident_points[race, car] += worst - before
    tallies.event_points[race, car] = worst
    tallies.event_last[race, car] = max(end, tallies.event_last[race, car])


@outlined
def close_incident(race, row, open_, tallies, bodies, events, limits):
    """Give an incident its class, tell of it, and forget it."""
    rear, front = open_.pair[race, row, 0], open_.pair[race, row, 1]
    first, last = open_.when[race, row, FIRST], open_.when[race, row, LAST]
    lighter = min(bodies.mass[race, rear], bodies.mass[race, front])
    delta_v = float(open_.blow[race, row, PEAK] / lighter)
    scale = size_scale(bodies, race, rear, front)
    points = 0
    if delta_v >= limits.touch * scale:
        points = LIGHT
    points = max(points, int(open_.state[race, row, CONSEQUENCE]))
    if delta_v >= limits.heavy * scale:
        points = HEAVY
    open_.figures[race, row, DELTA_V] = delta_v
    told = emit(events, race, CONTACT, rear, front, first, points)
    for j in range(open_.figures.shape[2]):
        note(events, race, told, j, open_.figures[race, row, j])
    for k in range(2):
        car = open_.pair[race, row, k]
        share = open_.figures[race, row, SHARE if k == 0 else OTHER_SHARE] * points
        tallies.contact_class[race, car] = max(int(tallies.contact_class[race, car]), points)
        tallies.blame[race, car] += share
        tallies.blame_points[race, car] += share
        credit(tallies, race, car, points, first, last, limits.window)
    remaining = open_.filled[race] - 1
    for later in range(row, remaining):  # by numbers: numba compiles assigned slices for seconds
        for j in range(2):
            open_.pair[race, later, j] = open_.pair[race, later + 1, j]
            open_.when[race, later, j] = open_.when[race, later + 1, j]
            open_.blow[race, later, j] = open_.blow[race, later + 1, j]
        for j in range(STATES):
            open_.state[race, later, j] = open_.state[race, later + 1, j]
        for j in range(open_.figures.shape[2]):
            open_.figures[race, later, j] = open_.figures[race, later + 1, j]
    open_.filled[race] = remaining


@outlined
def follow_cars(race, now, status, present, off_track, places, bodies, open_, tallies, events,
                limits):  # fmt: skip
    """Note what becomes of the cars of open incidents, and close those that are over."""
    row = np.int64(0)
    hold = max(limits.window, limits.aftermath) - 1e-6
    while row < open_.filled[race]:
        over = open_.state[race, row, OVER] != 0
        if not over:
            over = now - open_.when[race, row, LAST] >= hold
            for k in range(2):
                car = open_.pair[race, row, k]
                was = int(open_.state[race, row, REAR_STATE + k])
                if condition(places, off_track, race, car) & ~was != 0:
                    open_.state[race, row, CONSEQUENCE] = LOSS
                over |= in_race(race, car, status, present) == 0
        if over:
            close_incident(race, row, open_, tallies, bodies, events, limits)
        else:
            row += 1


@outlined
def judge_alone(race, now, status, present, off_track, wall_impulse, places, bodies, tallies,
                limits):  # fmt: skip
    """Give points for what cars do by themselves: off the track, into a wall, turned round."""
    for car in range(status.shape[1]):
        is_round = condition(places, off_track, race, car) & WAS_ROUND
        if present[race, car] and status[race, car] <= PIT:
            points = OFF if off_track[race, car] else 0
            blow = wall_impulse[race, car] / bodies.mass[race, car]
            if blow >= limits.touch * size_scale(bodies, race, car, car):
                points = WALL_HIT
            if is_round != 0 and tallies.is_round[race, car] == 0:
                points = LOSS
            if points > 0:
                credit(tallies, race, car, points, now, now, limits.window)
        tallies.is_round[race, car] = is_round


@kernel
def follow_incidents(
    status, present, off_track, wall_impulse, time, places, bodies, open_, tallies, events, limits
):
    """Close incidents that are over, and judge cars that are alone.

    Args:
        status ... wall_impulse: (n_races, n_cars), fields of ``RaceState``.
        time: (n_races,) [s].
        places, bodies: what is judged.
        open_, tallies, events: what is kept; written.
        limits: the rules.
    """
    for race in prange(status.shape[0]):
        if open_.filled[race] > 0:
            follow_cars(race, time[race], status, present, off_track, places, bodies, open_,
                        tallies, events, limits)  # fmt: skip
        if limits.alone:
            judge_alone(race, time[race], status, present, off_track, wall_impulse, places,
                        bodies, tallies, limits)  # fmt: skip
