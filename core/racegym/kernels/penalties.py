"""Offences and what follows from them: counted, punished, served.

A step goes in three parts, for one race after the other: ``read_offences`` turns what was seen
into one figure for each car and offence, ``apply_rules`` counts them and imposes penalties, and
``serve`` sees to those that are driven off in the pit lane. Of an incident, such as a scrape
along a wall, the begin counts: an offence that goes on, or comes back within a rule's ``apart``
seconds, is the same one.
"""

from __future__ import annotations

from math import floor, sqrt
from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.events import emit, note
from racegym.kernels.projection import LENGTH

__all__ = ["OFFENCES", "QUEUE", "RULE_COLUMNS", "Book", "Seen", "judge_offences"]

# interfaces.Offence
OFF_TRACK, CUT, WALL, OBSTACLE, CONTACT, JUMP_START, PIT_SPEEDING = 0, 1, 2, 3, 4, 5, 6
YELLOW_OVERTAKE, BLUE_FLAG, RESCUE, STUCK, REVERSED, WARNINGS = 7, 8, 9, 10, 11, 12
OFFENCES = 13

# interfaces.PenaltyKind
WARNING, TIME, DRIVE_THROUGH, STOP_GO, PLACES = 1, 2, 3, 4, 5
RESTART_BEHIND, LAP, DISQUALIFICATION, SCORE = 6, 7, 8, 9

RACING, PIT, FINISHED, DISQUALIFIED = 1, 2, 3, 5  # interfaces.Status
FLAG_BLUE, FLAG_BLACK, FLAG_WARNING, FLAG_PENALTY = 2, 8, 16, 32  # interfaces.Flag
EVENT_CUT, EVENT_CONTACT, EVENT_OVERTAKE = 7, 20, 21  # interfaces.EventKind
EVENT_WARNING, EVENT_PENALTY, EVENT_SERVED, EVENT_DISQUALIFIED = 23, 24, 25, 26

# Columns of ``rules``, one row a rule.
R_OFFENCE, R_LEAST, R_SHARE, R_AFTER, R_EACH, R_APART, R_ONCE = 0, 1, 2, 3, 4, 5, 6
R_KIND, R_AMOUNT, R_INSTEAD, R_UNSERVED = 7, 8, 9, 10
RULE_COLUMNS = 11
ONCE_A_LAP, ONCE_A_RACE = 1, 2  # of R_ONCE

PIT_WIDTH, PIT_LIMIT = 3, 4  # columns of ``track.lane``

QUEUE = 4  # penalties that can wait to be served; more become time
Q_KIND, Q_AMOUNT, Q_LAP, Q_RULE = 0, 1, 2, 3  # columns of ``Book.queue``

STEPS_APART = 1.5  # steps between two signs of what is the same, at the least
FREE = 0.2  # [m] left between a car that is set back and others
STOOD = 1e-3  # [s] by which a stop may be too short: times are rounded


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
    blame: NDArray[np.floating]
    jump_start: NDArray[np.bool_]
    stuck_time: NDArray[np.floating]
    wrong_way_time: NDArray[np.floating]
    pit_standing: NDArray[np.floating]
    laps_done: NDArray[np.int32]
    lap_completed: NDArray[np.bool_]
    vx: NDArray[np.floating]
    vy: NDArray[np.floating]
    s: NDArray[np.float64]
    d: NDArray[np.floating]
    progress: NDArray[np.float64]
    mass: NDArray[np.floating]
    length: NDArray[np.floating]
    width: NDArray[np.floating]
    time: NDArray[np.float64]  # (n_races,)
    elapsed: NDArray[np.float64]  # (n_races,)
    race_track: NDArray[np.int32]  # (n_races,)
    table: NDArray[np.float64]  # of the packed tracks
    pits: NDArray[np.float64]  # the same
    serves: NDArray[np.bool_]  # (n_cars,) whether its driver drives through the pit lane


class Book(NamedTuple):
    """What is kept of penalties; written.

    Arrays are ``(n_races, n_cars)``; ``counted``, ``last`` and ``last_lap`` have an axis of rules
    behind that, ``queue`` has ``(QUEUE, 4)``. Those from ``status`` on are of ``RaceState``.
    """

    counted: NDArray[np.int32]  # offences
    last: NDArray[np.float64]  # [s] when the offence was last seen
    last_lap: NDArray[np.int32]  # in which it was last punished; -1 for never
    blue_time: NDArray[np.floating]  # [s] for which the blue flag has been shown
    rescued: NDArray[np.bool_]  # since the last step
    was_in_pit: NDArray[np.bool_]
    due_at_entry: NDArray[np.uint8]  # what was to be served when it came into the pit lane
    stood: NDArray[np.floating]  # [s] in the pit lane
    queue: NDArray[np.float64]  # kind, amount, lap to be served by, rule
    queued: NDArray[np.int32]
    shown: NDArray[np.uint8]  # those of ``flags`` that penalties set
    victim: NDArray[np.int32]  # whom it is to be set back behind; -1 for nobody
    gap: NDArray[np.float64]  # [m] to that car
    restart: NDArray[np.float64]  # [m] progress that the car is set back to; nan for none
    status: NDArray[np.int8]
    flags: NDArray[np.uint8]
    time: NDArray[np.floating]
    places: NDArray[np.int32]
    laps: NDArray[np.int32]
    score: NDArray[np.floating]
    due: NDArray[np.uint8]
    stop: NDArray[np.floating]
    warnings: NDArray[np.int32]


