"""What passes between processes arrives as it was, and nonsense does no harm."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from racegym.entrants.failure import FailureError, Fault
from racegym.entrants.wire import (
    HEADER,
    Layout,
    Row,
    pack_answers,
    pack_question,
    unpack_answers,
    unpack_question,
)

numbers = st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1", "<f2"]).flatmap(
    lambda dtype: arrays(np.dtype(dtype), array_shapes(min_dims=0, max_dims=3, min_side=0))
)
failures = st.builds(
    FailureError, st.sampled_from(Fault), st.text(max_size=50), st.none() | st.integers(0, 9999)
)


@given(st.lists(numbers | failures, max_size=5), st.integers(0, 2**32 - 1))
def test_answers_arrive_as_they_were(answers, number):
    message = pack_answers(number, answers)
    assert HEADER.unpack_from(message) == (b"A", len(message) - HEADER.size)
    same, found = unpack_answers(message[HEADER.size :])
    assert same == number and len(found) == len(answers)
    for sent, got in zip(answers, found, strict=True):
        if isinstance(sent, FailureError):
            assert (got.fault, got.what, got.line) == (sent.fault, sent.what, sent.line)
        else:
            assert got.dtype == sent.dtype and got.shape == sent.shape
            assert got.tobytes() == sent.tobytes()


@given(st.binary(max_size=200))
def test_nonsense_is_refused(raw):
    try:
        number, answers = unpack_answers(raw)
    except ValueError:
        return
    assert pack_answers(number, answers)  # by chance it was sense


@given(st.data())
def test_changed_answers_are_refused_or_read(data):
    raw = bytearray(pack_answers(7, [np.arange(6.0).reshape(2, 3)])[HEADER.size :])
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        unpack_answers(bytes(raw))


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (3,), np.float32),
        spaces.Box(0, 255, (4, 5, 3), np.uint8),
        spaces.Dict(a=spaces.Box(-1, 1, (2,)), b=spaces.Box(0, 1, (2, 2), np.float64)),
    ],
)
def test_questions_arrive_as_they_were(space):
    told = [space.sample() for _ in range(6)]
    whole = (
        {key: np.array([one[key] for one in told]) for key in told[0]}
        if isinstance(told[0], dict)
        else np.array(told)
    )
    layout = Layout.of(space)
    rows, which = [Row(3, True, 2**63), Row(5, False, 0)], np.array([1, 4])
    message = pack_question(9, rows, layout.pack(whole, which))
    number, asked = unpack_question(message[HEADER.size :], Layout(layout.plain()))
    assert number == 9 and [row for row, _ in asked] == rows
    for (_, got), row in zip(asked, which, strict=True):
        for key in got if isinstance(got, dict) else [...]:
            np.testing.assert_array_equal(got[key], told[row][key])
