"""A real race is the same bits again: in any batch, after a reset, from a snapshot."""

from __future__ import annotations

import numpy as np
import pytest
from fields import FIELDS, circuit

from racegym.kernels import set_threads, threads
from racegym.scenario import load_scenario

RACE = {**FIELDS["lights and pits"], "track": circuit(2, pit=True, count=1)}
STEPS = 700
WATCHED = (0, 5, 63)


def world_of(said, n_races, first_seed=0):
    world = load_scenario(said).world(n_races)
    world.reset(seeds=np.arange(first_seed, first_seed + n_races, dtype=np.uint64))
    return world


def drive(world, steps, races=(0,)):
    """Drive on; return what some races told, and their hashes at several moments."""
    told = {race: [] for race in races}
    for step in range(steps):
        world.step()
        for event in world.events():
            if event.race in told:
                row = (event.kind, event.time, event.car, event.other, event.value)
                told[event.race].append((*row, tuple(event.details.values())))
        if step % 100 == 99:
            for race in races:
                told[race].append(world.hash(race))
    return [repr(told[race]) for race in races]


@pytest.fixture(scope="module")
def batch():
    """Return what watched races of a batch told, and the world, that far."""
    world = world_of(RACE, WATCHED[-1] + 1)
    return drive(world, STEPS, WATCHED), world


def test_a_race_alone_is_the_race_in_a_batch(batch):
    for told, seed in zip(batch[0], WATCHED, strict=True):
        assert drive(world_of(RACE, 1, seed), STEPS) == [told]
    assert "PENALTY" in "".join(batch[0])


def test_from_a_snapshot_a_race_goes_on_as_it_did(batch):
    world = batch[1]
    snapshot = world.snapshot()
    first = drive(world, 300, WATCHED)
    world.reset()
    drive(world, 50)
    world.restore(snapshot)
    assert drive(world, 300, WATCHED) == first


@pytest.mark.parametrize("name", ["set back and rescued", "finishers roll on", "walls"])
def test_garbage_in_every_array_is_gone_after_a_reset(name):
    fresh, used = world_of(FIELDS[name], 2), world_of(FIELDS[name], 2)
    drive(used, 200)
    used.arrays.garbage(3)
    used.reset(seeds=np.arange(2, dtype=np.uint64))
    for array in used.arrays:
        assert used.arrays[array].tobytes() == fresh.arrays[array].tobytes(), array
    assert drive(used, 200, (0, 1)) == drive(fresh, 200, (0, 1))


@pytest.mark.slow
def test_threads_do_not_matter(batch):
    before = threads()
    try:
        set_threads(3)
        assert drive(world_of(RACE, 64), STEPS, WATCHED) == batch[0]
    finally:
        set_threads(before)
