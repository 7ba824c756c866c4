"""What becomes of a sensor's values on their way to a driver: noise, gaps, delay, stacks.

Each car has a ring of its latest frames. A frame is put into it once a step, however often
it is looked at, and the ring's slots count from the start of the episode, so that nothing
from before a reset can be read after it.
"""

from __future__ import annotations

from math import floor

import numpy as np
from numba import prange

from racegym.kernels.compile import kernel
from racegym.kernels.randomness import draw_normal, draw_uniform, purpose

__all__ = ["deliver"]

_NOISE = purpose("sensor.noise")
_GAP = purpose("sensor.gap")


@kernel
def deliver(
    cars, out, fresh, ring, seen, last, key, step, salt, noise, drop_out, delay, stack,
    channels, channels_first, low, high, whole,
):  # fmt: skip
    """Keep the fresh frames of some cars, and write what is delivered in their place.

    Args:
        cars: (k,) int64 flat indices, race * n_cars + car.
        out: (k, stack * size) of the sensor's dtype; written.
        fresh: (>= k, size) frames as they are now.
        ring: (n_races, n_cars, delay + stack, size) latest frames; updated.
        seen: (n_races, n_cars) int64 frames of this episode; updated.
        last: (n_races, n_cars) int64 step of the latest frame; updated.
        key: (n_races,) uint64, of draws; step: (n_races,) int64, of the race.
        salt: uint64 that tells one sensor's draws from another's.
        noise: standard deviation of what is added to each value.
        drop_out: probability that a frame is lost, and the one before stays.
        delay: how many frames old the newest is that is delivered.
        stack: how many are delivered together.
        channels: length of the last axis of a frame.
        channels_first: whether frames are delivered with their last axis first.
        low, high: (size,) bounds of a frame's values.
        whole: whether values are whole numbers.
    """
    n_cars = ring.shape[1]
    depth, size = ring.shape[2], ring.shape[3]
    places = size // channels
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        if last[race, car] != step[race]:
            last[race, car] = step[race]
            seen[race, car] += 1
        now = seen[race, car] - 1
        slot = ring[race, car, now % depth]
        lost = (
            now > 0
            and drop_out > 0.0
            and draw_uniform(key[race], car, step[race], salt ^ _GAP) < drop_out
        )
        if lost:
            before = ring[race, car, (now - 1) % depth]
            for i in range(size):
                slot[i] = before[i]
        else:
            for i in range(size):
                value = float(fresh[k, i])
                if noise > 0.0:
                    draw = draw_normal(key[race], car * size + i, step[race], salt ^ _NOISE)
                    value = min(max(value + noise * draw, float(low[i])), float(high[i]))
                    value = floor(value + 0.5) if whole else value
                slot[i] = value
        for j in range(stack):
            frame = ring[race, car, max(now - delay - (stack - 1 - j), np.int64(0)) % depth]
            if channels_first:
                for c in range(channels):
                    for place in range(places):
                        out[k, (j * channels + c) * places + place] = frame[place * channels + c]
            else:
                for place in range(places):
                    for c in range(channels):
                        at = (place * stack + j) * channels + c
                        out[k, at] = frame[place * channels + c]
