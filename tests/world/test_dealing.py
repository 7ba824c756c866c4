"""Tracks drawn for every episode: the same for a race alone and in a batch, and as told."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from racegym.errors import ScenarioError, TrackError
from racegym.testing.rig import circuits, difference, everyday, rows
from racegym.track import TrackSet, generate
from racegym.track.cells import cells_of
from racegym.world import StartConfig
from racegym.world.makers import Makers

RECIPE = {"seed": 3, "style": "kart", "length": 300.0, "width": 4.0, "min_radius": 5.0}
PLAIN = {key: value for key, value in RECIPE.items() if key != "seed"}
START = StartConfig(kind="random", speed=5.0, lateral_noise=1.0)
MODES = {
    "pool": {"tracks": circuits(), "draw": "pool"},
    "renewed": {"draw": "renewed", "recipe": RECIPE, "renewed_count": 4, "renewed_after": 2},
    "fresh": {"draw": "fresh", "recipe": RECIPE},
}


@pytest.fixture(params=sorted(MODES))
def drawing(request, build):
    """Return the mode, and a function that builds worlds of it."""
    more = {"tracks": [generate(3, **PLAIN)], "start": START, "n_cars": 1, **MODES[request.param]}
    return request.param, lambda n_races: build(n_races, **more)


def track_of(world, race=0):
    return world.view.tracks.track_of(race).hash


def drive(world, seed, steps=15, episodes=4):
    """Drive episodes that end at other steps in each race; return each race's tracks and states."""
    n = world.n_races
    world.reset(seeds=np.arange(n, dtype=np.uint64) + np.uint64(seed))
    control = everyday(1, 1, 1)[0].reshape(1, -1)
    seen = [[] for _ in range(n)]
    for step in range(steps * episodes):
        world.step([np.repeat(control, n, axis=0)])
        for race in range(n):
            if (step + 1) % steps == (race + seed) % steps:
                seen[race].append((track_of(world, race), world.hash(race)))
                world.reset(races=[race])
    return seen


def test_a_race_of_a_batch_has_the_tracks_and_bits_that_it_has_alone(drawing):
    _, make = drawing
    together = drive(make(5), 11)
    for race in (0, 3, 4):
        assert drive(make(1), 11 + race) == together[race : race + 1]


def test_episodes_are_driven_on_different_tracks(drawing):
    mode, make = drawing
    tracks = Counter(track for race in drive(make(6), 40, steps=2, episodes=8) for track, _ in race)
    drawn = sum(tracks.values())
    if mode == "pool":
        assert tracks.keys() == {track.hash for track in circuits()}
        assert min(tracks.values()) > drawn / len(tracks) / 2
    elif mode == "renewed":
        assert 8 < len(tracks) <= 4 * 5  # four of each pair of episodes
    else:
        assert len(tracks) == drawn


def test_snapshots_bring_tracks_back_and_what_follows(drawing):
    _, make = drawing
    world = make(3)
    drive(world, 5)
    control = np.zeros((3, 4), np.float32)
    saved, tracks = world.snapshot(), [track_of(world, race) for race in range(3)]

    def go_on():
        told = []
        for _ in range(3):
            world.step([control])
            told.append(rows(world))
            world.reset(races=[0, 2])
            told += [track_of(world, race) for race in range(3)]
        return told

    first = go_on()
    world.restore(saved)
    assert [track_of(world, race) for race in range(3)] == tracks
    for one, other in zip(first, go_on(), strict=True):
        assert one == other if isinstance(one, str) else difference(one, other) is None


def test_races_with_makers_beside_them_have_the_same_tracks_as_one_that_makes_its_own(build):
    more = {"tracks": [generate(3, **PLAIN)], "n_cars": 1, "draw": "fresh", "recipe": RECIPE}
    world = build(16, **more)
    many = drive(world, 70, steps=16, episodes=2)
    assert drive(build(1, **more), 75, steps=16, episodes=2) == many[5:6]
    made = world.view.tracks.track_of(5)
    plain = generate(int(made.name.rpartition("-")[2]), **PLAIN)
    assert made.hash == plain.hash
    np.testing.assert_array_equal(cells_of(made).nearest, cells_of(plain).nearest)
    processes = world._dealer._makers._processes
    assert processes
    world.close()
    assert all(process.returncode is not None for process in processes)


def test_what_makers_leave_undone_is_done_here():
    makers = Makers(PLAIN, 2)
    try:
        makers.expect(range(4))
        assert [made.track.name for made in makers.take([2, 0])] == ["kart-2", "kart-0"]
        for process in makers._processes:
            process.kill()
        names = [made.track.name for made in makers.take([1, 3, 9, 9])]
        assert names == ["kart-1", "kart-3", "kart-9", "kart-9"]
    finally:
        makers.close()
    makers.close()
    impossible = Makers({"style": "kart", "length": 10.0}, 1)
    try:
        with pytest.raises(TrackError, match="too short"):
            impossible.take([1, 2])
    finally:
        impossible.close()


def test_circuits_that_nobody_will_ask_for_are_not_kept():
    makers = Makers(PLAIN, 1)
    try:
        makers.exchange([], range(12))
        assert [made.track.name for made in makers.take([3, 5])] == ["kart-3", "kart-5"]
        makers.exchange(range(12), [4, 20, 21])
        names = [made.track.name for made in makers.take([20, 4, 21, 0])]
        assert names == ["kart-20", "kart-4", "kart-21", "kart-0"]
        makers.exchange([], [30])
        assert makers.take([30])[0].track.hash == generate(30, **PLAIN).hash
        state = makers._state
        assert not (state.ready or state.wanted)
    finally:
        makers.close()


def test_a_world_needs_one_recipe_and_given_tracks(build):
    with pytest.raises(ScenarioError, match="follow from one recipe, not 2"):
        build(1, tracks=circuits()[:2], draw="fresh", recipe=RECIPE)


def test_a_set_with_berths_takes_any_track_and_never_moves_the_others():
    tracks = [generate(seed, style="kart", length=length) for seed, length in
              ((1, 700.0), (2, 1000.0), (3, 850.0), (4, 990.0))]  # fmt: skip
    held = TrackSet(tracks[:1], [0, 0, 0], reserve_tracks=3, berth=1010)
    for race, track in enumerate(tracks[1:]):
        held.replace(race, track, cells_of(track))
    before = held.points[held.table[held.race_track[2], 0].astype(int)].copy()
    held.replace(0, tracks[0])
    held.replace(1, tracks[3])  # shared
    assert held.race_track[1] == held.race_track[2]
    np.testing.assert_array_equal(held.points[int(held.table[held.race_track[2], 0])], before)
    packed = TrackSet([tracks[0], tracks[3]], [0, 1, 1])
    where = np.array([0, 1, 2]), np.array([5.0, 100.0, 640.0]), np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(held.pose(*where), packed.pose(*where))
    with pytest.raises(TrackError, match="more than the 600 samples"):
        TrackSet(tracks[:1], [0], berth=600)
    with pytest.raises(TrackError, match="of up to 1010 samples"):
        held.replace(0, generate(5, style="kart", length=1400.0))
    assert held.track_of(0) is tracks[0]
    told = []
    held.subscribe(lambda races: told.append(races.tolist()))
    held.assign(np.array([0, 2]), np.array([held.race_track[2], held.race_track[0]], np.int32))
    assert told == [[0, 2]]
    assert held.track_of(2) is tracks[0]
