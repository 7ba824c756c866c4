"""Single-track motion against closed forms and published figures."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import VEHICLES, Rig, vehicle
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from racegym_kart2d.kernels.columns import FILTER_TIME, GRAVITY, MOST_LONG

NORTH = np.pi / 2
START = 15_000.0  # [m] x of a point on the centerline of the plain, where it runs north


def rig(name, speed=0.0, **options):
    made = Rig(vehicle(name, **options.pop("changes", {})), **options)
    made.place(START, 0.0, NORTH, speed)
    return made


def until(made, condition, limit=120.0):
    """Step until the condition holds and return the time [s], linear within the last step."""
    before = condition(made)
    for k in range(round(limit / made.dt)):
        made.step()
        now = condition(made)
        if now >= 0.0:
            return (k + before / (before - now)) * made.dt
        before = now
    raise AssertionError("it never happened")


# ------------------------------------------------------------------ steady cornering


@pytest.mark.parametrize("front", [0.9, 1.0, 1.1])
@pytest.mark.parametrize("speed", [5.0, 15.0, 25.0])
def test_yaw_rate_in_a_steady_turn_follows_the_understeer_gradient(front, speed):
    # r = v delta / (L + K v^2), K = m / L (b / C_f - a / C_r); Rajamani (2012), (3.17).
    changes = {
        "stiffness_front": 20.0 * front, "stiffness_rear": 20.0, "shape_front": 1.4,
        "grip_front": 1.5, "grip_rear": 1.5, "grip_per_load": 0.0, "shape_rear": 1.4,
        "rolling_resistance": 0.0, "drag_area": 0.0,
        "downforce_area_front": 0.0, "downforce_area_rear": 0.0,
    }  # fmt: skip
    made = rig("gt3", speed, changes=changes)
    a, b, m = 1.42, 1.28, 1400.0
    wheelbase = a + b
    stiff_front = 1.5 * 20.0 * front * 1.4 * m * GRAVITY * b / wheelbase
    stiff_rear = 1.5 * 20.0 * 1.4 * m * GRAVITY * a / wheelbase
    gradient = m / wheelbase * (b / stiff_front - a / stiff_rear)
    steer = 0.0005
    made.drive(steer=steer / 0.4)
    made.step(60)
    v = float(made.state.vx[0, 0])
    assert_allclose(made.state.yaw_rate, v * steer / (wheelbase + gradient * v * v), rtol=2e-3)
    assert_allclose(made.state.ay, v * made.state.yaw_rate, rtol=2e-3)


@pytest.mark.parametrize("name", VEHICLES)
def test_a_car_corners_as_its_grip_says_and_not_better(name):
    # A circle tightened slowly at held speed, until the car no longer follows.
    made = rig(name, 12.0 if name == "gt3" else 8.0)
    mu = made.view.vehicle.grip[0, 0]
    v = float(made.state.vx[0, 0])
    downforce = made.view.vehicle.downforce[0, 0] * v * v
    best = 0.0
    for k in range(1600):
        throttle = np.clip(0.1 + 0.5 * (v - made.state.vx[0, 0]), 0.0, 1.0)
        made.drive(steer=k / 1600.0, throttle=throttle)
        made.step()
        if abs(made.state.vy[0, 0] / made.state.vx[0, 0]) > 0.2:
            break
        best = max(best, float(made.state.ay[0, 0]))
    most = max(made.backend.parameters[0, 0, 12:14]) * 1.1 * (GRAVITY + downforce)
    assert 0.93 * mu * (GRAVITY + downforce) < best < most


# ------------------------------------------------------------------ straight ahead


def test_top_speed_is_where_power_meets_the_resistances():
    made = rig("rental_kart", 20.0)
    drag, rolling, power = 0.5 * 1.2 * 0.75, 0.02 * 240.0 * GRAVITY, 6090.0
    top = brentq(lambda v: drag * v**3 + rolling * v - power, 1.0, 100.0)
    made.drive(throttle=1.0)
    made.step(2000)
    assert_allclose(made.state.vx, top, rtol=1e-4)
    assert_allclose(made.view.vehicle.top_speed, top, rtol=1e-9)


def test_acceleration_follows_the_equation_of_power_drag_and_rolling():
    made = rig("rental_kart", 8.0)
    drag, rolling = 0.5 * 1.2 * 0.75, 0.02 * 240.0 * GRAVITY
    exact = solve_ivp(
        lambda _, v: (6090.0 / v - rolling - drag * v * v) / 240.0, (0, 5), [8.0], rtol=1e-10
    )
    made.drive(throttle=1.0)
    made.step(100)
    assert_allclose(made.state.vx, exact.y[0, -1], rtol=2e-3)


def test_coasting_down_follows_its_closed_form():
    # m v' = -k v^2 - c  =>  v = sqrt(c / k) tan(atan(v0 sqrt(k / c)) - sqrt(k c) t / m)
    made = rig("rental_kart", 20.0)
    k, c = 0.5 * 1.2 * 0.75, 0.02 * 240.0 * GRAVITY
    made.step(200)
    phase = np.arctan(20.0 * np.sqrt(k / c)) - np.sqrt(k * c) * 10.0 / 240.0
    assert_allclose(made.state.vx, np.sqrt(c / k) * np.tan(phase), rtol=1e-3)


@pytest.mark.parametrize("speed", [5.0, 10.0, 20.0])
def test_brake_distance_is_that_of_a_constant_force(speed):
    made = rig("rental_kart", speed, changes={"drag_area": 0.0, "rolling_resistance": 0.0})
    made.drive(brake=0.5)
    made.step(round(speed / 2.0 / made.dt))
    a = 0.5 * 1000.0 / 240.0
    assert made.state.vx[0, 0] == 0.0
    assert_allclose(made.state.y, speed**2 / (2 * a), rtol=0.01)


def test_brakes_stop_a_car_for_good_and_never_turn_it_round():
    for name in VEHICLES:
        made = rig(name, 3.0)
        made.drive(brake=1.0)
        slow = []
        for _ in range(100):
            made.step()
            slow.append(float(made.state.vx[0, 0]))
        assert min(slow) == slow[-1] == 0.0
        assert made.state.vy[0, 0] == made.state.yaw_rate[0, 0] == 0.0


def test_a_coasting_car_comes_to_rest_and_stays():
    made = rig("rental_kart", 1.0)
    made.drive(steer=0.5)
    made.step(400)
    where = made.state.x[0, 0], made.state.y[0, 0], made.state.yaw[0, 0]
    assert made.energy()[0, 0] == 0.0
    made.step(100)
    assert where == (made.state.x[0, 0], made.state.y[0, 0], made.state.yaw[0, 0])


def test_drive_against_the_brake_gives_what_is_left():
    made = rig("rental_kart")
    made.drive(throttle=0.7, brake=1.0)  # 840 N against 1000 N
    made.step(40)
    assert made.energy()[0, 0] == 0.0
    made.drive(throttle=1.0, brake=0.5)  # 1200 N against 500 N and 47 N of rolling
    made.step(10)
    assert_allclose(made.state.vx, 0.5 * (1200.0 - 500.0 - 47.1) / 240.0, rtol=0.02)


def test_load_moves_with_the_acceleration():
    made = rig("gt3", 30.0)
    made.drive(brake=0.2)
    made.step(40)
    s = made.state
    load = s.load[0, 0]
    pressure = 0.5 * 1.18 * s.vx[0, 0] ** 2
    tyres = s.ax[0, 0] + pressure * 1.10 / 1400.0  # drag acts at the centre of mass
    shift = 1400.0 * 0.42 * tyres / 2.7
    assert_allclose(
        load[:2].sum(), 1400 * GRAVITY * 1.28 / 2.7 + 1.25 * pressure - shift, rtol=2e-3
    )
    assert_allclose(
        load[2:].sum(), 1400 * GRAVITY * 1.42 / 2.7 + 1.75 * pressure + shift, rtol=2e-3
    )


def test_load_follows_the_pedal_with_the_stated_lag():
    made = rig("rental_kart", 10.0, dt=0.005, substep=0.0005)
    still = made.state.load[0, 0, 2:].sum()
    made.drive(brake=0.8)
    made.step(round(FILTER_TIME / made.dt))
    early = still - made.state.load[0, 0, 2:].sum()
    made.step(200)
    late = still - made.state.load[0, 0, 2:].sum()
    assert_allclose(early / late, 1.0 - np.exp(-1.0), rtol=0.05)


def test_wheels_outside_the_corner_carry_more():
    made = rig("gt3", 25.0)
    made.drive(steer=0.1, throttle=0.3)
    made.step(40)
    fl, fr, rl, rr = made.state.load[0, 0]
    assert fr > fl > 0.0 and rr > rl > 0.0
    assert_allclose(
        (fr - fl) / 2 * 1.68 + (rr - rl) / 2 * 1.65, 1400.0 * 0.42 * made.state.ay[0, 0], rtol=0.01
    )


def test_friction_along_the_wheel_takes_from_that_across():
    # Two karts slide the same way, one with its brakes on: its rear holds by the ellipse.
    # Both rears carry load by the same, settled acceleration: the height is taken to zero.
    free, braked = (rig("rental_kart", 12.0, dt=0.0005, changes={"cg_height": 0.0}) for _ in "ab")
    for made in (free, braked):
        made.state.vy[:] = -4.0
    braked.drive(brake=0.6)
    for made in (free, braked):
        made.step()
    use = 600.0 / (0.72 * 1.27 * 240.0 * GRAVITY * 0.645 / 1.045)
    front, rear = [], []
    for made in (free, braked):
        # m ay = Fyf + Fyr and I r' = a Fyf - b Fyr tell the axles apart.
        sum_y, moment = 240.0 * made.state.ay[0, 0], 25.0 * made.state.yaw_rate[0, 0] / 0.0005
        front.append((0.4 * sum_y + moment) / 1.045)
        rear.append((0.645 * sum_y - moment) / 1.045)
    assert_allclose(front[0], front[1], rtol=1e-3)
    assert_allclose(rear[1] / rear[0], np.sqrt(1 - use * use), rtol=2e-3)


def test_brakes_and_drive_never_use_more_than_their_share_of_grip():
    for name in VEHICLES:
        made = rig(name, 6.0, changes={"brake_force": 1e6, "drive_force": 1e6, "power": 1e8})
        mu = made.backend.parameters[0, 0, 12:14].max() * 1.1
        for pedals in ({"brake": 1.0}, {"throttle": 1.0}):
            made.place(START, 0.0, NORTH, 6.0)
            made.drive(**pedals)
            made.step(2)
            assert abs(made.state.ax[0, 0]) < MOST_LONG * mu * (GRAVITY + 0.5)


def test_mirrored_steering_gives_mirrored_motion_to_the_last_bit():
    rng = np.random.default_rng(1)
    left, right = rig("gt3", 20.0, real=np.float32), rig("gt3", 20.0, real=np.float32)
    for _ in range(200):
        steer, pedals = rng.uniform(-1, 1), rng.uniform(0, 1, 2)
        left.drive(steer, *pedals)
        right.drive(-steer, *pedals)
        left.step()
        right.step()
        for name in ("vx", "ax", "throttle", "brake", "engine_speed"):
            assert np.array_equal(getattr(left.state, name), getattr(right.state, name)), name
        for name in ("vy", "yaw_rate", "ay", "steer"):
            assert np.array_equal(getattr(left.state, name), -getattr(right.state, name)), name
        assert np.array_equal(left.state.load, right.state.load[..., [1, 0, 3, 2]])
        assert np.array_equal(left.state.slip_angle, -right.state.slip_angle)


def test_reverse_drives_backwards_up_to_its_speed():
    for name in VEHICLES:
        made = rig(name)
        made.drive(throttle=1.0, gear=-1)
        made.step(200)
        top = made.backend.parameters[0, 0, 27]
        assert -top <= made.state.vx[0, 0] < -0.85 * top
        assert made.state.throttle[0, 0] == 1.0
        made.drive(throttle=1.0)
        made.step(100)
        assert made.state.vx[0, 0] > 0.0


def test_steering_turns_no_faster_than_its_rate_and_no_further_than_its_limit():
    made = rig("gt3", 20.0)
    made.drive(steer=1.0)
    made.step()
    assert_allclose(made.state.steer, 1.0 * 0.05, rtol=1e-12)
    made.step(40)
    assert_allclose(made.state.steer, 0.4, rtol=1e-12)


def test_wheels_roll_at_the_speed_of_the_ground():
    made = rig("gt3", 20.0)
    made.drive(steer=0.05, throttle=0.2)
    made.step(40)
    s = made.state
    rear = (s.vx - s.yaw_rate * np.array([0.825, -0.825])) / 0.342
    assert_allclose(s.wheel_speed[0, 0, 2:], rear[0], rtol=1e-9)
    assert s.wheel_speed[0, 0, 1] > s.wheel_speed[0, 0, 0]
    assert_allclose(s.engine_speed, 4.2 * s.vx / 0.342, rtol=1e-9)


def test_slip_power_is_the_energy_that_tyres_take():
    # Sideways, without drag or rolling resistance: all energy lost goes into the contacts.
    made = rig("gt3", 15.0, changes={"drag_area": 0.0, "rolling_resistance": 0.0})
    made.state.vy[:] = 6.0
    before = made.energy()[0, 0]
    lost = 0.0
    for _ in range(10):
        made.step()
        lost += made.state.slip_power.sum() * made.dt
    assert_allclose(lost, before - made.energy()[0, 0], rtol=1e-6)


# ------------------------------------------------------------------ published figures


@pytest.mark.parametrize(
    ("name", "kmh", "seconds", "tolerance"),
    [("rental_kart", 60.0, 7.4, 0.10), ("gt3", 100.0, 3.3, 0.10)],
)
def test_sprint_times(name, kmh, seconds, tolerance):
    made = rig(name)
    made.drive(throttle=1.0)
    took = until(made, lambda m: float(m.state.vx[0, 0]) - kmh / 3.6)
    assert_allclose(took, seconds, rtol=tolerance)


def test_the_rc_car_sprints_as_its_simulator_does():
    # f1tenth_gym from rest, full throttle: 9.25 m/s after one second.
    made = rig("rc_car")
    made.drive(throttle=1.0)
    made.step(20)
    assert_allclose(made.state.vx, 9.25, rtol=0.02)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("rental_kart", 80.0, 90.0), ("gt3", 265.0, 275.0)]
)
def test_top_speeds(name, low, high):
    made = rig(name, made_speed(name))
    made.drive(throttle=1.0)
    made.step(1200)
    assert low <= made.state.vx[0, 0] * 3.6 <= high


def made_speed(name):
    return {"rental_kart": 20.0, "gt3": 65.0}[name]


def test_braking_of_the_kart_and_the_gt3():
    # Rental kart 0.46 g with rear brakes alone; GT3 between 2 and 3 g from high speed.
    kart = rig("rental_kart", 15.0)
    kart.drive(brake=1.0)
    took = until(kart, lambda m: -float(m.state.vx[0, 0]))
    assert_allclose(15.0 / took / GRAVITY, 0.46, rtol=0.1)
    gt3 = rig("gt3", 70.0)
    gt3.drive(brake=1.0)
    gt3.step(6)
    assert 2.0 < -gt3.state.ax[0, 0] / GRAVITY < 3.0


# ------------------------------------------------------------------ envelope


@pytest.mark.parametrize("name", VEHICLES)
def test_the_envelope_is_what_the_car_can_do_and_little_less(name):
    made = rig(name, 8.0)
    known = made.view.vehicle
    made.drive(brake=1.0)
    made.step(8)
    drag = known.drag[0, 0] * made.state.vx[0, 0] ** 2
    braked = -made.state.ax[0, 0] - drag
    assert known.brake[0, 0] <= braked * 1.001 < known.brake[0, 0] * 1.1
    made.place(START, 0.0, NORTH, 1.0)
    made.drive(throttle=1.0)
    made.step(6)
    driven = made.state.ax[0, 0] + known.drag[0, 0] * made.state.vx[0, 0] ** 2
    assert known.drive[0, 0] <= driven * 1.001 < known.drive[0, 0] * 1.1


@pytest.mark.parametrize(
    ("name", "speed", "low", "high"),
    [
        ("rental_kart", 6.0, 0.93, 1.0),
        ("rental_kart", 15.0, 0.97, 1.0),
        ("gt3", 12.0, 0.97, 1.0),
        ("gt3", 50.0, 1.0, 1.06),
        ("rc_car", 4.0, 1.0, 1.16),
    ],
)
def test_a_tightened_corner_reaches_about_the_grip_that_is_told(name, speed, low, high):
    made = rig(name, speed)
    known, reached = made.view.vehicle, 0.0
    for k in range(1200):
        vx, vy = float(made.state.vx[0, 0]), float(made.state.vy[0, 0])
        if abs(vy / vx) > 0.25:  # it slides
            break
        told = known.grip[0, 0] * (GRAVITY + known.downforce[0, 0] * (vx**2 + vy**2))
        reached = max(reached, float(made.state.ay[0, 0] / told))
        made.drive(steer=k / 1200, throttle=float(np.clip(0.1 + 0.5 * (speed - vx), 0.0, 1.0)))
        made.step()
    assert low < reached < high
