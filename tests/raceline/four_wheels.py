"""Cars of a published quasi-steady-state simulation, by its own equations.

Heilmeier, Geisslinger, Betz (2019), "A quasi-steady-state lap time simulation for electrified
race cars", EVER 2019: loads of four wheels from both accelerations, a friction potential each
that falls with load, an ellipse per axle, a cubic power curve, gears with rotating masses, and
corner speeds 0.5 m/s below what the tyres hold. An electric motor of constant power helps above
its least speed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi, sqrt

import numpy as np

from racegym.interfaces import GGV

G = 9.81
MARGIN = 0.5  # [m/s] that the published driver leaves in a corner


@dataclass(frozen=True, kw_only=True)
class Car:
    mass: float
    to_front: float
    to_rear: float
    height: float
    track: float
    rolling: float
    drag: float  # [m^2]
    wing_front: float  # [m^2]
    wing_rear: float
    mu: tuple[float, float, float, float]  # x and y in front, x and y behind
    nominal: float  # [N]
    fall: float  # [1/N]
    power: float  # [W] of the engine at its peak
    drop: float  # [W] less at the first and the last of its speeds
    speeds: tuple[float, float, float]  # [1/min]
    gears: tuple[float, ...]
    shift: tuple[float, ...]  # [1/min]
    rotating: tuple[float, ...]
    efficiency: float
    around: float  # [m] of the driven wheels
    motor: float = 0.0  # [W]
    motor_from: float = 0.0  # [m/s]
    motor_torque: float = 0.0  # [N m] at the engine's shaft
    density: float = 1.18
    scale: float = 1.0  # of all friction
    _curve: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first, peak, last = (n * pi / 30 for n in self.speeds)
        rows = [[n**3, n**2, n, 1.0] for n in (first, peak, last)]
        rows.append([3 * peak**2, 2 * peak, 1.0, 0.0])
        told = [self.power - self.drop, self.power, self.power - self.drop, 0.0]
        object.__setattr__(self, "_curve", np.linalg.solve(np.array(rows), np.array(told)))

    def pull(self, v: float) -> tuple[float, float]:
        """Return the force [N] at the wheels in the gear for speed ``v``, and its mass factor."""
        gear = 0
        while gear < len(self.gears) - 1 and self._turns(v, gear) > self.shift[gear] * pi / 30:
            gear += 1
        n = max(self._turns(v, gear), self.speeds[0] * pi / 30 * 0.6)
        power = max(float(np.polyval(self._curve, n)), 0.0) if n > 0 else 0.0
        if n < self.speeds[0] * pi / 30:  # below the curve: its torque at its first speed
            power = (self.power - self.drop) / (self.speeds[0] * pi / 30) * n
        if v >= self.motor_from:
            power += min(self.motor, self.motor_torque * n)
        return power * self.efficiency / max(v, 1.0), self.rotating[gear]

    def _turns(self, v: float, gear: int) -> float:
        return 2 * pi * v / (self.around * self.gears[gear])

    def loads(self, v: float, ax: float, ay: float) -> np.ndarray:
        """Return the loads [N]: front inner and outer, rear inner and outer."""
        length = self.to_front + self.to_rear
        q = 0.5 * self.density * v * v
        front = self.mass * (G * self.to_rear - self.height * ax) / length + q * self.wing_front
        rear = self.mass * (G * self.to_front + self.height * ax) / length + q * self.wing_rear
        across = self.mass * self.height * ay / (self.track * length)
        to_front, to_rear = across * self.to_rear, across * self.to_front
        loads = np.array(
            [front / 2 - to_front, front / 2 + to_front, rear / 2 - to_rear, rear / 2 + to_rear]
        )
        return np.asarray(np.maximum(loads, 0.0))

    def potentials(self, v: float, ax: float, ay: float) -> tuple[float, float, float, float]:
        """Return what the axles can give [N]: x and y in front, x and y behind."""
        load = self.loads(v, ax, ay)
        found = []
        for k, mu in enumerate(self.mu):
            own = load[:2] if k < 2 else load[2:]
            found.append(float(np.sum(self.scale * own * (mu - self.fall * (own - self.nominal)))))
        return found[0], found[1], found[2], found[3]

    def resist(self, v: float) -> float:
        """Return drag and rolling resistance [N]."""
        q = 0.5 * self.density * v * v
        load = self.mass * G + q * (self.wing_front + self.wing_rear)
        return q * self.drag + self.rolling * load

    def most_across(self, v: float) -> float:
        """Return the lateral acceleration that both axles can hold at a held speed."""
        low, high = 0.0, 100.0
        length = self.to_front + self.to_rear
        for _ in range(40):
            ay = 0.5 * (low + high)
            _, front, along, rear = self.potentials(v, 0.0, ay)
            left = sqrt(max(1.0 - (self.resist(v) / along) ** 2, 0.0))
            fits = self.mass * ay * self.to_rear / length <= front
            fits &= self.mass * ay * self.to_front / length <= rear * left
            low, high = (ay, high) if fits else (low, ay)
        return low

    def along(self, v: float, ay: float, brake: bool) -> float:
        """Return the greatest acceleration, or deceleration, while ``ay`` is held."""
        length = self.to_front + self.to_rear
        ax = 0.0
        for _ in range(60):
            x_front, front, x_rear, rear = self.potentials(v, -ax if brake else ax, ay)
            used_front = self.mass * ay * self.to_rear / length / front
            used_rear = self.mass * ay * self.to_front / length / rear
            tyres = x_rear * sqrt(max(1.0 - used_rear**2, 0.0))
            if brake:
                tyres += x_front * sqrt(max(1.0 - used_front**2, 0.0))
                new = (tyres + self.resist(v)) / self.mass
            else:
                engine, rotating = self.pull(v)
                new = (min(engine, tyres) - self.resist(v)) / (self.mass * rotating)
            ax = 0.5 * (ax + new)
        return ax

    def ggv(self, top: float = 100.0) -> GGV:
        """Return the envelope, with the driver's margin in it."""
        speed = np.linspace(0.0, top, 90)
        share = np.sin(np.linspace(0.0, pi / 2, 25))
        share[-1] = 1.0
        lateral = np.array([self.most_across(v) for v in speed])
        # A driver who leaves 0.5 m/s in a corner of radius r: a_n = v^2 / r at v, not v + 0.5.
        with np.errstate(divide="ignore", invalid="ignore"):
            usable = np.interp(speed + MARGIN, speed, lateral) * (speed / (speed + MARGIN)) ** 2
        drive, brake = (
            np.array(
                [
                    [self.along(v, s * a, way) for s in share]
                    for v, a in zip(speed, lateral, strict=True)
                ]
            )
            for way in (False, True)
        )
        usable[0] = usable[1] if usable[0] <= 0 else usable[0]
        brake = np.maximum(brake, -drive)
        return GGV(
            speed=speed, lateral=usable, share=share, drive=drive, brake=brake, source="four wheels"
        )


