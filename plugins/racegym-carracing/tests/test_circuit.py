"""Tracks against the tiles that they are made from."""

from __future__ import annotations

import numpy as np
import pytest

from racegym_carracing.circuit import SPACING, centerline, make_track
from racegym_carracing.engine import HALF_WIDTH, Engine

# What Gymnasium's generator gives for seeds 0 to 9, and places of seed 0's first tiles.
TILES = (319, 275, 335, 271, 275, 329, 284, 319, 251, 285)
FIRST = (-0.247676, -0.089021, 220.385377, -52.163563)
HUNDREDTH = (1.430485, 0.153575, 16.406178, 123.407750)
# Seeds whose lap ends beside its start, by up to 3.7 m.
ILL_GLUED = (248, 517, 733, 1005, 1114, 1513, 1584, 1719, 1854)


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.close()


def test_keys_are_the_environments_seeds(bench):
    car = bench()
    lengths = []
    for key, n_tiles in enumerate(TILES):
        car.reset(key)
        lengths.append(car.backend.track(0).length)
        assert 1.0 / car.value("tiles_visited") <= n_tiles
        assert car.value("tiles_visited") * n_tiles == pytest.approx(
            round(car.value("tiles_visited") * n_tiles), abs=1e-4
        )
        # The path of n tiles is closed by a gap of one to three of their lengths.
        assert 3.5 * (n_tiles - 2) < lengths[-1] < 3.5 * (n_tiles + 3)
    assert len(set(lengths)) == len(lengths)


def test_generator_is_the_one_that_was_validated(engine):
    counts = []
    for seed in range(len(TILES)):
        engine.reset(seed=seed)
        counts.append(len(engine.track))
        if seed == 0:
            assert engine.track[0] == pytest.approx(FIRST, abs=1e-6)
            assert engine.track[100] == pytest.approx(HUNDREDTH, abs=1e-6)
    assert tuple(counts) == TILES


@pytest.mark.parametrize("seed", range(8))
def test_track_runs_through_the_tiles(engine, seed):
    engine.reset(seed=seed)
    track = make_track(engine.track, "t")
    tiles = np.array(engine.track)
    kept = centerline(engine.track)
    assert len(kept) == len(tiles)
    s = np.linspace(0.0, track.length, 40_000, endpoint=False)
    x, y, heading = track.at(s)
    place = tiles[:, 2:] - track.origin
    apart = np.hypot(place[:, :1] - x, place[:, 1:] - y)
    nearest = apart.argmin(axis=1)
    assert apart.min(axis=1).max() < 0.05
    assert (np.diff(nearest) > 0).all()  # it passes them in their order, the first at s = 0
    assert nearest[0] == 0
    # beta is the mean direction at the tile: along the track, in its sense.
    off = np.angle(np.exp(1j * (tiles[:, 1] + np.pi / 2 - heading[nearest])))
    assert np.abs(off).max() < 0.35
    assert (track.width_left == HALF_WIDTH).all()
    assert (track.width_right == HALF_WIDTH).all()
    assert track.spacing == pytest.approx(SPACING, rel=0.01)
    assert track.kerb_width == 0.0
    assert track.runoff == np.inf


@pytest.mark.parametrize("seed", ILL_GLUED)
def test_a_lap_that_ends_beside_its_start_is_joined_smoothly(engine, seed):
    engine.reset(seed=seed)
    kept = centerline(engine.track)
    track = make_track(engine.track, "t")
    assert 0 < len(engine.track) - len(kept) <= 8
    assert np.array_equal(kept, np.array(engine.track)[: len(kept), 2:])
    seam = np.r_[track.curvature[-15:], track.curvature[:15]]
    assert np.abs(seam).max() * HALF_WIDTH < 1.0
    x, y, _ = track.at(0.0)
    assert np.hypot(*(kept[0] - track.origin - (x, y))) < 0.05


@pytest.mark.slow
def test_thousands_of_seeds_make_tracks(engine):
    most = 0
    for seed in range(3000):
        engine.reset(seed=seed)
        track = make_track(engine.track, "t")
        most = max(most, len(track))
        assert not track.crossings
        assert len(engine.track) - len(centerline(engine.track)) <= 8
    assert most < 1024
