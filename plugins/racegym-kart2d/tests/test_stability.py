"""Every state is survived, coasting never gains energy, and standing cars stand."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import VEHICLES, Rig, vehicle

N = 20_000
FLOATS = ("x", "y", "z", "yaw", "vx", "vy", "yaw_rate", "ax", "ay", "steer", "engine_speed")
WHEELS = ("load", "slip_angle", "slip_power", "wheel_speed")


def sweep(name, n, seed, real=np.float64, **options):
    """Return a batch of one car in every state: fast, spinning, sideways, backwards, steered."""
    rng = np.random.default_rng(seed)
    made = Rig(vehicle(name), n_races=n, real=real, **options)
    made.place(15_000.0, 0.0, rng.uniform(-np.pi, np.pi, n))
    top = made.view.vehicle.top_speed[0, 0]
    speed = top * rng.uniform(0, 1.2, n) * rng.choice([1.0, 0.1, 0.001], n)
    drift = rng.uniform(-np.pi, np.pi, n) * rng.choice([1.0, 0.1, 0.0], n)
    made.state.vx[:, 0] = speed * np.cos(drift)
    made.state.vy[:, 0] = speed * np.sin(drift)
    made.state.yaw_rate[:, 0] = rng.normal(0, 3.0, n) * rng.choice([1.0, 0.0], n)
    made.arrays["backend.rack"][:, 0] = rng.uniform(-1, 1, n) * made.view.vehicle.steer_limit[0, 0]
    return made, rng


def assert_sane(made):
    for name in FLOATS + WHEELS:
        assert np.isfinite(getattr(made.state, name)).all(), name
    assert (np.abs(made.state.yaw) <= np.pi * (1 + 1e-7)).all()
    assert (made.state.load >= 0.0).all()


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("tyre", ["saturating", pytest.param("linear", marks=pytest.mark.slow)])
def test_any_state_and_any_pedals_are_survived(name, tyre):
    made, rng = sweep(name, N, 1, np.float32, tyre=tyre)
    fastest = 1.5 * made.view.vehicle.top_speed[0, 0] + 10.0
    for _ in range(4):
        made.drive(
            rng.uniform(-1, 1, (N, 1)),
            rng.choice([0.0, 0.5, 1.0], (N, 1)),
            rng.choice([0.0, 0.3, 1.0], (N, 1)),
            rng.choice([0, -1], (N, 1)),
        )
        made.step()
        assert_sane(made)
    if tyre == "saturating":
        assert np.hypot(made.state.vx, made.state.vy).max() < fastest


@pytest.mark.slow
def test_a_million_states_are_survived():
    for seed, name in enumerate(VEHICLES):
        made, rng = sweep(name, 350_000, seed, np.float32)
        made.drive(rng.uniform(-1, 1, (350_000, 1)), rng.uniform(0, 1, (350_000, 1)))
        made.step(3)
        assert_sane(made)


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("dt", [0.05, 0.0125, 0.1])
@pytest.mark.parametrize("brake", [0.0, pytest.param(0.4, marks=pytest.mark.slow), 1.0])
def test_without_drive_no_state_gains_energy(name, dt, brake):
    made, rng = sweep(name, N // 4, 2, dt=dt, substep=min(dt, 0.05))
    made.drive(rng.uniform(-1, 1, (N // 4, 1)), brake=brake)
    for _ in range(5):
        before = made.energy()
        made.step()
        assert (made.energy() <= before * (1 + 1e-6)).all()


@pytest.mark.parametrize("name", VEHICLES)
def test_full_lock_at_top_speed_ends_in_a_slide_not_an_explosion(name):
    made = Rig(vehicle(name), real=np.float32)
    top = float(made.view.vehicle.top_speed[0, 0])
    made.place(15_000.0, 0.0, 0.0, top)
    made.drive(steer=1.0, throttle=1.0)
    for _ in range(200):
        made.step()
        assert_sane(made)
        assert np.hypot(made.state.vx, made.state.vy)[0, 0] < 1.01 * top + 0.1


@pytest.mark.parametrize("name", VEHICLES)
def test_braked_cars_reach_a_standstill_from_any_state_and_hold_it(name):
    made, rng = sweep(name, 500, 3, np.float32)
    made.drive(rng.uniform(-1, 1, (500, 1)), brake=1.0)
    made.step(800)
    for field in ("vx", "vy", "yaw_rate"):
        assert np.abs(getattr(made.state, field)).max() < 1e-4
    x, y, yaw = (getattr(made.state, field).copy() for field in ("x", "y", "yaw"))
    made.step(100)
    assert np.array_equal(x, made.state.x)
    assert np.array_equal(y, made.state.y)
    assert np.array_equal(yaw, made.state.yaw)


@pytest.mark.parametrize("name", VEHICLES)
def test_single_precision_agrees_with_double(name):
    def drive(real):
        made = Rig(vehicle(name), real=real)
        made.place(15_000.0, 0.0, 0.0, 8.0)
        for k in range(100):
            made.drive(0.3 * np.sin(k / 15.0), 0.4, 0.5 * (k % 40 > 30))
            made.step()
        return made.state

    single, double = drive(np.float32), drive(np.float64)
    assert abs(single.x - double.x)[0, 0] < 2e-3
    assert abs(single.y - double.y)[0, 0] < 2e-3
    for field in ("yaw", "vx", "vy", "yaw_rate"):
        assert abs(getattr(single, field) - getattr(double, field))[0, 0] < 1e-3, field
