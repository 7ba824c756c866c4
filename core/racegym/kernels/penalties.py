"""Offences and what follows from them: counted, punished, served.

A step goes in three parts, for one race after the other: ``read_offences`` turns what was seen
into one figure for each car and offence, ``apply_rules`` counts them and imposes penalties, and
``serve`` sees to those that are driven off in the pit lane.
"""

from __future__ import annotations

from numba import prange

from racegym.kernels.compile import kernel, outlined
from racegym.kernels.imposing import apply_rules, place_behind
from racegym.kernels.offences import OFFENCES, read_offences
from racegym.kernels.projection import LENGTH
from racegym.kernels.serving import choose_flags, serve

__all__ = ["judge_offences"]

PIT, FINISHED = 2, 3  # interfaces.Status
FLAG_BLACK, FLAG_WARNING, FLAG_PENALTY = 8, 16, 32  # interfaces.Flag
PIT_WIDTH = 3  # column of ``track.lane``


@kernel
def judge_offences(figures, seen, book, events, rules, serve_within, places_cars):
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
    """
    for race in prange(figures.shape[0]):
        judge_race(race, figures, seen, book, events, rules, serve_within, places_cars)


@outlined
def judge_race(race, figures, seen, book, events, rules, serve_within, places_cars):
    """Judge the cars of a race; of one that does nothing wrong next to nothing is asked."""
    read_offences(race, figures, seen, book, events)
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
            passes = int(seen.pit_passes[race, car])
            serve(
                race, car, now, lap, can_serve, stands, passes, book, events, rules, serve_within,
                places_cars,
            )  # fmt: skip
        if offends and book.status[race, car] <= FINISHED:
            apply_rules(
                race, car, now, lap, can_serve, seen.elapsed[race],
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
