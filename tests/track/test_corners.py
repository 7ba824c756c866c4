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


def test_a_stadium_has_two_corners():
    one, two = find_corners(stadium(200.0, 30.0))
    assert (one.start, one.end) == (pytest.approx(100, abs=8), pytest.approx(194, abs=8))
    assert (two.start, two.end) == (pytest.approx(394, abs=8), pytest.approx(488, abs=8))
    for corner in (one, two):
        assert corner.turn == pytest.approx(np.pi, abs=0.1)
        assert corner.radius == pytest.approx(30.0, rel=0.1)
        assert corner.start <= corner.apex <= corner.end


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
