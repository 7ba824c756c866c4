"""Who passes whom: pairs of cars that are close, followed from nose to tail to clear ahead.

All of a duel (see ``racegym.kernels.duels``) is told by the attacker's lead,

    lead = progress(attacker) - progress(defender) - laps * length,

with ``laps`` the whole laps that it was ahead of the defender by when the duel began, and by
the reach, half the length of either car together: at ``lead <= -reach`` the attacker is clear
behind, at ``lead >= reach`` clear ahead. Moments are interpolated linearly within a step.

Cars are sorted by where they are on the lap, anew from the order of the step before, so that
only neighbours are looked at. Nothing depends on which slots the cars have.
"""

from __future__ import annotations

from math import floor, isnan, nan

from numba import prange

from racegym.kernels.compile import kernel, outlined
from racegym.kernels.duels import (
    ATTACKER,
    BEGAN,
    BEST_SIDE,
    BEYOND,
    CLEAR,
    CLOSING,
    CROSSED,
    DEFENDER,
    ENTANGLED,
    FLAGGED,
    GAP,
    IN_PIT_LANE,
    LAP,
    LAPPING,
    LAPS,
    OVERLAP,
    PIT,
    PITTED,
    RETIREMENT,
    SECTOR,
    SIDE,
    STANDING,
    TOUCHED,
    TRACES,
    TRACK,
    drop,
    is_ahead_by_events,
    is_driving,
    replace_moved,
    report,
    report_failure,
    was_moved,
)
from racegym.kernels.projection import LENGTH, SECTOR_COUNT, SECTOR_FIRST

__all__ = ["follow_passes"]

NO_PASSING = 1 | 4  # interfaces.Flag: YELLOW, SAFETY_CAR
LIGHTS, FORMATION = 1, 2  # interfaces.Signal
SLOWEST = 1.0  # [m/s] a gap in metres is turned into seconds at no less than this speed


@outlined
def sort_by_place(order, s):
    """Sort cars by ``s``; cheap where they are nearly sorted. Equal cars keep their order."""
    for i in range(1, order.shape[0]):
        car = order[i]
        j = i
        while j > 0 and s[order[j - 1]] > s[car]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = car


@outlined
def open_duel(field, duels, race, a, b):
    """Begin the duel of two neighbours, if their bodies overlap or one just got past the other."""
    lap = field.table[field.race_track[race], LENGTH]
    apart = field.progress[race, b] - field.progress[race, a]
    laps = int(floor(apart / lap + 0.5))
    reach = 0.5 * (float(field.length[race, a]) + float(field.length[race, b]))
    now = apart - laps * lap  # how far b is ahead of a
    before = field.previous[race, b] - field.previous[race, a] - laps * lap
    moved = was_moved(field, duels, race, a) or was_moved(field, duels, race, b)
    if moved:
        before = now
    if laps == 0:
        b_led = is_ahead_by_events(duels, race, b, a)
    else:
        b_led = before > 0.0 if abs(before) >= reach else now > 0.0
    if abs(now) >= reach and (now > 0.0) == b_led:
        return
    k = duels.filled[race]
    if k >= duels.code.shape[1]:
        return
    duels.filled[race] = k + 1
    duels.row[race, min(a, b), max(a, b)] = k + 1
    code, figure = duels.code[race, k], duels.figure[race, k]
    attacker, defender = (a, b) if b_led else (b, a)
    if b_led:
        laps, now, before = -laps, -now, -before
    code[ATTACKER], code[DEFENDER], code[LAPS] = attacker, defender, laps
    code[SIDE], code[BEST_SIDE], code[LAP], code[SECTOR] = 0, 0, 0, 0
    start = field.time[race] - field.elapsed[race]
    rate = 0.0
    if now != before and field.elapsed[race] > 0.0:
        rate = (now - before) / field.elapsed[race]
    code[TRACES] = 0 if before <= -reach else ENTANGLED
    figure[BEGAN] = start + (-reach - before) / rate if before <= -reach else start
    figure[CLOSING] = rate
    figure[GAP] = reach / max(float(field.vx[race, attacker]), SLOWEST)
    figure[OVERLAP], figure[CROSSED], figure[CLEAR] = 0.0, nan, nan


