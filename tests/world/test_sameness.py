"""Resets, hashes, snapshots: the same race is the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from racegym_fakes.late import LateBackend
from racegym_fakes.leaving import LeavingBackend, TyreWear
from racegym_fakes.two_process import TwoProcessBackend

from racegym.drivers.random import Random
from racegym.errors import BackendError
from racegym.rewards.progress import Progress
from racegym.sensors.state import State
from racegym.testing.rig import circuits, difference, everyday, rows
from racegym.world import CarConfig, Command, DriverPart, Part, StartConfig, WeightedPart

START = StartConfig(kind="random", speed=6.0, lateral_noise=1.0, heading_noise=0.2, speed_noise=2.0)


def full(build, n_races=3, **more):
    """Return a world in which everything remembers something."""
    more.setdefault("start", START)
    return build(
        n_races,
        cars=[
            CarConfig(name="agent"),
            CarConfig(name="bot", driver=DriverPart(name="random", make=Random)),
        ],
        backend=Part(name="leaving", make=LeavingBackend, options={"fuel": 50.0}),
        realism=[Part(name="wear", make=TyreWear)],
        sensors=[Part(name="state", make=State)],
        rewards=[WeightedPart(name="progress", make=Progress)],
        **more,
    )


def play(world, controls):
    trace = []
    for step in controls:
        world.step([step[:, :1].reshape(-1, 4)])
        trace.append((rows(world), *(buffer.copy() for buffer in world.groups[0].buffers())))
    return trace


def same(one, other):
    for (a, *buffers), (b, *others) in zip(one, other, strict=True):
        assert difference(a, b) is None
        for x, y in zip(buffers, others, strict=True):
            assert x.tobytes() == y.tobytes()


def test_garbage_in_every_array_is_gone_after_a_reset(build):
    world, fresh = full(build), full(build)
    controls = everyday(30, 3, 2)
    world.reset(seeds=[7, 8, 9])
    play(world, controls)
    world.arrays.garbage(5)
    for any_world in (world, fresh):
        any_world.reset(seeds=[1, 2, 3])
    assert difference(rows(fresh), rows(world)) is None
    assert world.groups[0].observations.tobytes() == fresh.groups[0].observations.tobytes()
    same(play(world, controls), play(fresh, controls))


def test_a_race_with_seed_k_is_the_same_alone_through_all_its_episodes(build):
    batch = full(build)
    batch.reset(seeds=np.arange(11, 14))
    tracks, controls = circuits(), everyday(25, 3, 2)
    alone = [full(build, 1, tracks=[tracks[race % 2]]) for race in range(3)]
    for race, world in enumerate(alone):
        world.reset(seeds=[11 + race])
    for episode in range(3):
        if episode:
            for race in (2, 0, 1):  # each in its own time
                batch.reset(races=[race])
            for world in alone:
                world.reset()
        for step in controls:
            batch.step([step[:, :1].reshape(-1, 4)])
            for race, world in enumerate(alone):
                world.step([step[race, :1]])
        for race, world in enumerate(alone):
            assert world.view.race.episode[0] == episode
            assert difference(rows(world), rows(batch, [race])) is None
            assert world.hash() == batch.hash(race)
            assert (
                world.groups[0].observations[0].tobytes()
                == batch.groups[0].observations[race].tobytes()
            )


def test_resetting_one_race_leaves_the_others_and_their_observations(build):
    world = full(build)
    world.reset(seeds=[1, 2, 3])
    play(world, everyday(20, 3, 2))
    before, seen = rows(world, [0, 2]), world.groups[0].observations.copy()
    world.reset(seeds=[40], races=[1])
    assert difference(before, rows(world, [0, 2])) is None
    assert (world.groups[0].observations[[0, 2]] == seen[[0, 2]]).all()
    assert (world.groups[0].observations[1] != seen[1]).any()
    fresh = full(build)
    fresh.reset(seeds=[5, 40, 6])
    assert difference(rows(fresh, [1]), rows(world, [1])) is None
    assert (fresh.groups[0].observations[1] == world.groups[0].observations[1]).all()


def test_reset_of_one_race_does_not_rank_the_others_anew(build):
    world = full(build, 2)
    world.reset(seeds=[1, 2])
    leader = int(np.argmin(world.view.race.position[0]))
    world.apply(Command(kind="retire", race=0, car=leader))  # ranked after the coming step
    before = rows(world, [0])
    world.reset(races=[1])
    assert difference(before, rows(world, [0])) is None


def test_episodes_and_seeds_differ(build):
    world = full(build, 2)
    starts = []
    for seeds in ([1, 2], None, [3, 4]):
        world.reset(seeds=seeds)
        starts += world.view.frame.s[:, 0].tolist()
    assert len(set(starts)) == 6
    world.reset(seeds=[1, 2])
    assert world.view.frame.s[:, 0].tolist() == starts[:2]


def test_a_reset_of_no_race_does_nothing(build):
    world = full(build)
    world.reset(seeds=[1, 2, 3])
    before = rows(world)
    world.reset(races=np.zeros(0, np.int64))
    assert difference(before, rows(world)) is None


def test_hash_is_of_one_race_and_of_every_bit(build):
    world = full(build)
    world.reset(seeds=[5, 5, 5])
    hashes = [world.hash(race) for race in range(3)]
    assert hashes[0] == hashes[2]  # the same seed on the same track
    world.view.state.roll[1, 0] = np.nextafter(np.float32(0), np.float32(1))
    assert world.hash(1) != hashes[1]
    assert [world.hash(0), world.hash(2)] == [hashes[0], hashes[2]]


def test_a_snapshot_brings_back_state_observations_and_rewards(build):
    world = full(build)
    world.reset(seeds=[1, 2, 3])
    controls = everyday(45, 3, 2)
    play(world, controls[:15])
    snapshot = world.snapshot()
    seen, paid = world.groups[0].observations.copy(), world.groups[0].reward.copy()
    first = play(world, controls[15:30])
    play(world, controls[30:])
    world.reset()
    world.restore(snapshot)
    assert (world.groups[0].observations == seen).all()
    assert (world.groups[0].reward == paid).all()
    same(first, play(world, controls[15:30]))


def test_a_snapshot_is_a_copy(build):
    world = full(build)
    world.reset(seeds=[1, 2, 3])
    snapshot, hashed = world.snapshot(), world.hash(1)
    play(world, everyday(10, 3, 2))
    world.restore(snapshot)
    assert world.hash(1) == hashed


def test_a_snapshot_of_another_world_is_refused(build):
    world, larger, other = full(build, 2), full(build, 3), build(2)
    for any_world in (world, larger, other):
        any_world.reset(seeds=1)
    hashed = world.hash()
    with pytest.raises(ValueError, match="snapshot is of another world"):
        world.restore(larger.snapshot())
    with pytest.raises(ValueError, match=r"another world; arrays that differ: \['agents\.|other"):
        world.restore(other.snapshot())
    assert world.hash() == hashed


def test_an_engine_is_saved_and_loaded(build):
    world = build(2, backend=TwoProcessBackend)
    world.reset(seeds=[1, 2])
    controls = everyday(30, 2, 2)
    for step in controls[:10]:
        world.step([step.reshape(-1, 4)])
    snapshot, hashes = world.snapshot(), []
    for _ in range(2):
        for step in controls[10:]:
            world.step([step.reshape(-1, 4)])
        hashes.append(world.hash(1))
        world.restore(snapshot)
    assert hashes[0] == hashes[1]


def test_without_snapshots_there_are_none(build):
    world = build(1, backend=LateBackend, tracks=())
    world.reset(seeds=[1])
    with pytest.raises(BackendError, match="'LateBackend' has no snapshots"):
        world.snapshot()
