"""Somebody's simulator of one car becomes a backend with a few lines of the author's own."""

from __future__ import annotations

import difflib
import json

from racegym.cli import main

# As it was found: its own names, a clock of 0.04 s, degrees, and a wheel that turns right.
FOREIGN = '''
"""A kinematic bicycle, reference point at the centre of mass."""
import math


class KinematicBicycle:
    def __init__(self, dt=0.04):
        self.dt = dt
        self.pos = [0.0, 0.0]
        self.heading_deg = 0.0
        self.v = self.beta = 0.0
        self.l_f, self.l_r = 1.2, 1.4

    def step(self, steer, throttle):
        """steer: degrees at the wheel, clockwise; throttle: m/s^2, negative brakes."""
        delta = -math.radians(max(-30.0, min(30.0, steer)))
        throttle = max(-9.0, min(4.0, throttle))
        self.beta = math.atan(self.l_r / (self.l_f + self.l_r) * math.tan(delta))
        course = math.radians(self.heading_deg) + self.beta
        self.pos[0] += self.v * math.cos(course) * self.dt
        self.pos[1] += self.v * math.sin(course) * self.dt
        self.heading_deg += math.degrees(self.v / self.l_r * math.sin(self.beta) * self.dt)
        self.v += throttle * self.dt
'''

# What its author changes in the backend that `racegym new-plugin` wrote, block by block.
CHANGES = [
    (
        """
from racegym_bicycle.simulator import Simulator
""",
        """
from racegym_bicycle.kinematic import KinematicBicycle
""",
    ),
    (
        """
FRAME = Simulator.DT  # [s] of one step of the simulator; others are refused
STEER_LIMIT = Simulator.LOCK  # [rad] of the front wheels at full lock
BRAKE = Simulator.BRAKE  # [m/s^2] of the full brake
""",
        """
FRAME = 0.04  # [s] of one step of the simulator; others are refused
STEER_LIMIT = 0.5235  # [rad] of the front wheels at full lock
BRAKE = 9.0  # [m/s^2] of the full brake
DRIVE = 4.0  # [m/s^2] of full throttle
""",
    ),
    (
        """
    "length": 2.4,  # [m]
    "width": 1.4,  # [m]
    "wheelbase": Simulator.WHEELBASE,  # [m]
    "track": 1.2,  # [m] between the wheels of an axle
    "to_front": 0.8,  # [m] centre of mass to front axle
    "mass": 400.0,  # [kg] with driver
""",
        """
    "length": 4.2,  # [m]
    "width": 1.8,  # [m]
    "wheelbase": 2.6,  # [m]
    "track": 1.5,  # [m] between the wheels of an axle
    "to_front": 1.2,  # [m] centre of mass to front axle
    "mass": 1200.0,  # [kg] with driver
""",
    ),
    (
        """
    "drive": Simulator.DRIVE,  # [m/s^2] at low speed
""",
        """
    "drive": DRIVE,  # [m/s^2] at low speed
""",
    ),
    (
        """
        self._simulator = Simulator()

    # --- the""",
        """
        self._simulator = KinematicBicycle(FRAME)

    # --- the""",
    ),
    (
        """
        speed = self._simulator.speed
        pedal = (throttle if speed < self.options.top_speed else 0.0) - brake
        # A brake never drives backwards: it takes off what there is, and no more.
        self._simulator.step(steer, max(pedal, -max(speed, 0.0) / (BRAKE * FRAME)))
""",
        """
        speed = self._simulator.v
        pull = (throttle if speed < self.options.top_speed else 0.0) * DRIVE - brake * BRAKE
        # A brake never drives backwards: it takes off what there is, and no more.
        self._simulator.step(-degrees(steer * STEER_LIMIT), max(pull, -max(speed, 0.0) / FRAME))
""",
    ),
    (
        """
        self._simulator = Simulator()
        self._simulator.x, self._simulator.y = x, y
        self._simulator.yaw, self._simulator.speed = yaw, speed
""",
        """
        self._simulator = KinematicBicycle(FRAME)
        self._simulator.pos = [x, y]
        self._simulator.heading_deg, self._simulator.v = degrees(yaw), speed
""",
    ),
    (
        """
        vx, vy = car.speed * cos(car.slip), car.speed * sin(car.slip)
        return Motion(x=car.x, y=car.y, yaw=car.yaw, vx=vx, vy=vy)
""",
        """
        vx, vy = car.v * cos(car.beta), car.v * sin(car.beta)
        return Motion(x=car.pos[0], y=car.pos[1], yaw=radians(car.heading_deg), vx=vx, vy=vy)
""",
    ),
    ("\nfrom math import cos, pi, sin\n", "\nfrom math import cos, degrees, pi, radians, sin\n"),
]
AT_MOST = 40  # lines by hand


def test_a_foreign_simulator_takes_few_lines(workshop, monkeypatch, capsys):
    _, folder = workshop.make("backend", "bicycle")
    package = folder / "racegym_bicycle"
    (package / "simulator.py").unlink()
    (package / "kinematic.py").write_text(FOREIGN, encoding="utf-8")
    template = (package / "backend.py").read_text(encoding="utf-8")
    text = template
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (package / "backend.py").write_text(text, encoding="utf-8")
    diff = difflib.unified_diff(template.splitlines(), text.splitlines(), n=0)
    by_hand = [line for line in diff if line.startswith("+") and not line.startswith("+++")]
    assert 10 <= len(by_hand) <= AT_MOST, len(by_hand)

    workshop.install(folder)
    assert main(["check", "backend", "bicycle", "--json"]) == 0, capsys.readouterr()
    report = json.loads(capsys.readouterr().out)
    assert len(report["passed"]) == 24
    monkeypatch.chdir(folder)
    assert main(["run", "scenario.yaml"]) == 0, capsys.readouterr().err
    (result,) = (folder / "runs" / "bicycle").glob("*/result.json")
    (car,) = json.loads(result.read_text(encoding="utf-8"))["classification"]
    assert car["laps"] == 2
    assert main(["verify", "latest"]) == 0
