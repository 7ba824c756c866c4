"""A kart that is drawn is the kart that a file with the same numbers describes."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import vehicle

from racegym.interfaces import VehicleTable, columns
from racegym.scenario import load_scenario
from racegym_kart2d.parameters import VARIES, SingleTrackVehicle

TRACK = {"generate": {"seed": 3, "length": 400}}
RACES = 3


def world(*karts):
    cars = [
        {"name": f"car {k}", "vehicle": kart, "driver": "agent"} for k, kart in enumerate(karts)
    ]
    made = load_scenario({"backend": "kart2d", "track": TRACK, "cars": cars}).world(RACES)
    made.reset(range(RACES))
    return made


def drive(made, steps=40):
    rng = np.random.default_rng(1)
    for _ in range(steps):
        made.step([rng.uniform(-1, 1, (RACES * made.n_cars, 2)).astype(np.float32)])


def assert_same(one, other):
    for name in columns(VehicleTable):
        np.testing.assert_array_equal(
            getattr(one.view.vehicle, name), getattr(other.view.vehicle, name), err_msg=name
        )
    np.testing.assert_array_equal(one.backend.parameters, other.backend.parameters)
    drive(one)
    drive(other)
    for name in ("x", "y", "yaw", "vx", "load", "slip_power"):
        np.testing.assert_array_equal(
            getattr(one.view.state, name), getattr(other.view.state, name), err_msg=name
        )


def test_every_number_of_a_vehicle_may_be_drawn():
    assert set(SingleTrackVehicle.model_fields) - {"name"} == VARIES


@pytest.mark.parametrize("base", ["rental_kart", "gt3"])
def test_a_drawn_vehicle_is_the_vehicle_of_a_file(base):
    plain = {**SingleTrackVehicle.model_validate(vehicle(base)).model_dump()}
    rng = np.random.default_rng(2)
    other = {
        name: value * rng.uniform(0.9, 1.0) if isinstance(value, float) else value
        for name, value in plain.items()
    }
    other["shape_front"], other["shape_rear"] = 1.3, 1.45
    draws = {name: {"choice": [value]} for name, value in other.items() if name != "name"}
    assert_same(world({"base": base, **draws}, base), world(other, base))


@pytest.mark.parametrize("name", ["air_density", "drag_area", "downforce_area_rear", "mass"])
def test_one_drawn_number_moves_what_depends_on_it(name):
    drawn = world({"base": "gt3", name: {"choice": [1.1]}}, {"base": "gt3", "air_density": 1.0})
    told = world({"base": "gt3", name: 1.1}, {"base": "gt3", "air_density": 1.0})
    assert_same(drawn, told)


def test_a_car_without_a_draw_keeps_what_its_file_does_not_say():
    """``downforce_area_front`` has a default, so the second kart's file is silent about it."""
    made = world({"base": "gt3", "downforce_area_front": {"uniform": [0.5, 1.0]}}, "rental_kart")
    plain = world("gt3", "rental_kart")
    np.testing.assert_array_equal(made.backend.parameters[:, 1], plain.backend.parameters[:, 1])
    assert np.isfinite(made.backend.parameters).all()


def test_the_envelope_follows_the_draw():
    made = world({"base": "rental_kart", "grip_front": {"uniform": [0.8, 1.2]}})
    drawn = made.view.channels["drawn.vehicle.grip_front"][:, 0]
    grip = made.view.vehicle.grip[:, 0]
    assert (np.argsort(drawn) == np.argsort(grip)).all() and len(set(grip.tolist())) == RACES
    before = grip.copy()
    made.reset(races=[1])
    assert (made.view.vehicle.grip[:, 0] != before).tolist() == [False, True, False]


def test_drivers_plan_for_the_vehicle_they_have():
    """A kart that was drawn with little grip plans slower corners."""
    kart = {"base": "rental_kart", "grip_front": {"choice": [0.7, 1.2]}}
    car = {"vehicle": {**kart, "grip_rear": 1.25}, "driver": "pure_pursuit"}
    made = load_scenario({"backend": "kart2d", "track": TRACK, "cars": [car]}).world(8)
    made.reset(range(8))
    for _ in range(400):
        made.step()
    slow = made.view.vehicle.grip[:, 0] < 1.0
    assert 0 < slow.sum() < 8
    progress = made.view.frame.progress[:, 0]
    assert progress[slow].max() < progress[~slow].min()
    assert not made.view.race.off_track_count.any()
