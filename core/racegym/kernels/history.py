"""What each car did in the last three seconds: a short memory that contacts are judged by.

All cars of a race are sampled together, ten times a second or once a step if steps are longer,
after the contacts of the step have been judged: the newest sample is from before a touch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.projection import LENGTH
from racegym.kernels.trigonometry import cosine, sine

__all__ = [
    "ALONG",
    "FIGURES",
    "HEADING",
    "SAMPLES",
    "D",
    "History",
    "Places",
    "S",
    "look_back",
    "remember_cars",
]

SAMPLES = 32  # kept of each race
EVERY = 0.1 - 1e-6  # [s] between samples; a little less, as times are sums
LEAP = 3.0  # [m] more than driving explains: the car was put somewhere else

S, D, ALONG, HEADING = 0, 1, 2, 3  # [m], [m], [m/s] along the track, [rad] heading error
FIGURES = 4  # of a sample


class Places(NamedTuple):
    """Where the cars are; each (n_races, n_cars), of ``CarState`` and ``TrackFrame``."""

    s: NDArray[np.float64]
    d: NDArray[np.floating]
    heading_error: NDArray[np.floating]
    yaw: NDArray[np.floating]
    vx: NDArray[np.floating]
    vy: NDArray[np.floating]
    width_left: NDArray[np.floating]
    width_right: NDArray[np.floating]


class History(NamedTuple):
    """A ring of samples for each race.

    Attributes:
        newest: (n_races,) int32, its slot.
        filled: (n_races,) int32, slots that count.
        at: (n_races, SAMPLES) float64 [s].
        past: (n_races, SAMPLES, n_cars, FIGURES) real.
        known: (n_races, n_cars) float64 [s]: what is older belongs to where the car was before
            it was put somewhere else.
    """

    newest: NDArray[np.int32]
    filled: NDArray[np.int32]
    at: NDArray[np.float64]
    past: NDArray[np.floating]
    known: NDArray[np.float64]


@device
def take_sample(race, now, s, d, heading_error, vx, vy, length, newest, filled, at, past, known):
    """Note where the cars of one race are."""
    real = past.dtype.type
    last, first = newest[race], filled[race] == 0
    slot = last if first else (last + 1) % SAMPLES
    for car in range(d.shape[1]):
        error = heading_error[race, car]
        forward, left = vx[race, car], vy[race, car]
        along = forward * cosine(error, real) - left * sine(error, real)
        if not first:
            speed = abs(forward) + abs(left) + abs(past[race, last, car, ALONG])
            most = LEAP + 2.0 * (now - at[race, last]) * speed
            ahead = wrap_difference(s[race, car] - past[race, last, car, S], length)
            if abs(ahead) > most or abs(d[race, car] - past[race, last, car, D]) > most:
                known[race, car] = now
        past[race, slot, car, S] = s[race, car]
        past[race, slot, car, D] = d[race, car]
        past[race, slot, car, ALONG] = along
        past[race, slot, car, HEADING] = error
    at[race, slot] = now
    newest[race] = slot
    filled[race] = min(filled[race] + 1, SAMPLES)


@kernel
def remember_cars(
    races, time, s, d, heading_error, vx, vy, race_track, table, newest, filled, at, past, known
):
    """Note where the cars of some races are, where it is time to.

    Args:
        races: (k,) int64.
        time: (n_races,) [s].
        s, d, heading_error, vx, vy: (n_races, n_cars), of ``TrackFrame`` and ``CarState``.
        race_track, table: the packed tracks.
        newest ... known: the fields of a ``History``; written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        if filled[race] == 0 or time[race] - at[race, newest[race]] >= EVERY:
            length = table[race_track[race], LENGTH]
            take_sample(race, time[race], s, d, heading_error, vx, vy, length,
                        newest, filled, at, past, known)  # fmt: skip


@outlined
def look_back(history, race, a, b, time):
    """Return the slot of the newest sample from ``time`` or before, of what is known of both cars.

    Of the oldest, where the memory does not reach so far. The history must not be empty.
    """
    slot = history.newest[race]
    known = max(history.known[race, a], history.known[race, b])
    for _ in range(history.filled[race] - 1):
        before = (slot + SAMPLES - 1) % SAMPLES
        if history.at[race, slot] <= time + 1e-6 or history.at[race, before] < known:
            break
        slot = before
    return slot
