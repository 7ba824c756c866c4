"""Many tracks in flat arrays: views, sharing, replacing within what was reserved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.track import TrackSet, generate


@pytest.fixture
def some():
    return [generate(seed, length=300.0 + 100.0 * seed) for seed in range(4)]


def assert_holds(tracks: TrackSet, race: int, track) -> None:
    """The race's packed rows are those of ``track``."""
    slot = tracks.race_track[race]
    rows = slice(int(tracks.first[slot]), int(tracks.first[slot] + tracks.count[slot]))
    for name in ("x", "y", "tangent_x", "heading", "curvature", "width_right", "slope"):
        np.testing.assert_array_equal(getattr(tracks, name)[rows], getattr(track, name))
    outline = tracks.outline[rows]
    width = track.width_left + track.width_right
    np.testing.assert_allclose(outline[:, 0], track.curvature, rtol=1e-6)
    np.testing.assert_allclose(outline[:, 0] + outline[:, 1], np.roll(track.curvature, -1), 0, 1e-6)
    np.testing.assert_allclose(outline[:, 2], width, rtol=1e-6)
    np.testing.assert_allclose(outline[:, 2] + outline[:, 3], np.roll(width, -1), rtol=1e-5)
    assert tracks.length[slot] == track.length
    assert tracks.track_of(race) is track
    for gates in ("checkpoint", "sector"):
        first = getattr(tracks, f"{gates}_first")[slot]
        count = getattr(tracks, f"{gates}_count")[slot]
        np.testing.assert_array_equal(
            getattr(tracks, f"{gates}_s")[first : first + count], getattr(track, f"{gates}s")
        )


def test_packs_every_track(some):
    tracks = TrackSet(some, [3, 1, 1, 0, 2])
    for race, k in enumerate([3, 1, 1, 0, 2]):
        assert_holds(tracks, race, some[k])
    assert tracks.n_races == 5
    assert tracks.race_track.dtype == np.int32
    assert all(array.flags.c_contiguous for array in tracks.geometry)
    assert tracks.points.shape[0] == sum(map(len, some))


def test_views_share_memory_with_the_packed_arrays(some):
    tracks = TrackSet(some, [0])
    assert np.shares_memory(tracks.curvature, tracks.points)
    assert np.shares_memory(tracks.runoff, tracks.table)
    with pytest.raises(AttributeError, match="no attribute 'bananas'"):
        _ = tracks.bananas


def test_replace_moves_no_array_and_tells_subscribers(some, cars_on):
    tracks = TrackSet(some[:2], [0, 1], reserve_tracks=2, reserve_points=2000)
    held = [*tracks.geometry, tracks.checkpoint_s]
    heard = []
    tracks.subscribe(lambda races: heard.append(races))
    tracks.replace(0, some[2])
    assert_holds(tracks, 0, some[2])
    assert_holds(tracks, 1, some[1])
    assert [races.tolist() for races in heard] == [[0]]
    assert heard[0].dtype == np.int64
    assert all(a is b for a, b in zip(held, [*tracks.geometry, tracks.checkpoint_s], strict=True))
    cars = cars_on(tracks)
    s = np.array([[123.0], [45.0]])
    cars.put_on(s, 1.0)
    cars.relocate()
    np.testing.assert_allclose(cars.s, s, atol=1e-6)


def test_a_track_in_the_set_is_shared(some):
    tracks = TrackSet(some[:2], [0, 1])
    tracks.replace(0, some[1])
    assert tracks.race_track.tolist() == [1, 1]
    tracks.replace(1, generate(0, length=300.0))  # equal to a track that is held still
    assert tracks.race_track.tolist() == [1, 0]


def test_the_room_of_a_track_nobody_drives_is_used_again(some):
    tracks = TrackSet([some[3], some[1]], [0, 1])  # nothing reserved
    for track in (some[2], some[0], some[3]):
        tracks.replace(0, track)
        assert_holds(tracks, 0, track)
        assert_holds(tracks, 1, some[1])


