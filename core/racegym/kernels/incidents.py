"""Contacts between cars: from rows of a backend to incidents, and their blame.

An incident is the contact of one pair from its first touch until ``window`` seconds without
another. It stays open for its consequences, see ``racegym.kernels.aftermath``.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from racegym.kernels.blame import (
    CLOSING,
    KIND,
    NORMAL_X,
    NORMAL_Y,
    OTHER_SHARE,
    RACING,
    SHARE,
    SINCE,
    weigh,
)
from racegym.kernels.compile import kernel, outlined
from racegym.kernels.evidence import size_scale
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.projection import LENGTH

__all__ = [
    "STATES",
    "Incidents",
    "Limits",
    "Tallies",
    "Touches",
    "begin_incidents",
    "take_touches",
    "weigh_incidents",
]

FINISHED, DISQUALIFIED = 3, 5  # interfaces.Status
BLOW = 0.1  # [s] over which impulses are one blow
PUSH = 0.5  # [s] after a blow a car is not its own master
MOST_BLAMED = 0.5  # of the one who gave it

FIRST, LAST = 0, 1  # columns of ``Incidents.when``
NOW, PEAK = 0, 1  # columns of ``Incidents.blow``
CONSEQUENCE, PUSHED, OVER, REAR_STATE, FRONT_STATE = range(5)  # columns of ``Incidents.state``
STATES = 5
WAS_OFF, WAS_ROUND = 1, 2  # bits of the last two


class Touches(NamedTuple):
    """What a backend tells of contacts: ``interfaces.Contacts``; ``filled`` is its ``count``."""

    filled: NDArray[np.int32]
    car: NDArray[np.int32]
    other: NDArray[np.int32]
    impulse: NDArray[np.floating]
    normal_x: NDArray[np.floating]
    normal_y: NDArray[np.floating]
    closing_speed: NDArray[np.floating]


class Incidents(NamedTuple):
    """Open incidents, in the order in which they began.

    Attributes:
        filled: (n_races,) int32, rows that hold.
        pair: (n_races, most, 2) int32, the rear car and the other.
        when: (n_races, most, 2) float64 [s], first and last touch.
        blow: (n_races, most, 2) real [N s], impulse of the blow at work, and the hardest.
        state: (n_races, most, STATES) uint8: points of consequences; whether the one to blame
            was pushed; whether it is over; what both cars were like before.
        figures: (n_races, most, DETAILS) real.
    """

    filled: NDArray[np.int32]
    pair: NDArray[np.int32]
    when: NDArray[np.float64]
    blow: NDArray[np.floating]
    state: NDArray[np.uint8]
    figures: NDArray[np.floating]


class Tallies(NamedTuple):
    """What is kept of each car; (n_races, n_cars).

    Attributes:
        car_impulse ... blame_points: fields of ``RaceState``.
        last_off: float64 [s], when it was last off the track.
        event_last: float64 [s], the end of the event that it had points for.
        event_points: uint8, how many.
        is_round: uint8, whether it points backwards.
    """

    car_impulse: NDArray[np.floating]
    car_contact_count: NDArray[np.int32]
    contact_class: NDArray[np.uint8]
    incident_points: NDArray[np.int32]
    blame: NDArray[np.floating]
    blame_points: NDArray[np.floating]
    last_off: NDArray[np.float64]
    event_last: NDArray[np.float64]
    event_points: NDArray[np.uint8]
    is_round: NDArray[np.uint8]


class Limits(NamedTuple):
    """The rules, see ``race_control.rules.IncidentRules``."""

    window: float
    aftermath: float
    touch: float
    heavy: float
    rejoin: float
    seen: float
    alone: bool


@outlined
def condition(places, off_track, race, car):
    """Return the bits ``WAS_OFF`` and ``WAS_ROUND`` of a car as it is."""
    is_round = abs(places.heading_error[race, car]) > places.heading_error.dtype.type(0.5 * pi)
    return WAS_OFF * int(off_track[race, car]) + WAS_ROUND * int(is_round)


@outlined
def in_race(race, car, status, present):
    """Return 1 for a car on the track that is neither home nor disqualified, else 0."""
    home = status[race, car] == FINISHED or status[race, car] == DISQUALIFIED
    return int(present[race, car] and not home)


@outlined
def find_incident(race, a, b, now, window, open_):
    """Return the row of a pair's incident that goes on, or -1; one that does not is over now."""
    for row in range(open_.filled[race]):
        rear, front = open_.pair[race, row, 0], open_.pair[race, row, 1]
        if (rear == a and front == b) or (rear == b and front == a):
            if now - open_.when[race, row, LAST] <= window + 1e-6:
                return row
            open_.state[race, row, OVER] = 1
    return -1


