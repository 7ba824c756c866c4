"""The g-g-v envelope: the model's own steady states, as the model itself drives them."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import Rig, vehicle
from numba import njit

from racegym.errors import ScenarioError
from racegym.kernels.qss import Envelope
from racegym.raceline.quasi_steady import quasi_steady_lap
from racegym_kart2d.backend import Kart2D
from racegym_kart2d.kernels.acting import neutral
from racegym_kart2d.kernels.columns import BRAKE_FORCE, DRAG, GRAVITY, MASS, TO_FRONT, TO_REAR
from racegym_kart2d.kernels.equilibrium import fill_states
from racegym_kart2d.kernels.single_track import (
    Acting,
    Body,
    Posture,
    derivatives_of,
    saturating_forces,
)
from racegym_kart2d.limit import envelope
from racegym_kart2d.parameters import parse

VEHICLES = ("rental_kart", "gt3", "rc_car")
_derivatives = derivatives_of(saturating_forces)


@njit
def _change(p, vx, vy, r, steer, pedal, by_tyres):  # type: ignore[no-untyped-def]
    """Return d(vx, vy, r)/dt of the model itself, in a state and with a pedal."""
    still = neutral(p, np.float64)
    act = Acting(
        max(pedal, 0.0), max(-pedal, 0.0) * p[BRAKE_FORCE], still.limit, 1.0, p[MASS],
        1.0, 1.0, 1.0, 1.0, still.rolling_front, still.rolling_rear, 1.0, 1.0, 1.0,
        0.0, 0.0, 0.0,
    )  # fmt: skip
    posture = Posture(steer, np.cos(steer), np.sin(steer), by_tyres)
    return _derivatives(p, act, posture, Body(vx, vy, r), np.float64)


def states(name: str, pedal: object, across: object, speed: object) -> tuple[np.ndarray, ...]:
    """Return a vehicle's row and its steady states (n, 5); see ``fill_states``."""
    pedal, across, speed = (
        np.ascontiguousarray(values, np.float64)
        for values in np.broadcast_arrays(pedal, across, speed)
    )
    row = parse(vehicle(name)).row()
    out = np.empty((len(pedal), 5))
    fill_states(pedal, across, speed, np.repeat(row[None], len(pedal), axis=0), out)
    return row, pedal, across, speed, out


@pytest.mark.parametrize("name", VEHICLES)
def test_the_model_agrees_that_they_are_steady(name: str) -> None:
    top = envelope(parse(vehicle(name))).speed[-1]
    pedals, shares, speeds = (
        grid.reshape(-1)
        for grid in np.meshgrid([-0.3, -0.1, 0.0, 0.3, 1.0], [0.2, 0.5, 0.8, 0.9], [0.5, 0.7, 0.95])
    )
    limit = 0.97 * min(parse(vehicle(name)).grip_front, parse(vehicle(name)).grip_rear) * GRAVITY
    row, pedal, across, speed, found = states(name, pedals, shares * limit, speeds * top)
    held = ~np.isnan(found[:, 0])
    assert held.sum() > 0.6 * len(held)
    for k in np.flatnonzero(held):
        along, reached, by_tyres, slip, steer = found[k]
        rate = across[k] / speed[k]
        vx, vy = speed[k] * np.cos(slip), speed[k] * np.sin(slip)
        change = _change(row, vx, vy, rate, steer, pedal[k], by_tyres)
        # Along and across the path, whose slip angle does not change.
        gained = np.cos(slip) * change.vx + np.sin(slip) * change.vy
        turned = np.cos(slip) * change.vy - np.sin(slip) * change.vx
        assert reached == pytest.approx(across[k], abs=2e-5)
        assert gained == pytest.approx(along, abs=1e-4)
        assert turned == pytest.approx(0.0, abs=1e-4)
        wheelbase = row[TO_FRONT] + row[TO_REAR]
        assert change.r * wheelbase == pytest.approx(0.0, abs=0.02)
        tyres = (change.vx - rate * vy) + row[DRAG] * speed[k] * vx / row[MASS]
        assert tyres == pytest.approx(by_tyres, abs=1e-3)


def steady_limit(name: str, speed: float) -> float:
    """Return the most lateral acceleration at which the envelope can hold a speed."""
    ggv = envelope(parse(vehicle(name)))
    lateral = np.interp(speed, ggv.speed, ggv.lateral)
    drive = np.array([np.interp(speed, ggv.speed, column) for column in ggv.drive.T])
    return float(lateral * np.interp(0.0, drive[::-1], ggv.share[::-1]))


CORNERS = [
    ("rental_kart", 16.0),
    ("gt3", 55.0),
    pytest.param("rental_kart", 12.0, marks=pytest.mark.slow),
    pytest.param("gt3", 20.0, marks=pytest.mark.slow),
    pytest.param("rc_car", 8.0, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "speed"), CORNERS)
