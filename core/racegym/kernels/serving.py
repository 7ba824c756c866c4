"""Penalties that are driven off in the pit lane, and the flags that tell of what is due."""

from __future__ import annotations

from racegym.kernels.compile import outlined
from racegym.kernels.events import emit, note
from racegym.kernels.imposing import (
    DISQUALIFICATION,
    DRIVE_THROUGH,
    ONCE_A_RACE,
    Q_AMOUNT,
    Q_KIND,
    Q_LAP,
    Q_RULE,
    STOP_GO,
    TIME,
    WARNING,
    impose,
    is_punished,
)
from racegym.kernels.offences import R_INSTEAD, R_KIND, R_OFFENCE, R_ONCE, R_UNSERVED

__all__ = ["choose_flags", "serve"]

PIT, FINISHED, DISQUALIFIED = 2, 3, 5  # interfaces.Status
FLAG_BLACK, FLAG_WARNING, FLAG_PENALTY = 8, 16, 32  # interfaces.Flag
EVENT_SERVED = 25  # interfaces.EventKind
STOOD = 1e-3  # [s] by which a stop may be too short: times are rounded


@outlined
def serve(
    race, car, now, lap, can_serve, stands, passes, book, events, rules, serve_within, places_cars,
):  # fmt: skip
    """See whether a car has served what is due, and change into time what comes too late."""
    status = book.status[race, car]
    in_pit = status == PIT
    if in_pit and not book.was_in_pit[race, car]:
        waits = book.queued[race, car] > 0
        book.due_at_entry[race, car] = int(book.queue[race, car, 0, Q_KIND]) if waits else 0
        book.stood[race, car] = book.stood.dtype.type(0)
        book.passes[race, car] = passes
    if in_pit:
        book.stood[race, car] = max(book.stood[race, car], book.stood.dtype.type(stands))
    elif book.was_in_pit[race, car] and book.due_at_entry[race, car] > 0:
        kind, stood = int(book.due_at_entry[race, car]), float(book.stood[race, car])
        through = passes > book.passes[race, car]
        if through and (
            kind == DRIVE_THROUGH or stood + STOOD >= book.queue[race, car, 0, Q_AMOUNT]
        ):
            r = take_first(race, car, book.queue, book.queued)
            row = emit(events, race, EVENT_SERVED, car, -1, now, float(kind))
            note(events, race, row, 0, stood)
            note(events, race, row, 1, rules[r, R_OFFENCE])
    book.was_in_pit[race, car] = in_pit
    while book.queued[race, car] > 0 and not in_pit:
        if status != FINISHED and lap < book.queue[race, car, 0, Q_LAP]:
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
