"""Interquartile means and bootstrap intervals, against closed forms and exact distributions."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from racegym.benchmark.statistics import (
    AGGREGATES,
    estimate,
    interquartile_mean,
    mean,
    optimality_gap,
    probability_of_improvement,
    profile,
    resampled,
)


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    assert interquartile_mean(np.array([8.0, 1, 2, 7, 3, 6, 4, 5])) == pytest.approx(4.5)
    assert interquartile_mean(np.array([0.0, 10, 20, 60, 1e9])) == pytest.approx(30.0)
    values = np.random.default_rng(0).normal(size=(3, 37))
    expected = stats.trim_mean(values, 0.25, axis=1)
    np.testing.assert_allclose(interquartile_mean(values), expected)


def test_of_a_uniform_distribution_the_interquartile_mean_varies_as_theory_says() -> None:
    """The trimmed mean's asymptotic variance, Huber (1981), sec. 3.3: here 1/24 + 2 * ... / n."""
    n, random = 400, np.random.default_rng(1)
    drawn = interquartile_mean(random.uniform(size=(4000, n)))
    # The influence of x is clip(x, 1/4, 3/4) - 1/2 over 1/2, so its variance is
    # 4 * (2 * 1/4 * (1/4)^2 + int_{-1/4}^{1/4} u^2 du) = 4 * (1/32 + 1/96) = 1/6.
    assert n * drawn.var() == pytest.approx(1 / 6, rel=0.08)
    assert drawn.mean() == pytest.approx(0.5, abs=2e-3)


def test_the_gap_counts_what_is_above_the_target_as_reached() -> None:
    assert optimality_gap(np.array([50.0, 150.0])) == pytest.approx(25.0)
    assert optimality_gap(np.array([120.0, 101.0])) == pytest.approx(0.0)


def test_the_bootstrap_draws_within_each_task() -> None:
    """Means of two tasks with runs (0, 1) each: four fair coins, so binomial."""
    tasks = [np.array([0.0, 1.0]), np.array([0.0, 1.0])]
    drawn = resampled(tasks, 40_000, np.random.default_rng(3))
    assert drawn.shape == (40_000, 4)
    counts = np.bincount(drawn.sum(axis=1).astype(int), minlength=5) / len(drawn)
    np.testing.assert_allclose(counts, np.array([1, 4, 6, 4, 1]) / 16, atol=0.01)
    unequal = resampled([np.array([1.0]), np.array([5.0, 7.0, 9.0])], 100, np.random.default_rng(0))
    assert (unequal[:, 0] == 1.0).all()
    assert set(np.unique(unequal[:, 1:])) == {5.0, 7.0, 9.0}


@pytest.mark.parametrize("name", AGGREGATES)
def test_the_interval_is_that_of_all_possible_draws(name: str) -> None:
    """Three runs of one task can be drawn in 27 ways, which are counted here one by one."""
    runs, aggregate = np.array([10.0, 40.0, 90.0]), AGGREGATES[name]
    every = aggregate(np.array(list(product(runs, repeat=3))))
    found = estimate([runs], aggregate, confidence=0.8, repetitions=60_000)
    assert found.value == pytest.approx(float(aggregate(runs)))
    low, high = np.percentile(every, [10, 90], method="inverted_cdf")
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_of_many_normal_runs_the_interval_of_the_mean_is_the_textbooks() -> None:
    runs = np.random.default_rng(4).normal(70.0, 8.0, size=600)
    found = estimate([runs[:300], runs[300:]], mean, confidence=0.9)
    halves = (runs[:300].var(), runs[300:].var())
    deviation = np.sqrt(sum(halves) / 300) / 2  # of the mean, each half drawn by itself
    expected = NormalDist(float(runs.mean()), float(deviation))
    assert found.low == pytest.approx(expected.inv_cdf(0.05), abs=0.03)
    assert found.high == pytest.approx(expected.inv_cdf(0.95), abs=0.03)


def test_intervals_cover_as_often_as_they_promise() -> None:
    """Of 300 experiments with 40 runs each, near 90 % cover the true value."""
    random = np.random.default_rng(5)
    covered = 0
    for k in range(300):
        runs = random.uniform(0.0, 100.0, size=40)
        _, low, high = estimate([runs], confidence=0.9, repetitions=400, seed=k)
        covered += low <= 50.0 <= high
    assert 0.83 < covered / 300 < 0.95


def test_one_run_has_no_interval_and_the_same_seed_gives_the_same_one() -> None:
    assert estimate([np.array([42.0])]) == (42.0, None, None)
    assert estimate([np.array([42.0]), np.arange(7.0)])[1:] == (None, None)
    one, two = [np.array([1.0])], [np.array([0.0, 2.0])]
    assert probability_of_improvement(one, two) == (0.5, None, None)
    runs = [np.random.default_rng(7).normal(size=9), np.arange(7.0)]
    assert estimate(runs, seed=1) == estimate(runs, seed=1) != estimate(runs, seed=2)


def test_the_probability_of_improvement_counts_pairs() -> None:
    ours = [np.array([3.0, 5.0]), np.array([1.0, 1.0])]
    theirs = [np.array([4.0, 3.0]), np.array([2.0, 2.0])]
    # first task: 3>4 no, 3=3 half, 5>4 yes, 5>3 yes: 2.5 of 4; second: none
    found = probability_of_improvement(ours, theirs)
    assert found.value == pytest.approx((2.5 / 4 + 0.0) / 2)
    assert found.low <= found.value <= found.high
    a, b = np.random.default_rng(6).normal(size=(2, 12))
    expected = stats.mannwhitneyu(a, b).statistic / 144
    assert probability_of_improvement([a], [b]).value == pytest.approx(expected)


def test_a_profile_is_the_share_of_runs_above() -> None:
    tasks = [np.array([10.0, 20.0]), np.array([30.0])]
    share, low, high = profile(tasks, np.array([0.0, 10.0, 25.0, 30.0]))
    np.testing.assert_allclose(share, [1.0, 0.75, 0.5, 0.0])
    assert (low <= share).all() and (share <= high).all()
