"""Draws have the distribution that they are said to have, whatever they are drawn beside."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.kernels.randomness import purpose, race_keys
from racegym.kernels.variation import delay_controls, draw_values
from racegym.world import Distribution

RACES = 20_000
KS_LIMIT = 1.95 / RACES**0.5  # exceeded by one honest sample in a thousand; the seed is fixed


def keys(count: int = RACES, seed: int = 7) -> Any:
    key = np.zeros(count, np.uint64)
    seeds = np.arange(seed, seed + count, dtype=np.uint64)
    race_keys(np.arange(count), seeds, np.zeros(count, np.int64), key)
    return key


def draw(*rows: list[Distribution], key: Any = None, streams: Any = None) -> Any:
    """Return (k, n_names, n_cars) draws of these distributions, by name and car."""
    values: list[float] = []
    kinds = np.array([[d.kernel_kind() for d in row] for row in rows])
    figures = np.array([[d.figures(values) for d in row] for row in rows])
    key = keys() if key is None else key
    own = np.tile(np.arange(kinds.shape[1]), (len(rows), 1))
    purposes = np.array([purpose(f"test.{k}") for k in range(len(rows))], np.uint64)
    out = np.empty((len(key), *kinds.shape))
    draw_values(
        key, kinds, figures, np.array(values or [0.0]), own if streams is None else streams,
        purposes, out,
    )  # fmt: skip
    return out


def distance(sample: Any, cdf: Callable[[float], float]) -> float:
    """Return the Kolmogorov-Smirnov distance of a sample from a distribution."""
    expected = np.array([cdf(x) for x in np.sort(sample)])
    steps = np.arange(len(sample) + 1) / len(sample)
    return float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))


def cut_normal(mean: float, sd: float, low: float, high: float) -> Callable[[float], float]:
    bell = NormalDist(mean, sd)
    below, above = bell.cdf(low), bell.cdf(high)
    return lambda x: (bell.cdf(x) - below) / (above - below)


@pytest.mark.parametrize(
    ("distribution", "cdf"),
    [
        (Distribution.uniform(150, 190), lambda x: (x - 150) / 40),
        (Distribution.log_uniform(0.1, 10), lambda x: log(x / 0.1) / log(100)),
        (Distribution.normal(1.2, 0.05), NormalDist(1.2, 0.05).cdf),
        (Distribution.normal(1.2, 0.05, 1.15, 1.4), cut_normal(1.2, 0.05, 1.15, 1.4)),
        (Distribution.normal(0, 1, 1.5, 2.0), cut_normal(0, 1, 1.5, 2.0)),
    ],
    ids=["uniform", "log_uniform", "normal", "cut", "tail"],
)
def test_continuous_draws(distribution: Distribution, cdf: Callable[[float], float]) -> None:
    sample = draw([distribution])[:, 0, 0]
    assert sample.min() >= distribution.low and sample.max() <= distribution.high
    assert distance(sample, cdf) < KS_LIMIT


def test_choices_are_as_likely_as_they_are_named() -> None:
    sample = draw([Distribution.choice([3.0, -1.0, 3.0, 7.0])])[:, 0, 0]
    found, counts = np.unique(sample, return_counts=True)
    assert found.tolist() == [-1.0, 3.0, 7.0]
    np.testing.assert_allclose(counts / RACES, [0.25, 0.5, 0.25], atol=4 * 0.5 / RACES**0.5)


def test_names_cars_and_episodes_draw_apart() -> None:
    flat = Distribution.uniform(0, 1)
    sample = draw([flat, flat], [flat, flat]).reshape(RACES, 4)
    correlation = np.corrcoef(sample.T) - np.eye(4)
    assert np.abs(correlation).max() < 4 / RACES**0.5
    first, second = np.zeros((2, RACES), np.uint64)
    seeds = np.zeros(RACES, np.uint64)
    race_keys(np.arange(RACES), seeds, np.arange(RACES), first)
    race_keys(np.arange(RACES), seeds, np.arange(1, RACES + 1), second)
    one, next_one = draw([flat], key=first)[:, 0, 0], draw([flat], key=second)[:, 0, 0]
    assert abs(np.corrcoef(one, next_one)[0, 1]) < 4 / RACES**0.5


def test_cars_of_one_stream_draw_the_same() -> None:
    flat = Distribution.uniform(0, 1)
    sample = draw([flat, flat, flat], streams=np.array([[0, 0, 2]]))
    assert (sample[:, 0, 0] == sample[:, 0, 1]).all()
    assert (sample[:, 0, 0] != sample[:, 0, 2]).all()


def test_a_draw_depends_on_nothing_beside_it() -> None:
    bell, choice = Distribution.normal(0, 1), Distribution.choice([1, 2, 3])
    many = draw([bell, choice], [choice, bell])
    alone = draw([bell], key=keys()[17:18])
    assert many[17, 0, 0] == alone[0, 0, 0]


@settings(deadline=None)  # the first call compiles
@given(
    st.integers(1, 5), st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(0, 2**32)
)
def test_a_control_arrives_after_its_delay(n_races: int, lags: list[int], seed: int) -> None:
    n_cars, depth, length = len(lags), 5, 12
    asked = np.random.default_rng(seed).uniform(-1, 1, (length, 3, n_races, n_cars))
    asked = asked.astype(np.float32)
    gears = np.random.default_rng(seed).integers(-1, 3, (length, n_races, n_cars)).astype(np.int8)
    steps = np.tile(np.array(lags, np.int32), (n_races, 1))
    count = np.zeros(n_races, np.int64)
    kept = np.full((n_races, n_cars, depth, 3), 9, np.float32)
    kept_gear = np.full((n_races, n_cars, depth), 9, np.int8)
    late = np.zeros((3, n_races, n_cars), np.float32)
    late_gear = np.zeros((n_races, n_cars), np.int8)
    request, late_request = np.ones((2, n_races, n_cars), np.uint8)
    late_request[:] = 0
    for k in range(length):
        delay_controls(
            steps, count, kept, kept_gear, *asked[k], gears[k], request, *late, late_gear,
            late_request,
        )  # fmt: skip
        for car, lag in enumerate(lags):
            wanted = asked[k - lag, :, :, car] if k >= lag else np.zeros((3, n_races))
            np.testing.assert_array_equal(late[:, :, car], wanted)
            gear = gears[k - lag, :, car] if k >= lag else np.zeros(n_races)
            np.testing.assert_array_equal(late_gear[:, car], gear)
        assert (late_request == 1).all()
