"""Places that the result settles: of cars that have finished, retired or been disqualified.

Events tell which of two cars is ahead (see ``racegym.kernels.duels``). Once one of a pair is
out of the race, the classification has the last word: where it differs, an event says so.
"""

from __future__ import annotations

from math import isnan

from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.duels import (
    ATTACKER,
    CROSSED,
    DEFENDER,
    FINISHED_FIRST,
    PENALTY,
    PIT,
    RETIREMENT,
    TRACK,
    drop,
    is_ahead_by_events,
    report,
)

__all__ = ["settle_places"]

FINISHED, RETIRED, DISQUALIFIED = 3, 4, 5  # interfaces.Status


@device
def kind_of(status, present, laps_done, finish_time, race, winner, loser):
    """Return the ``OvertakeKind`` by which the result puts one car ahead of another."""
    if status[race, loser] == DISQUALIFIED:
        return PENALTY
    if status[race, loser] == RETIRED:
        return RETIREMENT
    if status[race, loser] != FINISHED:
        return TRACK if present[race, loser] else RETIREMENT
    if status[race, winner] != FINISHED:
        return TRACK
    if laps_done[race, winner] != laps_done[race, loser]:
        return TRACK if laps_done[race, winner] > laps_done[race, loser] else PENALTY
    in_time = finish_time[race, winner] <= finish_time[race, loser]
    return TRACK if in_time else PENALTY


@outlined
def settle_pair(
    events, duels, status, present, laps_done, finish_time, time, race, winner, loser
):  # fmt: skip
    """Tell that the result has put one car ahead of another."""
    kind = kind_of(status, present, laps_done, finish_time, race, winner, loser)
    k = duels.row[race, min(winner, loser), max(winner, loser)] - 1
    when = time[race]
    if kind == TRACK:
        crossed = duels.figure[race, k, CROSSED] if k >= 0 else when
        if not isnan(crossed):
            when = min(when, crossed)
    report(events, duels, race, k, kind, winner, loser, when, FINISHED_FIRST)


@kernel
def settle_places(position, status, present, laps_done, finish_time, time, duels, events):
    """Tell every change of places that the classification holds and no event has told yet.

    Only pairs are looked at of which one car is out of the race.

    Args:
        position: (n_races, n_cars) int32, as classified.
        status, present, laps_done, finish_time, time: of ``RaceState``.
        duels: what is remembered of passes. Updated.
        events: told.
    """
    n_cars = position.shape[1]
    for race in prange(position.shape[0]):
        out = False
        for car in range(n_cars):
            if status[race, car] <= PIT:
                continue
            out = True
            for other in range(n_cars):
                if other == car or (other < car and status[race, other] > PIT):
                    continue
                leads = position[race, car] < position[race, other]
                if leads == is_ahead_by_events(duels, race, car, other):
                    continue
                winner, loser = (car, other) if leads else (other, car)
                settle_pair(
                    events, duels, status, present, laps_done, finish_time, time,
                    race, winner, loser,
                )  # fmt: skip
        if out:
            for k in range(duels.filled[race] - 1, -1, -1):
                a, b = duels.code[race, k, ATTACKER], duels.code[race, k, DEFENDER]
                if status[race, a] > PIT or status[race, b] > PIT:
                    drop(duels, race, k)
