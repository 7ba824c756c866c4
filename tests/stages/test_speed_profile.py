"""The speed profile against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from racegym.drivers.speed_profile import Envelope, lap_time, speed_profile

GRAVITY = 9.80665
PLAIN = Envelope(grip=1.5, drive=1e6, power=1e9, brake=1e6)


def test_a_circle_is_driven_at_the_limit_of_grip():
    speeds = speed_profile(np.full(200, 1 / 50.0), 1.0, PLAIN)
    np.testing.assert_allclose(speeds, np.sqrt(1.5 * GRAVITY * 50.0), rtol=1e-12)


def test_downforce_raises_the_speed_of_a_circle():
    curvature, downforce = 1 / 80.0, 0.002
    speeds = speed_profile(np.full(200, curvature), 1.0, PLAIN._replace(downforce=downforce))
    v = speeds[0]
    assert v * v * curvature == pytest.approx(1.5 * (GRAVITY + downforce * v * v), rel=1e-12)
    # Tight enough grip times downforce holds any speed: only the top speed is left.
    fast = speed_profile(np.full(200, 0.001), 1.0, PLAIN._replace(downforce=0.002, top_speed=70.0))
    np.testing.assert_allclose(fast, 70.0)


def test_drag_limits_a_straight_to_the_speed_where_power_is_spent():
    envelope = Envelope(grip=1.5, drive=4.0, power=20.0, brake=5.0, drag=0.002)
    speeds = speed_profile(np.full(5000, 1e-9), 1.0, envelope)
    np.testing.assert_allclose(speeds, (20.0 / 0.002) ** (1 / 3), rtol=1e-6)


def hairpin(n=2000, at=1500, curvature=0.1):
    bends = np.zeros(n)
    bends[at : at + 30] = curvature
    return bends


def test_the_distance_to_brake_for_a_hairpin_is_that_of_constant_deceleration():
    envelope = Envelope(grip=1.0, drive=1e6, power=1e9, brake=8.0, top_speed=40.0)
    bends = hairpin()
    speeds = speed_profile(bends, 0.5, envelope)
    corner = np.sqrt(1.0 * GRAVITY / 0.1)
    assert speeds[1500] == pytest.approx(corner, rel=1e-9)
    # The last step sets out from the corner, where the ellipse leaves nothing to brake with.
    distance = 0.5 * np.arange(1, 150)
    expected = np.minimum(np.sqrt(corner**2 + 2 * 8.0 * (distance - 0.5)), 40.0)
    np.testing.assert_allclose(speeds[1499:1350:-1], expected, rtol=1e-9)


def test_out_of_a_hairpin_the_car_gains_speed_at_its_drive():
    envelope = Envelope(grip=1.0, drive=5.0, power=1e9, brake=1e6, top_speed=40.0)
    speeds = speed_profile(hairpin(), 0.5, envelope)
    corner = np.sqrt(GRAVITY / 0.1)
    distance = 0.5 * np.arange(0, 100)
    expected = np.minimum(np.sqrt(corner**2 + 2 * 5.0 * distance), 40.0)
    np.testing.assert_allclose(speeds[1530:1630], expected, rtol=1e-9)


CAR = Envelope(grip=1.4, drive=6.0, power=150.0, brake=9.0, drag=6e-4, downforce=4e-4, top_speed=60)


@st.composite
def circuits(draw):
    n = draw(st.integers(40, 200))
    knots = draw(st.lists(st.floats(-0.12, 0.12), min_size=4, max_size=8))
    return np.interp(np.arange(n), np.linspace(0, n, len(knots) + 1), [*knots, knots[0]])


HARD_TO_HOLD = np.interp(np.arange(40), [0, 10, 30, 40], [0.0, 0.00390625, 0.00390625, 0.0])


@settings(max_examples=50, deadline=None)
@example(HARD_TO_HOLD, 20.0)  # so little drive that the speed of the bend is lost over many laps
@given(circuits(), st.floats(20, 110))
def test_no_step_asks_for_more_than_the_ellipse_holds(curvature, pace):
    h, p = 2.0, pace / 100
    v = speed_profile(curvature, h, CAR, pace)
    assert np.isfinite(v).all()
    assert (v >= 0.3).all()
    nxt = np.roll(v, -1)
    along = (nxt**2 - v**2) / (2 * h)

    def share(speed, bend):
        most = CAR.grip * p**2 * (GRAVITY + CAR.downforce * speed**2)
        return np.sqrt(np.maximum(1 - (bend * speed**2 / most) ** 2, 0))

    drive = np.minimum(CAR.drive * p**2 * share(v, curvature), CAR.power * p**3 / v)
    floor = 0.3**2 / h
    assert (along <= drive - CAR.drag * v**2 + floor).all()
    brake = CAR.brake * p**2 * share(nxt, np.roll(curvature, -1)) + CAR.drag * nxt**2
    assert (along >= -brake - floor).all()
    assert (
        v**2 * np.abs(curvature) <= CAR.grip * p**2 * (GRAVITY + CAR.downforce * v**2) * 1.001
    ).all()


@settings(max_examples=30, deadline=None)
@given(circuits(), st.floats(30, 100))
def test_a_lower_pace_is_slower_everywhere(curvature, pace):
    full, less = speed_profile(curvature, 2.0, CAR, 110), speed_profile(curvature, 2.0, CAR, pace)
    assert (less < full).all()


def test_without_drag_and_downforce_the_pace_is_the_share_of_speed():
    curvature = hairpin(400, 200, 0.05) + 0.002
    car = CAR._replace(drag=0.0, downforce=0.0)
    full, half = speed_profile(curvature, 2.0, car), speed_profile(curvature, 2.0, car, 50.0)
    np.testing.assert_allclose(half, 0.5 * full, rtol=1e-9)


def test_where_the_line_begins_makes_no_difference():
    curvature = hairpin(800, 300, 0.08)
    speeds = speed_profile(curvature, 1.0, CAR)
    for shift in (1, 311, 799):
        moved = speed_profile(np.roll(curvature, shift), 1.0, CAR)
        np.testing.assert_allclose(np.roll(moved, -shift), speeds, rtol=1e-9)


def test_a_car_of_which_nothing_is_known_still_gets_finite_speeds():
    for envelope in (Envelope(0, 0, 0, 0), Envelope(1, 0, 0, 0, top_speed=0)):
        speeds = speed_profile(hairpin(100, 50), 1.0, envelope)
        assert np.isfinite(speeds).all()
        assert (speeds > 0).all()


def test_a_lap_at_constant_speed_takes_its_length_over_it():
    assert lap_time(np.full(100, 20.0), 2.0) == pytest.approx(10.0)
