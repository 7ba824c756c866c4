"""Tracks that ship with racegym: nothing is wrong with them, and they can be lapped."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import Surface
from racegym.scenario import load_scenario
from racegym.scenario.track_names import find_track
from racegym.track.validation import validate

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

from racegym.scenario.vehicle_facts import vehicle_limits

TRACKS = {"meadow": "rental_kart", "workshop": "rc_car", "hillside": "gt3"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "mine"))


def test_no_other_tracks_are_shipped(root):
    assert {
        file.stem for file in (root / "core" / "racegym" / "circuits").glob("*")
    } == TRACKS.keys()


@pytest.mark.parametrize("name", TRACKS)
def test_nothing_is_wrong_with(name):
    track, origin, _ = find_track(name)
    assert origin == "racegym"
    assert (track.name, track.source) == (name, "drawn by hand for racegym")
    assert validate(track, vehicle_limits(TRACKS[name], "kart2d")).problems == ()
    assert track.grid is not None


def test_between_them_they_have_everything():
    tracks = {name: find_track(name)[0] for name in TRACKS}
    assert [name for name, track in tracks.items() if track.pit is not None] == [
        "meadow", "hillside",
    ]  # fmt: skip
    assert [name for name, track in tracks.items() if track.crossings] == ["hillside"]
    assert np.ptp(tracks["hillside"].z) > 10.0
    # Corners lean inward: the left edge is the higher one where the track bends to the right.
    banking, curvature = tracks["hillside"].banking, tracks["hillside"].curvature
    assert np.abs(banking).max() > 0.05
    assert (banking * curvature).max() < 1e-4
    surfaces = set(np.unique(tracks["meadow"].surface_left).tolist())
    assert surfaces == {Surface.GRASS, Surface.GRAVEL}


@pytest.mark.parametrize(("name", "vehicle"), TRACKS.items())
def test_lapped_from_its_own_grid(name, vehicle):
    pace = {"name": "pure_pursuit", "pace": 80}
    scenario = load_scenario(
        {
            "name": name,
            "laps": 1,
            "time_limit": 120,
            "backend": "kart2d",
            "track": {"name": name},
            "cars": [{"name": "car {n}", "count": 2, "vehicle": vehicle, "driver": pace}],
        }
    )
    world = scenario.world()
    try:
        world.reset(scenario.seeds(1))
        track = world.view.tracks.track_of(0)
        np.testing.assert_allclose(world.view.frame.s[0], track.grid[:2, 0], atol=1e-3)
        off = 0
        for _ in range(2400):
            world.step()
            off += int((world.view.state.surface[0] > Surface.KERB).any())
            if (world.view.race.laps_done[0] >= 1).all():
                break
        assert (world.view.race.laps_done[0] >= 1).all()
        assert off == 0
    finally:
        world.close()