@kernel
def judge_offences(figures, seen, book, events, rules, serve_within, places_cars, yellow):
    """Count the offences of a step, punish them, and see which penalties have been served.

    Args:
        figures: (n_races, n_cars, OFFENCES) real; how bad each offence is, -1 where there is
            none. Written.
        seen: ``Seen``.
        book: ``Book``; written.
        events: ``EventArrays``; appended to.
        rules: (n_rules, RULE_COLUMNS) float64, those on warnings last.
        serve_within: laps in which a penalty is to be served.
        places_cars: whether cars can be set back during a race.
        yellow: which figure of an overtake tells that a flag forbade it; -1 where none does.
    """
    for race in prange(figures.shape[0]):
        judge_race(race, figures, seen, book, events, rules, serve_within, places_cars, yellow)


@outlined
def judge_race(race, figures, seen, book, events, rules, serve_within, places_cars, yellow):
    """Judge the cars of a race; of one that does nothing wrong next to nothing is asked."""
    read_offences(race, figures, seen, book, events, yellow)
    for car in range(figures.shape[1]):
        status = book.status[race, car]
        visits = status == PIT or book.was_in_pit[race, car] or book.queued[race, car] > 0
        offends = False
        for offence in range(OFFENCES):
            offends = offends or figures[race, car, offence] >= 0
        now, lap = seen.time[race], int(seen.laps_done[race, car])
        has_pits = seen.pits[seen.race_track[race], PIT_WIDTH] > 0.0
        can_serve = seen.serves[car] and has_pits and status <= PIT
        if visits and status <= FINISHED:
            stands = float(seen.pit_standing[race, car])
            crossed = seen.lap_completed[race, car]
            serve(
                race, car, now, lap, can_serve, stands, crossed, book, events, rules,
                serve_within, places_cars,
            )  # fmt: skip
        if offends and book.status[race, car] <= FINISHED:
            apply_rules(
                race, car, now, lap, can_serve, seen.elapsed[race], seen.blame[race, car],
                figures, book, events, rules, serve_within, places_cars,
            )  # fmt: skip
            victim = int(book.victim[race, car])
            if victim >= 0:
                length = seen.table[seen.race_track[race], LENGTH]
                book.restart[race, car] = place_behind(
                    race, car, victim, book.gap[race, car], seen.s, seen.d, seen.progress,
                    seen.length, seen.width, seen.present, length,
                )  # fmt: skip
                book.victim[race, car] = -1
        if offends or visits or (status > PIT and book.shown[race, car] != 0):
            choose_flags(race, car, book, rules)
        others = book.flags[race, car] & ~(FLAG_BLACK | FLAG_WARNING | FLAG_PENALTY)
        book.flags[race, car] = others | book.shown[race, car]


@outlined
def read_offences(race, figures, seen, book, events, yellow):
    """Write how bad each offence of each car is."""
    real = figures.dtype.type
    now, dt = seen.time[race], real(seen.elapsed[race])
    limit = real(seen.pits[seen.race_track[race], PIT_LIMIT])
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
        if book.status[race, car] > PIT:
            continue
        if events.kind[race, k] == EVENT_CUT and events.value[race, k] > 0.0:
            figures[race, car, CUT] = real(events.value[race, k])
        overtook = events.kind[race, k] == EVENT_OVERTAKE and yellow >= 0
        if overtook and events.detail[race, k, yellow] != real(0):
            figures[race, car, YELLOW_OVERTAKE] = real(0)
    for car in range(figures.shape[1]):
        book.rescued[race, car] = False


