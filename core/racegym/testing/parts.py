"""Plain parts that fill up a world around the one under test: a car, and ways to drive it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.interfaces import (
    ActionMap,
    Array,
    Backend,
    BackendSpec,
    Cars,
    CarState,
    Channel,
    Control,
    Effects,
    Keys,
    Races,
    Realism,
    Sensor,
    Setup,
    Surface,
    View,
    columns,
)

__all__ = ["Bicycle", "Direct", "Imposed", "Nothing"]

GRAVITY = 9.80665  # [m/s^2]
WHEEL_RADIUS = 0.14  # [m]
YAW_RESPONSE = 6.0  # [1/s] how fast the yaw rate follows the steering
SLIDE_DECAY = 8.0  # [1/s] how fast sideways motion dies away
ROLLING = 0.12  # [m/s^2] deceleration of free rolling
GYRATION = 0.55  # [m] yaw inertia is mass * GYRATION^2

VEHICLE = {
    "length": 2.0,
    "width": 1.3,
    "wheelbase": 1.05,
    "track": 1.1,
    "to_front": 0.55,
    "mass": 160.0,
    "steer_limit": 0.4,
    "grip": 1.3,
    "drive": 4.0,
    "power": 50.0,
    "brake": 7.0,
    "drag": 0.004,
    "downforce": 0.002,
    "top_speed": 30.0,
}


class Bicycle(Backend):
    """A kinematic bicycle with a grip limit: not a model of any car, but a well-behaved one.

    It fills every field of ``CarState`` and honours every effect, so that any sensor,
    reward, driver or realism module finds what it needs. Pure numpy, no walls, no contact.
    """

    spec: ClassVar[BackendSpec] = BackendSpec(
        fills=frozenset(columns(CarState)),
        channels=(
            Channel(name="effort", low=0.0, high=1.0, doc="the harder pressed of both pedals"),
        ),
        effects=frozenset(columns(Effects)),
    )

    def reset(self, races: Races, keys: Keys) -> None:
        """Put the cars of these races at the origin, at rest."""
        for name, value in VEHICLE.items():
            getattr(self.view.vehicle, name)[races] = value
        state = self.view.state
        for name in columns(CarState):
            getattr(state, name)[races] = 0
        state.gear[races] = 1
        state.surface[races] = Surface.ASPHALT
        state.load[races] = VEHICLE["mass"] * GRAVITY / 4

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        """Put cars somewhere, at rest in the car's y axis and in rotation."""
        state = self.view.state
        for name in ("vy", "yaw_rate", "ax", "ay", "steer"):
            getattr(state, name).reshape(-1)[cars] = 0
        for name, value in zip(("x", "y", "yaw"), pose.T, strict=True):
            getattr(state, name).reshape(-1)[cars] = value
        state.vx.reshape(-1)[cars] = speed

    def remove(self, cars: Cars) -> None:
        """Stop cars where they are; absent cars are not moved."""
        for name in ("vx", "vy", "yaw_rate", "ax", "ay"):
            getattr(self.view.state, name).reshape(-1)[cars] = 0

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance all present cars by ``dt`` [s]."""
        state, car, here = self.view.state, self.view.vehicle, self.view.race.present
        mass = np.maximum(car.mass + effects.mass, 0.2 * car.mass)
        lighter = car.mass / mass
        vx, vy, turning = state.vx.copy(), state.vy.copy(), state.yaw_rate.copy()

        forward = np.where(control.gear < 0, -1.0, 1.0)
        fast = np.abs(vx) >= np.minimum(car.top_speed, effects.speed_limit)
        pull = np.minimum(car.drive, car.power / np.maximum(np.abs(vx), 1.0)) * effects.power
        push = np.where(fast, 0.0, control.throttle * pull * forward) * lighter
        push += effects.fx / mass - car.drag * effects.drag * vx * np.abs(vx) * lighter
        load = 0.5 * (effects.downforce_front + effects.downforce_rear) * car.downforce * vx**2
        hold = car.grip * effects.grip.mean(axis=2) * (GRAVITY + load)
        slow = np.minimum(control.brake * car.brake * effects.brake * lighter, hold)
        slow += ROLLING * effects.rolling_resistance.mean(axis=2)
        after = vx + push * dt
        after -= np.sign(after) * np.minimum(np.abs(after), slow * dt)

        angle = np.clip(control.steer * car.steer_limit + effects.steer_offset, -0.9, 0.9)
        wanted = after * np.tan(angle) / car.wheelbase
        most = hold / np.maximum(np.abs(after), 0.1)
        wanted = np.clip(wanted, -most, most)
        follow = 1.0 - np.exp(-YAW_RESPONSE * effects.tyre_stiffness.mean(axis=2) * dt)
        turn = turning + (wanted - turning) * follow + effects.mz / (mass * GYRATION**2) * dt
        slide = (vy + effects.fy / mass * dt) * np.exp(-SLIDE_DECAY * dt)

        middle = state.yaw + 0.25 * (turning + turn) * dt
        ahead, left = 0.5 * (vx + after) * dt, 0.5 * (vy + slide) * dt
        moves = {
            "x": state.x + ahead * np.cos(middle) - left * np.sin(middle),
            "y": state.y + ahead * np.sin(middle) + left * np.cos(middle),
            "yaw": (state.yaw + 0.5 * (turning + turn) * dt + np.pi) % (2 * np.pi) - np.pi,
            "vx": after,
            "vy": slide,
            "yaw_rate": turn,
            "ax": (after - vx) / dt - slide * turn,
            "ay": (slide - vy) / dt + after * turn,
            "steer": angle,
            "throttle": control.throttle,
            "brake": control.brake,
            "gear": np.where(control.gear < 0, -1, 1),
            "engine_speed": np.abs(after) / WHEEL_RADIUS * 5.0,
        }
        for name, value in moves.items():
            np.copyto(getattr(state, name), value, where=here, casting="unsafe")
        state.yaw[state.yaw >= np.pi] = -np.pi  # float32 may round up to pi
        state.wheel_speed[...] = state.vx[..., None] / WHEEL_RADIUS
        state.load[...] = (mass * (GRAVITY + load) / 4)[..., None]
        np.maximum(control.throttle, control.brake, out=self.view.channels["effort"])
        self.view.clock.elapsed += dt


class Direct(ActionMap):
    """Four numbers: steer, throttle, brake and gear, as they are."""

    space: spaces.Box

    def __init__(self, setup: Setup):
        super().__init__(setup)
        low, high = np.array([-1, 0, 0, -1], np.float32), np.array([1, 1, 1, 8], np.float32)
        self.space = spaces.Box(low, high, dtype=np.float32)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k, 4)."""
        given = np.clip(actions, self.space.low, self.space.high)
        for index, name in enumerate(("steer", "throttle", "brake", "gear")):
            getattr(control, name).reshape(-1)[cars] = given[:, index]


class Nothing(Sensor):
    """One number that is always 0, for agents that need not look."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, 1)."""
        out[...] = 0


class Imposed(Realism):
    """Effects as a check orders them.

    Attributes:
        values: by name of the effect, the same for all cars; others stay neutral.
    """

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.values: dict[str, float] = {}

    @classmethod
    def honouring(cls, effects: frozenset[str]) -> type[Imposed]:
        """Return the class that declares these effects."""
        made: dict[str, Any] = {"effects": effects}
        return type("Imposed", (cls,), made)

    def step(self, view: View, effects: Effects, dt: float) -> None:
        """Write the ordered effects."""
        for name, value in self.values.items():
            array, neutral = getattr(effects, name), columns(Effects)[name].fill
            if neutral == 1:
                array *= value
            elif neutral == 0:
                array += value
            else:
                np.minimum(array, value, out=array)
