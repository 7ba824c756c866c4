"""Bounds of the arctangent, sine and rotation that kernels use."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.kernels import kernel, prange
from racegym.kernels.trigonometry import arctangent, cosine, rotation, sine


@kernel
def evaluate(x, atan, sin, cos, turn):
    real = x.dtype.type
    for i in prange(x.shape[0]):
        atan[i] = arctangent(x[i], real)
        angle = x[i] * real(np.pi / 50.0)
        sin[i], cos[i] = sine(angle, real), cosine(angle, real)
        turn[i, 0], turn[i, 1] = rotation(angle, real)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def values(request):
    real = request.param
    near = np.geomspace(1e-12, 50.0, 100_001)
    x = np.concatenate([-near[::-1], [0.0], near, np.linspace(-50, 50, 100_001)]).astype(real)
    out = [np.empty_like(x) for _ in range(3)]
    turn = np.empty((len(x), 2), real)
    evaluate(x, *out, turn)
    bound = 4e-7 if real is np.float32 else 1e-9
    exact = x.astype(float)
    return exact, (x * real(np.pi / 50.0)).astype(float), [*out, turn], bound


def test_arctangent_is_within_its_bound_relatively(values):
    x, _, (atan, *_), bound = values
    wrong = np.abs(atan - np.arctan(x))[x != 0] / np.abs(np.arctan(x))[x != 0]
    assert wrong.max() < bound


def test_sine_is_within_its_bound_relatively_up_to_a_right_angle(values):
    _, angle, (_, sin, *_), bound = values
    small = (np.abs(angle) <= np.pi / 2) & (angle != 0)
    assert (np.abs(sin - np.sin(angle))[small] / np.abs(np.sin(angle))[small]).max() < bound
    assert np.abs(sin - np.sin(angle)).max() < bound


def test_cosine_is_within_its_bound(values):
    _, angle, (_, _, cos, _), bound = values
    assert np.abs(cos - np.cos(angle)).max() < bound


def test_all_are_odd_or_even_to_the_last_bit(values):
    x, _, (atan, sin, cos, turn), _ = values
    first = slice(0, 2 * 100_001 + 1)
    assert np.array_equal(x[first], -x[first][::-1])
    assert np.array_equal(atan[first], -atan[first][::-1])
    assert np.array_equal(sin[first], -sin[first][::-1])
    assert np.array_equal(cos[first], cos[first][::-1])
    assert np.array_equal(turn[first, 1], -turn[first, 1][::-1])


def test_a_rotation_has_length_one_and_the_right_angle(values):
    _, angle, (*_, turn), bound = values
    wide = turn.astype(float)
    assert np.abs(np.hypot(wide[:, 0], wide[:, 1]) - 1.0).max() < bound
    small = np.abs(angle) <= 0.2
    assert np.abs(np.arctan2(wide[:, 1], wide[:, 0]) - angle)[small].max() < bound
