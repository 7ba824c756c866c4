"""Corners: counted where they are drawn, and about as many as real circuits are known for."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.formats import read_track
from racegym.track import Track
from racegym.track.corners import find_corners
from racegym.track.figures import figures


def stadium(straight: float, radius: float) -> Track:
    """Two straights and two half circles to the left, beginning amid a straight."""
    half = np.linspace(-np.pi / 2, np.pi / 2, 40, endpoint=False)
    along = np.linspace(0.0, straight, 40, endpoint=False)
    right = np.stack([straight + radius * np.cos(half), radius * np.sin(half)], 1)
    back = np.stack([straight - along, np.full(40, radius)], 1)
    out = np.stack([along, np.full(40, -radius)], 1)
    left = np.stack([-radius * np.cos(half), -radius * np.sin(half)], 1)
    points = np.concatenate([out, right, back, left])
    points = np.roll(points, -20, axis=0)
    return Track.from_points(points, 4.0, 4.0, name="stadium")


def split_stadium() -> np.ndarray:
    """Return a stadium whose half circles have a straight of 12 m, 1.5 widths, amid them."""
    quarter = np.linspace(0.0, np.pi / 2, 20, endpoint=False)
    arc = 30.0 * np.column_stack([np.sin(quarter), 1.0 - np.cos(quarter)])
    straight = np.column_stack([np.linspace(-200.0, 0.0, 30, endpoint=False), np.zeros(30)])
    amid = np.column_stack([np.full(10, 30.0), 30.0 + np.linspace(0.0, 12.0, 10, endpoint=False)])
    up = np.column_stack([30.0 * np.cos(quarter), 42.0 + 30.0 * np.sin(quarter)])
    half = np.concatenate([straight, arc, amid, up])
    return np.concatenate([half, np.array([-200.0, 72.0]) - half])


def test_a_stadium_has_two_corners():
    one, two = find_corners(stadium(200.0, 30.0))
    assert (one.start, one.end) == (pytest.approx(100, abs=8), pytest.approx(194, abs=8))
    assert (two.start, two.end) == (pytest.approx(394, abs=8), pytest.approx(488, abs=8))
    for corner in (one, two):
        assert corner.turn == pytest.approx(np.pi, abs=0.1)
        assert corner.radius == pytest.approx(30.0, rel=0.1)
        assert corner.start <= corner.apex <= corner.end


@pytest.mark.parametrize("first", range(0, 160, 10))
def test_two_with_little_between_are_one_wherever_the_lap_begins(first):
    points = np.roll(split_stadium(), -first, axis=0)
    corners = find_corners(Track.from_points(points, 4.0, 4.0, name="split"))
    assert [corner.turn for corner in corners] == pytest.approx([np.pi, np.pi], abs=0.1)


def test_driven_back_its_corners_turn_right():
    track = stadium(200.0, 30.0)
    turns = [corner.turn for corner in find_corners(track.reversed())]
    assert turns == pytest.approx([-np.pi, -np.pi], abs=0.1)
    assert (figures(track)["direction"], figures(track.reversed())["direction"]) == ("ccw", "cw")


def test_a_circle_has_none():
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points = 100 * np.stack([np.cos(angle), np.sin(angle)], 1)
    assert find_corners(Track.from_points(points, 4, 4, name="circle")) == []


@pytest.mark.parametrize(
    ("name", "known"), [("Monza", 11), ("Silverstone", 18), ("Spa", 19), ("Suzuka", 18)]
)
def test_real_circuits_have_about_as_many_as_they_are_known_for(shared, name, known):
    path = shared / "tracks" / "tum" / f"{name}.csv"
    if not path.exists():
        pytest.skip("needs the circuits in shared/tracks/tum")
    assert abs(len(find_corners(read_track(path))) - known) <= 2
