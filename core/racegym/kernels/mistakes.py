"""What a driver gets wrong: it brakes too late, runs wide or lifts, so many times a lap.

On each metre of the lap a mistake begins with the same probability, and one lasts a few
metres, counted in car lengths and seconds so that it fits a model car as well. Whether one
begins, and which, is a draw of (race, car, step) alone.

- late: the speeds of the line count as LATE times what they are;
- wide: the line is left by up to WIDE widths, to the outside of the bend;
- lift: the speeds count as LIFT times what they are.
"""

from __future__ import annotations

from math import pi, sin

from numba import prange

from racegym.kernels.compile import kernel
from racegym.kernels.intent import ASIDE, FACTOR, INTENT_COLUMNS, NEUTRAL
from racegym.kernels.projection import LENGTH
from racegym.kernels.pursuit import known
from racegym.kernels.randomness import draw_uniform, purpose

__all__ = ["COUNT", "KIND", "LEFT", "MISTAKE_COLUMNS", "make_mistakes"]

# Columns of ``mistakes``.
LEFT, KIND, COUNT, OUTSIDE = 0, 1, 2, 3  # [s] of it left; which; how many so far; its side
MISTAKE_COLUMNS = 4

LATE_KIND, WIDE_KIND = 0, 1  # and lift
LASTS = 1.5  # [s]
LATE, LIFT, WIDE = 1.08, 0.75, 0.7  # [1], [1], [widths]

_BEGINS, _WHICH = purpose("driver.mistake"), purpose("driver.mistake.kind")


@kernel
def make_mistakes(
    cars, mistakes, intent, fresh, key, step, vx, curvature, width, race_track, table, rate, dt
):  # fmt: skip
    """Add the mistakes of some cars to their intents.

    Args:
        cars: (k,) int64, race * n_cars + car.
        mistakes: (n_races, n_cars, MISTAKE_COLUMNS) float64. Updated.
        intent: (n_races, n_cars, INTENT_COLUMNS) float64. Updated.
        fresh: the intent was written in this step; else it is made neutral first.
        key, step: of ``RaceState``.
        vx: of ``CarState``; curvature: of ``TrackFrame``; width: of ``VehicleTable``.
        race_track, table: the packed tracks.
        rate: mistakes a lap.
        dt: [s].
    """
    n_cars = vx.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        if not fresh:
            for column in range(INTENT_COLUMNS):
                intent[race, car, column] = NEUTRAL[column]
        way = max(known(vx[race, car]), 0.0) * dt
        if mistakes[race, car, LEFT] <= 0.0:
            chance = rate * way / table[race_track[race], LENGTH]
            if draw_uniform(key[race], car, step[race], _BEGINS) >= chance:
                continue
            mistakes[race, car, LEFT] = LASTS
            mistakes[race, car, KIND] = float(
                int(3.0 * draw_uniform(key[race], car, step[race], _WHICH))
            )
            mistakes[race, car, COUNT] += 1.0
            mistakes[race, car, OUTSIDE] = -1.0 if known(curvature[race, car]) > 0.0 else 1.0
        if mistakes[race, car, KIND] == LATE_KIND:
            intent[race, car, FACTOR] *= LATE
        elif mistakes[race, car, KIND] == WIDE_KIND:
            bump = sin(pi * mistakes[race, car, LEFT] / LASTS)
            wide = WIDE * known(width[race, car]) * max(bump, 0.0)
            intent[race, car, ASIDE] += mistakes[race, car, OUTSIDE] * wide
        else:
            intent[race, car, FACTOR] *= LIFT
        mistakes[race, car, LEFT] -= dt