@outlined
def meet_neighbours(field, duels, race, order):
    """Begin the duels of cars that have come close, looking only at those next to each other."""
    n_cars = order.shape[0]
    lap = field.table[field.race_track[race], LENGTH]
    longest, least, most = 0.0, 0.0, 0.0
    known = False
    for car in range(n_cars):
        if not is_driving(field, race, car):
            continue
        longest = max(longest, float(field.length[race, car]))
        if was_moved(field, duels, race, car):
            continue
        went = field.progress[race, car] - field.previous[race, car]
        least = min(least, went) if known else went
        most = max(most, went) if known else went
        known = True
    # Two cars that changed places in this step are no further apart than one outran the other.
    near = max(longest, most - least)
    sort_by_place(order, field.s[race])
    for i in range(n_cars):
        a = order[i]
        if not is_driving(field, race, a):
            continue
        for step in range(1, n_cars):
            j = i + step
            around = j >= n_cars
            b = order[j - n_cars] if around else order[j]
            gap = field.s[race, b] - field.s[race, a]
            if around:
                gap += lap
            if gap > near:
                break
            if not is_driving(field, race, b) or duels.row[race, min(a, b), max(a, b)] > 0:
                continue
            open_duel(field, duels, race, a, b)


@outlined
def note_level(field, code, figure, race, share):
    """Note where and how two cars were level, at a share of the step."""
    a, b = code[ATTACKER], code[DEFENDER]
    figure[CROSSED] = field.time[race] - (1.0 - share) * field.elapsed[race]
    after = float(field.d[race, a] - field.d[race, b])
    beside = float(field.previous_d[race, a] - field.previous_d[race, b])
    beside += share * (after - beside)
    code[SIDE] = 0 if beside == 0.0 else (1 if beside > 0.0 else -1)

    track = field.race_track[race]
    lap = field.table[track, LENGTH]
    where = field.previous[race, a]
    where += share * (field.progress[race, a] - where)
    done = max(0, int(floor(where / lap)))
    code[LAP] = done + 1
    first, sectors = int(field.table[track, SECTOR_FIRST]), int(field.table[track, SECTOR_COUNT])
    sector = 0
    while sector + 1 < sectors and where - done * lap >= field.sector_s[first + sector + 1]:
        sector += 1
    code[SECTOR] = sector

    code[TRACES] &= ~(FLAGGED | STANDING)
    waiting = field.signal[race] == LIGHTS or field.signal[race] == FORMATION
    if waiting or (field.flags[race, a] | field.flags[race, b]) & NO_PASSING:
        code[TRACES] |= FLAGGED
    if field.stuck_time[race, b] > 0:
        code[TRACES] |= STANDING


