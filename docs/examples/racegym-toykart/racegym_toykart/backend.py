"""The backend: one simulator, one race, one car.

What belongs to the simulator stands first: the numbers of the car, and the three methods
``_drive``, ``_put`` and ``_where``. The rest works for any simulator that knows where its car
is and how it moves, and finds rates and accelerations from how these change.
"""

from __future__ import annotations

from math import degrees, pi, radians
from typing import ClassVar, NamedTuple

import numpy as np
import toykart
from numpy.typing import NDArray
from pydantic import Field
from racegym.interfaces import (
    Backend,
    BackendSpec,
    Cars,
    Control,
    Effects,
    Keys,
    Races,
    Setup,
    StageOptions,
    options,
)

__all__ = ["ToykartBackend"]

FRAME = 1.0 / toykart.HZ  # [s] of one step of the simulator; others are refused
STEER_LIMIT = radians(toykart.LOCK)  # [rad] of the front wheels at full lock
BRAKE = toykart.BRAKE  # [m/s^2] of the full brake

# What racegym's drivers and sensors know of the car. They trust it: a driver brakes as late
# and corners as fast as it says. All of it is needed, save `drag` and `downforce`.
VEHICLE = {
    "length": 1.9,  # [m]
    "width": 1.3,  # [m]
    "wheelbase": toykart.WHEELBASE,  # [m]
    "track": 1.1,  # [m] between the wheels of an axle
    "to_front": toykart.WHEELBASE - toykart.TO_REAR,  # [m] centre of mass to front axle
    "mass": 160.0,  # [kg] with driver
    "steer_limit": STEER_LIMIT,
    "grip": toykart.GRIP / 9.81,  # friction in a corner
    "drive": toykart.PULL,  # [m/s^2] at low speed
    "power": 100.0,  # [W/kg]
    "brake": BRAKE,
    "drag": toykart.DRAG,  # [1/m] a = drag * v^2
    "downforce": 0.0,  # [1/m] a = downforce * v^2
}


class Motion(NamedTuple):
    """Where a car is and how it moves, in racegym's units."""

    x: float  # [m] east
    y: float  # [m] north
    yaw: float  # [rad] heading, counter-clockwise from x, over any number of turns
    vx: float  # [m/s] forward
    vy: float  # [m/s] to the left


class ToykartBackend(Backend):
    """A simulator of one car with a clock of its own, on any track."""

    class Options(StageOptions):
        """What a scenario may set."""

        top_speed: float = Field(16.0, gt=0, le=200, description="[m/s] where the throttle ends")

    spec: ClassVar[BackendSpec] = BackendSpec(
        dt=3 * FRAME,
        frame=FRAME,
        max_races=1,
        max_cars=1,
        fills=frozenset({"x", "y", "yaw", "vx", "vy", "yaw_rate", "ax", "ay", "steer"}),
        vehicles="own",
        snapshots="none",  # "engine" once there are methods save() and load()
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "backend 'toykart'")
        self._simulator = toykart.Kart()

    # --- the simulator's own: change these three -----------------------------------------

    def _drive(self, steer: float, throttle: float, brake: float) -> None:
        """Advance by ``FRAME``; steer in [-1, 1], left positive; pedals in [0, 1]."""
        speed = self._simulator.speed / toykart.KMH
        pedal = (throttle if speed < self.options.top_speed else 0.0) - brake
        # A brake never drives backwards: it takes off what there is, and no more.
        wheels = -degrees(steer * STEER_LIMIT)
        self._simulator.step(wheels, max(pedal, -max(speed, 0.0) / (BRAKE * FRAME)))

    def _put(self, x: float, y: float, yaw: float, speed: float) -> None:
        """Put the car somewhere [m, m, rad, m/s], whatever it did before."""
        self._simulator = toykart.Kart(x, -y, -degrees(yaw), speed * toykart.KMH)

    def _where(self) -> Motion:
        """Return where the car is and how it moves; x and y are its centre of mass."""
        car = self._simulator
        vx, vy = car.speed / toykart.KMH, -car.drift / toykart.KMH
        return Motion(x=car.x, y=-car.y, yaw=-radians(car.heading), vx=vx, vy=vy)

    # --- the same for all simulators -----------------------------------------------------

    def reset(self, races: Races, keys: Keys) -> None:
        """Tell of the car; ``place`` then puts it on the grid."""
        for name, value in VEHICLE.items():
            getattr(self.view.vehicle, name)[races] = value
        self.view.vehicle.top_speed[races] = self.options.top_speed

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        """Put the car somewhere."""
        for where, forward in zip(pose, speed, strict=True):
            x, y, yaw = (float(value) for value in where)
            self._put(x, y, yaw, float(forward))
            self._tell(self._where(), dt=1.0, steer=0.0)

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance the car by ``dt`` [s], which is a whole number of frames."""
        self.view.clock.elapsed[0] += dt
        steer = float(control.steer[0, 0])
        throttle, brake = float(control.throttle[0, 0]), float(control.brake[0, 0])
        before = self._where()
        for _ in range(round(dt / FRAME)):
            self._drive(steer, throttle, brake)
        self._tell(before, dt, steer * STEER_LIMIT)

    def _tell(self, before: Motion, dt: float, steer: float) -> None:
        """Write the state; its arrays are shared with all of racegym, so in place.

        Args:
            before: how the car moved ``dt`` [s] ago.
            dt: [s].
            steer: [rad] of the front wheels.
        """
        state, now = self.view.state, self._where()
        yaw_rate = _wrapped(now.yaw - before.yaw) / dt
        state.x[0, 0], state.y[0, 0] = now.x, now.y
        state.yaw[0, 0] = _wrapped(now.yaw)
        state.vx[0, 0], state.vy[0, 0] = now.vx, now.vy
        state.yaw_rate[0, 0] = yaw_rate
        state.ax[0, 0] = (now.vx - before.vx) / dt - now.vy * yaw_rate
        state.ay[0, 0] = (now.vy - before.vy) / dt + now.vx * yaw_rate
        state.steer[0, 0] = steer


def _wrapped(angle: float) -> float:
    """Return the angle in [-pi, pi)."""
    return (angle + pi) % (2 * pi) - pi
