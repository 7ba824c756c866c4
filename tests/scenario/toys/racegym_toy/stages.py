from __future__ import annotations

from pathlib import Path

import numpy as np
from gymnasium import spaces
from pydantic import BaseModel, ConfigDict, Field

from racegym.interfaces import Backend, BackendSpec, Driver, Realism, Sensor, StageOptions
from racegym.track import Track

POSE = ("x", "y", "yaw", "vx", "vy", "yaw_rate")


class Tyres(BaseModel):
    model_config = ConfigDict(extra="forbid")

    front: float
    rear: float


class ToyVehicle(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    mass: float = Field(gt=0)
    tyres: Tyres


class Toy(Backend):
    """Cars that turn as they are steered."""

    class Options(StageOptions):
        zeal: float = Field(5.0, gt=0)

    Vehicle = ToyVehicle
    default_vehicle = "toy_kart"
    spec = BackendSpec(
        fills=frozenset({*POSE, "steer", "ax", "ay"}),
        effects=frozenset({"grip"}),
        frame=0.01,
        varies=frozenset({"mass", "tyres.front"}),
    )

    def reset(self, races, keys):
        state, vehicle = self.view.state, self.view.vehicle
        for name in self.spec.fills:
            getattr(state, name)[races] = 0
        for name, value in {"length": 2, "width": 1.2, "wheelbase": 1, "steer_limit": 0.5}.items():
            getattr(vehicle, name)[races] = value

    def place(self, cars, pose, speed):
        state = self.view.state
        for index, name in enumerate(("x", "y", "yaw")):
            getattr(state, name).reshape(-1)[cars] = pose[:, index]
        state.vx.reshape(-1)[cars] = speed

    def remove(self, cars):
        pass

    def step(self, control, effects, dt):
        state = self.view.state
        state.vx += (control.throttle - control.brake) * 5 * dt
        state.yaw_rate[...] = state.vx * control.steer
        state.yaw += state.yaw_rate * dt
        state.yaw[...] = (state.yaw + np.pi) % (2 * np.pi) - np.pi
        state.x += state.vx * np.cos(state.yaw) * dt
        state.y += state.vx * np.sin(state.yaw) * dt
        self.view.clock.elapsed += dt


class Demanding(Toy):
    """It has no vehicle to offer by default."""

    default_vehicle = None


class Lonely(Toy):
    """One car, on a track of its own."""

    spec = BackendSpec(
        fills=frozenset({*POSE, "steer"}),
        max_cars=1,
        tracks="fixed",
        placement="start",
        vehicles="own",
    )
    default_vehicle = None

    def track(self, race):
        return ring()


class Rain(Realism):
    effects = frozenset({"grip"})

    def step(self, view, effects, dt):
        effects.grip *= 0.9


class Wind(Realism):
    effects = frozenset({"fx"})

    def step(self, view, effects, dt):
        effects.fx += 1


class Radar(Sensor):
    requires = frozenset({"echo"})
    space = spaces.Box(-1, 1, (1,), np.float32)

    def observe(self, view, cars, out):
        out[...] = 0


class Schooled(Driver):
    observation = ("state", {"name": "lookahead", "distances": [5.0, 10.0]})
    action = "steer_accel"

    def act(self, view, cars, observations, control):
        assert observations.shape == (len(cars), 15)
        actions = np.tile(np.array([0.0, 0.5], np.float32), (len(cars), 1))
        self.setup.action_map.apply(actions, cars, control)


class Confused(Driver):
    observation = ("stat",)

    def act(self, view, cars, observations, control):
        pass


class FromFile(Driver):
    class Options(StageOptions):
        checkpoint: Path | None = None

    def act(self, view, cars, observations, control):
        pass


def ring():
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    points = 60 * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, 5.0, 5.0, name="ring")


def no_ring():
    return "a ring"