@outlined
def follow_duel(events, field, duels, race, k, hold, alongside):
    """Move a duel on by a step; return 1 for an overtake that counts, 0 for any other outcome.

    Returns -1 while the duel goes on.
    """
    code, figure = duels.code[race, k], duels.figure[race, k]
    a, b = code[ATTACKER], code[DEFENDER]
    lap = field.table[field.race_track[race], LENGTH]
    whole = code[LAPS] * lap
    reach = 0.5 * (float(field.length[race, a]) + float(field.length[race, b]))
    now = field.progress[race, a] - field.progress[race, b] - whole
    before = field.previous[race, a] - field.previous[race, b] - whole
    if was_moved(field, duels, race, a) or was_moved(field, duels, race, b):
        before = now
    end, elapsed = field.time[race], field.elapsed[race]
    if field.status[race, a] == PIT or field.status[race, b] == PIT:
        code[TRACES] |= PITTED
    if field.off_track[race, a]:
        code[TRACES] |= BEYOND
    overlap = min((reach + now) / reach, 2.0)
    if overlap > figure[OVERLAP]:
        figure[OVERLAP] = overlap
        beside = float(field.d[race, a] - field.d[race, b])
        code[BEST_SIDE] = 0 if beside == 0.0 else (1 if beside > 0.0 else -1)
    if now >= 0.0:
        if before < 0.0:
            note_level(field, code, figure, race, -before / (now - before))
        elif isnan(figure[CROSSED]):
            note_level(field, code, figure, race, 0.0)
    if now < reach:
        figure[CLEAR] = nan
    elif isnan(figure[CLEAR]):
        late = (now - reach) / (now - before) if now > before and before < reach else 1.0
        figure[CLEAR] = end - late * elapsed
    if now <= -reach:
        if figure[OVERLAP] >= alongside and code[TRACES] & ENTANGLED == 0:
            back = (-reach - now) / (before - now) if before > now else 0.0
            report_failure(events, duels, race, k, end - min(back, 1.0) * elapsed)
        return 0
    if isnan(figure[CLEAR]) or end - figure[CLEAR] < hold:
        return -1
    kind = TRACK
    if code[LAPS] != 0:
        kind = LAPPING
    elif code[TRACES] & PITTED:
        kind = IN_PIT_LANE
    elif code[TRACES] & STANDING:
        kind = RETIREMENT
    return 1 if report(events, duels, race, k, kind, a, b, figure[CROSSED], 0) else 0


@outlined
def note_touches(duels, race, count, car, other):
    """Note which duels had a contact in this step; walls and obstacles are no cars."""
    for c in range(count[race]):
        a, b = car[race, c], other[race, c]
        if b >= 0:
            k = duels.row[race, min(a, b), max(a, b)] - 1
            if k >= 0:
                duels.code[race, k, TRACES] |= TOUCHED


@kernel
def follow_passes(
    order, field, duels, contact_count, contact_car, contact_other,
    made, suffered, made_now, suffered_now, events, hold, alongside,
):  # fmt: skip
    """Follow all duels by a step and tell how those ended that did.

    Args:
        order: (n_races, n_cars) int64, cars by their place on the lap. Updated.
        field: what is looked at.
        duels: what is remembered. Updated.
        contact_count, contact_car, contact_other: of ``Contacts``.
        made, suffered, made_now, suffered_now: ``overtakes_made``, ``overtakes_suffered``,
            ``passed_now`` and ``suffered_now`` of ``RaceState``. Updated.
        events: told of overtakes and of attempts that failed.
        hold: [s] that the attacker must be clear ahead.
        alongside: overlap, in mean car lengths, from which a duel that is lost was an attempt.
    """
    n_cars = order.shape[1]
    for race in prange(order.shape[0]):
        moved = False
        for car in range(n_cars):
            made_now[race, car] = 0
            suffered_now[race, car] = 0
            if was_moved(field, duels, race, car) or not field.present[race, car]:
                moved = True
        if moved:
            replace_moved(events, field, duels, race)
        meet_neighbours(field, duels, race, order[race])
        if duels.filled[race] > 0:
            note_touches(duels, race, contact_count, contact_car, contact_other)
        for k in range(duels.filled[race] - 1, -1, -1):
            a, b = duels.code[race, k, ATTACKER], duels.code[race, k, DEFENDER]
            if not (is_driving(field, race, a) and is_driving(field, race, b)):
                continue  # the result settles it
            outcome = follow_duel(events, field, duels, race, k, hold, alongside)
            if outcome > 0:
                made[race, a] += 1
                made_now[race, a] += 1
                suffered[race, b] += 1
                suffered_now[race, b] += 1
            if outcome >= 0:
                drop(duels, race, k)
        for car in range(n_cars):
            there = is_driving(field, race, car)
            duels.seen[race, car] = field.progress[race, car] if there else nan
