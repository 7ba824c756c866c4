"""Pairs of cars of which one may pass the other: what is kept of them, and told of them.

A *duel* is a pair whose bodies overlap along the track, or of which one has got past the other
and not yet stayed there for long enough. It has an attacker, who was behind when it began, and
a defender.

Which of two cars is ahead in the race is kept as events tell it: ``grid`` holds the places at
the start, and ``gains[a, b]`` counts the events by which ``a`` went ahead of ``b``.
"""

from __future__ import annotations

from math import isnan, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, outlined
from racegym.kernels.events import emit

__all__ = [
    "DUEL_CODES",
    "DUEL_FIGURES",
    "Duels",
    "Field",
    "drop",
    "is_ahead_by_events",
    "replace_moved",
    "report",
    "report_failure",
    "survey",
]

Integers = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Reals = NDArray[np.floating[Any]]

PIT = 2  # interfaces.Status
OVERTAKE, FAILED_ATTEMPT = 21, 22  # interfaces.EventKind
TRACK, LAPPING, IN_PIT_LANE, RETIREMENT, PENALTY = 0, 1, 2, 3, 4  # interfaces.OvertakeKind

# What ``Duels.way`` holds.
AWAY, DROVE, JUMPED, PLACED, RETURNED = 0, 1, 2, 3, 4

# Columns of ``Duels.code``.
ATTACKER, DEFENDER, LAPS, TRACES, SIDE, BEST_SIDE, LAP, SECTOR = 0, 1, 2, 3, 4, 5, 6, 7
DUEL_CODES = 8
# Columns of ``Duels.figure``: moments [s]; speed [m/s]; gap [s]; overlap in mean car lengths.
BEGAN, CLOSING, GAP, OVERLAP, CROSSED, CLEAR = 0, 1, 2, 3, 4, 5
DUEL_FIGURES = 6
# Bits of TRACES.
ENTANGLED = 1  # the attacker was not clear behind when the duel began
TOUCHED = 2
PITTED = 4
BEYOND = 8  # the attacker left the track
FLAGGED = 16  # passing was forbidden when they were level
STANDING = 32  # the defender was standing when they were level
MOVED = 64  # a cut, or something put the car elsewhere
FINISHED_FIRST = 128  # the result told it, not the road


class Field(NamedTuple):
    """What is looked at: arrays of ``RaceState``, ``TrackFrame`` and others, as they are named."""

    status: Integers
    present: Flags
    flags: Integers
    signal: Integers
    off_track: Flags
    stuck_time: Reals
    jumped: Flags
    s: Reals
    progress: Reals
    previous: Reals  # progress at the end of the step before
    d: Reals
    previous_d: Reals
    vx: Reals
    length: Reals
    elapsed: Reals
    time: Reals
    race_track: Integers
    table: Reals
    sector_s: Reals


class Duels(NamedTuple):
    """What is remembered, all led by races.

    Attributes:
        filled: (n_races,) int32, duels in progress.
        code: (n_races, most, DUEL_CODES) int64, see the columns above.
        figure: (n_races, most, DUEL_FIGURES) float64.
        row: (n_races, n_cars, n_cars) int16, [lesser, greater slot]: 1 + the pair's duel, or 0.
        gains: (n_races, n_cars, n_cars) int16, see the module's text.
        grid: (n_races, n_cars) int32, places at the start.
        seen: (n_races, n_cars) float64 [m], progress when it was looked at last, or NaN.
        way: (n_races, n_cars) uint8, how each car came to where it is in this step.
    """

    filled: Integers
    code: Integers
    figure: Reals
    row: Integers
    gains: Integers
    grid: Integers
    seen: Reals
    way: Integers


@device
def is_ahead_by_events(duels, race, a, b):
    """Return whether events have told that car ``a`` is ahead of ``b`` in the race."""
    net = duels.gains[race, a, b] - duels.gains[race, b, a]
    if duels.grid[race, a] < duels.grid[race, b]:
        net += 1
    return net > 0


@outlined
def survey(race, status, present, jumped, progress, previous, length, seen, way):
    """Note how each car came to where it is; return whether any is away or was moved, and more.

    Args:
        race: index.
        status, present, jumped, progress, previous, length: fields of ``Field``.
        seen, way: of ``Duels``; written.

    Returns:
        that, and how far apart [m] two cars are at most that overlap or have changed places in
        this step: the longest of them, or as far as the fastest has outrun the slowest.
    """
    unusual, known = False, False
    longest, least, most = 0.0, 0.0, 0.0
    for car in range(status.shape[1]):
        last, now = seen[race, car], progress[race, car]
        if not present[race, car] or status[race, car] > PIT:
            seen[race, car] = nan
            way[race, car] = AWAY
            unusual = True
            continue
        seen[race, car] = now
        longest = max(longest, float(length[race, car]))
        if last == previous[race, car] and not jumped[race, car]:
            way[race, car] = DROVE
            went = now - last
            least = min(least, went) if known else went
            most = max(most, went) if known else went
            known = True
            continue
        unusual = True
        if isnan(last):
            way[race, car] = RETURNED
        else:
            way[race, car] = JUMPED if last == previous[race, car] else PLACED
    return unusual, max(longest, most - least)


