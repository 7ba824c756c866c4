"""A track from its two edges, however they are given."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.formats.closed_line import closed
from racegym.formats.edges import track_between
from racegym.track import generate

FILE = Path("edges.csv")


def between(left, right, sides_known=False):
    return track_between(left, right, name="t", source="", path=FILE, sides_known=sides_known)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    style=st.sampled_from(["fast", "smooth", "technical"]),
    every=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    roll=st.integers(0, 500),
    backwards=st.booleans(),
)
def test_the_edges_come_back(edges, apart, seed, style, every, roll, backwards):
    """Different numbers of points, another start, another direction: the same asphalt."""
    track = generate(seed, style=style, length=900.0)
    left, right = edges(track)
    given_right = np.roll(right[:: every[1]], roll, axis=0)
    given_right = given_right[::-1] if backwards else given_right
    found = between(left[:: every[0]], given_right)
    for mine, own in zip(edges(found), (left, right), strict=True):
        assert apart(own, mine) < 0.12
    assert found.length == pytest.approx(track.length, rel=2e-3)
    assert np.abs(found.width_left - found.width_right).max() < 0.5
    assert bool(found.notes) == backwards


def test_real_circuits(tum, edges, apart):
    """Suzuka's bridge, and hairpins narrower than their asphalt is wide."""
    for name in ("Suzuka", "Spa", "Norisring"):
        left, right = edges(tum[name])
        found = between(left, right[::-1])
        assert found.length == pytest.approx(tum[name].length, rel=4e-3)
        assert len(found.crossings) == len(tum[name].crossings)
        for mine, own in zip(edges(found), (left, right), strict=True):
            assert apart(own, mine) < 0.35, name  # where the inner edge is a point or folds


def test_edges_that_are_called_by_each_others_name_are_exchanged(edges):
    track = generate(4)
    left, right = edges(track)
    swapped = between(right, left, sides_known=True)
    assert any("exchanged" in note for note in swapped.notes)
    turning = np.sum(swapped.curvature) * swapped.spacing
    assert turning == pytest.approx(np.sum(track.curvature) * track.spacing, abs=0.01)


def test_heights_are_elevation_and_banking(edges):
    track = generate(2, width=10.0)
    left, right = edges(track)
    phase = 2.0 * np.pi * np.arange(len(track)) / len(track)
    high = 20.0 * np.sin(phase)
    found = between(np.column_stack([left, high + 0.5]), np.column_stack([right, high - 0.5]), True)
    assert np.ptp(found.z) == pytest.approx(40.0, abs=0.2)
    np.testing.assert_allclose(found.banking, np.arctan(0.1), atol=5e-3)


def ring(radius, n=90, middle=(0.0, 0.0)):
    angle = 2.0 * np.pi * np.arange(n) / n
    return radius * np.column_stack([np.cos(angle), np.sin(angle)]) + middle


def test_rings():
    track = between(ring(60.0), ring(50.0, 77))
    np.testing.assert_allclose(track.width_left + track.width_right, 10.0, atol=0.03)
    assert track.length == pytest.approx(2.0 * np.pi * 55.0, rel=1e-3)


BAD = [
    (ring(60.0), ring(52.0, middle=(12.0, 0.0)), "touch or cross"),
    (ring(60.0), ring(50.0, middle=(500.0, 0.0)), "beside each other|no line runs"),
    (ring(60.0), ring(60.0), "touch or cross|no line runs"),
]


@pytest.mark.parametrize(("left", "right", "message"), BAD)
def test_what_is_no_pair_of_edges(left, right, message):
    with pytest.raises(TrackError, match=message):
        between(left, right)


def test_what_is_wrong_with_the_line_between_names_the_file():
    high = np.linspace(0.0, 5e9, 90)[:, None]
    with pytest.raises(TrackError, match="more than 1e\\+09 m") as caught:
        between(np.column_stack([ring(60.0), high]), np.column_stack([ring(50.0), high]))
    assert caught.value.file == str(FILE)


def test_an_open_line_is_told_with_its_gap():
    with pytest.raises(TrackError, match=r"is open: its last point is 6\d\.\d m from its first"):
        closed(ring(60.0)[:75], FILE, "it")
    assert len(closed(ring(60.0)[:88], FILE, "it").notes) == 1
    assert not closed(ring(60.0), FILE, "it").notes


def test_a_line_that_runs_on_is_cut_and_one_of_several_laps_refused():
    angle = 2.0 * np.pi * np.arange(95) / 90
    on = 60.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    line = closed(on, FILE, "it")
    assert len(line.points) == 90 and "ran on" in line.notes[0]
    with pytest.raises(TrackError, match=r"more than once.*--format log"):
        closed(np.concatenate([ring(60.0), ring(60.3)]), FILE, "it")


@pytest.mark.parametrize("first", range(0, 60, 4))
def test_a_leg_beside_the_first_is_no_return(first):
    # A kart track of three legs, 9 m apart; points every 12 m, as drawn by hand.
    corners = [(0, 0), (150, 0), (150, 9), (30, 9), (30, 18), (150, 18), (150, 60), (0, 60), (0, 0)]
    pieces = [
        np.linspace(a, b, max(1, round(np.hypot(b[0] - a[0], b[1] - a[1]) / 12)), endpoint=False)
        for a, b in pairwise(corners)
    ]
    line = np.roll(np.concatenate(pieces), -first, axis=0)
    assert len(closed(line, FILE, "the line").points) == len(line)


def test_points_twice_in_a_row_are_dropped():
    line = closed(np.repeat(ring(60.0), 2, axis=0), FILE, "it")
    assert len(line.points) == 90 and "90 points twice" in line.notes[0]
    np.testing.assert_array_equal(line.source, np.arange(0, 180, 2))
