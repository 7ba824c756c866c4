"""Workers make no difference to what an engine does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from racegym_fakes.alone import Alone, Quick

from racegym.testing import BackendSuite
from racegym.testing.rig import difference, everyday, rows
from racegym.track import generate
from racegym.workers import in_workers
from racegym.workers.parcels import (
    Brief,
    decode_poses,
    decode_track,
    encode_poses,
    encode_track,
)

STEPS = 12


def drive(rig, controls, seed=5):
    """Return all rows of a drive with effects, in which a car leaves and others are moved."""
    rig.start(seed)
    trace = [rows(rig.world)]
    for step, control in enumerate(controls):
        rig.impose({"grip": 1 - 0.02 * step, "fx": 10.0 * step})
        rig.step(*np.moveaxis(control, -1, 0))
        if step == 4:
            rig.world.place([0], 30.0, 1.0, 0.1, 5.0)
        if step == 7:
            rig.world.remove([1])
        trace.append(rows(rig.world))
    return trace


def test_a_race_in_a_worker_has_the_bits_of_the_race_itself(build):
    controls = everyday(STEPS, 2, 2)
    many = build(Alone, 2, 2, workers=2, effects=True, rounds=2)
    batch = drive(many, controls)
    many.world.close()
    alone = build(Alone, 1, 2, effects=True, rounds=2)
    itself = drive(alone, controls[:, :1])
    for a, b in zip(itself, batch, strict=True):
        assert difference(a, {name: array[:1] for name, array in b.items()}) is None


def test_resets_tracks_and_garbage(build):
    rig = build(Alone, 2, 1, workers=2)
    rig.start()
    world = rig.world
    fresh = rows(world)
    before = [rig.play(everyday(3, 2, 1))[-1] for _ in range(2)][-1]
    world.reset(seeds=[9], races=[1])
    assert difference({n: a[:1] for n, a in before.items()}, rows(world, [0])) is None
    # Another track is another start, in the world as in the worker.
    world.view.tracks.replace(0, world.view.tracks.track_of(1))
    rig.start()
    assert world.view.state.x[0, 0] == world.view.state.x[1, 0]
    world.view.tracks.replace(0, world.config.tracks[0])
    world.arrays.garbage(3)
    rig.start()
    assert difference(fresh, rows(world)) is None


def test_many_workers_and_one_give_the_same_and_tracks_come_over(build):
    hashes = []
    for count in (1, 2):
        rig = build(Quick, 1, workers=count)
        rig.start(3)
        rig.play(everyday(3, 1, 1))
        hashes.append((rig.world.hash(), rig.world.view.tracks.track_of(0).hash))
        rig.world.close()
    itself = build(Quick)
    itself.start(3)
    itself.play(everyday(3, 1, 1))
    hashes.append((itself.world.hash(), itself.world.view.tracks.track_of(0).hash))
    assert len(set(hashes)) == 1


@pytest.mark.parametrize(
    "check", ["inputs_are_untouched", "channels_keep_their_bounds", "fills_nothing_else"]
)
def test_promises_of_a_backend_are_kept(check):
    class InWorkers(BackendSuite):
        make = in_workers(Alone)
        options = {"workers": 1}  # noqa: RUF012

    InWorkers().run(check)


@pytest.mark.slow  # about a hundred worlds, each with processes of its own
class TestAlone(BackendSuite):
    make = in_workers(Alone)
    options = {"workers": 3}  # noqa: RUF012  # the suite's own way of writing it


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["fast", "club", "technical"]))
def test_a_track_comes_out_of_its_parcel_as_it_went_in(seed, style):
    track = generate(seed, length=400.0, style=style)
    again = decode_track(encode_track(track))
    assert again.hash == track.hash
    assert (again.name, again.origin, again.problems) == (track.name, track.origin, track.problems)
    assert (again.crossings, again.source) == (track.crossings, track.source)


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(), st.floats(width=32)), max_size=9))
def test_poses_come_out_of_their_parcel_as_they_went_in(cars):
    which = np.array([car for car, _, _ in cars], np.int64)
    pose = np.array([(x, x, y) for _, x, y in cars]).reshape(-1, 3)
    speed = np.array([y for _, _, y in cars])
    again = decode_poses(encode_poses(which, pose, speed))
    for sent, got in zip((which, pose, speed), again, strict=True):
        assert sent.tobytes() == got.tobytes()


def test_a_brief_comes_out_of_its_parcel_as_it_went_in():
    brief = Brief(
        engine="a.b:C", options={"x": [1, 2.5, float("inf")]}, vehicles=[{"mass": 3}],
        channels=Alone.spec.channels, n_cars=2, dt=0.05, real="float32", max_points=100,
    )  # fmt: skip
    track = generate(1, length=300.0)
    again, its_track = Brief.decode(brief.encode(track) + b"what an older one has left")
    assert (again.options, again.n_cars) == (brief.options, 2)
    assert tuple(again.channels) == brief.channels
    assert its_track.hash == track.hash
