"""Each effect of realism does what it says, and only within its bounds."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import Rig, vehicle
from numpy.testing import assert_allclose

from racegym.interfaces import Effects, columns

NORTH = np.pi / 2


def rig(speed=20.0, name="gt3", **changes):
    made = Rig(vehicle(name, **changes))
    made.place(15_000.0, 0.0, NORTH, speed)
    return made


def run(effect, value, *, speed=20.0, steps=1, name="gt3", pedals=None, changes=None):
    """Return the state after a few steps with one effect set."""
    made = rig(speed, name, **(changes or {}))
    if effect is not None:
        getattr(made.effects, effect)[:] = value
    made.drive(**(pedals or {}))
    made.step(steps)
    return made.state


def test_grip_scales_the_braking_limit_and_cornering():
    pedals = {"brake": 1.0}
    more, less = (run("grip", g, pedals=pedals, steps=3).ax[0, 0] for g in (1.0, 0.5))
    assert_allclose(less / more, 0.5, rtol=0.06)
    turn = {"steer": 0.5, "throttle": 0.2}
    more, less = (run("grip", g, pedals=turn, steps=8, speed=15.0).ay[0, 0] for g in (1.0, 0.4))
    assert less < 0.6 * more


def test_grip_of_one_axle_changes_the_balance():
    made = rig(25.0)
    made.effects.grip[..., :2] = 0.5
    made.drive(steer=0.1, throttle=0.3)
    plough = rig(25.0)
    plough.drive(steer=0.1, throttle=0.3)
    made.step(10)
    plough.step(10)
    assert made.state.yaw_rate[0, 0] < 0.8 * plough.state.yaw_rate[0, 0]


def test_stiffness_changes_the_slip_angle_that_a_force_needs():
    turn = {"steer": 0.03, "throttle": 0.2}
    soft, stiff = (run("tyre_stiffness", k, pedals=turn, steps=30) for k in (0.5, 1.0))
    per_force = soft.slip_angle[0, 0, 0] / soft.ay[0, 0], stiff.slip_angle[0, 0, 0] / stiff.ay[0, 0]
    assert_allclose(per_force[0] / per_force[1], 2.0, rtol=0.05)


def test_rolling_resistance_slows_a_coasting_car():
    one, ten = (run("rolling_resistance", k, speed=5.0).ax[0, 0] for k in (1.0, 10.0))
    assert_allclose(one - ten, 9 * 0.015 * 9.81, rtol=0.02)


def test_power_scales_the_drive():
    half, full = (run("power", k, pedals={"throttle": 1.0}, speed=50.0).ax[0, 0] for k in (0.5, 1))
    assert_allclose(full - half, 0.5 * 381_000 / 50.0 / 1400.0, rtol=0.02)


def test_drag_scales_with_its_factor():
    one, two = (run("drag", k, speed=60.0).ax[0, 0] for k in (1.0, 2.0))
    assert_allclose(one - two, 0.5 * 1.18 * 1.1 * 60.0**2 / 1400.0, rtol=0.02)


def test_brake_scales_the_brake_force():
    one, half = (run("brake", k, pedals={"brake": 0.2}).ax[0, 0] for k in (1.0, 0.5))
    assert_allclose(half - one, 0.5 * 0.2 * 42_000 / 1400.0, rtol=0.01)


@pytest.mark.parametrize(
    ("effect", "wheels"), [("downforce_front", (0, 1)), ("downforce_rear", (2, 3))]
)
def test_downforce_loads_its_axle(effect, wheels):
    area = {"downforce_front": 1.25, "downforce_rear": 1.75}[effect]
    none, one = (run(effect, k, speed=60.0).load[0, 0, list(wheels)].sum() for k in (0.0, 1.0))
    assert_allclose(one - none, 0.5 * 1.18 * area * 60.0**2, rtol=0.03)


def test_mass_slows_the_car_and_loads_the_wheels():
    light, heavy = (run("mass", m, pedals={"throttle": 0.3}) for m in (0.0, 400.0))
    assert heavy.ax[0, 0] < 0.85 * light.ax[0, 0]
    assert_allclose((heavy.load - light.load).sum(), 400 * 9.81, rtol=0.01)


def test_forces_and_moments_from_outside_push_the_car():
    assert_allclose(run("fx", 7000.0).ax - run(None, 0).ax, 7000.0 / 1400.0, rtol=0.02)
    assert run("fy", 3000.0, steps=4).vy[0, 0] > 0.02
    assert run("mz", 3000.0, steps=2).yaw_rate[0, 0] > 0.02


def test_a_steady_side_force_is_held_by_small_slip():
    state = run("fy", 3000.0, steps=60, pedals={"throttle": 0.1})
    assert state.slip_angle[0, 0, 2] < 0.0  # pushed to the left, tyres push to the right
    assert abs(state.slip_angle[0, 0]).max() < 0.02


def test_a_standing_car_is_held_by_its_brakes_against_a_push():
    held = run("fx", 5000.0, speed=0.0, steps=40, pedals={"brake": 1.0})
    assert held.vx[0, 0] == 0.0
    assert run("fx", 5000.0, speed=0.0, steps=40).vx[0, 0] > 3.0


def test_a_steer_offset_turns_the_wheels_past_their_rate():
    state = run("steer_offset", 0.05)
    assert_allclose(state.steer, 0.05)
    assert state.yaw_rate[0, 0] > 0.0


def test_the_speed_limit_ends_the_drive():
    state = run("speed_limit", 22.2, pedals={"throttle": 1.0}, steps=100)
    assert 21.9 < state.vx[0, 0] <= 22.2
    coasting = run("speed_limit", 10.0, pedals={"throttle": 1.0})
    assert_allclose(coasting.ax, run(None, 0).ax, rtol=1e-6)


@pytest.mark.parametrize("effect", columns(Effects))
def test_values_beyond_the_bounds_act_like_the_bound(effect):
    column = columns(Effects)[effect]
    for bound, beyond in ((column.low, -1e9), (column.high, 1e9)):
        if not np.isfinite(bound):
            continue
        pedals = {"steer": 0.02, "throttle": 0.3}
        at, past = (run(effect, value, pedals=pedals, steps=2) for value in (bound, beyond))
        assert np.array_equal(at.vx, past.vx) and np.array_equal(at.yaw_rate, past.yaw_rate)
        assert np.isfinite(at.vx).all()
