"""What cars do that is punished: one figure for each car and offence, of one step.

Of an incident, such as a scrape along a wall, the begin counts: an offence that goes on, or comes
back within a rule's ``apart`` seconds, is the same one.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, outlined

__all__ = [
    "OFFENCES",
    "RULE_COLUMNS",
    "R_AFTER",
    "R_AMOUNT",
    "R_APART",
    "R_EACH",
    "R_INSTEAD",
    "R_KIND",
    "R_OFFENCE",
    "R_ONCE",
    "R_UNSERVED",
    "WARNINGS",
    "Seen",
    "is_offence",
    "read_offences",
    "worst_contact",
]

# interfaces.Offence
OFF_TRACK, CUT, WALL, OBSTACLE, CONTACT, JUMP_START, PIT_SPEEDING = 0, 1, 2, 3, 4, 5, 6
YELLOW_OVERTAKE, BLUE_FLAG, RESCUE, STUCK, REVERSED, WARNINGS = 7, 8, 9, 10, 11, 12
OFFENCES = 13

RACING, PIT, FINISHED = 1, 2, 3  # interfaces.Status
FLAG_BLUE = 2  # interfaces.Flag
EVENT_CUT, EVENT_CONTACT, EVENT_OVERTAKE = 7, 20, 21  # interfaces.EventKind
LAPPING = 1  # interfaces.OvertakeKind; 0 is on the track
# Figures of a contact and of an overtake, see interfaces.EVENT_DETAILS.
SHARE, OTHER_SHARE, BLAME = 0, 1, 2
UNDER_FLAG = 11

# Columns of ``rules``, one row a rule.
R_OFFENCE, R_LEAST, R_SHARE, R_AFTER, R_EACH, R_APART, R_ONCE = 0, 1, 2, 3, 4, 5, 6
R_KIND, R_AMOUNT, R_INSTEAD, R_UNSERVED, R_BLAMES = 7, 8, 9, 10, 11
RULE_COLUMNS = 12


class Seen(NamedTuple):
    """What offences are read from: fields of ``RaceState`` and others, none of them written.

    Arrays are ``(n_races, n_cars)``, those of races ``(n_races,)``.
    """

    present: NDArray[np.bool_]
    off_track: NDArray[np.bool_]
    off_track_since: NDArray[np.float64]
    wall_impulse: NDArray[np.floating]
    obstacle_impulse: NDArray[np.floating]
    contact_class: NDArray[np.uint8]
    jump_start: NDArray[np.bool_]
    stuck_time: NDArray[np.floating]
    wrong_way_time: NDArray[np.floating]
    pit_standing: NDArray[np.floating]
    pit_passes: NDArray[np.int32]
    laps_done: NDArray[np.int32]
    vx: NDArray[np.floating]
    vy: NDArray[np.floating]
    s: NDArray[np.float64]
    d: NDArray[np.floating]
    progress: NDArray[np.float64]
    mass: NDArray[np.floating]
    length: NDArray[np.floating]
    width: NDArray[np.floating]
    pit_limit: NDArray[np.floating]  # (n_races,) [m/s]; 0 without a pit lane
    time: NDArray[np.float64]  # (n_races,)
    elapsed: NDArray[np.float64]  # (n_races,)
    race_track: NDArray[np.int32]  # (n_races,)
    table: NDArray[np.float64]  # of the packed tracks
    pits: NDArray[np.float64]  # the same
    serves: NDArray[np.bool_]  # (n_cars,) whether its driver drives through the pit lane


@outlined
def read_offences(race, figures, seen, book, events):
    """Write how bad each offence of each car of a race is.

    Args:
        race ... events: as for ``racegym.kernels.penalties.judge_offences``.
    """
    real = figures.dtype.type
    now, dt = seen.time[race], real(seen.elapsed[race])
    limit = seen.pit_limit[race]
    for car in range(figures.shape[1]):
        for offence in range(OFFENCES):
            figures[race, car, offence] = real(-1)
        if book.status[race, car] > FINISHED:
            continue
        # Contacts are judged with a delay, so for a while beyond the line.
        if seen.contact_class[race, car] > 0:
            figures[race, car, CONTACT] = real(seen.contact_class[race, car])
        if seen.jump_start[race, car]:
            figures[race, car, JUMP_START] = real(0)
        shown = (book.flags[race, car] & FLAG_BLUE) != 0 and book.status[race, car] == RACING
        book.blue_time[race, car] = book.blue_time[race, car] + dt if shown else real(0)
        if book.status[race, car] > PIT or not seen.present[race, car]:
            continue
        if shown:
            figures[race, car, BLUE_FLAG] = book.blue_time[race, car]
        if book.rescued[race, car]:
            figures[race, car, RESCUE] = real(0)
        weight = seen.mass[race, car] if seen.mass[race, car] > real(0) else real(1)
        if seen.wall_impulse[race, car] > real(0):
            figures[race, car, WALL] = seen.wall_impulse[race, car] / weight
        if seen.obstacle_impulse[race, car] > real(0):
            figures[race, car, OBSTACLE] = seen.obstacle_impulse[race, car] / weight
        if book.status[race, car] == PIT:
            vx, vy = seen.vx[race, car], seen.vy[race, car]
            above = real(sqrt(vx * vx + vy * vy)) - limit
            if limit > real(0) and above > real(0):
                figures[race, car, PIT_SPEEDING] = above
        elif book.status[race, car] == RACING:
            if seen.off_track[race, car]:
                figures[race, car, OFF_TRACK] = real(now - seen.off_track_since[race, car])
            if seen.stuck_time[race, car] > real(0):
                figures[race, car, STUCK] = seen.stuck_time[race, car]
            if seen.wrong_way_time[race, car] > real(0):
                figures[race, car, REVERSED] = seen.wrong_way_time[race, car]
    for k in range(events.filled[race]):
        car = events.car[race, k]
        if book.status[race, car] > FINISHED:
            continue
        # Of a car that has finished, too: it did so while it raced, in this very step.
        if events.kind[race, k] == EVENT_CUT and events.value[race, k] > 0.0:
            figures[race, car, CUT] = real(events.value[race, k])
        # To get past a car that stands, or is in the pit lane, is no offence.
        overtook = events.kind[race, k] == EVENT_OVERTAKE and events.value[race, k] <= LAPPING
        if overtook and events.detail[race, k, UNDER_FLAG] != real(0):
            figures[race, car, YELLOW_OVERTAKE] = real(0)
    for car in range(figures.shape[1]):
        book.rescued[race, car] = False


@outlined
def worst_contact(race, car, events, rules, r):
    """Return the row of the worst contact of the step that a rule is about; -1 for none."""
    found, worst = -1, 0.0
    blames = int(rules[r, R_BLAMES])
    for k in range(events.filled[race]):
        points = events.value[race, k]
        told = events.kind[race, k] == EVENT_CONTACT and points > worst
        if not told or points < rules[r, R_LEAST]:
            continue
        figure = SHARE
        if events.car[race, k] != car:
            if events.other[race, k] != car:
                continue
            figure = OTHER_SHARE
        # Float32 shares may fall short of a bound that they are meant to reach.
        enough = events.detail[race, k, figure] >= rules[r, R_SHARE] * (1.0 - 1e-6)
        asked = blames == 0 or (blames >> int(events.detail[race, k, BLAME])) & 1 == 1
        if enough and asked:
            found, worst = k, points
    return found


@device
def is_offence(race, car, figures, events, rules, r):
    """Return whether a car does now what a rule is about."""
    figure = figures[race, car, int(rules[r, R_OFFENCE])]
    if figure < 0 or figure < rules[r, R_LEAST]:
        return False
    if int(rules[r, R_OFFENCE]) != CONTACT:
        return True
    return worst_contact(race, car, events, rules, r) >= 0
