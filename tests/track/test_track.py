"""Centerlines: closed forms, smoothness, evenness, and what is refused."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.track import Track
from racegym.track.nearby import crossings
from racegym.track.spline import PeriodicSpline, solve_cyclic

ANGLES = 2.0 * np.pi * np.arange(200) / 200
CIRCLE = 50.0 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])


def lemniscate(size: float = 150.0, count: int = 300) -> np.ndarray:
    """A figure of eight: it crosses itself once, at a right angle."""
    t = 2.0 * np.pi * (np.arange(count) + 0.25) / count
    return (
        size * np.column_stack([np.cos(t), np.sin(t) * np.cos(t)]) / (1 + np.sin(t) ** 2)[:, None]
    )


def test_a_circle_has_its_length_and_curvature(make_ring):
    track = make_ring(radius=50.0)
    assert track.length == pytest.approx(2.0 * np.pi * 50.0, rel=1e-8)
    assert track.length == len(track) * track.spacing
    np.testing.assert_allclose(track.curvature, 1.0 / 50.0, rtol=1e-3)
    np.testing.assert_allclose(np.hypot(track.x, track.y), 50.0, atol=1e-5)
    # From the first point on, tangent before position by a right angle.
    ahead = np.pi / 2 + np.arange(50) * track.spacing / 50.0
    np.testing.assert_allclose(track.heading[:50], ahead, atol=1e-6)
    assert make_ring().reversed().curvature.max() < 0.0


def test_cyclic_solver_agrees_with_a_dense_one():
    rng = np.random.default_rng(0)
    for n in (3, 4, 7, 64, 501):
        lower, upper = rng.uniform(0.1, 1.0, (2, n))
        diagonal = 2.0 * (lower + upper)
        dense = np.diag(diagonal)
        for i in range(n):
            dense[i, i - 1] += lower[i]
            dense[i, (i + 1) % n] += upper[i]
        right = rng.normal(size=(n, 3))
        solved = solve_cyclic(lower, diagonal, upper, right)
        np.testing.assert_allclose(solved, np.linalg.solve(dense, right), atol=1e-12)


def test_spline_is_c2_at_every_knot_and_where_it_closes():
    rng = np.random.default_rng(1)
    points = np.column_stack([CIRCLE + rng.normal(0.0, 0.5, CIRCLE.shape), rng.normal(size=200)])
    spline = PeriodicSpline.through(points)
    step = 1e-9
    after = spline.evaluate(spline.knots[:-1])
    before = spline.evaluate(np.append(spline.knots[1:], 0.0)[:-1] - step)
    for derivative, (a, b) in enumerate(zip(after, before, strict=True)):
        np.testing.assert_allclose(np.roll(a, -1, axis=0), b, atol=1e-5, err_msg=str(derivative))
    np.testing.assert_allclose(after[0], points, atol=1e-12)


def test_samples_are_evenly_spaced_along_an_uneven_line():
    """The arc length between samples, from a polyline 2000 times as fine, is the spacing."""
    points = lemniscate(count=61)[np.sort(np.random.default_rng(2).permutation(61)[:50])]
    track = Track.from_points(points, 3.0, 3.0, name="eight", crossings="allow")
    # Sampled twice as finely, the same line has the same samples in between.
    fine = Track.from_points(
        points, 3.0, 3.0, name="eight", crossings="allow", spacing=track.spacing / 8
    )
    assert len(fine) == 8 * len(track)
    np.testing.assert_allclose(fine.x[::8] - fine.x[0], track.x - track.x[0], atol=1e-6)
    # Arc over chord of a curved step is 1 + (curvature * step)^2 / 24.
    chord = np.hypot(np.diff(fine.x), np.diff(fine.y))
    bend = 0.5 * (fine.curvature[1:] + fine.curvature[:-1])
    arc = chord * (1.0 + (bend * fine.spacing) ** 2 / 24.0)
    np.testing.assert_allclose(arc, fine.spacing, rtol=1e-6)


def test_real_circuits_load_evenly(tum):
    lengths = {
        "Monza": 5793.0, "Silverstone": 5891.0, "Spa": 7004.0, "Spielberg": 4318.0,
        "Suzuka": 5807.0, "Norisring": 2300.0,
    }  # fmt: skip  # the circuits' own figures [m]
    for name, track in tum.items():
        assert track.length == pytest.approx(lengths.get(name, track.length), rel=0.005), name
        assert 1.5 < track.spacing <= 2.01
        assert abs(track.x.mean()) < 1e-6
        np.testing.assert_allclose(np.hypot(track.tangent_x, track.tangent_y), 1.0)


def test_curvature_is_the_derivative_of_heading(tum):
    eight = Track.from_points(lemniscate(), 3.0, 3.0, name="eight", crossings="allow", spacing=0.25)
    for track, tolerance in ((eight, 1e-5), *((track, 0.02) for track in tum.values())):
        turn = np.diff(np.unwrap(track.heading)) / track.spacing
        mean = 0.5 * (track.curvature[1:] + track.curvature[:-1])
        # Samples 2 m apart pass over the peak of a corner of 6 m; a fine line shows equality.
        np.testing.assert_allclose(turn, mean, atol=tolerance)
        assert np.abs(turn - mean).mean() < 1e-4


def test_at_passes_through_the_samples_and_offsets_to_the_left(make_ring):
    track = make_ring()
    x, y, heading = track.at(np.arange(len(track)) * track.spacing)
    np.testing.assert_allclose(x, track.x, atol=1e-9)
    np.testing.assert_allclose(heading, track.heading, atol=1e-9)
    x, y, _ = track.at(np.linspace(-100.0, 1000.0, 77), 10.0)
    np.testing.assert_allclose(np.hypot(x, y), 40.0, atol=1e-4)  # left of a ccw ring: inside


def test_reversed_twice_is_the_track_itself(generated):
    track = generated[0]
    there = track.reversed()
    assert there.hash != track.hash
    for name in ("x", "heading", "curvature", "width_left", "checkpoints"):
        np.testing.assert_allclose(getattr(there.reversed(), name), getattr(track, name))
    s = np.linspace(0.0, track.length, 40)
    np.testing.assert_allclose(there.at(s, 2.0)[:2], track.at(-s, -2.0)[:2], atol=1e-9)
    np.testing.assert_allclose(there.sectors, track.sectors)  # three equal ones


def test_a_bridge_of_very_close_samples_takes_little_memory():
    tracemalloc.start()
    track = Track.from_points(
        lemniscate(), 10.0, 10.0, name="eight", crossings="allow", spacing=0.02
    )
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(track) > 30_000 and len(track.crossings) == 1
    assert used < 100e6
    twice = np.concatenate([CIRCLE, CIRCLE * 1.001])
    with pytest.raises(TrackError, match="runs along its own asphalt"):
        Track.from_points(twice, 4.0, 4.0, name="twice", crossings="allow", spacing=0.02)


def test_a_crossing_on_the_start_line_stays_there_in_reverse():
    angle = 2.0 * np.pi * np.arange(200) / 200
    points = 150.0 * np.column_stack([np.sin(angle), 0.5 * np.sin(2.0 * angle)])
    track = Track.from_points(points, 3.0, 3.0, name="eight", crossings="allow")
    for each in (track, track.reversed()):
        ((s1, s2),) = each.crossings
        assert (s1, s2) == (pytest.approx(0.0, abs=1e-6), pytest.approx(0.5 * each.length))


def test_elevation_and_banking_follow_the_points():
    z = 5.0 * np.sin(ANGLES)
    track = Track.from_points(
        np.column_stack([CIRCLE, z]), 4.0, 4.0, name="hill", banking=0.1 * np.cos(ANGLES)
    )
    angle = np.arange(len(track)) * track.spacing / 50.0
    np.testing.assert_allclose(track.z, 5.0 * np.sin(angle), atol=1e-3)
    np.testing.assert_allclose(track.slope, 0.1 * np.cos(angle), atol=1e-4)
    np.testing.assert_allclose(track.banking, 0.1 * np.cos(angle), atol=1e-4)


def test_defaults_suit_the_size(make_ring):
    for radius, width, spacing in ((8.0, 0.75, 0.1), (160.0, 4.0, 1.0), (800.0, 6.0, 2.0)):
        track = make_ring(radius=radius, width=width)
        assert track.spacing == pytest.approx(spacing, rel=0.1)
        assert 8 <= len(track.checkpoints) <= 64
        assert track.checkpoints[0] == track.sectors[0] == 0.0
        assert len(track.sectors) == 3
    assert make_ring(radius=8.0, width=0.75).runoff < 2.0
    assert make_ring().runoff == 8.0


def test_arrays_are_read_only(make_ring):
    with pytest.raises(ValueError, match="read-only"):
        make_ring().x[0] = 1.0


def test_hash_sees_geometry_and_not_the_name(make_ring):
    one, other = make_ring(), make_ring()
    assert one.hash == other.hash
    assert len(one.hash) == 16
    assert make_ring(runoff=3.0).hash != one.hash
    assert make_ring(radius=50.001).hash != one.hash


@pytest.mark.parametrize("turned", [0.0, 0.3, 0.7, 1.1, 2.0, 2.9])
@pytest.mark.parametrize("first", [0, 1, 13, 25])
def test_a_crossing_on_samples_is_found_once(turned, first):
    angle = 2.0 * np.pi * np.arange(100) / 100  # both passes of the middle are samples
    x, y = np.roll(np.sin(angle), -first), np.roll(0.5 * np.sin(2.0 * angle), -first)
    cos, sin = np.cos(turned), np.sin(turned)
    found = crossings(100.0 * (cos * x - sin * y), 100.0 * (sin * x + cos * y))
    assert len(found.first) == 1
    places = np.mod([found.first[0] + first, found.second[0] + first], 100.0)
    np.testing.assert_allclose(np.sort(np.mod(places + 1.0, 100.0)), [1.0, 51.0], atol=1e-9)


def test_a_figure_of_eight_is_a_matter_of_consent():
    with pytest.raises(TrackError, match=r"crosses itself in 1 place: point \d+ with point \d+"):
        Track.from_points(lemniscate(), 3.0, 3.0, name="eight")
    track = Track.from_points(lemniscate(), 3.0, 3.0, name="eight", crossings="allow")
    ((s1, s2),) = track.crossings
    np.testing.assert_allclose(track.at(s1)[:2], track.at(s2)[:2], atol=0.05)


def changed(row: int, column: int, value: float) -> np.ndarray:
    points = CIRCLE.copy()
    points[row, column] = value
    return points


def two_laps() -> np.ndarray:
    angle = 4.0 * np.pi * np.arange(401) / 401
    return 50.0 * np.column_stack([np.cos(angle), np.sin(angle)])


def slit() -> np.ndarray:
    """A ring pinched to a corner of far too small a radius."""
    points = CIRCLE.copy()
    points[100] = [0.0, 0.0]
    return points


WIDE = np.full(200, 4.0)
BAD = [
    ({"points": changed(7, 1, np.nan)}, r"point 7 holds a value that is not finite"),
    ({"points": changed(7, 1, np.inf)}, r"point 7 holds a value that is not finite"),
    ({"points": changed(9, 0, 1e12)}, r"point 9 lies more than 1e\+09 m"),
    ({"points": CIRCLE[:7], "width_left": 4.0, "width_right": 4.0}, r"has 7 points; it needs"),
    ({"points": np.repeat(CIRCLE, 2, axis=0), "width_left": 4.0, "width_right": 4.0},
     r"point 0 is at the same place as the one after it"),
    ({"width_left": np.where(np.arange(200) == 5, 0.0, 4.0)}, r"point 5 has a left width"),
    ({"width_right": np.where(np.arange(200) == 6, -1.0, 4.0)}, r"point 6 has a right width"),
    ({"width_left": 2000.0}, r"more than 1000 m"),
    ({"width_left": [4.0, 4.0]}, r"width_left must be one number, or 200"),
    ({"width_left": 120.0}, r"radius of 50.00 m, and the asphalt reaches 120.00 m.* folds over"),
    ({"points": CIRCLE * 1e-3}, r"is 0.3142 m long"),
    ({"points": CIRCLE * 1e4}, r"are its points in metres"),
    ({"points": CIRCLE[:, :1]}, r"shape \(200, 1\)"),
    ({"points": "abc"}, r"points must be numbers"),
    ({"points": slit()}, r"crosses itself|folds over"),
    ({"points": np.random.default_rng(0).normal(0, 100, (200, 2))}, r"crosses|on top|folds"),
    ({"points": two_laps(), "width_left": 4.0, "width_right": 4.0}, r"than one lap|crosses|on top"),
    ({"spacing": 0.0}, r"takes 0.00314 to 19.6 m"),
    ({"spacing": np.nan}, r"spacing is nan"),
    ({"banking": 3.0}, r"point 0 has a banking beyond"),
    ({"runoff": -1.0}, r"runoff is -1.0"),
    ({"kerb_width": -1.0}, r"kerb_width is -1.0"),
    ({"kerb_width": np.nan}, r"kerb_width is nan"),
    ({"sectors": [1.0, 2.0]}, r"sectors must begin with 0"),
    ({"sectors": [0.0, 400.0]}, r"stay below the lap of 314.2 m"),
    ({"checkpoints": [0.0, 5.0, 5.0]}, r"checkpoints must begin with 0, increase"),
    ({"checkpoints": np.zeros((2, 2))}, r"shape \(2, 2\)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:30] for _, message in BAD])
def test_bad_points_are_refused_with_the_reason(options, message):
    options = {"points": CIRCLE, "width_left": WIDE, "width_right": WIDE} | options
    with pytest.raises(TrackError, match=message):
        Track.from_points(**options, name="bad")


def test_a_slight_fold_is_let_pass_and_told(make_ring):
    track = make_ring(width=60.0)
    assert len(track.problems) == 1
    assert "radius of 50.00 m" in track.problems[0]


def test_a_closing_point_is_dropped(make_ring):
    closed = np.vstack([CIRCLE, CIRCLE[:1]])
    width = np.full(201, 4.0)
    assert Track.from_points(closed, width, width, name="ring").hash == make_ring().hash


def test_no_wall_is_said_by_an_infinite_runoff(make_ring):
    assert make_ring(runoff=np.inf).runoff == np.inf
