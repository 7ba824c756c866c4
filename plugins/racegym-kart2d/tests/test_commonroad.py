"""The linear tyre against the single-track model of commonroad-vehicle-models."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import Rig, vehicle
from numpy.testing import assert_allclose

from racegym_kart2d.kernels.single_track import (
    Acting,
    Body,
    Posture,
    derivatives_of,
    linear_forces,
)
from racegym_kart2d.parameters import parse

pytest.importorskip("vehiclemodels", reason="needs commonroad-vehicle-models")
pytest.importorskip("omegaconf", reason="commonroad-vehicle-models needs it")

from scipy.integrate import solve_ivp
from vehiclemodels.vehicle_dynamics_st import vehicle_dynamics_st
from vehiclemodels.vehicle_parameters import setup_vehicle_parameters

linear_derivatives = derivatives_of(linear_forces)
FORCE = 2e5  # [N] of our engine and brakes at full pedal, far above what is asked of them


@pytest.fixture(params=[1, 2, 3], ids=["escort", "bmw", "vanagon"])
def theirs(request):
    return setup_vehicle_parameters(vehicle_id=request.param)


def ours(theirs, **changes):
    """Return our parameters for one of CommonRoad's cars, as a vehicle file has them."""
    stiffness = -theirs.tire.p_ky1 / theirs.tire.p_dy1
    values = {
        "mass": theirs.m,
        "yaw_inertia": theirs.I_z,
        "to_front": theirs.a,
        "to_rear": theirs.b,
        "cg_height": theirs.h_s,
        "grip_front": theirs.tire.p_dy1,
        "grip_rear": theirs.tire.p_dy1,
        "grip_per_load": 0.0,
        "stiffness_front": stiffness,
        "stiffness_rear": stiffness,
        "shape_front": 1.0,
        "shape_rear": 1.0,
        "slip_speed": 0.1,
        "drive_force": FORCE,
        "power": 1e8,
        "top_speed": 200.0,
        "brake_force": FORCE,
        "rolling_resistance": 0.0,
        "drag_area": 0.0,
        "downforce_area_front": 0.0,
        "downforce_area_rear": 0.0,
    }
    return vehicle("gt3", **{**values, **changes})


def slopes(row, v, beta, r, steer, a):
    """Return our d(v, beta, r)/dt at CommonRoad's state."""
    force = a * row[0]
    act = Acting(
        max(force, 0.0) / FORCE, max(-force, 0.0), 200.0, 1.0, row[0],
        *(1.0,) * 4, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0,
    )  # fmt: skip
    body = Body(v * np.cos(beta), v * np.sin(beta), r)
    posture = Posture(steer, np.cos(steer), np.sin(steer), 0.0)
    d = linear_derivatives(row, act, posture, body, np.float64)
    along = d.vx * np.cos(beta) + d.vy * np.sin(beta)
    across = d.vy * np.cos(beta) - d.vx * np.sin(beta)
    return along, across / v, d.r


def test_derivatives_are_equal(theirs):
    row = parse(ours(theirs)).row()
    rng = np.random.default_rng(0)
    most = theirs.longitudinal.a_max
    for _ in range(500):
        v, beta, r = (
            rng.uniform(0.15, theirs.longitudinal.v_max),
            rng.uniform(-1.2, 1.2),
            rng.uniform(-3, 3),
        )
        steer = rng.uniform(theirs.steering.min, theirs.steering.max)
        # Above this speed CommonRoad limits the engine's power, which is not compared.
        a = rng.uniform(-most, most * min(1.0, theirs.longitudinal.v_switch / v))
        f = vehicle_dynamics_st([0.0, 0.0, steer, v, 0.3, r, beta], [0.0, a], theirs)
        assert_allclose(slopes(row, v, beta, r, steer, a), [f[3], f[6], f[5]], rtol=1e-9, atol=1e-9)


def manoeuvre(theirs, a, rate, seconds, v0):
    """Return CommonRoad's state after a ramp of the steering angle, to 1e-11."""
    done = solve_ivp(
        lambda _, x: vehicle_dynamics_st(list(x), [rate, a], theirs),
        (0.0, seconds),
        [0.0, 0.0, 0.0, v0, 0.0, 0.0, 0.0],
        method="DOP853",
        rtol=1e-12,
        atol=1e-12,
    )
    return done.y[:, -1]


def test_trajectories_by_runge_kutta_are_equal(theirs):
    a, rate, seconds, v0 = -1.5, 0.02, 2.0, 15.0
    row = parse(ours(theirs)).row()

    def f(t, s):
        _, _, psi, v, beta, r = s
        dv, dbeta, dr = slopes(row, v, beta, r, rate * t, a)
        return np.array([v * np.cos(psi + beta), v * np.sin(psi + beta), r, dv, dbeta, dr])

    h, s = 0.002, np.array([0.0, 0.0, 0.0, v0, 0.0, 0.0])
    for k in range(round(seconds / h)):
        t = k * h
        k1 = f(t, s)
        k2 = f(t + h / 2, s + h / 2 * k1)
        k3 = f(t + h / 2, s + h / 2 * k2)
        k4 = f(t + h, s + h * k3)
        s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    x, y, _, v, psi, r, beta = manoeuvre(theirs, a, rate, seconds, v0)
    assert_allclose(s, [x, y, psi, v, beta, r], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("integrator", "bound"),
    [
        pytest.param("rk4", 1e-6, marks=pytest.mark.slow),  # a kernel of its own to compile
        ("implicit", 2e-3),
    ],
)
def test_the_backend_drives_the_same_trajectory(theirs, integrator, bound):
    a, rate, seconds, v0 = -1.5, 0.02, 2.0, 15.0
    car = ours(theirs, steer_rate=rate)
    rig = Rig(car, tyre="linear", integrator=integrator, substep=0.0005)
    rig.place(15_000.0, 0.0, 0.0, v0)
    rig.drive(steer=1.0, brake=-a * theirs.m / FORCE)
    rig.step(round(seconds / rig.dt))
    x, y, _, v, psi, r, beta = manoeuvre(theirs, a, rate, seconds, v0)
    s = rig.state
    got = [s.x - 15_000.0, s.y, s.yaw, s.vx, s.vy, s.yaw_rate]
    want = [x, y, psi, v * np.cos(beta), v * np.sin(beta), r]
    assert_allclose(np.ravel(got), want, rtol=bound, atol=bound)
