"""The racing lines of packed tracks."""

from __future__ import annotations

import numpy as np

from racegym.kernels.projection import LINE_CURVATURE, LINE_OFFSET, LINE_SLOPE, LINE_STEP
from racegym.track import Track, TrackSet, generate


def lined(seed: int) -> Track:
    track = generate(seed, length=400.0)
    s = track.spacing * np.arange(len(track))
    return track.with_line(2.0 * np.sin(2.0 * np.pi * s / track.length), "wave")


def rows(tracks: TrackSet, race: int) -> np.ndarray:
    slot = tracks.race_track[race]
    first, count = int(tracks.first[slot]), int(tracks.count[slot])
    return tracks.line[first : first + count]


def test_a_track_without_a_line_has_its_centerline(make_ring) -> None:
    track = make_ring()
    packed = rows(TrackSet([track], [0]), 0)
    assert not packed[:, [LINE_OFFSET, LINE_SLOPE]].any()
    assert np.array_equal(packed[:, LINE_CURVATURE], track.curvature)
    assert (packed[:, LINE_STEP] == track.spacing).all()


def test_offsets_slopes_and_steps_are_those_of_the_line() -> None:
    track = lined(1)
    packed = rows(TrackSet([track], [0]), 0)
    s = track.spacing * np.arange(len(track))
    wave = 2.0 * np.pi / track.length
    assert np.array_equal(packed[:, LINE_OFFSET], track.line)
    assert np.abs(packed[:, LINE_SLOPE] - 2.0 * wave * np.cos(wave * s)).max() < 1e-5
    stretched = np.hypot(1.0 - track.curvature * track.line, packed[:, LINE_SLOPE])
    assert np.abs(packed[:, LINE_STEP].sum() - (stretched * track.spacing).sum()) < 3e-3


def test_lines_stay_with_their_tracks_when_others_come_and_go() -> None:
    first = [lined(1), generate(2, length=300.0), lined(3)]
    tracks = TrackSet(first, [0, 1, 2], reserve_tracks=1, reserve_points=300)
    # The first and the third give way, so that the second moves and its room is used again.
    tracks.replace(0, generate(4, length=250.0))
    tracks.replace(2, lined(5))
    tracks.replace(0, lined(6))
    for race in range(3):
        track = tracks.track_of(race)
        alone = TrackSet([track], [0])
        assert np.array_equal(rows(tracks, race), alone.line)
        slot = tracks.race_track[race]
        rows_there = slice(int(tracks.first[slot]), int(tracks.first[slot] + tracks.count[slot]))
        assert np.array_equal(tracks.line_outline[rows_there], alone.line_outline)
