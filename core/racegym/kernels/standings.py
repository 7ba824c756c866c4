"""Places, gaps in time and laps behind.

A lap is divided into mini-sectors of equal length; their beginnings are gates, counted over all
laps, and each car keeps when it last passed each of the latest ones. The gap of a car that is
now at ``q`` (its progress in mini-sectors, so that gate g lies at q = g) to another one is

    gap = now - t(q),   t(q) = t_g + (q - g) (t_g+1 - t_g),   g = floor(q)              (1)

with the times t_g at which the other passed the gates: how long ago it was where the car is now.
Where it has not reached the next gate, its place at this moment stands for that. Where it has
passed no gate yet, or not lately, the rest of the way is divided by the follower's own speed,
which is (1) for two cars of that speed; so gaps have no jump when the first gate is passed.
"""

from __future__ import annotations

from math import floor, isfinite

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.projection import LENGTH

__all__ = ["SLOWEST", "mini_sectors_of", "passed_ago", "rank_cars", "start_standings"]

FINISHED = 3  # interfaces.Status
SLOWEST = 5.0  # [m/s] a way is turned into seconds at no less than this speed
SPACING = 10.0  # [m] of mini-sectors, where the rules do not say how many there are
FEWEST, MOST = 16, 128  # mini-sectors of a lap then


@device
def mini_sectors_of(length, asked):
    """Return how many mini-sectors a lap of ``length`` [m] has; ``asked`` by the rules, or 0."""
    if asked > 0:
        return asked
    return min(max(int(length / SPACING), FEWEST), MOST)


