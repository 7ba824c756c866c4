"""From (x, y) to (s, d): closed forms, round trips, brute force, and what a car can do to it."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.kernels import projection as columns
from racegym.kernels import set_threads, threads
from racegym.track import Track, TrackSet, generate


def wrapped(angle):
    return np.mod(np.asarray(angle) + np.pi, 2.0 * np.pi) - np.pi


def short_way(ds, length):
    return ds - length * np.round(ds / length)


def offsets(track: Track, s: np.ndarray, rng: np.random.Generator, most: float = 12.0):
    """Random lateral offsets within 0.8 of the smallest radius around, at most ``most``."""
    k = (s / track.spacing).astype(int)
    bend = np.max([np.roll(track.curvature, -j)[k] for j in range(-3, 5)], axis=0)
    dent = np.min([np.roll(track.curvature, -j)[k] for j in range(-3, 5)], axis=0)
    left = np.minimum(most, 0.8 / np.maximum(bend, 1e-9))
    right = np.minimum(most, 0.8 / np.maximum(-dent, 1e-9))
    return rng.uniform(-right, left)


def assert_round_trip(cars, track, s, d, heading):
    np.testing.assert_allclose(short_way(cars.s[0] - s, track.length), 0.0, atol=1e-6)
    np.testing.assert_allclose(cars.d[0], d, atol=1e-6)
    np.testing.assert_allclose(wrapped(cars.yaw[0] - heading - cars.heading_error[0]), 0, atol=1e-6)
    assert not cars.jumped.any()


def test_on_a_circle_everything_is_known(make_ring, cars_on):
    track = make_ring(radius=50.0)
    cars = cars_on(TrackSet([track], [0]), 360)
    angle = np.linspace(0.0, 2.0 * np.pi, 360, endpoint=False)
    radius = np.linspace(40.0, 60.0, 360)
    cars.put(radius * np.cos(angle), radius * np.sin(angle), wrapped(angle + np.pi / 2 + 0.1))
    cars.relocate()
    np.testing.assert_allclose(cars.d[0], 50.0 - radius, atol=1e-5)
    np.testing.assert_allclose(short_way(cars.s[0] - 50.0 * angle, track.length), 0.0, atol=1e-4)
    np.testing.assert_allclose(cars.heading_error[0], 0.1, atol=1e-5)
    np.testing.assert_allclose(cars.curvature[0], 0.02, rtol=1e-3)
    np.testing.assert_allclose(cars.width_left[0], 4.0)
    first_half = angle < np.pi - 0.01
    np.testing.assert_allclose(cars.progress[0], cars.s[0] - np.where(
        cars.s[0] <= track.length / 2, 0.0, track.length))  # fmt: skip
    assert (cars.progress[0][first_half] >= -1e-6).all()


@pytest.mark.parametrize("forward", [True, False])
def test_round_trip_on_all_tracks(tum, generated, cars_on, forward):
    """Any (s, d) within the radius comes back, driven to from a few metres before or after."""
    rng = np.random.default_rng(3)
    tracks = [*tum.values(), *generated, generated[0].reversed()]
    for track in tracks:
        s = np.append(rng.uniform(0.0, track.length, 1500), [0.0, 1e-9, track.length - 1e-9])
        d = offsets(track, s, rng)
        cars = cars_on(TrackSet([track], [0]), len(s))
        before = s - (4.0 if forward else -4.0)
        cars.put_on(before, 0.0)
        cars.relocate(before)
        x, y, heading = track.at(s, d)
        cars.put(x, y, wrapped(heading + rng.uniform(-3.0, 3.0, len(s))))
        cars.project()
        assert_round_trip(cars, track, s, d, heading)


def test_float32_frames_keep_float64_places(generated, cars_on):
    track = generated[0]
    s = np.linspace(0.0, track.length, 500, endpoint=False)
    cars = cars_on(TrackSet([track], [0]), 500, np.float32)
    cars.put_on(s, 1.5)
    cars.relocate()
    cars.project()
    np.testing.assert_allclose(short_way(cars.s[0] - s, track.length), 0.0, atol=1e-7)
    np.testing.assert_allclose(cars.d[0], 1.5, rtol=1e-6)


def test_pose_is_the_tracks_own(tum, generated):
    tracks = [*tum.values(), *generated]
    packed = TrackSet(tracks, np.arange(len(tracks)))
    rng = np.random.default_rng(4)
    races = rng.integers(0, len(tracks), 500)
    s, d = rng.uniform(-1e4, 1e4, 500), rng.uniform(-5.0, 5.0, 500)
    pose = packed.pose(races, s, d)
    for k, race in enumerate(races):
        np.testing.assert_allclose(pose[k], np.stack(tracks[race].at(s[k], d[k])), atol=1e-7)
    assert packed.pose([0], 3.0, 0.0).shape == (1, 3)


def test_progress_counts_laps_both_ways(generated, cars_on):
    """Three laps on, then four back, in uneven steps: progress is the distance gone."""
    track = generated[1]
    cars = cars_on(TrackSet([track], [0]))
    place = -20.0
    cars.put_on(place, 1.0)
    cars.relocate()
    assert cars.progress[0, 0] == pytest.approx(-20.0)
    rng = np.random.default_rng(5)
    for sign, goal in ((1.0, 3.0 * track.length), (-1.0, -1.0 * track.length)):
        while sign * (goal - place) > 0.0:
            place += sign * rng.uniform(0.0, 7.0)
            cars.put_on(place, rng.uniform(-3.0, 3.0))
            cars.project()
            assert not cars.jumped.any()
            assert cars.progress[0, 0] == pytest.approx(place, abs=1e-5)
            assert 0.0 <= cars.s[0, 0] < track.length


def test_a_crossing_never_switches_the_branch(tum, cars_on):
    """Through Suzuka's bridge and under it, on every line across the asphalt."""
    track = tum["Suzuka"]
    ((s1, s2),) = track.crossings
    line = np.linspace(-6.5, 6.5, 27)
    cars = cars_on(TrackSet([track], [0]), len(line))
    for passing in (s1, s2):
        cars.put_on(passing - 60.0, line)
        cars.relocate(passing - 60.0)
        for step in np.arange(-60.0, 60.0, 1.7):
            cars.put_on(passing + step, line)
            cars.project()
            np.testing.assert_allclose(cars.s[0], passing + step, atol=1e-5)
            np.testing.assert_allclose(cars.d[0], line, atol=1e-5)
            assert not cars.jumped.any()


