"""Action maps: what each number does, and that no action leaves the control's bounds."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.actions.discrete import Discrete
from racegym.actions.rate_limited import RateLimited
from racegym.actions.steer_accel import SteerAccel
from racegym.actions.steer_throttle_brake import SteerThrottleBrake
from racegym.actions.with_gear import WithGear

EVERY = [Discrete, RateLimited, SteerAccel, SteerThrottleBrake, WithGear]


def act(rig, action_map, actions, cars=None):
    """Return (k, 4): steer, throttle, brake and gear after the actions."""
    control = rig.view.control
    cars = rig.cars if cars is None else cars
    action_map.apply(np.asarray(actions), cars, control)
    parts = (control.steer, control.throttle, control.brake, control.gear)
    return np.column_stack([part.reshape(-1) for part in parts])


def test_a_positive_pedal_drives_and_a_negative_one_brakes(make_rig):
    rig = make_rig(n_races=3)
    written = act(rig, SteerAccel(rig.setup()), [[0.5, 0.25], [-1.0, -0.75], [0.0, 0.0]])
    np.testing.assert_allclose(written, [[0.5, 0.25, 0, 0], [-1, 0, 0.75, 0], [0, 0, 0, 0]])


def test_both_pedals_can_be_pressed(make_rig):
    rig = make_rig()
    written = act(rig, SteerThrottleBrake(rig.setup()), [[-0.5, 0.25, 0.75]])
    np.testing.assert_allclose(written, [[-0.5, 0.25, 0.75, 0]])


@pytest.mark.parametrize(("asked", "gear"), [(-1.0, -1), (-0.4, 0), (2.4, 2), (2.6, 3), (99, 6)])
def test_the_gear_is_rounded_and_clipped(make_rig, asked, gear):
    rig = make_rig()
    action_map = WithGear(rig.setup({"gears": 6}))
    assert act(rig, action_map, [[0.0, 1.0, 0.0, asked]])[0, 3] == gear
    assert action_map.space.high[3] == 6


def test_each_button_does_one_thing(make_rig):
    rig = make_rig(n_races=5)
    action_map = Discrete(rig.setup({"steer": 0.5, "throttle": 0.75, "brake": 0.25}))
    written = act(rig, action_map, np.arange(5))
    np.testing.assert_allclose(
        written[:, :3], [[0, 0, 0], [0.5, 0, 0], [-0.5, 0, 0], [0, 0.75, 0], [0, 0, 0.25]]
    )


def test_rates_add_up_and_stop_at_the_ends(make_rig):
    rig = make_rig(n_races=2, dt=0.1)
    action_map = RateLimited(rig.setup({"steer_rate": 2.0, "pedal_rate": 5.0}))
    for _ in range(3):
        written = act(rig, action_map, [[1.0, -0.5], [0.0, 1.0]])
    np.testing.assert_allclose(written[:, :3], [[0.6, 0, 0.75], [0, 1, 0]], atol=1e-12)
    for _ in range(5):
        written = act(rig, action_map, [[1.0, 1.0], [0.0, -1.0]])
    np.testing.assert_allclose(written[:, :3], [[1, 1, 0], [0, 0, 1]], atol=1e-12)
    rig.arrays.reset(np.array([0]))
    written = act(rig, action_map, [[0.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(written[:, :3], [[0, 0, 0], [0, 0, 1]], atol=1e-12)


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("real", ["float32", "float64"])
def test_any_action_gives_a_control_within_bounds(make_rig, kind, real):
    rig = make_rig(n_races=50, n_cars=2, real=real)
    action_map = kind(rig.setup())
    rng = np.random.default_rng(3)
    for _ in range(10):
        if kind is Discrete:
            actions = rng.integers(-3, 9, 100)
        else:
            actions = rng.normal(0, 5, (100, *action_map.space.shape)).astype(np.float32)
        written = act(rig, action_map, actions)
        assert (np.abs(written[:, 0]) <= 1).all()
        assert ((written[:, 1:3] >= 0) & (written[:, 1:3] <= 1)).all()
        assert ((written[:, 3] >= -1) & (written[:, 3] <= 8)).all()


@pytest.mark.parametrize("kind", EVERY)
def test_a_sample_of_the_space_is_taken_as_it_is_and_other_cars_are_left_alone(make_rig, kind):
    rig = make_rig(n_races=4, n_cars=2)
    rig.view.control.steer[...] = 0.123
    rig.view.control.throttle[...] = 0.456
    action_map = kind(rig.setup())
    action_map.space.seed(0)
    actions = np.array([action_map.space.sample() for _ in range(3)])
    written = act(rig, action_map, actions, np.array([1, 2, 6]))
    others = np.array([0, 3, 4, 5, 7])
    np.testing.assert_allclose(written[others, :2], [[0.123, 0.456]] * 5)
    if kind in (SteerAccel, SteerThrottleBrake, WithGear):
        np.testing.assert_allclose(written[[1, 2, 6], 0], actions[:, 0])
