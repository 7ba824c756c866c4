"""Generated circuits: simple, as long and as wide as asked, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.track import Track, generate
from racegym.track.generate import Style, shortest_length

STYLES = ("fast", "club", "technical")


def least_gap(track: Track) -> float:
    """The least distance [m] between parts more than 40 m apart along the track, by brute force."""
    n = len(track)
    step = max(1, round(1.0 / track.spacing))
    x, y = track.x[::step], track.y[::step]
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    k = np.arange(len(x)) * step
    along = np.abs(k[:, None] - k)
    along = np.minimum(along, n - along) * track.spacing
    return float(apart[along > 40.0].min())


def corners(track: Track) -> int:
    """Stretches tighter than 60 m radius, by direction."""
    side = np.where(np.abs(track.curvature) > 1.0 / 60.0, np.sign(track.curvature), 0.0)
    return int(((side != 0.0) & (side != np.roll(side, 1))).sum())


def check(track: Track, length: float, min_radius: float, gap: float) -> None:
    assert track.length == pytest.approx(length, rel=0.005)
    assert np.abs(track.curvature).max() <= 1.0 / min_radius
    assert least_gap(track) >= gap
    turn = np.mod(np.roll(track.heading, -1) - track.heading + np.pi, 2.0 * np.pi) - np.pi
    assert abs(turn.sum()) == pytest.approx(2.0 * np.pi)  # a simple loop turns once
    assert not track.crossings
    assert not track.problems
    # The line is on the straightest part, with room for a grid behind it.
    k = round(20.0 / track.spacing)
    assert np.abs(np.roll(track.curvature, k)[: 2 * k]).max() < 1e-3


def test_a_hundred_circuits_keep_their_promises():
    count = {style: [] for style in STYLES}
    for seed in range(100):
        style = STYLES[seed % 3]
        track = generate(seed, style=style)
        check(track, 1000.0, 12.0, gap=14.0)
        count[style].append(corners(track))
    assert 6 <= np.median(count["club"]) <= 14
    assert np.median(count["fast"]) < np.median(count["technical"])
    assert min(count["club"]) >= 4


@pytest.mark.slow
def test_ten_thousand_circuits_keep_their_promises():
    for seed in range(10_000):
        check(generate(1000 + seed, style=STYLES[seed % 3]), 1000.0, 12.0, gap=14.0)


@pytest.mark.parametrize(
    ("length", "width", "min_radius"),
    [(50.0, 1.5, 0.7), (300.0, 8.0, 12.0), (2000.0, 10.0, 20.0), (5000.0, 12.0, 25.0)],
)
def test_other_sizes(length, width, min_radius):
    for seed in range(8):
        track = generate(seed, length=length, width=width, min_radius=min_radius)
        assert track.length == pytest.approx(length, rel=0.005)
        assert np.abs(track.curvature).max() <= 1.0 / min_radius
        np.testing.assert_allclose(track.width_left + track.width_right, width)


def test_the_shortest_lap_is_possible_and_less_is_refused_with_its_length():
    shortest = float(np.ceil(shortest_length(8.0, 12.0)))
    for seed in range(30):
        assert generate(seed, length=shortest).length == pytest.approx(shortest, rel=0.005)
    with pytest.raises(TrackError, match=f"the shortest is {shortest:g} m"):
        generate(0, length=shortest - 1.0)


def test_the_same_arguments_give_the_same_track_and_others_another():
    assert generate(5).hash == generate(5).hash
    assert generate(np.int64(5)).hash == generate(5).hash
    hashes = {generate(seed).hash for seed in range(40)}
    assert len(hashes) == 40
    assert generate(5, style="fast").hash != generate(5).hash


def test_direction_is_as_asked_and_mirrors():
    left, right = generate(5, direction="ccw"), generate(5, direction="cw")
    assert left.curvature.sum() > 0.0 > right.curvature.sum()
    np.testing.assert_allclose(left.curvature, -right.curvature, atol=1e-9)
    turns = [generate(seed).curvature.sum() > 0.0 for seed in range(40)]
    assert 5 < sum(turns) < 35


def test_neighbours_stay_apart_by_their_runoff():
    for seed in range(10):
        track = generate(seed, length=2000.0, runoff=12.0)
        assert track.runoff == 12.0
        assert least_gap(track) >= 8.0 + 2.0 * 12.0
    assert generate(0, runoff=np.inf).runoff == np.inf


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"length": 100.0}, r"too short for a width of 8 m and corners of 12 m"),
        ({"length": 30_000.0}, r"the longest is 20000 m"),
        ({"length": float("nan")}, r"length must be above 0 m, not nan"),
        ({"width": 0.0}, r"width must be above 0 m"),
        ({"min_radius": -3.0}, r"min_radius must be above 0 m"),
        ({"width": 100.0}, r"the shortest is \d+ m"),
        ({"style": "smoth"}, r"did you mean 'smooth'\? Valid: club, corners, fast"),
        ({"style": "kart", "min_radius": 80.0}, r"a lap of 700 m is too short"),
        ({"width": 9.0, "width_max": 8.0}, r"width_max is 8 m, below the width of 9 m"),
        ({"width_max": float("inf")}, r"width_max must be above 0 m, not inf"),
        ({"banking": 8.0}, r"must lie within 0.7 rad: is it in degrees\?"),
        ({"pit": True, "runoff": 0.5}, r"has no room for a pit lane .* give runoff at least"),
        ({"direction": "left"}, r"no direction 'left'; Valid: ccw, cw"),
        ({"runoff": -1.0}, r"runoff must be 0 m or more"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_impossible_requests_are_refused_with_the_nearest_possible(options, message):
    with pytest.raises(TrackError, match=message):
        generate(**({"seed": 0} | options))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("length", [160.0, 250.0, 350.0, 360.0, 400.0, 420.0])
def test_laps_too_short_for_a_style_differ_by_their_seeds(style: Style, length: float) -> None:
    profiles = set()
    for seed in range(12):
        track = generate(seed, style=style, length=length)
        assert track.length == pytest.approx(length, rel=0.005) and not track.problems
        assert np.abs(track.curvature).max() <= 1.0 / 12.0 and least_gap(track) >= 14.0
        bends = np.sort(np.abs(track.curvature))[:: len(track) // 12]
        profiles.add(tuple(np.round(bends, 4).tolist()))
    assert len(profiles) >= 11


def test_other_laps_are_as_they_were() -> None:
    lengths = (350.0, 430.0, 600.0, 1000.0)
    found = [generate(seed, length=n).x[200] for n in lengths for seed in (3, 7)]
    known = [5.97, 55.15, -31.80, 74.15, -11.37, 95.05, 3.52, 188.94]
    assert found == pytest.approx(known, abs=0.01)