@outlined
def touch_cars(race, now, touches, status, present, off_track, places, length, open_, tallies,
               window):  # fmt: skip
    """Do ``take_touches`` for one race.

    The figures of a new incident begin with the normal, until the blame is weighed.
    """
    for k in range(touches.filled[race]):
        a, b = touches.car[race, k], touches.other[race, k]
        if b < 0:
            continue
        impulse = touches.impulse[race, k]
        tallies.car_impulse[race, a] += impulse
        tallies.car_impulse[race, b] += impulse
        # What comes after the flag is no concern of the race.
        if in_race(race, a, status, present) == 0 or in_race(race, b, status, present) == 0:
            continue
        row = find_incident(race, a, b, now, window, open_)
        if row < 0:
            row = open_.filled[race]
            if row == open_.pair.shape[1]:
                continue
            open_.filled[race] = row + 1
            ahead = wrap_difference(places.s[race, b] - places.s[race, a], length)
            swap = ahead < 0.0 or (ahead == 0.0 and b < a)
            rear, front = (b, a) if swap else (a, b)
            open_.pair[race, row, 0], open_.pair[race, row, 1] = rear, front
            open_.when[race, row, FIRST] = now
            open_.blow[race, row, NOW] = open_.blow[race, row, PEAK] = 0
            for j in range(STATES):
                open_.state[race, row, j] = 0
            open_.state[race, row, REAR_STATE] = condition(places, off_track, race, rear)
            open_.state[race, row, FRONT_STATE] = condition(places, off_track, race, front)
            tallies.car_contact_count[race, a] += 1
            tallies.car_contact_count[race, b] += 1
            open_.figures[race, row, NORMAL_X] = touches.normal_x[race, k]
            open_.figures[race, row, NORMAL_Y] = touches.normal_y[race, k]
            open_.figures[race, row, CLOSING] = touches.closing_speed[race, k]
        open_.when[race, row, LAST] = now
        blow = open_.blow[race, row, NOW] + impulse
        open_.blow[race, row, NOW] = blow
        open_.blow[race, row, PEAK] = max(open_.blow[race, row, PEAK], blow)


@outlined
def relieve_pushed(race, now, open_, bodies, touch):
    """Free of blame who was pushed into the other: by a blow for which a third one is to blame."""
    for row in range(open_.filled[race]):
        if open_.when[race, row, FIRST] != now:
            continue
        blamed = 0 if open_.figures[race, row, SHARE] > open_.figures[race, row, OTHER_SHARE] else 1
        car = open_.pair[race, row, blamed]
        for by in range(open_.filled[race]):
            if by == row or now - open_.when[race, by, LAST] > PUSH:
                continue
            for k in range(2):
                if open_.pair[race, by, k] != car:
                    continue
                share = open_.figures[race, by, SHARE + 1 - k]
                blow = float(open_.blow[race, by, NOW] / bodies.mass[race, car])
                scale = size_scale(bodies, race, open_.pair[race, by, 0], open_.pair[race, by, 1])
                if share >= MOST_BLAMED and blow >= touch * scale:
                    open_.state[race, row, PUSHED] = 1 + blamed
                    open_.figures[race, row, SINCE] = now - open_.when[race, by, FIRST]
    for row in range(open_.filled[race]):  # after all have been looked at: their order is chance
        pushed = open_.state[race, row, PUSHED]
        if pushed > 0 and open_.when[race, row, FIRST] == now:
            open_.figures[race, row, SHARE] = open_.figures[race, row, OTHER_SHARE] = 0
            open_.figures[race, row, KIND] = RACING


@kernel
def begin_incidents(off_track, time, elapsed, car_impulse, contact_class, blame, last_off, filled,
                    blow, touched, touched_by, met):  # fmt: skip
    """Forget what was told of the step before, and count in which races cars have met.

    Args:
        off_track ... blow: what is kept of cars and of open incidents. Written.
        touched, touched_by: ``count`` and ``other`` of ``Contacts``.
        met: (n_races,) int32, how many of them are of cars with cars. Written.
    """
    real = blow.dtype.type
    for race in prange(off_track.shape[0]):
        met[race] = 0
        for k in range(touched[race]):
            if touched_by[race, k] >= 0:
                met[race] += 1
        for car in range(off_track.shape[1]):
            car_impulse[race, car] = real(0)
            contact_class[race, car] = 0
            blame[race, car] = real(0)
            if off_track[race, car]:
                last_off[race, car] = time[race]
        rest = real(max(0.0, 1.0 - elapsed[race] / BLOW))
        for row in range(filled[race]):
            blow[race, row, NOW] *= rest


@kernel
def take_touches(status, present, off_track, time, met, touches, places, race_track, table, open_,
                 tallies, window):  # fmt: skip
    """Add the touches of this step to the open incidents, and open new ones.

    Without a free row a touch is not judged, only counted.

    Args:
        status, present, off_track: (n_races, n_cars), fields of ``RaceState``.
        time: (n_races,) [s].
        met: (n_races,) int32, contacts of cars with cars in this step.
        touches, places: what is judged.
        race_track, table: the packed tracks.
        open_, tallies: what is kept; written.
        window: [s] of the rules.
    """
    for race in prange(status.shape[0]):
        if met[race] > 0:
            touch_cars(race, time[race], touches, status, present, off_track, places,
                       table[race_track[race], LENGTH], open_, tallies, window)  # fmt: skip


@kernel
def weigh_incidents(time, met, places, bodies, circuit, history, last_off, open_, limits):
    """Weigh the blame for incidents that have just begun.

    Args:
        time: (n_races,) [s].
        met: (n_races,) int32, contacts of cars with cars in this step.
        places, bodies, circuit, history, last_off: the evidence.
        open_: written.
        limits: the rules.
    """
    for race in prange(time.shape[0]):
        if met[race] > 0:
            for row in range(open_.filled[race]):
                if open_.when[race, row, FIRST] == time[race]:
                    weigh(race, open_.pair[race, row, 0], open_.pair[race, row, 1], time[race],
                          places, bodies, history, last_off, circuit, limits.rejoin, limits.seen,
                          open_.figures, row)  # fmt: skip
            relieve_pushed(race, time[race], open_, bodies, limits.touch)