def test_cars_are_driven_at_what_it_says_for_seconds(name: str, speed: float) -> None:
    across = 0.985 * steady_limit(name, speed)
    pedals = np.linspace(0.0, 1.0, 401)
    *_, found = states(name, pedals, across, speed)
    k = int(np.nanargmin(np.abs(found[:, 0])))
    assert abs(found[k, 0]) < 0.05
    _, _, by_tyres, slip, steer = found[k]
    rate = across / speed
    rig = Rig(vehicle(name), dt=0.01, substep=0.0025)
    rig.place(15_000.0, 0.0, np.pi / 2, speed)
    rig.state.vx[:], rig.state.vy[:] = speed * np.cos(slip), speed * np.sin(slip)
    rig.state.yaw_rate[:] = rate
    rig.backend._memory.rack[:], rig.backend._memory.shift[:] = steer, by_tyres
    held, turned = [], []
    for _ in range(150):
        state = rig.state
        v = float(np.hypot(state.vx, state.vy)[0, 0])
        drift = float(np.arctan2(state.vy, state.vx)[0, 0]) - slip
        yaw = float(state.yaw_rate[0, 0]) - rate
        wheels = steer - 0.5 * drift - 0.1 * yaw  # a slide that grows is caught
        throttle = np.clip(pedals[k] + 0.5 * (speed - v), 0.0, 1.0)
        rig.drive(steer=wheels / parse(vehicle(name)).steer_limit, throttle=throttle)
        rig.step()
        held.append(v)
        turned.append(float(state.yaw_rate[0, 0]))
    assert np.array(held[75:]) == pytest.approx(speed, rel=0.01)
    assert np.mean(np.array(held) * np.array(turned)) == pytest.approx(across, rel=0.015)
    assert held[-1] * turned[-1] == pytest.approx(across, rel=0.015)


@pytest.mark.parametrize(("name", "speed"), CORNERS)
def test_cars_that_are_steered_without_care_do_no_better(name: str, speed: float) -> None:
    limit = steady_limit(name, speed)
    parsed = parse(vehicle(name))
    bend = (parsed.to_front + parsed.to_rear) * limit / speed**2
    steer = np.linspace(0.5 * bend, 1.5 * bend + 0.06, 150)[:, None] / parsed.steer_limit
    n = len(steer)
    rig = Rig(vehicle(name), n_races=n)
    rig.place(15_000.0, np.linspace(0.0, 300.0, n), np.pi / 2, speed)
    held, missing = np.zeros((n, 1)), np.zeros((n, 1))
    for k in range(500):
        v = np.hypot(rig.state.vx, rig.state.vy)
        missing = np.clip(missing + 0.02 * (speed - v), -0.2, 1.0)
        rig.drive(
            steer=np.minimum(k / 200, 1.0) * steer,
            throttle=np.clip(0.3 * (speed - v) + missing, 0.0, 1.0),
        )
        held = v if k == 480 else held
        rig.step()
    v = np.hypot(rig.state.vx, rig.state.vy)
    steady = (np.abs(v - speed) < 2e-3 * speed) & (np.abs(v - held) < 1e-3 * speed)
    reached = (v * rig.state.yaw_rate)[steady]
    assert steady.sum() > 20
    assert 0.88 * limit < reached.max() < 1.005 * limit


@pytest.mark.parametrize("name", VEHICLES)
def test_drift_and_steering_are_those_of_a_held_speed(name: str) -> None:
    ggv = envelope(parse(vehicle(name)))
    assert ggv.slip is not None and ggv.understeer is not None
    row = parse(vehicle(name)).row()
    i = int(np.searchsorted(ggv.speed, 0.6 * ggv.speed[-1]))
    for j in (4, 8):
        pedals, across = np.linspace(0.0, 1.0, 201), ggv.share[j] * ggv.lateral[i]
        *_, found = states(name, pedals, across, ggv.speed[i])
        _, _, _, slip, steer = found[int(np.nanargmin(np.abs(found[:, 0])))]
        turn = np.arctan((row[TO_FRONT] + row[TO_REAR]) * across / ggv.speed[i] ** 2)
        assert ggv.slip[i, j] == pytest.approx(slip, rel=0.1, abs=3e-3)
        assert ggv.understeer[i, j] == pytest.approx(steer - turn, rel=0.1, abs=3e-3)


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("pedal", ["throttle", "brake"])
def test_cars_on_a_straight_gain_and_lose_what_it_says(name: str, pedal: str) -> None:
    ggv = envelope(parse(vehicle(name)))
    first, last = (0.15, 0.8) if pedal == "throttle" else (0.9, 0.2)
    first, last = first * ggv.speed[-1], last * ggv.speed[-1]
    rig = Rig(vehicle(name), dt=0.01, substep=0.005)
    rig.place(15_000.0, 0.0, np.pi / 2, first)
    rig.drive(**{pedal: 1.0})
    rig.step(25)  # until load has shifted
    begin, at = float(rig.state.vx[0, 0]), float(rig.state.y[0, 0])
    while (rig.state.vx[0, 0] < last) == (pedal == "throttle"):
        rig.step()
    reached, distance = float(rig.state.vx[0, 0]), float(rig.state.y[0, 0]) - at
    v = np.linspace(begin, reached, 2001)
    table = ggv.drive if pedal == "throttle" else -ggv.brake
    gain = np.interp(v, ggv.speed, table[:, 0])
    told = np.sum(0.5 * np.diff(v**2) / (0.5 * (gain[1:] + gain[:-1])))
    assert distance == pytest.approx(told, rel=0.01)


