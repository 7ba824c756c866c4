"""The styles of generated circuits: each keeps its promises for any seed, and looks its part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LinearRing, Polygon

from racegym.errors import TrackError
from racegym.interfaces import Surface
from racegym.track import Track, generate
from racegym.track.generate import STYLES, most_samples, shortest_length

NEW = ("corners", "grand_prix", "kart", "oval", "smooth")
MARGIN = 0.375  # of the widest asphalt, that stays free beside each edge


def parts_apart(track: Track, apart: float) -> float:
    """The least distance [m] of places more than ``apart`` [m] from each other along the lap."""
    step = max(1, int(len(track) / 400))
    x, y = track.x[::step], track.y[::step]
    k = np.arange(len(x)) * step * track.spacing
    along = np.abs(k[:, None] - k)
    along = np.minimum(along, track.length - along)
    far = along > apart
    return float(np.hypot(x[:, None] - x, y[:, None] - y)[far].min())


def check(track: Track, style: str, *, min_radius: float | None = None) -> None:
    own = STYLES[style]
    radius = own.min_radius if min_radius is None else min_radius
    assert np.abs(track.curvature).max() <= 1.0 / radius
    assert not track.crossings
    assert not track.problems
    turn = np.mod(np.roll(track.heading, -1) - track.heading + np.pi, 2.0 * np.pi) - np.pi
    assert abs(turn.sum()) == pytest.approx(2.0 * np.pi)  # a simple loop turns once
    # C2: from one sample to the next the curvature changes no faster than a ramp of a corner,
    # which takes at least 0.4 radii times the angle; a jump would be a whole 1 / radius.
    jump = np.abs(np.roll(track.curvature, -1) - track.curvature) / track.spacing
    assert jump.max() * radius**2 < 6.0
    wide = 2.0 * track.width_left.max()
    reach = wide + 2.0 * max(MARGIN * wide, track.runoff if np.isfinite(track.runoff) else 0.0)
    assert parts_apart(track, 0.5 * np.pi * 1.05 * reach) >= reach


def edges(track: Track) -> tuple[np.ndarray, np.ndarray]:
    s = track.spacing * np.arange(len(track))
    left, right = track.at(s, track.width_left), track.at(s, -track.width_right)
    return np.column_stack(left[:2]), np.column_stack(right[:2])


@pytest.mark.parametrize("style", NEW)
def test_fifty_of_a_style_keep_its_promises(style):
    own = STYLES[style]
    lengths = []
    for seed in range(50):
        track = generate(seed, style=style)
        check(track, style)
        width = track.width_left + track.width_right
        assert own.length[0] * 0.995 <= track.length <= own.length[1] * 1.005
        assert own.width[0] <= width.min() < width.max() <= own.width[1]
        assert most_samples(style) >= len(track)
        lengths.append(track.length)
    assert np.ptp(lengths) > 0.5 * np.ptp(own.length)


@pytest.mark.slow
@pytest.mark.parametrize("style", sorted(STYLES))
def test_ten_thousand_of_a_style_keep_its_promises(style):
    for seed in range(10_000):
        check(generate(seed, style=style), style)


@pytest.mark.parametrize("style", NEW)
def test_edges_are_simple_and_one_lies_inside_the_other(style):
    for seed in range(4):
        left, right = edges(generate(100 + seed, style=style))
        assert LinearRing(left).is_simple
        assert LinearRing(right).is_simple
        one, other = sorted((Polygon(left), Polygon(right)), key=lambda shape: shape.area)
        assert other.contains(one)


@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 2**63 - 1), style=st.sampled_from(sorted(STYLES)))
def test_what_is_asked_for_is_what_comes(data, seed, style):
    width = data.draw(st.floats(1.0, 20.0))
    width_max = width * data.draw(st.floats(1.0, 1.8))
    min_radius = data.draw(st.floats(0.5, 4.0)) * width
    runoff = data.draw(st.sampled_from([None, 0.0, 0.3, np.inf]))
    runoff = runoff and runoff * width
    least = shortest_length(width_max, min_radius, runoff, style)
    length = min(np.ceil(least) * data.draw(st.floats(1.0, 6.0)), 20_000.0)
    direction = data.draw(st.sampled_from(["ccw", "cw"]))
    track = generate(
        seed, style=style, length=length, width=width, width_max=width_max, min_radius=min_radius,
        runoff=runoff, direction=direction,
    )  # fmt: skip
    assert track.length == pytest.approx(length, rel=0.005)
    assert (track.curvature.sum() > 0.0) == (direction == "ccw")
    across = track.width_left + track.width_right
    assert width * (1 - 1e-9) <= across.min() <= across.max() <= width_max * (1 + 1e-9)
    # It reaches both, but for what lies between two samples.
    assert across.max() - across.min() >= 0.9 * (width_max - width)
    assert np.abs(np.diff(across)).max() < 0.2 * (width_max - width) + 1e-9
    check(track, style, min_radius=min_radius)


def test_all_seeds_of_the_same_settings_are_possible_or_none_is():
    least = int(shortest_length(9.0, 6.5, None, "kart")) + 1
    for seed in range(30):
        generate(seed, style="kart", length=float(least))
        with pytest.raises(TrackError, match="the shortest is"):
            generate(seed, style="kart", length=least - 2.0)


def corners_tighter(track: Track, radius: float) -> int:
    side = np.where(np.abs(track.curvature) > 1.0 / radius, np.sign(track.curvature), 0.0)
    return int(((side != 0.0) & (side != np.roll(side, 1))).sum())


def straight(track: Track, radius: float) -> float:
    """The longest stretch [m] that bends less than a circle of ``radius`` [m]."""
    bent = np.flatnonzero(np.abs(track.curvature) > 1.0 / radius)
    return float(np.diff(np.append(bent, bent[0] + len(track))).max() * track.spacing)


def test_styles_look_their_part():
    many = {style: [generate(seed, style=style) for seed in range(40)] for style in NEW}
    karts = many["kart"]
    assert 8 <= np.median([corners_tighter(t, 30.0) for t in karts]) <= 20
    assert np.median([1.0 / np.abs(t.curvature).max() for t in karts]) < 10.0
    assert np.median([straight(t, 300.0) for t in karts]) < 180.0
    circuits = many["grand_prix"]
    assert 10 <= np.median([corners_tighter(t, 200.0) for t in circuits]) <= 30
    assert np.median([straight(t, 1500.0) for t in circuits]) > 500.0
    assert min(straight(t, 1500.0) for t in circuits) > 250.0
    for track in many["oval"]:
        assert (np.sign(track.curvature.sum()) * track.curvature).min() > -1e-4  # one way
        assert straight(track, 2000.0) > 0.12 * track.length
    # Noise has no straights, and its curvature no plateaus.
    assert max(straight(t, 2000.0) for t in many["smooth"]) < 100.0


def test_the_start_has_a_grid_behind_it_on_the_straight():
    for style in ("corners", "grand_prix", "kart", "oval"):
        for seed in range(5):
            track = generate(seed, style=style)
            assert track.grid is not None
            s, d = track.grid.T
            assert len(s) >= 4
            assert (np.diff(s) < 0.0).all()
            assert (np.sign(d[1:]) == -np.sign(d[:-1])).all()
            there = np.interp(s, track.spacing * np.arange(len(track)), np.abs(track.curvature))
            assert there.max() < 1e-3
    assert generate(0).grid is None


def test_pit_lane_lies_beside_the_start_straight_between_kerb_and_wall():
    for style in sorted(STYLES):
        track = generate(3, style=style, pit=True)
        pit = track.pit
        inner, outer = (abs(pit.offset) + side * 0.5 * pit.width for side in (-1.0, 1.0))
        assert inner >= track.width_left.max() + track.kerb_width - 1e-9
        assert outer <= track.width_left.min() + track.runoff
        assert pit.covers(0.0, track.length)
        assert np.sign(pit.offset) == np.sign(track.curvature.sum())  # inside the circuit
        if style != "smooth":
            s = np.linspace(pit.entry, pit.exit + track.length, 50) % track.length
            bend = np.interp(s, track.spacing * np.arange(len(track)), np.abs(track.curvature))
            assert bend.max() < 1e-3
    assert generate(3, style="kart", pit=True).shape_hash == generate(3, style="kart").shape_hash


def test_gravel_lies_outside_corners_and_nowhere_else():
    track = generate(1, style="grand_prix")
    left_hander = int(np.argmax(track.curvature))
    assert track.surface_right[left_hander] == Surface.GRAVEL
    assert track.surface_left[left_hander] == Surface.GRASS
    assert track.surface_left[0] == track.surface_right[0] == Surface.GRASS
    both = np.concatenate([track.surface_left, track.surface_right])
    assert 0.03 < (both == Surface.GRAVEL).mean() < 0.6


def test_banking_leans_into_corners():
    track = generate(2, style="oval", banking=0.4, direction="ccw")
    assert track.banking.min() == pytest.approx(-0.4)  # to the left: the right edge is higher
    assert track.banking[0] == pytest.approx(0.0, abs=1e-3)
    assert generate(2, style="oval").banking.any() == np.False_


def test_the_seed_alone_decides_and_every_part_of_it():
    assert generate(9, style="kart").hash == generate(9, style="kart").hash
    for style in NEW:
        assert len({generate(seed, style=style).hash for seed in range(20)}) == 20
    plain, more = generate(9, style="kart"), generate(9, style="kart", obstacles=4)
    assert len(more.obstacles) == 4
    np.testing.assert_array_equal(plain.x, more.x)


def test_circuits_of_the_first_styles_are_what_they_were():
    """Recorded when these three were the only styles; the default was called smooth."""
    for style, radius, x in (
        ("club", 12.554, 115.191), ("fast", 16.867, 44.15), ("technical", 12.669, 157.732),
    ):  # fmt: skip
        track = generate(7, style=style)
        assert (1.0 / np.abs(track.curvature).max(), track.x[100]) == pytest.approx(
            (radius, x), abs=0.01
        )
