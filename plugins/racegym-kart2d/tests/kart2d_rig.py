"""A backend without a world around it: records, one track, and a few ways to drive."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from racegym.interfaces import (
    Arrays,
    CarState,
    Control,
    Effects,
    ScopedArrays,
    Setup,
    View,
    allocate,
    columns,
)
from racegym.track import Track, TrackSet
from racegym_kart2d.backend import Kart2D

VEHICLES = ("rental_kart", "gt3", "rc_car")


def vehicle(name: str, /, **changes: Any) -> dict[str, Any]:
    """Return a shipped vehicle as read from its file, with some values changed."""
    return {**_shipped(name), **changes}


@cache
def _shipped(name: str) -> dict[str, Any]:
    text = files("racegym_kart2d").joinpath(f"vehicles/{name}.yaml").read_text("utf-8")
    parameters: dict[str, Any] = YAML(typ="safe").load(text)
    return parameters


def circle(radius: float, width: float = 10.0, **more: Any) -> Track:
    """Return a circular track, driven counter-clockwise, that starts east of its centre."""
    angle = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    points = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Track.from_points(points, width / 2, width / 2, name="circle", **more)


def plain(runoff: float = np.inf) -> Track:
    """Return a track so wide that all of its surroundings are asphalt."""
    return circle(15_000.0, 1990.0, runoff=runoff, spacing=20.0, kerb_width=0.0)


class Rig:
    """A backend with its records, as a world would build it.

    Args:
        vehicles: the vehicle of each car of a race.
        track: what all races drive on, or what each does.
        n_races: how many.
        real: the precision.
        dt: [s] of ``step``.
        options: of the backend.
    """

    def __init__(
        self,
        *vehicles: Mapping[str, Any],
        track: Track | list[Track] | None = None,
        n_races: int = 1,
        real: Any = np.float64,
        dt: float = 0.05,
        **options: Any,
    ):
        n_cars = len(vehicles)
        self.arrays = arrays = Arrays(n_races, real)
        self.dt = dt
        tracks = track if isinstance(track, list) else [track or PLAIN]
        self.tracks = TrackSet(tracks, np.arange(n_races) % len(tracks))
        self.view = View.allocate(arrays, n_cars, dt, self.tracks)
        self.effects = allocate(Effects, arrays, n_cars, "effects")
        self.backend = Kart2D(
            Setup(
                view=self.view,
                arrays=ScopedArrays(arrays, "backend"),
                vehicles=vehicles,
                options=options,
            )
        )
        self.reset()

    @property
    def state(self) -> CarState:
        return self.view.state

    @property
    def control(self) -> Control:
        return self.view.control

    def reset(self) -> None:
        """Start all races afresh, every car on the start line at rest."""
        self.start(np.arange(self.view.n_races))

    def start(self, races: Any) -> None:
        """Start some races afresh, every car on the start line at rest."""
        n_cars = self.view.n_cars
        self.arrays.reset(races)
        self.backend.reset(races, np.zeros(len(races), np.uint64))
        cars = (races[:, None] * n_cars + np.arange(n_cars)).reshape(-1)
        line = np.zeros(len(cars))
        self.backend.place(cars, self.tracks.pose(cars // n_cars, line, line), line)

    def place(self, x: Any, y: Any, yaw: Any = 0.0, speed: Any = 0.0) -> None:
        """Put all cars somewhere."""
        n = self.view.n_races * self.view.n_cars
        pose = np.stack([np.broadcast_to(v, n) for v in (x, y, yaw)], axis=1).astype(float)
        self.backend.place(np.arange(n), pose, np.broadcast_to(speed, n).astype(float))

    def drive(self, steer: Any = 0.0, throttle: Any = 0.0, brake: Any = 0.0, gear: int = 0) -> None:
        """Set the control of all cars, in the steps to come."""
        self.control.steer[:], self.control.throttle[:] = steer, throttle
        self.control.brake[:], self.control.gear[:] = brake, gear

    def step(self, times: int = 1) -> None:
        """Advance by so many steps; contacts are those of the last one."""
        for _ in range(times):
            self.view.contacts.count[:] = 0
            self.view.clock.elapsed[:] = 0
            self.backend.step(self.control, self.effects, self.dt)

    def energy(self) -> Any:
        """Return the kinetic energy of every car [J]."""
        s, p = self.state, self.backend.parameters
        return 0.5 * (p[..., 0] * (s.vx**2 + s.vy**2) + p[..., 1] * s.yaw_rate**2)

    def neutral(self) -> None:
        """Undo all effects."""
        for name, column in columns(Effects).items():
            getattr(self.effects, name)[:] = column.fill


PLAIN = plain()