def point_mass(**changes: float) -> dict[str, object]:
    """Return a car that is nearly a point mass: no height, no air, tyres that hardly slip."""
    return vehicle(
        "rental_kart",
        cg_height=0.0, grip_front=1.2, grip_rear=1.2, grip_longitudinal=1.0, drag_area=0.0,
        rolling_resistance=0.0, stiffness_front=200.0, stiffness_rear=200.0, to_front=0.5,
        to_rear=0.5, drive_front=0.5, brake_front=0.5, brake_force=50_000.0, drive_force=50_000.0,
        power=1e7, top_speed=60.0,
        **changes,
    )  # fmt: skip


def test_a_point_mass_has_a_friction_circle() -> None:
    ggv = envelope(parse(point_mass()))
    most = 1.2 * GRAVITY
    assert ggv.lateral == pytest.approx(np.full(len(ggv.speed), most), rel=0.015)
    circle = most * np.minimum(np.sqrt(1.0 - ggv.share**2), 0.95)  # drive and brake use 0.95
    below = (ggv.speed > 25.0) & (ggv.speed < 50.0)  # slower, steered wheels pull back
    assert ggv.brake[below] == pytest.approx(np.tile(circle, (below.sum(), 1)), abs=0.02 * most)
    assert ggv.drive[below] == pytest.approx(np.tile(circle, (below.sum(), 1)), abs=0.02 * most)


def test_more_of_each_goes_the_way_it_should() -> None:
    base = envelope(parse(vehicle("gt3")))
    wings = envelope(parse(vehicle("gt3", downforce_area_front=2.5, downforce_area_rear=3.5)))
    assert wings.lateral[-1] > 1.2 * base.lateral[-1]
    assert wings.lateral[0] == pytest.approx(base.lateral[0], rel=0.02)
    assert envelope(parse(vehicle("gt3", drag_area=2.0))).speed[-1] < 0.95 * base.speed[-1]
    for ggv in (base, wings):
        assert (ggv.brake >= -ggv.drive - 1e-9).all()
        assert (np.diff(ggv.speed) > 0).all() and ggv.share[-1] == 1.0
        assert (np.diff(ggv.drive, axis=1) < 1e-3).all()  # turning costs drive


@pytest.mark.parametrize(
    "name", [VEHICLES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in VEHICLES[1:])]
)
def test_a_finer_envelope_gives_the_same_lap(name: str) -> None:
    parsed = parse(vehicle(name))
    coarse, fine = envelope(parsed), envelope(parsed, speeds=60, shares=29)
    scale = coarse.lateral[0] / coarse.speed[-1] ** 2  # bends that suit the vehicle
    s = np.linspace(0.0, 2.0 * np.pi, 1000, endpoint=False)
    curvature = scale * (2.0 + 8.0 * np.cos(3.0 * s) ** 8 + 3.0 * np.cos(s))
    step = 30.0 / scale / 1000.0
    told = quasi_steady_lap(curvature, step, coarse).lap_time
    assert told == pytest.approx(quasi_steady_lap(curvature, step, fine).lap_time, rel=2e-3)


def test_a_vehicle_that_does_not_move_has_no_envelope() -> None:
    with pytest.raises(ScenarioError, match=r"does not move.*drive_force of 0\.01 N"):
        envelope(parse(vehicle("rental_kart", drive_force=0.01)))


def test_linear_tyres_hold_anything_so_there_is_no_envelope() -> None:
    assert Kart2D.ggv(vehicle("gt3"), {"tyre": "linear"}) is None
    ggv = Kart2D.ggv(vehicle("gt3"), {})
    assert ggv is not None and "single-track" in ggv.source
    assert ggv.tightest == pytest.approx(np.tan(0.4) / 2.7)
    assert set(Envelope._fields) <= set(vars(ggv))