@outlined
def apply_rules(
    race, car, now, lap, can_serve, elapsed, blame, figures, book, events, rules, serve_within,
    places_cars,
):  # fmt: skip
    """Count the offences of a car, and impose what the rules say."""
    for r in range(rules.shape[0]):
        if book.status[race, car] > FINISHED:
            return
        offence = int(rules[r, R_OFFENCE])
        happened = 0
        if offence == WARNINGS:
            happened = book.warnings[race, car] - book.counted[race, car, r]
        elif is_offence(race, car, figures, blame, rules, r):
            apart = now - book.last[race, car, r]
            book.last[race, car, r] = now
            if apart > max(rules[r, R_APART], STEPS_APART * elapsed):
                happened = 1
        for _ in range(happened):
            book.counted[race, car, r] += 1
            if not is_punished(rules, r, book.counted[race, car, r]):
                continue
            last_lap = book.last_lap[race, car, r]
            if rules[r, R_ONCE] == ONCE_A_LAP and last_lap == lap:
                continue
            if rules[r, R_ONCE] == ONCE_A_RACE and last_lap >= 0:
                continue
            book.last_lap[race, car, r] = lap
            kind, amount = int(rules[r, R_KIND]), rules[r, R_AMOUNT]
            impose(
                race, car, now, lap, can_serve, book, events, rules, serve_within, places_cars,
                r, kind, amount, 0.0,
            )  # fmt: skip


@device
def is_offence(race, car, figures, blame, rules, r):
    """Return whether a car does now what a rule is about."""
    figure = figures[race, car, int(rules[r, R_OFFENCE])]
    if figure < 0 or figure < rules[r, R_LEAST]:
        return False
    # Float32 sums of shares may fall short of a bound that they are meant to reach.
    share = rules[r, R_SHARE] * figure * (1.0 - 1e-6)
    return int(rules[r, R_OFFENCE]) != CONTACT or blame >= share


@device
def is_punished(rules, r, count):
    """Return whether the offence of this number, from 1, is one that a rule punishes."""
    beyond = count - int(rules[r, R_AFTER])
    return beyond >= 1 and beyond % int(rules[r, R_EACH]) == 0


@outlined
def impose(
    race, car, now, lap, can_serve, book, events, rules, serve_within, places_cars,
    r, kind, amount, instead_of,
):  # fmt: skip
    """Impose a penalty for rule ``r``; where it can't be served or carried out, time instead."""
    by, victim = 0, -1
    possible = True
    if kind in (DRIVE_THROUGH, STOP_GO):
        waiting = book.queued[race, car]
        possible = can_serve and waiting < QUEUE
        if possible:
            by = lap + serve_within
            book.queue[race, car, waiting, Q_KIND] = kind
            book.queue[race, car, waiting, Q_AMOUNT] = amount
            book.queue[race, car, waiting, Q_LAP] = by
            book.queue[race, car, waiting, Q_RULE] = r
            book.queued[race, car] = waiting + 1
    elif kind == RESTART_BEHIND:
        victim = victim_of(race, car, events.filled, events.kind, events.car, events.other,
                           events.value)  # fmt: skip
        possible = places_cars and victim >= 0 and book.status[race, car] == RACING
        if possible:
            book.victim[race, car] = victim
            book.gap[race, car] = amount
    if not possible:
        kind, amount, instead_of, victim = TIME, rules[r, R_INSTEAD], float(kind), -1

    if kind == TIME:
        book.time[race, car] += book.time.dtype.type(amount)
    elif kind == PLACES:
        book.places[race, car] += int(amount)
    elif kind == LAP:
        book.laps[race, car] += int(amount)
    elif kind == SCORE:
        book.score[race, car] *= book.score.dtype.type(amount)
    elif kind == WARNING:
        book.warnings[race, car] += 1
    elif kind == DISQUALIFICATION:
        book.status[race, car] = DISQUALIFIED

    offence = rules[r, R_OFFENCE]
    event, value = EVENT_PENALTY, float(kind)
    first, second, third = amount, offence, float(lap + 1)
    if kind in (WARNING, DISQUALIFICATION):
        warned = kind == WARNING
        event = EVENT_WARNING if warned else EVENT_DISQUALIFIED
        value = float(book.warnings[race, car]) if warned else 0.0
        first, second, third = offence, float(lap + 1), 0.0
    tell(events, race, event, car, victim, now, value, first, second, third, by, instead_of)


@outlined
def tell(events, race, kind, car, other, now, value, first, second, third, by, instead_of):
    """Append an event with its figures."""
    row = emit(events, race, kind, car, other, now, value)
    note(events, race, row, 0, first)
    note(events, race, row, 1, second)
    note(events, race, row, 2, third)
    note(events, race, row, 3, by)
    note(events, race, row, 4, instead_of)


@outlined
def victim_of(race, car, filled, kind, cars, others, value):
    """Return whom a car touched worst, of the contacts judged in this step; -1 for nobody."""
    victim, worst = -1, 0.0
    for k in range(filled[race]):
        if kind[race, k] == EVENT_CONTACT and value[race, k] > worst:
            if cars[race, k] == car:
                victim, worst = int(others[race, k]), value[race, k]
            elif others[race, k] == car:
                victim, worst = int(cars[race, k]), value[race, k]
    return victim


