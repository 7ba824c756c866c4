"""The figures of ``vehicle.py``, each measured again in the real engine on endless asphalt."""

from __future__ import annotations

from math import atan2, hypot

import numpy as np
import pytest

from racegym_carracing.engine import FRAME, Engine


class Asphalt:
    """Stands for a tile under a wheel; CarRacing reads nothing else of it."""

    road_friction = 1.0


class Plane:
    """The engine's car on endless asphalt, from a given speed [m/s]."""

    def __init__(self, speed):
        self.engine = Engine()
        self.engine.reset(seed=0)
        car = self.engine.car
        ahead = car.hull.GetWorldVector((0, 1))
        for body in (car.hull, *car.wheels):
            body.linearVelocity = (ahead[0] * speed, ahead[1] * speed)
        for wheel in car.wheels:
            wheel.tiles.add(Asphalt())
            wheel.omega = speed / wheel.wheel_rad

    def step(self, steer=0.0, gas=0.0, brake=0.0):
        self.engine.step(np.array([-steer, gas, brake]))

    @property
    def speed(self):
        return hypot(*self.engine.car.hull.linearVelocity)

    @property
    def slip(self):
        """Angle of the velocity to the hull, left positive."""
        hull = self.engine.car.hull
        vx, vy = hull.GetLocalVector(hull.linearVelocity)
        return atan2(-vx, vy)

    def accelerations(self, steps, **control):
        speeds = [self.speed]
        for _ in range(steps):
            self.step(**control)
            speeds.append(self.speed)
        return np.diff(speeds) / FRAME, np.array(speeds[1:])


@pytest.fixture
def vehicle(bench):
    table = bench().reset(0).view.vehicle
    return {name: float(getattr(table, name)[0, 0]) for name in table.__slots__}


def test_shape_and_mass(vehicle):
    engine = Plane(0.0).engine
    hull, wheels = engine.car.hull, engine.car.wheels
    corners = np.array([v for f in hull.fixtures for v in f.shape.vertices])
    anchors = np.array([w.joint.anchorA - hull.position for w in wheels])
    anchors = np.array([hull.GetLocalVector(tuple(a)) for a in anchors])
    tread = np.array([v for f in wheels[0].fixtures for v in f.shape.vertices])
    assert vehicle["length"] == pytest.approx(np.ptp(corners[:, 1]))
    assert vehicle["track"] == pytest.approx(np.ptp(anchors[:, 0]), abs=1e-3)
    assert vehicle["width"] == pytest.approx(vehicle["track"] + np.ptp(tread[:, 0]))
    assert vehicle["wheelbase"] == pytest.approx(np.ptp(anchors[:, 1]), abs=1e-3)
    to_front = anchors[:, 1].max() - hull.localCenter[1]
    assert vehicle["to_front"] == pytest.approx(to_front, abs=1e-3)
    assert vehicle["mass"] == pytest.approx(hull.mass + sum(w.mass for w in wheels), abs=1e-3)
    assert vehicle["steer_limit"] == pytest.approx(wheels[0].joint.upperLimit)


def test_drive_power_and_top_speed(vehicle):
    driven, speeds = Plane(0.0).accelerations(300, gas=1.0)
    steady = driven[(speeds > 10.0) & (speeds < 60.0)]
    assert steady == pytest.approx(vehicle["drive"], rel=0.01)
    assert speeds.max() == pytest.approx(vehicle["top_speed"], abs=0.5)
    # Rolling from 70 m/s with the wheels in step, power is what limits it.
    fast, speeds = Plane(70.0).accelerations(60, gas=1.0)
    late = (fast * speeds)[(speeds > 85.0) & (speeds < 98.0)]
    assert len(late) > 5
    assert (vehicle["power"] <= late * 1.02).all()
    assert vehicle["power"] > 0.85 * late.mean()


def test_brake(vehicle):
    braked, speeds = Plane(95.0).accelerations(50, brake=0.8)
    rolling = -braked[speeds > 10.0]
    assert rolling.min() > 0.99 * vehicle["brake"]
    assert rolling.mean() < 1.02 * vehicle["brake"]


def test_no_drag(vehicle):
    coasted, _ = Plane(80.0).accelerations(100)
    assert np.abs(coasted).max() < 0.1
    assert vehicle["drag"] == 0.0


@pytest.mark.parametrize(
    ("speed", "steer"), [(40.0, 0.4), (50.0, 0.24), (60.0, 0.16), (80.0, 0.09)]
)
def test_grip_in_a_held_corner(vehicle, speed, steer):
    plane = Plane(speed)
    lateral = []
    for _ in range(150):
        plane.step(steer=steer, gas=float(np.clip(0.02 + 0.1 * (speed - plane.speed), 0, 1)))
        lateral.append(plane.speed * plane.engine.car.hull.angularVelocity)
    held = np.mean(lateral[50:])
    assert held > 0.97 * vehicle["grip"] * 9.80665
    assert abs(plane.slip) < 0.1


def test_beyond_its_grip_it_spins(vehicle):
    plane = Plane(60.0)
    for _ in range(100):
        plane.step(steer=0.3, gas=0.02)
    assert abs(plane.slip) > 0.4
