"""Where cars start: grid slots or places on the track, with scatter."""

from __future__ import annotations

from numba import prange

from racegym.kernels.compile import kernel
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

__all__ = ["place_on_grid"]

_PLACE = purpose("start.s")
_LATERAL = purpose("start.d")
_HEADING = purpose("start.heading")
_SPEED = purpose("start.speed")


@kernel
def place_on_grid(
    races, keys, slots, length, width, race_track, points, table, grid_slots,
    anywhere, gap, base_speed, lateral_noise, heading_noise, speed_noise,
    s, d, heading, speed,
):  # fmt: skip
    """Write the start of every car of some races.

    Where a track brings slots along they are used, and those behind the last of them follow
    it by the rule: alternately left and right, ``gap`` apart.

    Args:
        races: (k,) int64.
        keys: (k,) uint64.
        slots: (n_cars,) int64, the grid slot of each car.
        length, width: (n_races, n_cars) real [m], of the cars.
        race_track, points, table, grid_slots: the packed tracks.
        anywhere: start somewhere on the track, at equal distances, instead of on the grid.
        gap: [m] between slots along the track; 0 takes 1.6 times the longest car.
        base_speed: [m/s].
        lateral_noise, heading_noise, speed_noise: half-widths of uniform scatter.
        s, d, heading, speed: (k * n_cars,) float64; written.
    """
    n_cars = slots.shape[0]
    for k in prange(races.shape[0]):
        race = races[k]
        track = race_track[race]
        lap = table[track, LENGTH]
        longest = 0.0
        for car in range(n_cars):
            longest = max(longest, float(length[race, car]))
        step = gap if gap > 0.0 else 1.6 * longest
        base = lap * draw_uniform(keys[k], 0, 0, _PLACE)
        marked = 0 if anywhere else int(table[track, GRID_COUNT])
        for car in range(n_cars):
            slot = slots[car]
            i = k * n_cars + car
            if anywhere:
                s[i] = (base - slot * lap / n_cars) % lap
            elif slot < marked:
                s[i] = grid_slots[track, slot, 0] % lap
            elif marked > 0:
                s[i] = (grid_slots[track, marked - 1, 0] - (slot - marked + 1) * step) % lap
            else:
                s[i] = lap - (0.5 * longest + 0.5 + slot * step) % lap
            index = min(int(s[i] / table[track, SPACING]), int(table[track, COUNT]) - 1)
            row = int(table[track, FIRST]) + index
            left, right = points[row, WIDTH_LEFT], points[row, WIDTH_RIGHT]
            side = 0.0
            if n_cars > 1 and not anywhere:
                side = 0.45 * left if slot % 2 == 0 else -0.45 * right
            if slot < marked:
                side = grid_slots[track, slot, 1]
            side += lateral_noise * (2.0 * draw_uniform(keys[k], car, 0, _LATERAL) - 1.0)
            inside = 0.5 * float(width[race, car])
            d[i] = max(min(side, left - inside), inside - right)
            heading[i] = heading_noise * (2.0 * draw_uniform(keys[k], car, 0, _HEADING) - 1.0)
            fast = speed_noise * (2.0 * draw_uniform(keys[k], car, 0, _SPEED) - 1.0)
            speed[i] = max(0.0, base_speed + fast)
