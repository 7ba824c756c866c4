"""The backend as the world sees it: options, batches, absent cars, snapshots."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from kart2d_rig import VEHICLES, Rig, vehicle
from numpy.testing import assert_allclose

from racegym.errors import ScenarioError
from racegym.interfaces import CarState, Effects
from racegym.kernels import PARALLEL_FROM, set_threads, threads
from racegym.track import generate
from racegym_kart2d.backend import Kart2D

N = 700


@pytest.fixture(scope="module")
def track():
    return generate(5, length=600.0, width=8.0)


def batch(track, n, cars=("rental_kart",), **options):
    """Return a batch with each car somewhere else on the track."""
    made = Rig(
        *(vehicle(name) for name in cars), track=track, n_races=n, real=np.float32, **options
    )
    scatter(made, np.arange(n))
    return made


def scatter(made, which):
    """Place car c of race i by the number of ``which[i]`` alone."""
    n_cars = made.view.n_cars
    number = (which[:, None] * 10 + np.arange(n_cars)).reshape(-1)
    races = np.repeat(np.arange(len(which)), n_cars)
    s, d = number * 17.3, 6.0 * np.sin(number * 1.7)
    pose = made.tracks.pose(races, s, d)
    pose[:, 2] += np.sin(number * 0.9)
    made.place(pose[:, 0], pose[:, 1], pose[:, 2], 5.0 + 8.0 * np.cos(number) ** 2)


def orders(made, which, k):
    number = which[:, None] * 10.0 + np.arange(made.view.n_cars) + 0.1 * k
    made.drive(np.sin(number * 2.1), np.cos(number) ** 2, np.maximum(np.sin(number * 0.7), 0) ** 8)


def bits(made, rows):
    return b"".join(array[rows].tobytes() for array in (made.arrays[name] for name in made.arrays))


# ------------------------------------------------------------------ what it says of itself


def test_it_fills_what_it_declares_and_nothing_else():
    made = Rig(*(vehicle(name) for name in VEHICLES))
    made.step(3)
    for field in fields(CarState):
        array = getattr(made.state, field.name)
        filled = field.name in Kart2D.spec.fills
        if array.dtype.kind == "f":
            assert np.isfinite(array).all() == filled, field.name
        else:
            missing = field.metadata["column"].fill
            assert (array != missing).all() == filled, field.name
    assert {field.name for field in fields(Effects)} == Kart2D.spec.effects


def test_the_vehicle_table_is_filled_for_every_car():
    made = Rig(*(vehicle(name) for name in VEHICLES), n_races=2)
    for field in fields(type(made.view.vehicle)):
        array = getattr(made.view.vehicle, field.name)
        if field.name not in ("drag", "downforce"):
            assert (array > 0).all(), field.name
        assert np.isfinite(array).all()
    assert_allclose(made.view.vehicle.wheelbase[:, 0], 1.045)


def test_time_passes():
    made = Rig(vehicle("rental_kart"), n_races=3, dt=0.02)
    made.view.clock.advanced[:] = False
    made.step()
    assert_allclose(made.view.clock.elapsed, 0.02)
    assert made.view.clock.advanced.all()


def test_a_step_is_split_evenly_into_substeps_no_longer_than_asked():
    coarse = Rig(vehicle("gt3"), dt=0.05, substep=0.02)
    fine = Rig(vehicle("gt3"), dt=0.05 / 3, substep=0.1)
    for made, times in ((coarse, 20), (fine, 60)):
        made.place(15_000.0, 0.0, 0.0, 20.0)
        made.drive(0.2, 0.5)
        made.step(times)
    assert_allclose(coarse.state.x, fine.state.x, rtol=1e-12)
    assert_allclose(coarse.state.yaw_rate, fine.state.yaw_rate, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tire": "linear"}, "no option 'tire'.*did you mean 'tyre'"),
        ({"tyre": "liner"}, "'tyre' is 'liner'.*did you mean 'linear'"),
        ({"model": "bicycle"}, "'model' is 'bicycle'.*single_track"),
        ({"substep": 0}, "'substep' is 0"),
        ({"substep": "fast"}, "'substep' is 'fast'"),
        ({"substep": True}, "'substep' is True"),
        ({"integrator": ["rk4"]}, "integrator"),
    ],
)
def test_wrong_options_are_refused_plainly(options, message):
    with pytest.raises(ScenarioError, match=message):
        Rig(vehicle("gt3"), **options)


def test_a_wrong_vehicle_is_refused_when_built():
    with pytest.raises(ScenarioError, match="no parameter"):
        Rig(vehicle("gt3", turbo=1.0))


# ------------------------------------------------------------------ batches


def test_a_race_gives_the_same_bits_alone_and_in_a_batch_of_any_threads(track):
    before = threads()
    cars = ("rental_kart", "gt3")
    try:
        alone = batch(track, 1, cars)
        scatter(alone, np.array([123]))
        made = {}
        for count in (1, 3):
            set_threads(count)
            made[count] = batch(track, N, cars)
        assert N * len(cars) >= PARALLEL_FROM
        for k in range(40):
            for count, many in made.items():
                set_threads(count)
                orders(many, np.arange(N), k)
                many.step()
            orders(alone, np.array([123]), k)
            alone.step()
        assert bits(made[1], slice(None)) == bits(made[3], slice(None))
        for name in made[1].arrays:
            assert made[1].arrays[name][123].tobytes() == alone.arrays[name][0].tobytes(), name
    finally:
        set_threads(before)


def test_placing_in_parallel_gives_the_same_bits(track):
    before = threads()
    try:
        set_threads(1)
        one = batch(track, N)
        set_threads(3)
        three = batch(track, N)
    finally:
        set_threads(before)
    assert np.isfinite(one.state.x).all()
    assert bits(one, slice(None)) == bits(three, slice(None))


def test_without_contact_cars_drive_through_each_other(track):
    one = batch(track, 1, ("gt3",))
    two = batch(track, 1, ("gt3", "rental_kart"), contact=False)
    two.place(
        [one.state.x[0, 0]] * 2,
        [one.state.y[0, 0]] * 2,
        [one.state.yaw[0, 0]] * 2,
        one.state.vx[0, 0],
    )
    for made in (one, two):
        made.drive(0.1, 0.5)
        made.step(20)
    assert_allclose(two.state.x[0, 0], one.state.x[0, 0], rtol=1e-12)


def test_absent_cars_are_frozen(track):
    made = batch(track, 2, ("gt3", "rental_kart"))
    made.drive(0.2, 1.0)
    made.step(5)
    made.view.race.present[0, 1] = False
    made.backend.remove(np.array([1]))
    frozen = {f.name: getattr(made.state, f.name)[0, 1].copy() for f in fields(CarState)}
    assert frozen["vx"] == frozen["vy"] == frozen["yaw_rate"] == 0.0
    moving = made.state.x[0, 0]
    made.step(10)
    for name, value in frozen.items():
        assert np.array_equal(
            getattr(made.state, name)[0, 1], value, equal_nan=value.dtype.kind == "f"
        )
    assert made.state.x[0, 0] != moving


def test_all_state_lies_in_the_arrays(track):
    made = batch(track, 3, ("rental_kart", "gt3"))
    for k in range(10):
        orders(made, np.arange(3), k)
        made.step()
    saved = made.arrays.snapshot()
    later = []
    for _ in range(2):
        made.arrays.restore(saved)
        for k in range(30):
            orders(made, np.arange(3), k)
            made.step()
        later.append(bits(made, slice(None)))
    assert later[0] == later[1]


def test_a_reset_is_complete_and_leaves_other_races_alone(track):
    fresh, used = batch(track, 3), batch(track, 3)
    fresh.reset()
    used.arrays.garbage(1)
    other = bits(used, slice(2, 3))
    used.start(np.array([0, 1]))
    assert bits(used, slice(0, 2)) == bits(fresh, slice(0, 2))
    assert bits(used, slice(2, 3)) == other


def test_a_car_placed_where_a_track_crosses_itself_follows_the_worlds_frame():
    from racegym.track import Track

    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    points = np.stack([120 * np.sin(t), 60 * np.sin(2 * t), 6 * np.cos(t)], axis=1)
    eight = Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow", runoff=1.0)
    made = Rig(vehicle("rental_kart"), track=eight)
    for s in (0.0, eight.length / 2):
        pose = made.tracks.pose(0, s, 0.0)
        made.place(pose[:, 0], pose[:, 1], pose[:, 2], 5.0)
        made.view.frame.segment[0, 0] = int(s / eight.spacing) % len(eight.x)
        made.step(2)
        assert_allclose(made.state.z[0, 0], 6.0 if s == 0.0 else -6.0, atol=0.3)
