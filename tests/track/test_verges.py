"""What lies beside a track, its pit lane and its grid, packed for kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from racegym.interfaces import Surface
from racegym.kernels.projection import GRID_COUNT, VERGED
from racegym.track import PitLane, TrackSet, generate
from racegym.track.verges import pit_samples, pit_taper, verges


@pytest.fixture
def track():
    return generate(2, length=500.0)


def test_grass_unless_told_otherwise(track):
    assert (verges(track) == Surface.GRASS).all()
    tracks = TrackSet([track], [0])
    assert tracks.table[0, VERGED] == 0.0
    assert (tracks.verges == Surface.GRASS).all()


def test_each_side_has_its_own(track):
    left = np.arange(len(track)) % 4
    codes = verges(replace(track, surface_left=left))
    np.testing.assert_array_equal(codes[:, 0], left)
    assert (codes[:, 1] == Surface.GRASS).all()


@pytest.mark.parametrize("side", [0, 1])
def test_a_pit_lane_paves_the_run_off_of_its_side(track, side):
    offset = 9.0 if side == 0 else -9.0
    pit = PitLane(entry=450.0, exit=60.0, offset=offset, width=3.0, speed_limit=10.0)
    gravel = np.full(len(track), Surface.GRAVEL)
    codes = verges(replace(track, surface_left=gravel, surface_right=gravel, pit=pit))
    s = track.spacing * np.arange(len(track))
    width = track.width_left if side == 0 else track.width_right
    taper = pit_taper(track, pit)
    assert taper == pytest.approx(4.0 * (10.5 - width[pit_samples(track, pit)].mean()))
    paved = (s >= 450.0 - taper) | (s <= 60.0 + taper)
    np.testing.assert_array_equal(codes[:, side] == Surface.ASPHALT, paved)
    assert (codes[:, 1 - side] == Surface.GRAVEL).all()


def test_a_pit_lane_between_two_samples_paves_its_ways_in_and_out(track):
    h = track.spacing
    pit = PitLane(entry=9.2 * h, exit=9.8 * h, offset=9.0, width=3.0, speed_limit=10.0)
    assert not pit_samples(track, pit).any()
    taper = pit_taper(track, pit)
    assert taper == pytest.approx(4.0 * (10.5 - track.width_left[9]))
    paved = verges(replace(track, pit=pit))[:, 0] == Surface.ASPHALT
    assert paved.sum() == pytest.approx(2.0 * taper / h, abs=2)


def test_the_room_of_boxes():
    lane = {"entry": 450.0, "exit": 60.0, "offset": 9.0, "width": 3.0, "speed_limit": 10.0}
    assert PitLane(**lane).box_length(500.0) == 9.0
    boxes = PitLane(**lane, boxes=(490.0, 496.0, 4.0, 20.0))
    assert boxes.box_length(500.0) == pytest.approx(0.9 * 6.0)
    assert boxes.long(500.0) == 110.0


def test_packed_beside_each_other_replaced_and_moved(track):
    pit = PitLane(entry=450.0, exit=60.0, offset=9.0, width=3.0, speed_limit=10.0, boxes=(5.0, 9.0))
    rough = replace(
        generate(3, length=500.0),
        surface_left=np.full(len(generate(3, length=500.0)), Surface.GRAVEL),
        grid=np.array([[490.0, 1.0], [480.0, -1.0]]),
        pit=pit,
    )
    tracks = TrackSet([track, rough], [0, 1], reserve_tracks=1, reserve_points=700)
    assert tracks.table[:2, VERGED].tolist() == [0.0, 1.0]
    assert tracks.table[:2, GRID_COUNT].tolist() == [0.0, 2.0]
    np.testing.assert_array_equal(tracks.grid_slots[1, :2], rough.grid)
    assert tracks.pits[0].tolist() == [0.0] * 6
    assert tracks.pits[1].tolist() == [450.0, 60.0, 9.0, 3.0, 10.0, 2.0]
    assert tracks.pit_boxes[1, :2].tolist() == [5.0, 9.0]
    assert (tracks.pit_of(0), tracks.pit_of(1)) == (None, pit)
    # Another in the place of the first moves the second, and its verges with it.
    for seed in (7, 8, 9):
        tracks.replace(0, generate(seed, length=600.0))
        slot = tracks.race_track[1]
        rows = slice(int(tracks.first[slot]), int(tracks.first[slot] + tracks.count[slot]))
        np.testing.assert_array_equal(tracks.verges[rows], verges(rough))
    tracks.replace(1, track)
    slot = tracks.race_track[1]
    assert tracks.pits[slot].tolist() == [0.0] * 6
    assert tracks.table[slot, VERGED] == 0.0
