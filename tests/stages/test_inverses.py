"""Inverses of action maps: what an agent would have had to say for a control."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racegym.actions.discrete import Discrete
from racegym.actions.rate_limited import RateLimited
from racegym.actions.steer_accel import SteerAccel
from racegym.actions.steer_throttle_brake import SteerThrottleBrake
from racegym.actions.with_gear import WithGear
from racegym.errors import ActionError
from racegym.interfaces import ActionMap, Arrays, Control, allocate

EVERY = [Discrete, RateLimited, SteerAccel, SteerThrottleBrake, WithGear]
NUMBERS = st.floats(-1, 1, width=32)
CONTROLS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.integers(-1, 8)), min_size=1)
often = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def scratch(rig) -> Control:
    return allocate(Control, Arrays(rig.view.n_races, np.float32), rig.view.n_cars, "scratch")


def put(control: Control, row) -> None:
    control.steer[...], control.throttle[...], control.brake[...] = row[0], abs(row[1]), abs(row[2])
    control.gear[...] = row[3]


def numbers(control: Control) -> np.ndarray:
    return np.array([control.steer[0, 0], control.throttle[0, 0], control.brake[0, 0]])


@pytest.mark.parametrize("make", EVERY)
def test_a_control_that_the_map_gave_comes_back(make_rig, make):
    rig = make_rig(dt=0.1)

    @often
    @given(st.integers(0, 2**32 - 1))
    def check(seed: int) -> None:
        action_map = make(rig.setup())
        action_map.space.seed(seed)
        first, again = scratch(rig), scratch(rig)
        for _ in range(3):  # what is remembered matters
            action_map.apply(np.stack([action_map.space.sample()]), rig.cars, first)
            held = getattr(action_map, "_held", None)
            if held is not None:
                before = held.copy()
            action = np.stack([action_map.space.sample()])
            action_map.apply(action, rig.cars, first)
            if held is not None:
                held[...] = before
            found = action_map.invert(first, rig.cars)
            assert all(action_map.space.contains(a) for a in found)
            action_map.apply(found, rig.cars, again)
            np.testing.assert_allclose(numbers(again), numbers(first), atol=1e-5)
            np.testing.assert_array_equal(again.gear, first.gear)

    check()


@pytest.mark.parametrize("make", [Discrete, SteerAccel, SteerThrottleBrake, WithGear])
def test_no_other_action_comes_nearer_to_what_was_asked(make_rig, make):
    rig = make_rig()
    action_map = make(rig.setup())
    asked, given_by = scratch(rig), scratch(rig)

    def off(action) -> float:
        action_map.apply(np.stack([action]), rig.cars, given_by)
        return float(((numbers(given_by) - numbers(asked)) ** 2).sum())

    @often
    @given(CONTROLS)
    def check(controls) -> None:
        for row in controls[:3]:
            put(asked, row)
            nearest = off(action_map.invert(asked, rig.cars)[0])
            assert all(nearest <= off(action_map.space.sample()) + 1e-6 for _ in range(5))

    check()


def test_limited_rates_follow_a_jump_as_fast_as_they_may(make_rig):
    rig = make_rig(dt=0.1)
    action_map = RateLimited(rig.setup({"steer_rate": 2.0, "pedal_rate": 5.0}))
    asked, given_by = scratch(rig), scratch(rig)
    put(asked, (1.0, 0.0, 1.0, 0))
    steers = []
    for _ in range(6):
        action_map.apply(action_map.invert(asked, rig.cars), rig.cars, given_by)
        steers.append(float(given_by.steer[0, 0]))
    np.testing.assert_allclose(steers, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0], atol=1e-6)
    assert given_by.brake[0, 0] == 1.0 and given_by.throttle[0, 0] == 0.0


def test_a_map_without_an_inverse_says_so(make_rig):
    class Mine(ActionMap):
        def apply(self, actions, cars, control):
            pass

    rig = make_rig()
    with pytest.raises(ActionError, match=r"Mine can't be inverted.*steer_accel"):
        Mine(rig.setup()).invert(scratch(rig), rig.cars)