def test_a_placed_car_takes_the_branch_of_its_hint(tum, cars_on):
    track = tum["Suzuka"]
    ((s1, s2),) = track.crossings
    cars = cars_on(TrackSet([track], [0]), 2)
    cars.put_on([[s1, s2]], 0.0)
    cars.relocate([[s1, s2]])
    np.testing.assert_allclose(cars.s[0], [s1, s2], atol=0.01)


def test_teleports_agree_with_brute_force(tum, generated, cars_on):
    """A car dropped anywhere finds the nearest part of the track."""
    rng = np.random.default_rng(6)
    for track in [*tum.values(), *generated]:
        span = max(np.ptp(track.x), np.ptp(track.y))
        n = 600
        x = rng.uniform(track.x.min() - 0.2 * span, track.x.max() + 0.2 * span, n)
        y = rng.uniform(track.y.min() - 0.2 * span, track.y.max() + 0.2 * span, n)
        cars = cars_on(TrackSet([track], [0]), n)
        cars.put(x, y)
        cars.relocate()
        px, py, _ = track.at(cars.s[0])
        found = np.hypot(x - px, y - py)
        nearest = np.hypot(x[:, None] - track.x, y[:, None] - track.y).min(axis=1)
        # Where two parts are about equally near, the grid may give the other one.
        assert (found <= nearest * 1.02 + 0.1).all(), track
        close = nearest < 10.0
        np.testing.assert_array_less(found[close], nearest[close] + 1e-9)


def test_driving_agrees_with_brute_force(generated, cars_on):
    """On the asphalt of a simple track the followed place is the nearest of all."""
    track = generated[2]
    cars = cars_on(TrackSet([track], [0]), 50)
    rng = np.random.default_rng(7)
    s = rng.uniform(0.0, track.length, 50)
    cars.put_on(s, 0.0)
    cars.relocate(s)
    for step in range(200):
        cars.put_on(s + 1.3 * step, 3.5 * np.sin(0.05 * step + s))
        cars.project()
        px, py, _ = track.at(cars.s[0])
        found = np.hypot(cars.x[0] - px, cars.y[0] - py)
        apart = np.hypot(cars.x[0][:, None] - track.x, cars.y[0][:, None] - track.y)
        assert (found <= apart.min(axis=1) + 1e-9).all()


def test_a_cut_across_the_infield_is_a_jump(make_ring, cars_on):
    track = make_ring(radius=50.0, runoff=np.inf)
    cars = cars_on(TrackSet([track], [0]))
    cars.put_on(0.0, 0.0)
    cars.relocate()
    jumps = 0
    for x in np.arange(50.0, -50.0, -1.0):  # along the diameter, a little beside the middle
        cars.put(x, 0.5, np.pi)
        cars.project()
        jumps += int(cars.jumped[0, 0])
    assert jumps >= 1
    assert cars.s[0, 0] == pytest.approx(track.length / 2, abs=1.0)
    assert abs(cars.d[0, 0]) < 1.0


