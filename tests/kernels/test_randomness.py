"""Draws are pure functions of their arguments, and look independent and uniform."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy import stats

from racegym.kernels import kernel
from racegym.kernels.randomness import draw_normal, draw_uniform, mix, purpose, race_keys

MASK = (1 << 64) - 1
N = 20000


@kernel
def mixed(out, a, b):
    """Write mix(a, b)."""
    for k in range(out.shape[0]):
        out[k] = mix(a[k], b[k])


@kernel
def drawn(uniform, normal, key, car, step, what):
    """Write one draw of each kind for each row of arguments."""
    for k in range(uniform.shape[0]):
        uniform[k] = draw_uniform(key[k], car[k], step[k], what[k])
        normal[k] = draw_normal(key[k], car[k], step[k], what[k])


def draws(**varied):
    """Return uniform and normal draws; of the arguments those given vary, (N,)."""
    arguments = {"key": 77, "car": 0, "step": 0, "what": int(purpose("test"))} | varied
    kinds = {"key": np.uint64, "car": np.int64, "step": np.int64, "what": np.uint64}
    rows = [np.broadcast_to(np.array(arguments[n], kinds[n]), N).copy() for n in kinds]
    uniform, normal = np.zeros(N), np.zeros(N)
    drawn(uniform, normal, *rows)
    return uniform, normal


VARIED = {
    "key": np.arange(N, dtype=np.uint64),
    "car": np.arange(N),
    "step": np.arange(N),
    "what": np.arange(N, dtype=np.uint64) << np.uint64(40),
}


def splitmix(state):
    """Return the output of SplitMix64 at this state, in whole numbers of Python."""
    z = state & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_mix_is_splitmix64():
    # The first outputs of SplitMix64 seeded with 0, as published with Vigna's C code.
    out = np.zeros(3, np.uint64)
    mixed(out, np.zeros(3, np.uint64), np.arange(3, dtype=np.uint64))
    assert [hex(int(z)) for z in out] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2**64, (2, 500), np.uint64)
    out = np.zeros(500, np.uint64)
    mixed(out, a, b)
    for x, y, z in zip(a.tolist(), b.tolist(), out.tolist(), strict=True):
        assert z == splitmix(x + 0x9E3779B97F4A7C15 * (y + 1))


@pytest.mark.parametrize("name", VARIED)
def test_uniform_draws_are_uniform_whatever_varies(name):
    uniform, _ = draws(**{name: VARIED[name]})
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert len(np.unique(uniform)) == N
    assert stats.kstest(uniform, "uniform").pvalue > 1e-3
    assert uniform.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * N))
    assert uniform.var() == pytest.approx(1 / 12, rel=0.03)


@pytest.mark.parametrize("name", VARIED)
def test_normal_draws_are_standard_normal_whatever_varies(name):
    _, normal = draws(**{name: VARIED[name]})
    assert np.isfinite(normal).all()
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    assert normal.mean() == pytest.approx(0, abs=4 / np.sqrt(N))
    assert normal.std() == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("name", VARIED)
@pytest.mark.parametrize("lag", [1, 2, 7, 64])
def test_neighbouring_draws_are_uncorrelated(name, lag):
    uniform, _ = draws(**{name: VARIED[name]})
    correlation = np.corrcoef(uniform[:-lag], uniform[lag:])[0, 1]
    assert abs(correlation) < 4.5 / np.sqrt(N)


def test_two_purposes_cars_or_keys_give_independent_series():
    steps = VARIED["step"]
    base, _ = draws(step=steps)
    for other in (draws(step=steps, car=1), draws(step=steps, key=78), draws(step=steps, what=9)):
        assert abs(np.corrcoef(base, other[0])[0, 1]) < 4.5 / np.sqrt(N)


def test_uniform_and_normal_of_one_place_are_uncorrelated():
    uniform, normal = draws(step=VARIED["step"], what=4)
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < 4.5 / np.sqrt(N)


def test_keys_depend_on_seed_and_episode_of_their_race_alone():
    seed = np.repeat(np.arange(50, dtype=np.uint64), 40)
    episode = np.tile(np.arange(40), 50)
    key = np.zeros(2000, np.uint64)
    races = np.arange(2000)
    race_keys(races, seed, episode, key)
    assert len(np.unique(key)) == 2000
    one = np.zeros(1, np.uint64)
    race_keys(np.zeros(1, np.int64), seed[1234:1235].copy(), episode[1234:1235].copy(), one)
    assert one[0] == key[1234]
    some = np.full(2000, 3, np.uint64)
    race_keys(np.array([5, 9]), seed, episode, some)
    assert np.flatnonzero(some != 3).tolist() == [5, 9]


def test_purposes_are_fixed_numbers_of_their_names():
    assert purpose("start.d") != purpose("start.s")
    assert purpose("start.d") == purpose("start.d")
    # BLAKE2b of the name: the same on every machine and in every version.
    assert int(purpose("start.d")) == int.from_bytes(
        hashlib.blake2b(b"start.d", digest_size=8).digest(), "big"
    )