def test_scattered_room_is_gathered(some):
    """After many replacements of uneven sizes there is still room, and no track is harmed."""
    short = [generate(seed, length=200.0, spacing=1.0) for seed in range(10, 16)]
    long = generate(99, length=400.0, spacing=1.0)
    tracks = TrackSet(short, np.arange(6))
    tracks.replace(0, short[1])
    tracks.replace(2, short[1])
    tracks.replace(3, long)  # fits only if the free rows of 0, 2 and 3 come together
    current = [short[1], short[1], short[1], long, short[4], short[5]]
    for race, track in enumerate(current):
        assert_holds(tracks, race, track)
        x, y, yaw = track.at(10.0, 1.0)
        np.testing.assert_allclose(tracks.pose([race], 10.0, 1.0)[0], [x, y, yaw])


def test_teleports_work_after_the_rows_were_moved(cars_on):
    short = [generate(seed, length=200.0, spacing=1.0) for seed in range(10, 16)]
    tracks = TrackSet(short, np.arange(6))
    tracks.replace(0, short[1])
    tracks.replace(2, short[1])
    tracks.replace(3, generate(99, length=400.0, spacing=1.0))
    cars = cars_on(tracks, 50)
    s = np.linspace(0.0, 190.0, 50)
    cars.put_on(s, 1.0)
    cars.relocate()
    np.testing.assert_allclose(cars.s, np.broadcast_to(s, cars.s.shape), atol=1e-6)


def test_many_random_replacements(some):
    rng = np.random.default_rng(0)
    pool = [generate(seed, length=200.0 + 20.0 * seed) for seed in range(12)]
    tracks = TrackSet(pool[:4], [0, 1, 2, 3], reserve_tracks=1, reserve_points=800)
    current = pool[:4]
    refused = 0
    for _ in range(200):
        race, track = int(rng.integers(4)), pool[rng.integers(12)]
        try:
            tracks.replace(race, track)
        except TrackError:
            refused += 1
        else:
            current[race] = track
        for other in range(4):
            assert_holds(tracks, other, current[other])
    assert refused < 150


def test_lack_of_room_is_told_in_numbers_and_changes_nothing(some):
    tracks = TrackSet(some[:2], [0, 0, 1])
    with pytest.raises(TrackError, match=r"of \d+ samples: 0 of \d+ samples and 0 of 2 tracks"):
        tracks.replace(0, some[3])
    assert_holds(tracks, 0, some[0])
    tracks = TrackSet(some[:2], [0, 0, 1], reserve_tracks=1, reserve_points=10)
    with pytest.raises(TrackError, match=r"10 of \d+ samples and 1 of 3 tracks are free; reserve"):
        tracks.replace(0, some[3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [0]), "at least one track"),
        (("some", []), "race_track must be"),
        (("some", [0.5]), "race_track must be"),
        (("some", [[0]]), "race_track must be"),
        (("some", [0, 4]), "names tracks 0 to 4; there are 0 to 3"),
        (("some", [-1]), "names tracks -1"),
    ],
)
def test_wrong_sets_are_refused(some, arguments, message):
    given, races = arguments
    with pytest.raises(TrackError, match=message):
        TrackSet(some if given == "some" else given, races)


def test_a_negative_reserve_is_refused(some):
    with pytest.raises(TrackError, match="must be 0 or more"):
        TrackSet(some, [0], reserve_tracks=-1)


def test_what_can_not_be_written_is_shared_and_what_can_is_copied():
    track = generate(3)
    assert track.width_left is track.width_right
    assert replace(track, kerb_width=0.5).x is track.x
    own = np.array(track.x)
    changed = replace(track, x=own)
    own[0] = 1e3
    assert changed.x[0] == track.x[0]
    seen = own[:]
    seen.flags.writeable = False
    assert replace(track, x=seen).x is not seen  # others may write it
