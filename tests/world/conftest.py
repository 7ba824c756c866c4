"""Worlds to take apart: a kinematic car, recording stages, and a car on rails."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from racegym.race_control import Rules
from racegym.testing.parts import Bicycle, Direct, Nothing
from racegym.testing.rig import circuits
from racegym.track import Track
from racegym.world import CarConfig, Part, ProfileConfig, World, WorldConfig

RADIUS = 40.0
WIDTH = 5.0


def ring() -> Track:
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    points = RADIUS * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, WIDTH, WIDTH, name="ring", runoff=np.inf)


@pytest.fixture
def build():
    """Return a function that builds worlds, closed at the end; fields as in WorldConfig."""
    worlds = []

    def make(
        n_races=2, n_cars=2, *, sensors=(), rewards=(), terminations=(), action=Direct, **more
    ):
        backend = more.pop("backend", Bicycle)
        if not isinstance(backend, Part):
            backend = Part(name=backend.__name__, make=backend)
        profile = ProfileConfig(
            sensors=sensors or [Part(name="nothing", make=Nothing)],
            action=Part(name="direct", make=action),
            rewards=rewards,
            terminations=terminations,
        )
        more.setdefault("cars", [CarConfig(name=f"car {k}") for k in range(n_cars)])
        more.setdefault("tracks", circuits())
        more.setdefault("profiles", {"default": profile})
        world = World(WorldConfig(n_races=n_races, backend=backend, **more))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


class Rail(Bicycle):
    """Cars on rails: along the centerline at speeds, offsets and jumps given as options.

    Options: ``speed`` [m/s] and ``offset`` [m] by car, each a number or a function of the
    time; ``jumps``: by (car, step), the metres that the car is thrown ahead; ``start`` [m]
    by car; ``impulse``: by (car, step), a blow of the wall; ``bump``: one of an obstacle.
    """

    def __init__(self, setup):
        super().__init__(setup)
        self.s = setup.arrays.new("s", (self.view.n_cars,), "float64")
        self.count = setup.arrays.new("count", (), "int64")

    def reset(self, races, keys):
        super().reset(races, keys)
        start = self.setup.options.get("start", [0.0] * self.view.n_cars)
        for race in races:
            self.s[race] = start

    def place(self, cars, pose, speed):
        self.show(0.0)

    def step(self, control, effects, dt):
        options, n_cars = self.setup.options, self.view.n_cars
        time = float(self.count[0]) * dt
        for car in range(n_cars):
            self.s[:, car] += self._of("speed", car, time) * dt
            self.s[:, car] += options.get("jumps", {}).get((car, int(self.count[0])), 0.0)
            contacts = self.view.contacts
            for cause, other in (("impulse", contacts.WALL), ("bump", contacts.OBSTACLE)):
                blow = options.get(cause, {}).get((car, int(self.count[0])))
                if blow is not None:
                    k = contacts.count[0]
                    contacts.car[:, k], contacts.other[:, k] = car, other
                    contacts.impulse[:, k] = blow
                    contacts.count += 1
        self.count += 1
        self.show(time + dt)
        self.view.clock.elapsed += dt

    def show(self, time):
        state = self.view.state
        for car in range(self.view.n_cars):
            races = np.arange(self.view.n_races)
            offset = self._of("offset", car, time)
            pose = self.view.tracks.pose(races, self.s[:, car], np.full(len(races), offset))
            state.x[:, car], state.y[:, car], state.yaw[:, car] = pose.T
            state.vx[:, car] = self._of("speed", car, time)

    def _of(self, name, car, time):
        value = self.setup.options.get(name, [0.0] * self.view.n_cars)[car]
        return value(time) if callable(value) else value


@pytest.fixture
def on_rails(build):
    """Return a function that builds a world of one race on rails, reset and ready."""

    def make(rules=None, track=None, *, pit=None, **options):
        n_cars = len(options["speed"])
        options.setdefault("start", [-5.0 - 3.0 * car for car in range(n_cars)])
        backend = Part(name="rail", make=Rail, options=options)
        track = track or ring()
        if pit is not None:
            track = replace(track, pit=pit, runoff=15.0)
        world = build(1, n_cars, backend=backend, tracks=[track], rules=rules or Rules())
        world.reset(seeds=[1])
        return world

    return make


@pytest.fixture
def on_start(build):
    """Return a function that builds worlds on a ring, reset; on rails if speeds are given."""

    def make(start, n_races=1, n_cars=2, *, speed=None, at=None, **more):
        if speed is not None:
            n_cars = len(speed)
            more["backend"] = Part(name="rail", make=Rail, options={"speed": speed, "start": at})
        world = build(n_races, n_cars, tracks=[ring()], start=start, **more)
        world.reset(seeds=np.arange(n_races, dtype=np.uint64) + 1)
        return world

    return make


@pytest.fixture
def drive():
    """Return a function that drives a world and collects its events."""

    def go(world, steps, until=None):
        events = []
        for _ in range(steps):
            world.step([np.zeros((world.n_races * world.n_cars, 4))])
            events += world.events()
            if until is not None and until(world):
                break
        return events

    return go
