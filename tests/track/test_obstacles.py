"""Obstacles on tracks: what is refused, where they belong, how they are packed and scattered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.kernels import obstacles as columns
from racegym.kernels.projection import OBSTACLE_COUNT, OBSTACLE_FIRST
from racegym.track import Track, TrackSet, generate
from racegym.track.generate import shortest_length
from racegym.track.obstacles import MAX_OBSTACLES
from racegym.track.scatter import most_scattered
from racegym.workers.parcels import decode_track, encode_track


def eight() -> Track:
    """A track that crosses itself in its middle."""
    t = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False) + 0.5
    points = 80.0 * np.column_stack([np.sin(t), np.sin(t) * np.cos(t)])
    return Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow")


def along(track: Track, s, d, radius) -> Track:
    s = np.atleast_1d(np.asarray(s, float))
    x, y, _ = track.at(s, d)
    return track.with_obstacles(np.column_stack([x, y, np.broadcast_to(radius, s.shape)]), near=s)


# ------------------------------------------------------------------ on a track


@pytest.mark.parametrize(
    ("obstacles", "said"),
    [
        ([[50.0, 0.0]], r"shape \(1, 2\), not \(n, 3\)"),
        ([[np.nan, 0.0, 1.0]], "not finite"),
        ([[50.0, 0.0, np.inf]], "not finite"),
        ([[50.0, 0.0, 0.0]], "x = 50.00, y = 0.00 m of radius 0 m must have a radius above 0"),
        ([[50.0, 0.0, 20.5]], "at most 20 m"),
        ([[50.0, 0.0, 1.0], [0.0, 0.0, 1.0]], "x = 0.00, y = 0.00 m .* out of reach"),
        ([[50.0, 0.0, 0.1]] * (MAX_OBSTACLES + 1), "257 obstacles; 256 are possible"),
    ],
)
def test_what_can_not_stand_on_a_track_is_refused(obstacles, said, make_ring):
    with pytest.raises(TrackError, match=said):
        make_ring().with_obstacles(obstacles)


def test_they_are_part_of_the_track_whatever_order_they_are_given_in(make_ring):
    ring = make_ring()
    some = np.array([[50.0, 0.0, 0.5], [0.0, 49.0, 1.0], [-52.0, 0.0, 0.2]])
    one, other = ring.with_obstacles(some), ring.with_obstacles(some[::-1])
    assert one.hash == other.hash != ring.hash
    assert one.hash == ring.with_obstacles(some[:1]).with_obstacles(some[1:]).hash
    assert one.hash != ring.with_obstacles(some * 0.99).hash
    assert ring.with_obstacles(np.empty((0, 3))).hash == ring.hash
    assert repr(one) == repr(ring)[:-1] + ", 3 obstacles)"
    assert "obstacle" not in repr(ring)
    assert not one.obstacles.flags.writeable
    assert {tuple(row) for row in one.obstacles} == {tuple(row) for row in some}


def test_each_belongs_to_the_segment_beside_it(generated):
    rng = np.random.default_rng(2)
    for track in generated:
        s, d = rng.uniform(0, track.length, 60), rng.uniform(-7.0, 7.0, 60)
        made = along(track, np.sort(s), d, 0.3)
        x, y = made.obstacles[:, 0], made.obstacles[:, 1]
        k, nxt = made.obstacle_segment, (made.obstacle_segment + 1) % len(made)
        ahead = [
            (x - made.x[i]) * made.tangent_x[i] + (y - made.y[i]) * made.tangent_y[i]
            for i in (k, nxt)
        ]
        assert (ahead[0] >= -1e-9).all() and (ahead[1] < 1e-9).all()
        again = track.with_obstacles(made.obstacles)  # on a plain track no hint is needed
        np.testing.assert_array_equal(again.obstacle_segment, k)


def test_the_other_way_round_they_stay_where_they_are(generated):
    track = generate(4, obstacles=12)
    back = track.reversed()
    order = np.lexsort(track.obstacles.T)
    np.testing.assert_array_equal(
        back.obstacles[np.lexsort(back.obstacles.T)], track.obstacles[order]
    )
    for x, y, k in zip(*back.obstacles.T[:2], back.obstacle_segment, strict=True):
        assert np.hypot(x - back.x[k], y - back.y[k]) < 0.5 * 8.0 + track.spacing
    twice = back.reversed()
    np.testing.assert_array_equal(twice.obstacle_segment, track.obstacle_segment)


def test_on_a_crossing_the_level_is_the_one_that_is_meant():
    track = eight()
    ((under, over),) = track.crossings
    both = along(track, [under, over], 0.0, 0.5)
    np.testing.assert_allclose(both.obstacle_segment * both.spacing, [under, over], atol=1.0)
    spans = TrackSet([along(track, under, 0.0, 0.5)], [0]).obstacle_spans
    at = [int(s / track.spacing) for s in (under, over)]
    assert spans[at[0], columns.SPAN_COUNT] == 1 and spans[at[1], columns.SPAN_COUNT] == 0


def test_workers_are_told_of_them():
    track = generate(5, obstacles=7)
    sent = decode_track(encode_track(track))
    assert sent.hash == track.hash and sent.obstacle_segment.dtype == np.int64
    assert decode_track(encode_track(generate(5))).obstacles.shape == (0, 3)


# ------------------------------------------------------------------ packed


def rows_of(tracks: TrackSet, race: int):
    entry = tracks.table[tracks.race_track[race]]
    first, count = int(entry[OBSTACLE_FIRST]), int(entry[OBSTACLE_COUNT])
    start, n = int(entry[0]), int(entry[1])
    return tracks.obstacles[first : first + count], tracks.obstacle_spans[start : start + n]


def test_rows_tell_place_height_and_the_segments_reached_into(make_ring):
    ring = make_ring(50.0)
    made = along(ring, [0.2, 100.0], [1.0, -2.0], [0.4, 2.2])
    rows, _ = rows_of(TrackSet([made], [0]), 0)
    np.testing.assert_array_equal(rows[:, :2], made.obstacles[:, :2])
    np.testing.assert_array_equal(rows[:, columns.RADIUS], [0.4, 2.2])
    for row in rows:
        k, h = int(row[columns.SEGMENT]), made.spacing
        # Beside the centerline of a circle a metre of it is as long as its radius makes it.
        radius = float(np.hypot(*row[:2]))
        half = 50.0 * np.arcsin(row[columns.RADIUS] / radius)
        s = 50.0 * (np.arctan2(row[1], row[0]) % (2 * np.pi))
        lowest, highest = np.floor((s - half) / h), np.floor((s + half) / h)
        assert row[columns.BACK] == k - lowest and row[columns.ON] == highest - k


def test_height_follows_slope_and_banking():
    angle = 2.0 * np.pi * np.arange(100) / 100
    points = np.column_stack([60 * np.cos(angle), 60 * np.sin(angle), 5 * np.sin(angle)])
    track = Track.from_points(points, 5.0, 5.0, name="hill", banking=0.1)
    made = along(track, 100.0, [2.0], 0.5)
    (row,), _ = rows_of(TrackSet([made], [0]), 0)
    ground = 5.0 * np.sin(np.arctan2(row[1], row[0]))
    assert row[columns.OBSTACLE_Z] == pytest.approx(ground + 2.0 * np.tan(0.1), abs=0.02)


@pytest.mark.parametrize("runoff", [0.0, 4.0, np.inf])
def test_every_obstacle_that_a_car_can_touch_is_in_the_span_beside_it(runoff):
    rng = np.random.default_rng(3)
    for seed in range(6):
        track = generate(seed, length=600.0, min_radius=6.0, style="technical", runoff=runoff)
        out = 4.0 + min(runoff, 8.0)
        n = 120
        made = along(
            track, rng.uniform(0, track.length, n), rng.uniform(-out, out, n),
            rng.uniform(0.1, 1.0, n),
        )  # fmt: skip
        rows, spans = rows_of(TrackSet([made], [0]), 0)
        s, d = rng.uniform(0, track.length, 300), rng.uniform(-out, out, 300)
        x, y, _ = track.at(s, d)
        seen = 0
        for px, py, at in zip(x, y, s, strict=True):
            k = int(at / track.spacing)
            span = (spans[k, 0] + np.arange(spans[k, 1])) % len(rows)
            near = np.hypot(rows[:, 0] - px, rows[:, 1] - py) < 3.0 + rows[:, columns.RADIUS]
            apart = np.abs(rows[:, columns.SEGMENT] - k) * track.spacing
            near &= np.minimum(apart, track.length - apart) < 30.0
            assert set(np.flatnonzero(near)) <= set(span)
            seen += int(near.sum())
        assert seen > 50
        assert spans[:, 1].mean() < 0.3 * n, "they save looking at all"


def test_a_set_keeps_them_through_replacing_and_moving():
    tracks = [generate(seed, length=500.0 + 40.0 * seed, obstacles=seed) for seed in range(8)]
    packed = TrackSet(tracks[:4], [0, 1, 2, 3], reserve_tracks=1, reserve_points=300)
    held = [packed.obstacles, packed.obstacle_spans]
    now = {race: tracks[race] for race in range(4)}
    for race, new in ((2, 5), (0, 7), (1, 0), (3, 6), (2, 4), (0, 1)):
        try:
            packed.replace(race, tracks[new])
            now[race] = tracks[new]
        except TrackError:
            pass
        for other, track in now.items():
            rows, spans = rows_of(packed, other)
            alone = rows_of(TrackSet([track], [0]), 0)
            np.testing.assert_array_equal(rows, alone[0])
            np.testing.assert_array_equal(spans, alone[1])
    assert any(now[race] is not tracks[race] for race in range(4))
    assert held[0] is packed.obstacles and held[1] is packed.obstacle_spans


# ------------------------------------------------------------------ scattered


@given(
    seed=st.integers(0, 2**40),
    style=st.sampled_from(["fast", "club", "technical"]),
    width=st.floats(0.8, 20.0),
    laps=st.floats(1.0, 8.0),
    share=st.floats(0.0, 1.0),
)
@settings(max_examples=40, deadline=None)
def test_scattered_obstacles_leave_room_to_race(seed, style, width, laps, share):
    length = laps * (shortest_length(width, width) + 1.0)
    count = round(share * min(most_scattered(length, width), 40))
    made = generate(
        seed, length=length, width=width, min_radius=width, style=style, obstacles=count
    )
    assert len(made.obstacles) == count
    plain = generate(seed, length=length, width=width, min_radius=width, style=style)
    np.testing.assert_array_equal(made.x, plain.x)
    if not count:
        assert made.hash == plain.hash
        return
    x, y, radius = made.obstacles.T
    distance = np.hypot(x[:, None] - made.x, y[:, None] - made.y).min(axis=1)
    assert (distance - radius > 0.25 * width - 0.01 * width).all(), "the middle half is free"
    assert (distance < 0.5 * width * 1.01 + made.spacing).all(), "they stand on the asphalt"
    s = made.obstacle_segment * made.spacing
    free = min(max(0.1 * made.length, 8.0 * width), 0.3 * made.length)
    assert s.min() >= free - made.spacing
    assert s.max() <= made.length - free + made.spacing
    assert (np.diff(s) >= width - 2.0 * made.spacing).all()
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + 1e9 * np.eye(count)
    assert apart.min() > 0.35 * width


def test_the_seed_decides():
    one, same, other = (generate(seed, obstacles=15) for seed in (1, 1, 2))
    assert one.hash == same.hash
    assert not np.array_equal(one.obstacles, other.obstacles)
    sides = np.concatenate([_sides(generate(seed, obstacles=30)) for seed in range(10)])
    assert 0.4 < (sides > 0).mean() < 0.6


def _sides(track: Track):
    k = track.obstacle_segment
    dx, dy = track.obstacles[:, 0] - track.x[k], track.obstacles[:, 1] - track.y[k]
    return track.tangent_x[k] * dy - track.tangent_y[k] * dx


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (-1, "whole number, 0 or more, not -1"),
        (1.5, "whole number, 0 or more, not 1.5"),
        (True, "not True"),
        (100, "100 obstacles do not fit on a lap of 1000 m that is 8 m wide; the most is 66"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(count, said):
    with pytest.raises(TrackError, match=said):
        generate(1, obstacles=count)
