"""What differs from episode to episode: draws, late controls and starts, a race at a time."""

from __future__ import annotations

from math import exp, log

from numba import prange

from racegym.kernels.compile import LIGHT, device, kernel
from racegym.kernels.projection import COUNT, FIRST, LENGTH, SPACING, WIDTH_LEFT, WIDTH_RIGHT
from racegym.kernels.randomness import draw_normal, draw_uniform

__all__ = [
    "CHOICE",
    "CONSTANT",
    "DEVIATION",
    "FIGURES",
    "HIGH",
    "LOG_UNIFORM",
    "LOW",
    "MEAN",
    "NORMAL",
    "UNIFORM",
    "delay_controls",
    "draw_values",
    "move_starts",
]

CONSTANT, UNIFORM, NORMAL, LOG_UNIFORM, CHOICE = 0, 1, 2, 3, 4
# Columns of ``figures``. A choice has the place and the number of its values in the first two.
LOW, HIGH, MEAN, DEVIATION = 0, 1, 2, 3
FIGURES = 4
TRIES = 4096  # for a normal draw within its ends; at one hit in a hundred, 1e-18 fail


@device
def _draw(kind, figures, values, key, car, purpose):
    low, high = figures[LOW], figures[HIGH]
    if kind == CONSTANT:
        return low
    if kind == NORMAL:
        for attempt in range(TRIES):
            x = figures[MEAN] + figures[DEVIATION] * draw_normal(key, car, attempt, purpose)
            if low <= x <= high:
                return x
        return min(max(figures[MEAN], low), high)
    u = draw_uniform(key, car, 0, purpose)
    if kind == CHOICE:
        return values[int(low) + min(int(u * high), int(high) - 1)]
    if kind == LOG_UNIFORM:
        return min(max(exp(log(low) + u * (log(high) - log(low))), low), high)
    return low + u * (high - low)


@kernel
def draw_values(keys, kinds, figures, values, streams, purposes, out):
    """Draw the values of some races, each a function of the race's key, a car and a purpose.

    Args:
        keys: (k,) uint64.
        kinds: (n_names, n_cars) int64: ``CONSTANT`` ... ``CHOICE``.
        figures: (n_names, n_cars, FIGURES) float64: the least and the greatest value, which
            normal draws beyond are drawn again, mean and standard deviation; of a constant
            the first; of a choice the first index and the number of its values.
        values: float64, all choices one after another.
        streams: (n_names, n_cars) int64, the car that the draw is made for; cars with the
            same one draw the same.
        purposes: (n_names,) uint64.
        out: (k, n_names, n_cars) float64; written.
    """
    for k in prange(keys.shape[0]):
        for name in range(kinds.shape[0]):
            for car in range(kinds.shape[1]):
                out[k, name, car] = _draw(
                    kinds[name, car], figures[name, car], values,
                    keys[k], streams[name, car], purposes[name],
                )  # fmt: skip


@kernel(parallel_from=LIGHT)
def delay_controls(
    steps, count, kept, kept_gear, steer, throttle, brake, gear, request,
    late_steer, late_throttle, late_brake, late_gear, late_request,
):  # fmt: skip
    """Keep what is asked of every car, and write what was asked of it some steps ago.

    Before anything was asked so long ago, pedals are free and the wheels straight.

    Args:
        steps: (n_races, n_cars) int32, below ``depth``.
        count: (n_races,) int64, steps since the start. Updated.
        kept: (n_races, n_cars, depth, 3) real, a ring of steer, throttle, brake. Updated.
        kept_gear: (n_races, n_cars, depth) int8, likewise. Updated.
        steer, throttle, brake, gear, request: what is asked now, (n_races, n_cars).
        late_steer ... late_request: what arrives now. Written. Requests are never late.
    """
    real = kept.dtype.type
    depth = kept.shape[2]
    for race in prange(steps.shape[0]):
        now = count[race] % depth
        for car in range(steps.shape[1]):
            ring = kept[race, car]
            ring[now, 0], ring[now, 1] = steer[race, car], throttle[race, car]
            ring[now, 2] = brake[race, car]
            kept_gear[race, car, now] = gear[race, car]
            late_request[race, car] = request[race, car]
            if steps[race, car] > count[race]:
                late_steer[race, car] = real(0.0)
                late_throttle[race, car] = real(0.0)
                late_brake[race, car] = real(0.0)
                late_gear[race, car] = 0
                continue
            then = (count[race] - steps[race, car]) % depth
            late_steer[race, car], late_throttle[race, car] = ring[then, 0], ring[then, 1]
            late_brake[race, car] = ring[then, 2]
            late_gear[race, car] = kept_gear[race, car, then]
        count[race] += 1


@kernel
def move_starts(races, drawn, width, race_track, points, table, s, d, heading, speed):
    """Put drawn values in the place of what a start would be without them.

    Args:
        races: (k,) int64.
        drawn: (k, 4, n_cars) float64: s [m], d [m], heading [rad], speed [m/s]; NaN leaves
            what there is.
        width: (n_races, n_cars) real [m], of the cars, which stay on the asphalt.
        race_track, points, table: the packed tracks.
        s, d, heading, speed: (k * n_cars,) float64; updated.
    """
    n_cars = drawn.shape[2]
    for k in prange(races.shape[0]):
        race = races[k]
        track = race_track[race]
        for car in range(n_cars):
            i = k * n_cars + car
            at, aside = drawn[k, 0, car], drawn[k, 1, car]
            if at == at:
                s[i] = at % table[track, LENGTH]
            if aside == aside:
                d[i] = aside
            if at == at or aside == aside:
                here = s[i] % table[track, LENGTH]
                index = min(int(here / table[track, SPACING]), int(table[track, COUNT]) - 1)
                row = int(table[track, FIRST]) + index
                inside = 0.5 * float(width[race, car])
                left, right = points[row, WIDTH_LEFT], points[row, WIDTH_RIGHT]
                d[i] = max(min(d[i], left - inside), inside - right)
            if drawn[k, 2, car] == drawn[k, 2, car]:
                heading[i] = drawn[k, 2, car]
            if drawn[k, 3, car] == drawn[k, 3, car]:
                speed[i] = drawn[k, 3, car]
