"""Whole laps in a world, driven by racegym's own follower of the centerline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from racegym.drivers.pure_pursuit import PurePursuit
from racegym.interfaces import EventKind, Status
from racegym.race_control.rules import Rules
from racegym.world import CarConfig, DriverPart, Part, World, WorldConfig
from racegym_carracing.backend import CarRacing


@dataclass
class Drive:
    """What came of one race."""

    finished: bool
    left_road: int
    frames: int
    laps: list[float]
    visited: float
    done: bool
    score: float


def make_world(pace: float, dt: float = 0.02, laps: int = 1) -> World:
    driver = DriverPart(name="pure_pursuit", make=PurePursuit, options={"pace": pace})
    return World(
        WorldConfig(
            cars=[CarConfig(name="car", driver=driver)],
            backend=Part(name="carracing", make=CarRacing),
            rules=Rules(laps=laps),
            dt=dt,
        )
    )


def drive(world: World, seed: int) -> Drive:
    """Drive until the flag, at most 90 s."""
    world.reset(seeds=[seed])
    race, channels = world.view.race, world.view.channels
    score, laps = 0.0, []
    while race.status[0, 0] == Status.RACING and race.time[0] < 90.0:
        world.step()
        score += float(channels["native_reward"][0, 0])
        laps += [event.value for event in world.events() if event.kind == EventKind.LAP]
    return Drive(
        finished=bool(race.status[0, 0] == Status.FINISHED),
        left_road=int(race.off_track_count[0, 0]),
        frames=round(float(race.time[0]) / 0.02),
        laps=laps,
        visited=float(channels["tiles_visited"][0, 0]),
        done=bool(channels["native_done"][0, 0]),
        score=score,
    )


@pytest.fixture
def world() -> Iterator[World]:
    made = make_world(60.0)
    yield made
    made.close()
    made.close()


@pytest.mark.parametrize(("pace", "dt"), [(50.0, 0.02), (70.0, 0.06)])
def test_pure_pursuit_drives_laps_on_the_road(pace, dt):
    world = make_world(pace, dt)
    for seed in (1, 2, 3):
        result = drive(world, seed)
        assert result.finished
        assert result.left_road == 0
        assert len(result.laps) == 1
        assert 15.0 < result.laps[0] < 60.0
        assert result.visited == 1.0
        # 1000 for the tiles, less 0.1 for each frame until the last of them: CarRacing's
        # lap ends a little before or after racegym's, which ends with the car's centre.
        assert result.done
        assert result.score == pytest.approx(1000.0 - 0.1 * result.frames, abs=3.0)
    world.close()


def test_second_lap_goes_on_after_the_native_end():
    world = make_world(70.0, laps=2)
    result = drive(world, 4)
    assert result.finished
    assert result.left_road == 0
    assert len(result.laps) == 2
    assert result.laps[1] < result.laps[0]  # it need not start from rest
    assert result.score > 1000.0 - 5.0 * result.laps[0] - 3.0  # nothing was taken for lap 2
    world.close()


def test_world_gets_the_track_of_each_episode(world):
    hashes = set()
    for episode in range(8):
        world.reset(seeds=[3] if episode == 0 else None)
        track = world.view.tracks.track_of(0)
        assert track.hash == world.backend.track(0).hash
        hashes.add(track.hash)
        frame = world.view.frame
        start = (float(frame.s[0, 0]) + 5.0) % track.length
        assert start == pytest.approx(5.0, abs=0.2)
        assert abs(frame.d[0, 0]) < 0.05
        assert abs(frame.heading_error[0, 0]) < 0.1
        assert frame.width_left[0, 0] == pytest.approx(20.0 / 3.0)
        for _ in range(3):
            world.step()
    assert len(hashes) == 8


def test_a_race_can_be_replayed_from_its_seed(world):
    first = drive(world, 5)
    bits = world.hash(0)
    assert drive(world, 6) != first
    assert drive(world, 5) == first
    assert world.hash(0) == bits


@pytest.mark.slow
@pytest.mark.parametrize("pace", [50.0, 60.0, 70.0, 100.0])
def test_most_tracks_are_lapped_cleanly(pace):
    world = make_world(pace)
    results = [drive(world, seed) for seed in range(1000, 1100)]
    world.close()
    assert sum(result.finished and result.left_road == 0 for result in results) >= 95