@outlined
def place_behind(race, car, victim, gap, s, d, progress, length, width, present, lap):
    """Return the progress [m] at which a car stands ``gap`` behind another, clear of all others.

    It is never set ahead of where it is. Distances are those modulo the ``lap`` [m].
    """
    here, long = s[race, car], float(length[race, car])
    back = s[race, victim] - gap - 0.5 * (long + float(length[race, victim])) - here
    back = min(0.0, back - lap * floor(back / lap + 0.5))
    n_cars = s.shape[1]
    for _ in range(n_cars):
        taken = False
        for other in range(n_cars):
            if other == car or not present[race, other]:
                continue
            away = here + back - s[race, other]
            away -= lap * floor(away / lap + 0.5)
            clear = 0.5 * (long + float(length[race, other])) + FREE
            wide = 0.5 * float(width[race, car] + width[race, other])
            if abs(away) < clear and abs(float(d[race, other])) < wide:
                back -= away + clear  # right behind that one
                taken = True
        if not taken:
            break
    return progress[race, car] + back


@outlined
def serve(
    race, car, now, lap, can_serve, stands, crossed, book, events, rules, serve_within, places_cars
):
    """See whether a car has served what is due, and change into time what comes too late."""
    status = book.status[race, car]
    in_pit = status == PIT
    if in_pit and not book.was_in_pit[race, car]:
        waits = book.queued[race, car] > 0
        book.due_at_entry[race, car] = int(book.queue[race, car, 0, Q_KIND]) if waits else 0
        book.stood[race, car] = book.stood.dtype.type(0)
    if in_pit:
        book.stood[race, car] = max(book.stood[race, car], book.stood.dtype.type(stands))
    elif book.was_in_pit[race, car] and book.due_at_entry[race, car] > 0:
        kind, stood = int(book.due_at_entry[race, car]), float(book.stood[race, car])
        if kind == DRIVE_THROUGH or stood + STOOD >= book.queue[race, car, 0, Q_AMOUNT]:
            r = take_first(race, car, book.queue, book.queued)
            row = emit(events, race, EVENT_SERVED, car, -1, now, float(kind))
            note(events, race, row, 0, stood)
            note(events, race, row, 1, rules[r, R_OFFENCE])
    book.was_in_pit[race, car] = in_pit
    while book.queued[race, car] > 0 and not in_pit:
        late = lap >= book.queue[race, car, 0, Q_LAP]
        if status != FINISHED and not (late and crossed):
            break
        replaced = book.queue[race, car, 0, Q_KIND]
        r = take_first(race, car, book.queue, book.queued)
        out = rules[r, R_UNSERVED] != 0.0 and status != FINISHED
        kind, amount = (DISQUALIFICATION, 0.0) if out else (TIME, rules[r, R_INSTEAD])
        impose(
            race, car, now, lap, can_serve, book, events, rules, serve_within, places_cars,
            r, kind, amount, replaced,
        )  # fmt: skip
        if out:
            break


@outlined
def take_first(race, car, queue, queued):
    """Take the first penalty off the queue, and return its rule."""
    r = int(queue[race, car, 0, Q_RULE])
    queued[race, car] -= 1
    for k in range(queued[race, car]):
        for column in range(queue.shape[3]):
            queue[race, car, k, column] = queue[race, car, k + 1, column]
    return r


@outlined
def choose_flags(race, car, book, rules):
    """Choose the flags that a car is shown for what it did, and say what it has to serve."""
    real = book.stop.dtype.type
    status = book.status[race, car]
    if status > FINISHED:
        book.queued[race, car] = 0
    first = int(book.queue[race, car, 0, Q_KIND]) if book.queued[race, car] > 0 else 0
    book.due[race, car] = first
    book.stop[race, car] = real(book.queue[race, car, 0, Q_AMOUNT]) if first == STOP_GO else real(0)
    last_chance = False
    for r in range(rules.shape[0]):
        count = book.counted[race, car, r]
        harmless = rules[r, R_KIND] == WARNING or (
            rules[r, R_ONCE] == ONCE_A_RACE and book.last_lap[race, car, r] >= 0
        )
        next_is = is_punished(rules, r, count + 1) and not is_punished(rules, r, count)
        last_chance = last_chance or (count > 0 and next_is and not harmless)
    flags = 0
    if status == DISQUALIFIED:
        flags = FLAG_BLACK
    elif status <= PIT:
        flags |= FLAG_WARNING if last_chance else 0
        flags |= FLAG_PENALTY if first > 0 else 0
    book.shown[race, car] = flags
