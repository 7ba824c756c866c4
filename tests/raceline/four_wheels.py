"""Cars of a published quasi-steady-state simulation, by its own equations.

Heilmeier, Geisslinger, Betz (2019), "A quasi-steady-state lap time simulation for electrified
race cars", EVER 2019: loads of four wheels from both accelerations, a friction potential each
that falls with load, an ellipse per axle, a cubic power curve, gears with rotating masses, and
corner speeds 0.5 m/s below what the tyres hold. In front, both wheels brake as hard as the one
with less load can. An electric motor of constant power helps above its least speed, and where the
wing may be opened there is less drag.

The published program looks for corner speeds on a grid of 0.2 m/s and takes the one below, which
is another 0.1 m/s on average. Its curvature is the mean of three samples 5 m apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import pi

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import GGV
from racegym.raceline.line import Line
from racegym.raceline.quasi_steady import QuasiSteadyLap, quasi_steady_lap

Floats = NDArray[np.float64]

G = 9.81
MARGIN = 0.6  # [m/s] that the published driver leaves in a corner, its grid included
FILTER = 5.0  # [m] between the three samples of a curvature
GROWTH = 0.045 / 200.0  # of a tyre's circumference, for each km/h above 60


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
    around: float  # [m] of the driven wheels, at 60 km/h
    motor: float = 0.0  # [W]
    motor_from: float = 0.0  # [m/s]
    motor_torque: float = 0.0  # [N m] at the engine's shaft
    opened: float = 0.0  # share of the drag that an open wing saves
    density: float = 1.18
    scale: float = 1.0  # of all friction
    _curve: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first, peak, last = (n * pi / 30 for n in self.speeds)
        rows = [[n**3, n**2, n, 1.0] for n in (first, peak, last)]
        rows.append([3 * peak**2, 2 * peak, 1.0, 0.0])
        told = [self.power - self.drop, self.power, self.power - self.drop, 0.0]
        object.__setattr__(self, "_curve", np.linalg.solve(np.array(rows), np.array(told)))

    def pull(self, v: float) -> float:
        """Return the force [N] at the wheels, less what turns them, in the gear for ``v``."""
        gear = 0
        while gear < len(self.gears) - 1 and self._turns(v, gear) > self.shift[gear] * pi / 30:
            gear += 1
        n = max(self._turns(v, gear), self.speeds[0] * pi / 30 * 0.6)
        power = max(float(np.polyval(self._curve, n)), 0.0) if n > 0 else 0.0
        if n < self.speeds[0] * pi / 30:  # below the curve: its torque at its first speed
            power = (self.power - self.drop) / (self.speeds[0] * pi / 30) * n
        if v >= self.motor_from:
            power += min(self.motor, self.motor_torque * n)
        return power * self.efficiency / max(v, 1.0) / self.rotating[gear]

    def _turns(self, v: float, gear: int) -> float:
        around = self.around * (1.0 + GROWTH * (3.6 * v - 60.0))
        return 2 * pi * v / (around * self.gears[gear])

    def loads(self, v: Floats, ax: Floats, ay: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Return the loads [N]: front inner and outer, rear inner and outer."""
        length = self.to_front + self.to_rear
        q = 0.5 * self.density * v * v
        front = self.mass * (G * self.to_rear - self.height * ax) / length + q * self.wing_front
        rear = self.mass * (G * self.to_front + self.height * ax) / length + q * self.wing_rear
        across = self.mass * self.height * ay / (self.track * length)
        to_front, to_rear = across * self.to_rear, across * self.to_front
        return (
            np.maximum(front / 2 - to_front, 0.0),
            np.maximum(front / 2 + to_front, 0.0),
            np.maximum(rear / 2 - to_rear, 0.0),
            np.maximum(rear / 2 + to_rear, 0.0),
        )

    def _held(self, mu: float, load: Floats) -> Floats:
        """Return what a wheel can give [N]."""
        return self.scale * load * (mu - self.fall * (load - self.nominal))

    def potentials(
        self, v: Floats, ax: Floats, ay: Floats, weaker: bool = False
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Return what the axles can give [N]: x and y in front, x and y behind.

        Args:
            v, ax, ay: [m/s], [m/s^2].
            weaker: both front wheels give along them what the one with less load can.
        """
        inner, outer, rear_inner, rear_outer = self.loads(v, ax, ay)
        x, y, rear_x, rear_y = self.mu
        return (
            self._held(x, inner) + self._held(x, inner if weaker else outer),
            self._held(y, inner) + self._held(y, outer),
            self._held(rear_x, rear_inner) + self._held(rear_x, rear_outer),
            self._held(rear_y, rear_inner) + self._held(rear_y, rear_outer),
        )

    def resist(self, v: Floats) -> Floats:
        """Return drag and rolling resistance [N]."""
        q = 0.5 * self.density * v * v
        load = self.mass * G + q * (self.wing_front + self.wing_rear)
        return q * self.drag + self.rolling * load

    def most_across(self, v: Floats) -> Floats:
        """Return the lateral acceleration that both axles can hold at a held speed."""
        low, high = np.zeros_like(v), np.full_like(v, 100.0)
        length = self.to_front + self.to_rear
        for _ in range(40):
            ay = 0.5 * (low + high)
            _, front, along, rear = self.potentials(v, np.zeros_like(v), ay)
            left = np.sqrt(np.maximum(1.0 - (self.resist(v) / along) ** 2, 0.0))
            fits = self.mass * ay * self.to_rear / length <= front
            fits &= self.mass * ay * self.to_front / length <= rear * left
            low, high = np.where(fits, ay, low), np.where(fits, high, ay)
        return low

    def along(self, v: Floats, ay: Floats, brake: bool) -> Floats:
        """Return the greatest acceleration, or deceleration, while ``ay`` is held."""
        length = self.to_front + self.to_rear
        ax = np.zeros_like(ay)
        engine = np.array([self.pull(float(speed)) for speed in v[:, 0]])[:, None]
        for _ in range(60):
            x_front, front, x_rear, rear = self.potentials(v, -ax if brake else ax, ay, brake)
            used_front = self.mass * ay * self.to_rear / length / front
            used_rear = self.mass * ay * self.to_front / length / rear
            tyres = x_rear * np.sqrt(np.maximum(1.0 - used_rear**2, 0.0))
            if brake:
                tyres += x_front * np.sqrt(np.maximum(1.0 - used_front**2, 0.0))
                new = (tyres + self.resist(v)) / self.mass
            else:
                new = (np.minimum(engine, tyres) - self.resist(v)) / self.mass
            ax = 0.5 * (ax + new)
        return ax

    def ggv(self, top: float = 100.0) -> GGV:
        """Return the envelope, with the driver's margin in it."""
        speed = np.linspace(0.0, top, 90)
        share = np.sin(np.linspace(0.0, pi / 2, 25))
        share[-1] = 1.0
        lateral = self.most_across(speed)
        # A driver who leaves 0.5 m/s in a corner of radius r: a_n = v^2 / r at v, not v + 0.5.
        usable = np.interp(speed + MARGIN, speed, lateral) * (speed / (speed + MARGIN)) ** 2
        usable[0] = usable[1]
        across = usable[:, None] * share
        drive, brake = (self.along(speed[:, None], across, way) for way in (False, True))
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
    motor=120e3, motor_from=27.777, motor_torque=200.0, opened=0.17,
)  # fmt: skip