def test_a_moved_car_is_found_and_said_to_have_jumped(tum, cars_on):
    track = tum["Monza"]
    cars = cars_on(TrackSet([track], [0]))
    cars.put_on(100.0, 0.0)
    cars.relocate()
    for s in (160.0, 2500.0, 5790.0, 30.0):
        cars.put_on(s, 1.0)
        cars.project()
        assert cars.jumped[0, 0]
        assert cars.s[0, 0] == pytest.approx(s, abs=1e-5)
        cars.project()
        assert not cars.jumped[0, 0]


def test_absent_and_broken_cars_keep_their_frame(make_ring, cars_on):
    cars = cars_on(TrackSet([make_ring()], [0]), 3)
    cars.put_on(10.0, 0.0)
    cars.relocate()
    cars.put_on(12.0, 1.0)
    cars.present[0, 0] = False
    cars.x[0, 1] = np.nan
    cars.jumped[:] = True
    cars.project()
    np.testing.assert_allclose(cars.s[0], [10.0, 10.0, 12.0], atol=1e-5)
    assert not cars.jumped.any()


def test_a_wild_segment_is_survived(make_ring, cars_on):
    cars = cars_on(TrackSet([make_ring()], [0]), 2)
    cars.put_on(10.0, 0.0)
    cars.segment[:] = [[-5, 2**31 - 1]]
    cars.project()
    np.testing.assert_allclose(cars.s[0], 10.0, atol=1e-5)


def test_anywhere_in_the_plane_gives_a_finite_frame(generated, cars_on):
    """Random flights over the whole plane, far beyond the centres of curvature."""
    track = generated[3]
    cars = cars_on(TrackSet([track], [0]), 400)
    rng = np.random.default_rng(8)
    cars.relocate()
    for size in (1.0, 10.0, 100.0, 1e4, 1e9):
        cars.put(rng.normal(0.0, size, 400), rng.normal(0.0, size, 400))
        cars.project()
        for array in (cars.s, cars.d, cars.heading_error, cars.curvature, cars.progress):
            assert np.isfinite(array).all()
        assert ((cars.s >= 0.0) & (cars.s < track.length)).all()
        assert ((cars.segment >= 0) & (cars.segment < len(track))).all()
        assert ((cars.heading_error >= -np.pi) & (cars.heading_error < np.pi)).all()


def test_bits_do_not_depend_on_the_batch_or_the_threads(generated, cars_on):
    n_races = 600
    rng = np.random.default_rng(9)
    s, d = rng.uniform(0, 900, (n_races, 1)), rng.uniform(-4, 4, (n_races, 1))
    order = rng.integers(0, len(generated), n_races)
    before = threads()
    frames = []
    try:
        for count in (1, 2):
            set_threads(count)
            cars = cars_on(TrackSet(generated, order), 1, np.float32)
            cars.put_on(s, 0.0)
            cars.relocate(s)
            cars.put_on(s + 2.0, d)
            cars.project()
            frames.append(cars)
    finally:
        set_threads(before)
    for name in ("s", "d", "heading_error", "curvature", "progress"):
        one, other = (getattr(cars, name) for cars in frames)
        assert one.tobytes() == other.tobytes()
        for race in (0, 17, 599):
            alone = cars_on(TrackSet([generated[order[race]]], [0]), 1, np.float32)
            alone.put_on(s[race], 0.0)
            alone.relocate(s[race])
            alone.put_on(s[race] + 2.0, d[race])
            alone.project()
            assert getattr(alone, name).tobytes() == one[race].tobytes()


def test_the_grid_holds_the_nearest_sample_of_every_cell(generated):
    tracks = TrackSet(generated, [0])
    for slot, track in enumerate(generated):
        entry = tracks.table[slot]
        across, up = int(entry[columns.CELL_COLUMNS]), int(entry[columns.CELL_ROWS])
        first = int(entry[columns.CELL_FIRST])
        row, column = np.divmod(np.arange(across * up), across)
        x = entry[columns.CELL_X] + (column + 0.5) * entry[columns.CELL_SIZE]
        y = entry[columns.CELL_Y] + (row + 0.5) * entry[columns.CELL_SIZE]
        apart = np.hypot(x[:, None] - track.x, y[:, None] - track.y)
        held = tracks.cells[first : first + across * up]
        np.testing.assert_allclose(apart[np.arange(len(held)), held], apart.min(axis=1))


@pytest.mark.slow
def test_round_trip_on_many_generated_tracks(cars_on):
    rng = np.random.default_rng(10)
    for seed in range(300):
        track = generate(seed, style="technical")
        s = rng.uniform(0.0, track.length, 2000)
        d = offsets(track, s, rng, most=6.0)
        cars = cars_on(TrackSet([track], [0]), len(s))
        cars.put_on(s - 3.0, 0.0)
        cars.relocate(s - 3.0)
        x, y, heading = track.at(s, d)
        cars.put(x, y, heading)
        cars.project()
        assert_round_trip(cars, track, s, d, heading)