GT3 = Car(
    mass=1400.0, to_front=1.42, to_rear=1.28, height=0.42, track=1.665, rolling=0.015, drag=1.10,
    wing_front=1.25, wing_rear=1.75, mu=(1.72, 1.72, 1.79, 1.79), nominal=4000.0, fall=5e-5,
    power=410e3, drop=40e3, speeds=(6000.0, 7500.0, 8600.0),
    gears=(0.074, 0.105, 0.136, 0.168, 0.203, 0.238),
    shift=(8300.0, 8300.0, 8300.0, 8300.0, 8300.0, 9000.0),
    rotating=(1.14, 1.10, 1.08, 1.06, 1.05, 1.05), efficiency=0.93, around=2.15,
)  # fmt: skip
F1 = Car(
    mass=733.0, to_front=1.968, to_rear=1.632, height=0.335, track=1.6, rolling=0.03, drag=1.56,
    wing_front=2.20, wing_rear=2.68, mu=(1.65, 1.85, 1.95, 2.15), nominal=3000.0, fall=5e-5,
    power=567e3, drop=41e3, speeds=(10500.0, 11400.0, 12200.0),
    gears=(0.04, 0.070, 0.095, 0.117, 0.143, 0.172, 0.190, 0.206),
    shift=(10000.0, *6 * (11800.0,), 13000.0),
    rotating=(1.16, 1.11, 1.09, 1.08, 1.08, 1.08, 1.07, 1.07), efficiency=0.96, around=2.073,
    motor=120e3, motor_from=27.777, motor_torque=200.0,
)  # fmt: skip