def filtered(line: Line) -> Floats:
    """Return the curvature of ``line`` (n,) [1/m] as the published program smooths it."""
    s, length = line.s, line.length
    samples = [np.interp(s + by, s, line.curvature, period=length) for by in (-FILTER, 0, FILTER)]
    return np.asarray(np.mean(samples, axis=0))


def lap_on(line: Line, car: Car, zones: Sequence[tuple[float, float]] = ()) -> QuasiSteadyLap:
    """Return the lap of a car on a line, with its wing open in some zones.

    Args:
        line: to follow.
        car: its wing is open between the zones' ends.
        zones: [m] from where to where along the line; the last may go on beyond its end.
    """
    ggv, bend = car.ggv(), filtered(line)
    shut = quasi_steady_lap(bend, line.step, ggv)
    if not zones:
        return shut
    # What corners and brakes allow, and from the slowest place on what the engine does of it.
    free = replace(ggv, drive=np.full_like(ggv.drive, 1e3))
    allowed = quasi_steady_lap(bend, line.step, free).speed
    pulls = {False: ggv, True: replace(car, drag=(1.0 - car.opened) * car.drag).ggv()}
    speed, n = shut.speed.copy(), len(bend)
    first = int(np.argmin(shut.speed))
    for k in range(first, first + n):
        i, j = k % n, (k + 1) % n
        opened = any((line.s[i] - a) % line.length < (b - a) % line.length for a, b in zones)
        gain = _drive(pulls[opened], float(speed[i]), abs(float(bend[i])))
        speed[j] = min(np.sqrt(speed[i] ** 2 + 2.0 * line.step[i] * gain), allowed[j])
    return replace(shut, speed=speed)


def _drive(ggv: GGV, v: float, bend: float) -> float:
    """Return the greatest acceleration [m/s^2] in a bend."""
    share = v * v * bend / np.interp(v, ggv.speed, ggv.lateral)
    return float(np.interp(v, ggv.speed, [np.interp(share, ggv.share, row) for row in ggv.drive]))