@kernel
def start_standings(
    races, progress, race_track, table, mini_sectors, order, first_gate, next_gate
):  # fmt: skip
    """Forget who was ahead, and the gates that cars have passed.

    Args:
        races: (k,) int64.
        progress: (n_races, n_cars) float64 [m].
        race_track, table: the packed tracks.
        mini_sectors: of a lap; 0 for a number that suits its length.
        order, first_gate, next_gate: as for ``rank_cars``; written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        length = table[race_track[race], LENGTH]
        scale = mini_sectors_of(length, mini_sectors) / length
        for car in range(progress.shape[1]):
            order[race, car] = car
            first_gate[race, car] = int(floor(progress[race, car] * scale)) + 1
            next_gate[race, car] = first_gate[race, car]


@device
def pass_gates(
    race, progress, previous_progress, jumped, now, elapsed, scale, first_gate, next_gate, passed_at
):  # fmt: skip
    """Take the times [s] of gates passed in this step; forget those that a car is behind again."""
    ring = passed_at.shape[2]
    for car in range(progress.shape[1]):
        here, last = progress[race, car] * scale, previous_progress[race, car] * scale
        if not isfinite(here):
            continue
        ahead, old = int(floor(here)) + 1, next_gate[race, car]
        # A car that was put somewhere else has not driven past what lies between.
        if jumped[race, car] or last > old or ahead - old > ring:
            first_gate[race, car] = ahead
        elif ahead > old:
            rate = elapsed / (here - last)
            for gate in range(old, ahead):
                passed_at[race, car, gate % ring] = now + (gate - here) * rate
            first_gate[race, car] = max(first_gate[race, car], ahead - ring)
        else:
            first_gate[race, car] = min(first_gate[race, car], ahead)
        next_gate[race, car] = ahead


@device
def passed_ago(race, car, place, speed, now, progress, scale, first_gate, next_gate, passed_at):
    """Return how long ago [s] a car was at ``place``; see (1).

    Args:
        race, car: whose passing times.
        place: [mini-sectors] where the follower is.
        speed: [m/s] of the follower.
        now: [s] race time.
        progress: (n_races, n_cars) float64 [m].
        scale: [1/m] mini-sectors a metre.
        first_gate, next_gate, passed_at: as for ``rank_cars``.
    """
    pace = 1.0 / (scale * max(abs(speed), SLOWEST))  # [s] a mini-sector
    here = progress[race, car] * scale
    first, ahead = first_gate[race, car], next_gate[race, car]
    if first >= ahead or not place < here:
        return max(here - place, 0.0) * pace
    ring = passed_at.shape[2]
    gate = int(floor(place))
    if gate < first:
        return max(now - passed_at[race, car, first % ring] + (first - place) * pace, 0.0)
    slot = gate % ring
    begin = passed_at[race, car, slot]
    if gate + 1 < ahead:
        end = passed_at[race, car, slot + 1 if slot + 1 < ring else 0]
        passed = begin + (place - gate) * (end - begin)
    else:
        passed = begin + (place - gate) / (here - gate) * (now - begin)
    return max(now - passed, 0.0)


@device
def is_ahead(status, chequered, progress, laps_done, finish_time, best_lap_time, race, a, b):
    """Return whether car ``a`` is ranked before car ``b``: a total order.

    Who is out comes after all others, who is disqualified last. The rest lie as they have
    progressed. Once the flag has fallen, laps completed come first, and of as many laps a car
    that still races is before one that has finished: it crossed that line before the flag
    fell, and the finisher, lapped by others, after it. Finishers of as many laps lie as they
    crossed the line, and if that was at the very same time, by their best laps. What is equal
    in all of that goes by the cars' numbers.
    """
    out_a, out_b = max(status[race, a], FINISHED), max(status[race, b], FINISHED)
    if out_a != out_b:
        return out_a < out_b
    if chequered[race] and out_a == FINISHED:
        if laps_done[race, a] != laps_done[race, b]:
            return laps_done[race, a] > laps_done[race, b]
        done_a, done_b = status[race, a] == FINISHED, status[race, b] == FINISHED
        if done_a != done_b:
            return done_b
        if done_a:
            if finish_time[race, a] != finish_time[race, b]:
                return finish_time[race, a] < finish_time[race, b]
            best_a, best_b = best_lap_time[race, a], best_lap_time[race, b]
            if best_a < best_b or best_b < best_a:
                return best_a < best_b
            if isfinite(best_a) != isfinite(best_b):
                return isfinite(best_a)
            return a < b
    if progress[race, a] != progress[race, b]:
        return progress[race, a] > progress[race, b]
    return a < b


@device
def sort_cars(race, status, chequered, progress, laps_done, finish_time, best_lap_time, order):
    """Put the cars in order, from the order of the step before: seldom more than n - 1 looks."""
    for k in range(1, order.shape[1]):
        car = order[race, k]
        place = k
        while place > 0 and is_ahead(
            status, chequered, progress, laps_done, finish_time, best_lap_time,
            race, car, order[race, place - 1],
        ):  # fmt: skip
            order[race, place] = order[race, place - 1]
            place -= 1
        order[race, place] = car


@device
def gap_to(
    race, car, other, status, progress, laps_done, finish_time, speed, now, length, scale,
    first_gate, next_gate, passed_at,
):  # fmt: skip
    """Return how far [s] ``car`` is behind ``other``; a finisher, how far it was at the line."""
    place = progress[race, car] * scale
    if status[race, car] == FINISHED:
        if status[race, other] == FINISHED and laps_done[race, car] == laps_done[race, other]:
            return finish_time[race, car] - finish_time[race, other]
        now = finish_time[race, car]
        place = laps_done[race, car] * length * scale
    return passed_ago(
        race, other, place, speed, now, progress, scale, first_gate, next_gate, passed_at
    )


@device
def laps_between(status, progress, laps_done, race, car, leader, length):
    """Return how many whole laps ``car`` is behind ``leader``."""
    if status[race, leader] == FINISHED:
        if status[race, car] == FINISHED:
            return laps_done[race, leader] - laps_done[race, car]
        return max(0, int((laps_done[race, leader] * length - progress[race, car]) / length))
    return max(0, int((progress[race, leader] - progress[race, car]) / length))


@kernel
def rank_cars(
    races, status, jumped, chequered, progress, previous_progress, laps_done,
    finish_time, best_lap_time, vx, time, elapsed, race_track, table, mini_sectors,
    order, first_gate, next_gate, passed_at, position, gap_ahead, gap_leader, laps_behind,
):  # fmt: skip
    """Rank the cars of some races, see ``is_ahead``, and take their gaps.

    The gaps of a car that is out stay as they were when it went out.

    Args:
        races: (k,) int64.
        status ... elapsed: fields of ``RaceState``, ``TrackFrame`` and ``Clock``, and ``vx``.
        race_track, table: the packed tracks.
        mini_sectors: of a lap; 0 for a number that suits its length.
        order: (n_races, n_cars) int32, cars by place; sorted anew.
        first_gate, next_gate: (n_races, n_cars) int64, of the gates whose times are known the
            first, and the one after the last; updated.
        passed_at: (n_races, n_cars, ring) float64 [s], when gate g was passed at g modulo ring.
        position, gap_ahead, gap_leader, laps_behind: fields of ``RaceState``; written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        now = time[race]
        length = table[race_track[race], LENGTH]
        scale = mini_sectors_of(length, mini_sectors) / length
        pass_gates(
            race, progress, previous_progress, jumped, now, elapsed[race], scale,
            first_gate, next_gate, passed_at,
        )  # fmt: skip
        sort_cars(race, status, chequered, progress, laps_done, finish_time, best_lap_time, order)
        leader = order[race, 0]
        for place in range(order.shape[1]):
            car = order[race, place]
            position[race, car] = place + 1
            if status[race, car] > FINISHED:
                continue
            gap_ahead[race, car] = 0.0
            gap_leader[race, car] = 0.0
            laps_behind[race, car] = 0
            if place == 0:
                continue
            speed = float(vx[race, car])
            gap_leader[race, car] = gap_to(
                race, car, leader, status, progress, laps_done, finish_time, speed, now, length,
                scale, first_gate, next_gate, passed_at,
            )  # fmt: skip
            gap_ahead[race, car] = gap_leader[race, car]
            if place > 1:
                gap_ahead[race, car] = gap_to(
                    race, car, order[race, place - 1], status, progress, laps_done, finish_time,
                    speed, now, length, scale, first_gate, next_gate, passed_at,
                )  # fmt: skip
            laps_behind[race, car] = laps_between(
                status, progress, laps_done, race, car, leader, length
            )
