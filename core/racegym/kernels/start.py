"""Where cars start: on a grid, side by side, or spread over the lap, with scatter."""

from __future__ import annotations

import numpy as np
from numba import prange

from racegym.kernels.compile import kernel, outlined
from racegym.kernels.projection import (
    COUNT,
    FIRST,
    GRID_COUNT,
    LENGTH,
    SPACING,
    WIDTH_LEFT,
    WIDTH_RIGHT,
)
from racegym.kernels.randomness import draw_uniform, purpose

__all__ = ["ABREAST", "GRID", "PURSUIT", "RANDOM", "place_on_grid"]

GRID, RANDOM, PURSUIT, ABREAST = 0, 1, 2, 3  # formations
ROOM = 1.5  # widths of the widest car that each needs in a row abreast

_PLACE = purpose("start.s")
_LATERAL = purpose("start.d")
_HEADING = purpose("start.heading")
_SPEED = purpose("start.speed")
_RACE_SPEED = purpose("start.race_speed")
_ORDER = purpose("start.order")


@outlined
def deal_slots(slots, key, shuffled, dealt):
    """Write into ``dealt`` the slot of each car: as given, or shuffled (Fisher and Yates)."""
    for car in range(slots.shape[0]):
        dealt[car] = slots[car]
    if shuffled:
        for car in range(slots.shape[0] - 1, 0, -1):
            other = int(draw_uniform(key, car, 0, _ORDER) * (car + 1))
            dealt[car], dealt[other] = dealt[other], dealt[car]


@outlined
def grid_place(grid_slots, track, marked, slot, front, step):
    """Return the progress [m] of a slot of the grid: one of the track's own, or by the rule."""
    if marked == 0:
        return -(front + slot * step)
    last = min(slot, marked - 1)
    place = grid_slots[track, last, 0]
    return place - (slot - last) * step


@kernel(allocates=True)
def place_on_grid(
    races, keys, slots, length, width, race_track, points, table, grid_slots,
    formation, shuffled, run_up, gap, base_speed, lateral_noise, heading_noise, speed_noise,
    race_speed_noise, lap_origin, s, d, heading, speed,
):  # fmt: skip
    """Write the start of every car of some races.

    Where a track brings slots along they are used, and those behind the last of them follow
    it by the rule: alternately left and right, ``gap`` apart.

    Args:
        races: (k,) int64.
        keys: (k,) uint64.
        slots: (n_cars,) int64, the slot of each car; places in order but for ``GRID``.
        length, width: (n_races, n_cars) real [m], of the cars.
        race_track, points, table, grid_slots: the packed tracks.
        formation: ``GRID``; ``RANDOM``: from a place that is drawn, ``gap`` apart or, where that
            is 0, at equal distances; ``PURSUIT``: at equal distances from the line; ``ABREAST``:
            all in one row at the line, or two by two where it is too narrow for that.
        shuffled: slots are drawn among the cars.
        run_up: [m] that all of a grid is moved back.
        gap: [m] between slots along the track; 0 takes 1.6 times the longest car.
        base_speed: [m/s].
        lateral_noise, heading_noise, speed_noise: half-widths of uniform scatter.
        race_speed_noise: [m/s] the same, of what all cars of a race have in common.
        lap_origin: (n_races, n_cars) float64 [m]: the progress at which a car's laps begin.
            Written.
        s: (k * n_cars,) float64 [m], the progress that the car is to have; for ``RANDOM`` at equal
            distances, within the lap. Written.
        d, heading, speed: (k * n_cars,) float64; written.
    """
    n_cars = slots.shape[0]
    for k in prange(races.shape[0]):
        race = races[k]
        track = race_track[race]
        lap = table[track, LENGTH]
        longest, widest = 0.0, 0.0
        for car in range(n_cars):
            longest = max(longest, float(length[race, car]))
            widest = max(widest, float(width[race, car]))
        step = gap if gap > 0.0 else 1.6 * longest
        front = 0.5 * longest + 0.5
        base = lap * draw_uniform(keys[k], 0, 0, _PLACE)
        marked = int(table[track, GRID_COUNT]) if formation == GRID else 0
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        across = points[first, WIDTH_LEFT] + points[first, WIDTH_RIGHT]
        row = n_cars if n_cars * ROOM * widest <= across else min(2, n_cars)
        common = race_speed_noise * (2.0 * draw_uniform(keys[k], 0, 0, _RACE_SPEED) - 1.0)
        dealt = np.empty(n_cars, np.int64)
        deal_slots(slots, keys[k], shuffled, dealt)
        for car in range(n_cars):
            slot = dealt[car]
            i = k * n_cars + car
            lap_origin[race, car] = 0.0
            if formation == RANDOM:
                s[i] = base - slot * gap if gap > 0.0 else (base - slot * lap / n_cars) % lap
            elif formation == PURSUIT:
                lap_origin[race, car] = -slot * lap / n_cars
                s[i] = lap_origin[race, car] - front
            elif formation == ABREAST:
                s[i] = -(front + (slot // row) * step)
            else:
                place = grid_place(grid_slots, track, marked, slot, front, step)
                s[i] = (place if place <= 0.5 * lap else place - lap) - run_up
            here = s[i] % lap
            index = min(int(here / table[track, SPACING]), count - 1)
            left, right = points[first + index, WIDTH_LEFT], points[first + index, WIDTH_RIGHT]
            side = 0.0
            if slot < marked:
                side = grid_slots[track, slot, 1]
            elif formation == ABREAST:
                side = left - (left + right) * (slot % row + 0.5) / row
            elif n_cars > 1 and formation == GRID:
                side = 0.45 * left if slot % 2 == 0 else -0.45 * right
            side += lateral_noise * (2.0 * draw_uniform(keys[k], car, 0, _LATERAL) - 1.0)
            inside = 0.5 * float(width[race, car])
            d[i] = max(min(side, left - inside), inside - right)
            heading[i] = heading_noise * (2.0 * draw_uniform(keys[k], car, 0, _HEADING) - 1.0)
            fast = speed_noise * (2.0 * draw_uniform(keys[k], car, 0, _SPEED) - 1.0)
            speed[i] = max(0.0, base_speed + common + fast)
