"""Who is near enough to touch is the same as among all pairs, however the cars are sorted."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from racegym_kart2d.kernels.columns import LENGTH, PARAMETERS, TO_FRONT, TO_REAR, WIDTH
from racegym_kart2d.kernels.nearby import mark_near, neighbours

N = 24


def field(seed: int) -> tuple[np.ndarray, ...]:
    """Return x, y, last_x, last_y and parameters of cars, some in a heap, some in one spot."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 40, (2, N))
    x[:6] = x[6]  # side by side
    x[7], y[7] = x[8], y[8]
    if seed % 2:
        x[9], y[10] = np.nan, np.inf
    last_x, last_y = x - rng.normal(0, 1, N), y - rng.normal(0, 1, N)
    parameters = np.zeros((N, PARAMETERS), np.float32)
    parameters[:, LENGTH], parameters[:, WIDTH] = rng.uniform(1, 4, N), rng.uniform(1, 2, N)
    parameters[:, TO_FRONT], parameters[:, TO_REAR] = rng.uniform(0.5, 2, (2, N))
    return x, y, last_x, last_y, parameters


def farthest(field: tuple[np.ndarray, ...], one: int, other: int) -> bool:
    """Return whether circles about two cars, as large as the largest, meet within the step."""
    x, y, last_x, last_y, parameters = field
    p = parameters.astype(np.float64)
    reaches = np.abs(parameters[:, TO_FRONT] - parameters[:, TO_REAR]).max()
    reaches += np.sqrt((p[:, LENGTH] ** 2 + p[:, WIDTH] ** 2).max())
    end = np.array([x[other] - x[one], y[other] - y[one]])
    begin = np.array([last_x[other] - last_x[one], last_y[other] - last_y[one]])
    mid, step = (end + begin) / 2, (end - begin) / 2
    return bool(np.hypot(*mid) < reaches + np.hypot(*step))


def test_those_are_marked_and_listed_that_come_near_a_later_slot() -> None:
    for seed in range(40):
        check(field(seed), np.random.default_rng(seed + 100).permutation(N))


def check(cars: tuple[np.ndarray, ...], order: np.ndarray) -> None:
    """Compare what is found with all pairs."""
    x, y, *_ = cars
    marked, others = np.ones(N, np.bool_), np.zeros(N, np.int64)
    near = mark_near(0, N, *cars, order, marked)
    assert sorted(order) == list(range(N))
    known = x[order][: np.isfinite(x).sum()]
    assert (np.diff(known) >= 0).all()  # who is nowhere comes last
    with np.errstate(invalid="ignore"):
        pairs = [(a, b) for a, b in combinations(range(N), 2) if farthest(cars, a, b)]
        close = (x - x[:, None]) ** 2 + (y - y[:, None]) ** 2 < near
    assert pairs
    assert all(close[pair] for pair in pairs)
    assert set(np.flatnonzero(marked)) == {a for a, _ in pairs}
    place = np.argsort(order)
    for car in range(N):
        count = neighbours(car, place[car], near, x, y, order, others)
        assert list(others[:count]) == [b for b in range(car + 1, N) if close[car, b]]


def test_no_distance_is_told_where_all_are_apart() -> None:
    _, _, _, _, parameters = field(0)
    x, y = 20.0 * np.arange(N), np.zeros(N)
    marked = np.ones(N, np.bool_)
    assert mark_near(0, N, x, y, x, y, parameters, np.arange(N), marked) == 0.0
    assert not marked.any()
