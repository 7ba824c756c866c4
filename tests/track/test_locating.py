"""Places along a closed line: the inverse of ``Track.at``, also where a track crosses itself."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.track import Track, generate
from racegym.track.locating import ClosedLine, smooth_closed


@pytest.fixture(scope="module")
def eight() -> Track:
    """A figure of eight."""
    t = 2.0 * np.pi * np.arange(200) / 200
    points = np.column_stack([120.0 * np.sin(t), 60.0 * np.sin(2.0 * t)])
    return Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow")


@pytest.mark.parametrize("which", ["generated", "eight"])
@pytest.mark.parametrize("way", [1.0, 0.01])
def test_places_of_a_track_are_found_again(which, way, eight):
    track = eight if which == "eight" else generate(3, length=900.0)
    rng = np.random.default_rng(0)
    s, d = rng.uniform(0.0, track.length, 5000), rng.uniform(-6.0, 6.0, 5000)
    # Inside of a tight bend the normals of far samples meet: there is more than one answer.
    bend = np.interp(s, track.spacing * np.arange(len(track)), track.curvature)
    d = np.where(d * bend > 0.5, 0.5 / bend, d)
    x, y, heading = track.at(s, d)
    turned = heading + 0.3 * rng.uniform(-1.0, 1.0, 5000)
    found_s, found_d = ClosedLine.of(track).locate(x, y, way * np.cos(turned), way * np.sin(turned))
    off = (found_s - s + 0.5 * track.length) % track.length - 0.5 * track.length
    assert np.abs(off).max() < 0.05 and np.abs(found_d - d).max() < 0.01


def test_a_line_through_uneven_points_is_even():
    angle = np.sort(np.random.default_rng(1).uniform(0.0, 2.0 * np.pi, 4000))
    line = ClosedLine.through(50.0 * np.cos(angle), 50.0 * np.sin(angle), 500)
    step = np.hypot(np.diff(line.x, append=line.x[0]), np.diff(line.y, append=line.y[0]))
    np.testing.assert_allclose(step, line.spacing, rtol=1e-3)
    assert line.length == pytest.approx(100.0 * np.pi, rel=1e-4)
    s, d = line.locate([0.0], [48.0], [-1.0], [0.0])
    start = np.arctan2(line.y[0], line.x[0])
    assert s[0] == pytest.approx(50.0 * (0.5 * np.pi - start), abs=0.05)
    assert d[0] == pytest.approx(2.0, abs=0.01)


def test_smoothing_keeps_long_waves_and_takes_short_ones():
    s = np.arange(1000.0)
    long, short = np.sin(2 * np.pi * s / 50.0), np.sin(2 * np.pi * s / 5.0)
    smooth = smooth_closed(np.column_stack([long + short, 3.0 + 0.0 * s]), 1.0, 12.5)
    np.testing.assert_allclose(smooth[:, 0], long, atol=0.01)
    np.testing.assert_allclose(smooth[:, 1], 3.0)