@outlined
def drop(duels, race, k):
    """Forget a duel; the last one takes its row."""
    code, figure = duels.code[race], duels.figure[race]
    a, b = code[k, ATTACKER], code[k, DEFENDER]
    duels.row[race, min(a, b), max(a, b)] = 0
    last = duels.filled[race] - 1
    duels.filled[race] = last
    if k < last:
        for j in range(DUEL_CODES):
            code[k, j] = code[last, j]
        for j in range(DUEL_FIGURES):
            figure[k, j] = figure[last, j]
        a, b = code[k, ATTACKER], code[k, DEFENDER]
        duels.row[race, min(a, b), max(a, b)] = k + 1


@outlined
def report(events, duels, race, k, kind, car, other, when, traces):
    """Tell that ``car`` went ahead of ``other``; return whether it counts as an overtake made.

    Args:
        events: where to.
        duels: of which ``gains`` is brought up to date.
        race: index.
        k: the duel, or -1 where there was none.
        kind: an ``OvertakeKind``.
        car, other: who passed, and who was passed.
        when: [s] race time.
        traces: bits, beside those of the duel.
    """
    laps, side, lap, sector = 0, 0, 0, 0
    closing, took, gap = 0.0, 0.0, 0.0
    if k >= 0:
        code, figure = duels.code[race, k], duels.figure[race, k]
        traces |= code[TRACES]
        closing, gap = figure[CLOSING], figure[GAP]
        if code[ATTACKER] == car:
            laps, side, lap, sector = code[LAPS], code[SIDE], code[LAP], code[SECTOR]
            if not isnan(figure[CLEAR]):
                took = figure[CLEAR] - figure[BEGAN]
    void = traces & (ENTANGLED | BEYOND | FLAGGED | MOVED | FINISHED_FIRST)
    counted = kind == TRACK and void == 0
    row = emit(events, race, OVERTAKE, car, other, when, float(kind))
    if row < 0:
        return False
    place = kind != LAPPING
    told = events.detail[race, row]
    real = told.dtype.type
    told[0], told[1], told[2] = real(counted), real(place), real(side)
    told[3], told[4], told[5] = real(closing), real(took), real(gap)
    told[6] = real((traces & TOUCHED) != 0)
    told[7] = real(duels.gains[race, car, other] + duels.gains[race, other, car])
    told[8], told[9], told[10] = real(lap), real(sector), real(laps)
    told[11] = real((traces & FLAGGED) != 0)
    told[12] = real((traces & BEYOND) != 0)
    told[13] = real((traces & MOVED) != 0)
    told[14] = real((traces & ENTANGLED) != 0)
    told[15] = real((traces & FINISHED_FIRST) != 0)
    if place:
        duels.gains[race, car, other] += 1
    return counted


@outlined
def report_failure(events, duels, race, k, now):
    """Tell that the attacker of a duel got alongside and fell back."""
    code, figure = duels.code[race, k], duels.figure[race, k]
    took = now - figure[BEGAN]
    row = emit(events, race, FAILED_ATTEMPT, code[ATTACKER], code[DEFENDER], now, took)
    if row < 0:
        return
    told = events.detail[race, row]
    real = told.dtype.type
    told[0], told[1] = real(code[BEST_SIDE]), real(figure[OVERLAP])
    told[2], told[3] = real(figure[CLOSING]), real(figure[GAP])
    told[4], told[5] = real((code[TRACES] & TOUCHED) != 0), real(code[LAPS])


@outlined
def replace_moved(events, field, duels, race):
    """Tell the places that were won and lost by cars that something moved; end their duels."""
    way = duels.way[race]
    for k in range(duels.filled[race] - 1, -1, -1):
        ends = False
        for j in range(ATTACKER, DEFENDER + 1):
            car = duels.code[race, k, j]
            # Of cars that are out of the race, the result settles it.
            ends |= way[car] > DROVE or (way[car] == AWAY and field.status[race, car] <= PIT)
        if ends:
            drop(duels, race, k)
    for car in range(way.shape[0]):
        if way[car] <= DROVE:
            continue
        for other in range(way.shape[0]):
            if other == car or way[other] == AWAY:
                continue
            lead = field.progress[race, car] - field.progress[race, other]
            if lead == 0.0 or (lead > 0.0) == is_ahead_by_events(duels, race, car, other):
                continue
            winner, loser = (car, other) if lead > 0.0 else (other, car)
            kind = TRACK
            if way[loser] == RETURNED:
                kind = RETIREMENT
            elif way[loser] == PLACED:
                kind = PENALTY
            report(events, duels, race, -1, kind, winner, loser, field.time[race], MOVED)
