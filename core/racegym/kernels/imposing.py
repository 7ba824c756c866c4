"""What follows from offences: they are counted, and penalties are imposed and told of."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.compile import device, outlined
from racegym.kernels.events import emit, note
from racegym.kernels.offences import (
    R_AFTER,
    R_AMOUNT,
    R_APART,
    R_EACH,
    R_INSTEAD,
    R_KIND,
    R_OFFENCE,
    R_ONCE,
    WARNINGS,
    is_offence,
    worst_contact,
)

__all__ = [
    "DISQUALIFICATION",
    "DRIVE_THROUGH",
    "ONCE_A_RACE",
    "QUEUE",
    "Q_AMOUNT",
    "Q_KIND",
    "Q_LAP",
    "Q_RULE",
    "STOP_GO",
    "TIME",
    "WARNING",
    "Book",
    "apply_rules",
    "impose",
    "is_punished",
    "place_behind",
]

# interfaces.PenaltyKind
WARNING, TIME, DRIVE_THROUGH, STOP_GO, PLACES = 1, 2, 3, 4, 5
RESTART_BEHIND, LAP, DISQUALIFICATION, SCORE = 6, 7, 8, 9

RACING, FINISHED, DISQUALIFIED = 1, 3, 5  # interfaces.Status
EVENT_WARNING, EVENT_PENALTY, EVENT_DISQUALIFIED = 23, 24, 26  # interfaces.EventKind

ONCE_A_LAP, ONCE_A_RACE = 1, 2  # of R_ONCE

QUEUE = 4  # penalties that can wait to be served; more become time
Q_KIND, Q_AMOUNT, Q_LAP, Q_RULE = 0, 1, 2, 3  # columns of ``Book.queue``

STEPS_APART = 1.5  # steps between two signs of what is the same, at the least
FREE = 0.2  # [m] left between a car that is set back and others


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
    passes: NDArray[np.int32]  # how often it had driven through that by then
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


@outlined
def apply_rules(
    race, car, now, lap, can_serve, elapsed, figures, book, events, rules, serve_within,
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
        elif is_offence(race, car, figures, events, rules, r):
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
        k = worst_contact(race, car, events, rules, r)
        if k >= 0:
            at_fault = events.car[race, k] == car
            victim = int(events.other[race, k] if at_fault else events.car[race, k])
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
