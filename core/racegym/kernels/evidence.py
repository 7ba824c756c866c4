"""What the memory of two cars says of their contact: claims, changes of line, braking, standing.

Each function answers one question of ``docs/blame.md``; ``racegym.kernels.blame`` weighs the
answers.
"""

from __future__ import annotations

from math import nan, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.bends import bend_at, straight_for
from racegym.kernels.compile import outlined
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.history import ALONG, HEADING, SAMPLES, D, S, look_back
from racegym.kernels.projection import COUNT, SPACING

__all__ = [
    "LATELY",
    "MOMENT",
    "Bodies",
    "Circuit",
    "braked_for_nothing",
    "changes_of_line",
    "entry_sample",
    "nose_past_mirror",
    "nose_past_rear",
    "size_scale",
    "spun_or_slow_for",
]

LATELY, MOMENT = 1.0, 0.5  # [s] before the touch
TYPICAL = 4.5  # [m] the car that speeds in the rules are meant for; see ``size_scale``
CHANGE = 0.5  # of a car's width: a change of line
HARD = 0.6  # of the brakes


class Bodies(NamedTuple):
    """Sizes of the cars; each (n_races, n_cars) real, of ``VehicleTable``."""

    length: NDArray[np.floating]
    width: NDArray[np.floating]
    wheelbase: NDArray[np.floating]
    to_front: NDArray[np.floating]
    mass: NDArray[np.floating]
    brake: NDArray[np.floating]


class Circuit(NamedTuple):
    """The packed tracks, and which of them each race drives."""

    race_track: NDArray[np.int32]
    points: NDArray[np.float64]
    table: NDArray[np.float64]


@outlined
def size_scale(bodies, race, a, b):
    """Return the factor on speeds that are stated for a typical car: the root of the length."""
    return (0.5 * (bodies.length[race, a] + bodies.length[race, b]) / TYPICAL) ** 0.5


@outlined
def nose_past_mirror(bodies, race, car, other, gap):
    """Return how far [m] a front axle is past the mirror line of another car, ``gap`` ahead of it.

    The mirrors are a third of the wheelbase behind the front axle.
    """
    mirror = bodies.to_front[race, other] - bodies.wheelbase[race, other] / 3.0
    return bodies.to_front[race, car] - mirror - gap


@outlined
def nose_past_rear(bodies, race, car, other, gap):
    """Return how far [m] a front axle is past the rear axle of another car."""
    rear = bodies.to_front[race, other] - bodies.wheelbase[race, other]
    return bodies.to_front[race, car] - rear - gap


@outlined
def spun_or_slow_for(history, race, car, now, slow):
    """Return for how long [s] a car has been turned round, or slower than ``slow`` [m/s]."""
    slot = history.newest[race]
    began = now
    for _ in range(history.filled[race]):
        figures = history.past[race, slot, car]
        seen = history.at[race, slot] >= history.known[race, car]
        if not seen or not (figures[ALONG] < slow or abs(figures[HEADING]) > 0.5 * pi):
            break
        began = history.at[race, slot]
        slot = (slot + SAMPLES - 1) % SAMPLES
    return now - began


@outlined
def changes_of_line(history, circuit, race, car, width):
    """Return how often a car changed its line on a straight: turning points, and the first move.

    A change goes on for ``CHANGE`` of the width at least. What was driven in a corner counts for
    nothing, and what came before the corner neither.
    """
    track = circuit.race_track[race]
    count, h = int(circuit.table[track, COUNT]), circuit.table[track, SPACING]
    filled, newest = history.filled[race], history.newest[race]
    changes, side = 0, 0
    low = high = nan
    for k in range(filled):
        slot = (newest + SAMPLES - filled + 1 + k) % SAMPLES
        index = int(history.past[race, slot, car, S] / h) % count
        bent = bend_at(circuit.points, circuit.table, track, index) != 0.0
        if bent or history.at[race, slot] < history.known[race, car]:
            changes, side = 0, 0
            low = high = nan
            continue
        d = float(history.past[race, slot, car, D])
        if low != low:
            low = high = d
        low, high = min(low, d), max(high, d)
        if side <= 0 and d > low + CHANGE * width:
            changes, side, high = changes + 1, 1, d
        elif side >= 0 and d < high - CHANGE * width:
            changes, side, low = changes + 1, -1, d
        if side > 0:
            low = high
        elif side < 0:
            high = low
    return changes


@outlined
def entry_sample(history, race, a, b, to_front, entry, length):
    """Return the slot of the newest sample with car ``b``'s front axle before the entry."""
    slot = history.newest[race]
    known = max(history.known[race, a], history.known[race, b])
    for _ in range(history.filled[race] - 1):
        past = wrap_difference(history.past[race, slot, b, S] + to_front - entry, length)
        before = (slot + SAMPLES - 1) % SAMPLES
        if past <= 0.0 or history.at[race, before] < known:
            break
        slot = before
    return slot


@outlined
def braked_for_nothing(history, circuit, bodies, race, car, now):
    """Return whether a car braked hard within the last second with no corner to brake for."""
    slot = look_back(history, race, car, car, now - LATELY)
    newest = history.newest[race]
    took = now - history.at[race, slot]
    before = history.past[race, slot, car, ALONG]
    slower = before - history.past[race, newest, car, ALONG]
    rate = HARD * bodies.brake[race, car]
    if took < MOMENT or slower < rate * MOMENT:
        return False
    track = circuit.race_track[race]
    reach = before * before / (2.0 * rate)
    s = history.past[race, slot, car, S]
    return straight_for(circuit.points, circuit.table, track, s, reach)
