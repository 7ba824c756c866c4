"""A world in which cars drive by a formula: no backend plugin, nothing to compile for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from racegym.interfaces import (
    Backend,
    BackendSpec,
    Cars,
    Channel,
    Control,
    Driver,
    Effects,
    Keys,
    Races,
    View,
)
from racegym.race_control import Rules
from racegym.track import Track
from racegym.world import CarConfig, DriverPart, Part, World, WorldConfig


class Rail(Backend):
    """Cars follow the centerline of a circle at the speed that their throttle says."""

    spec = BackendSpec(
        dt=0.1,
        fills=frozenset(("x", "y", "yaw", "vx", "vy", "yaw_rate", "gear")),
        channels=(
            Channel(name="battery", low=0, high=1, unit="1", doc="charge"),
            Channel(name="rain", axes="race", low=0, high=1, unit="mm/h"),
            Channel(name="heat", axes="race car wheel", low=0, high=500, unit="K"),
            Channel(name="pixels", shape=(2, 2), low=0, high=1),
        ),
    )

    def reset(self, races: Races, keys: Keys) -> None:
        for name in ("length", "width", "wheelbase"):
            getattr(self.view.vehicle, name)[races] = 1.0

    def place(self, cars: Cars, pose: Any, speed: Any) -> None:
        state = self.view.state
        for name, values in (("x", pose[:, 0]), ("y", pose[:, 1]), ("yaw", pose[:, 2])):
            getattr(state, name).reshape(-1)[cars] = values
        for name, value in (("vx", speed), ("vy", 0), ("yaw_rate", 0), ("gear", 1)):
            getattr(state, name).reshape(-1)[cars] = value

    def remove(self, cars: Cars) -> None:
        pass

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        state, here = self.view.state, self.view.race.present
        state.vx[here] = 20 * control.throttle[here]
        radius = np.hypot(state.x, state.y)
        angle = np.arctan2(state.y, state.x) + state.vx * dt / radius
        state.x[here], state.y[here] = (
            (radius * np.cos(angle))[here],
            (radius * np.sin(angle))[here],
        )
        turned = (angle + 1.5 * np.pi) % (2 * np.pi) - np.pi
        state.yaw[here] = turned[here]
        self.view.channels["battery"][:] = 1 - 0.001 * self.view.race.step[:, None]
        self.view.channels["rain"][:] = 2.5
        self.view.channels["heat"][:] = 300 + np.arange(4)
        self.view.clock.elapsed += dt


class Steady(Driver):
    """A constant throttle, by car."""

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        control.throttle.reshape(-1)[cars] = 1 - 0.1 * (cars % view.n_cars)


@pytest.fixture
def rail_world() -> World:
    """Four races of two cars on a circle of 251 m, one lap."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = Track.from_points(
        40 * np.column_stack([np.cos(angle), np.sin(angle)]), 5.0, 5.0, name="circle"
    )
    driver = DriverPart(name="steady", make=Steady)
    config = WorldConfig(
        n_races=4,
        cars=[CarConfig(name="a", driver=driver), CarConfig(name="b", driver=driver)],
        backend=Part(name="rail", make=Rail),
        tracks=[circle],
        rules=Rules(laps=1),
    )
    return World(config)
