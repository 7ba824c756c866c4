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
    AWAY,
    BEGAN,
    BEST_SIDE,
    BEYOND,
    CLEAR,
    CLOSING,
    CROSSED,
    DEFENDER,
    DROVE,
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
    replace_moved,
    report,
    report_failure,
    survey,
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
    if duels.way[race, a] != DROVE or duels.way[race, b] != DROVE:
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
def meet_neighbours(field, duels, race, order, near):
    """Begin the duels of cars that have come close, looking only at those next to each other."""
    n_cars = order.shape[0]
    lap = field.table[field.race_track[race], LENGTH]
    s, way, row = field.s[race], duels.way[race], duels.row[race]
    sort_by_place(order, s)
    for i in range(n_cars):
        a = order[i]
        if way[a] == AWAY:
            continue
        for step in range(1, n_cars):
            j = i + step
            around = j >= n_cars
            b = order[j - n_cars] if around else order[j]
            gap = s[b] - s[a]
            if around:
                gap += lap
            if gap > near:
                break
            if way[b] != AWAY and row[min(a, b), max(a, b)] == 0:
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
def end_duel(events, field, duels, race, k, alongside, back_by):
    """Tell how a duel ended, in which the attacker is clear; forget it.

    Args:
        events, field, duels, race, k: the duel.
        alongside: overlap that makes an attempt.
        back_by: [s] before the end of the step the attacker was clear behind; NaN where it is
            clear ahead.

    Returns:
        whether it was an overtake that counts.
    """
    code, figure = duels.code[race, k], duels.figure[race, k]
    counted = False
    if isnan(back_by):
        kind = TRACK
        if code[LAPS] != 0:
            kind = LAPPING
        elif code[TRACES] & PITTED:
            kind = IN_PIT_LANE
        elif code[TRACES] & STANDING:
            kind = RETIREMENT
        a, b = code[ATTACKER], code[DEFENDER]
        counted = report(events, duels, race, k, kind, a, b, figure[CROSSED], 0)
    elif figure[OVERLAP] >= alongside and code[TRACES] & ENTANGLED == 0:
        report_failure(events, duels, race, k, field.time[race] - back_by)
    drop(duels, race, k)
    return counted


@outlined
def follow_duels(
    events, field, duels, race, made, suffered, made_now, suffered_now, hold, alongside
):  # fmt: skip
    """Move the duels of a race on by a step, and end those that are decided."""
    lap = field.table[field.race_track[race], LENGTH]
    elapsed = field.elapsed[race]
    way, progress, previous = duels.way[race], field.progress[race], field.previous[race]
    for k in range(duels.filled[race] - 1, -1, -1):
        code, figure = duels.code[race, k], duels.figure[race, k]
        a, b = code[ATTACKER], code[DEFENDER]
        if way[a] == AWAY or way[b] == AWAY:
            continue  # the result settles it
        whole = code[LAPS] * lap
        reach = 0.5 * (float(field.length[race, a]) + float(field.length[race, b]))
        now = progress[a] - progress[b] - whole
        before = previous[a] - previous[b] - whole
        if way[a] != DROVE or way[b] != DROVE:
            before = now
        if field.status[race, a] == PIT or field.status[race, b] == PIT:
            code[TRACES] |= PITTED
        if field.off_track[race, a]:
            code[TRACES] |= BEYOND
        overlap = min((reach + now) / reach, 2.0)
        if overlap > figure[OVERLAP]:
            figure[OVERLAP] = overlap
            beside = float(field.d[race, a] - field.d[race, b])
            code[BEST_SIDE] = 0 if beside == 0.0 else (1 if beside > 0.0 else -1)
        if now >= 0.0 and (before < 0.0 or isnan(figure[CROSSED])):
            share = -before / (now - before) if before < 0.0 else 0.0
            note_level(field, code, figure, race, share)
        if now < reach:
            figure[CLEAR] = nan
        elif isnan(figure[CLEAR]):
            late = (now - reach) / (now - before) if now > before and before < reach else 1.0
            figure[CLEAR] = field.time[race] - late * elapsed
        if now <= -reach:
            back = (-reach - now) / (before - now) if before > now else 0.0
            end_duel(events, field, duels, race, k, alongside, min(back, 1.0) * elapsed)
            continue
        held = field.time[race] - figure[CLEAR] >= hold
        if held and end_duel(events, field, duels, race, k, alongside, nan):
            made[race, a] += 1
            made_now[race, a] += 1
            suffered[race, b] += 1
            suffered_now[race, b] += 1


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
    for race in prange(order.shape[0]):
        for car in range(order.shape[1]):
            made_now[race, car] = 0
            suffered_now[race, car] = 0
        unusual, near = survey(
            race, field.status, field.present, field.jumped, field.progress, field.previous,
            field.length, duels.seen, duels.way,
        )  # fmt: skip
        if unusual:
            replace_moved(events, field, duels, race)
        meet_neighbours(field, duels, race, order[race], near)
        if duels.filled[race] > 0:
            note_touches(duels, race, contact_count, contact_car, contact_other)
            follow_duels(
                events, field, duels, race, made, suffered, made_now, suffered_now, hold, alongside
            )
