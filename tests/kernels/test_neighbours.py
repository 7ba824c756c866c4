"""The nearest cars are those that sorting all of them finds, with the same ties."""

from __future__ import annotations

import numpy as np

from racegym import kernels
from racegym.kernels.neighbours import FEATURES, observe_opponents
from racegym.kernels.projection import LENGTH

RACES, CARS, MOST, LAP, REACH = 6, 12, 4, 64.0, 20.0


def ahead_of(s: np.ndarray, race: int, car: int, other: int) -> float:
    """Return how far [m] one car is ahead of another, the short way, in (-LAP/2, LAP/2]."""
    ds = (s[race, other] - s[race, car]) % LAP
    return float(ds - LAP if ds > LAP / 2 else ds)


def expected(s: np.ndarray, present: np.ndarray, race: int, car: int) -> list[int]:
    """Return the nearest cars within reach, by distance and then by slot."""
    away = {
        other: abs(ahead_of(s, race, car, other))
        for other in range(CARS)
        if other != car and present[race, other]
    }
    within = [other for other in away if away[other] <= REACH]
    return sorted(within, key=lambda other: (away[other], other))[:MOST]


def test_the_nearest_are_those_that_sorting_all_finds() -> None:
    table = np.full((1, LENGTH + 1), LAP)
    order = np.tile(np.arange(CARS), (RACES, 1))
    for seed in range(40):
        rng = np.random.default_rng(seed)
        s = rng.uniform(0, LAP, (RACES, CARS))
        s[1:4] = np.round(s[1:4] / 2) * 2 % LAP  # ties, and half a lap
        s[4] = 7.0  # all in one place
        s[5] = np.round(rng.uniform(-3, 3, CARS)) % LAP  # about the line
        present = rng.random((RACES, CARS)) < (0.1 if seed % 4 == 3 else 0.8)
        d = np.tile(np.arange(CARS, dtype=np.float32), (RACES, 1))  # tells who it is
        asked = rng.random(RACES * CARS) < (0.3 if seed % 2 else 2)
        cars = np.flatnonzero(asked)
        still = np.zeros((RACES, CARS), np.float32)
        place = s.copy()
        out = np.full((len(cars), MOST, FEATURES), 9.0, np.float32)
        observe_opponents(
            cars, out, np.full((len(cars), MOST), -7), rng.permuted(order, axis=1),
            np.zeros_like(order), place, place, still, still, still, s, d, present,
            np.zeros(RACES, np.int32), table, REACH, 100.0, 1.0, 1.0,
        )  # fmt: skip
        for k, flat in enumerate(cars):
            race, car = divmod(int(flat), CARS)
            wanted = expected(s, present, race, car)
            told = np.rint(out[k, :, 2] * 100 + car)
            assert (out[k, :, 0] == [1.0] * len(wanted) + [0.0] * (MOST - len(wanted))).all()
            assert list(told[: len(wanted)]) == wanted
            assert (out[k, len(wanted) :] == 0.0).all()


def test_several_threads_tell_the_same() -> None:
    n_races = 64
    rng = np.random.default_rng(0)
    s, x, y = rng.uniform(0, LAP, (3, n_races, CARS))
    yaw, vx, vy, d = rng.normal(0, 1, (4, n_races, CARS)).astype(np.float32)
    cars = np.arange(n_races * CARS)
    assert len(cars) >= kernels.PARALLEL_FROM
    told = []
    before = kernels.threads()
    try:
        for threads in (1, 2):
            kernels.set_threads(threads)
            out = np.zeros((len(cars), MOST, FEATURES), np.float32)
            observe_opponents(
                cars, out, np.zeros((len(cars), MOST), np.int64),
                np.tile(np.arange(CARS), (n_races, 1)), np.zeros((n_races, CARS), np.int64),
                x, y, yaw, vx, vy, s, d, np.ones((n_races, CARS), np.bool_),
                np.zeros(n_races, np.int32), np.full((1, LENGTH + 1), LAP), REACH, 20.0, 10.0, 1.0,
            )  # fmt: skip
            told.append(out)
    finally:
        kernels.set_threads(before)
    assert (told[0] == told[1]).all()
