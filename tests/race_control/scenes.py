"""Incidents drawn by hand: where each car is at each moment, who touches whom, what is expected.

A scene is played four ways: as it is, mirrored left to right, with its cars in other slots, and
both. Cars are 2 m long and 1.3 m wide, with 160 kg and an axle 0.55 m before the middle; the
track is 10 m wide and has two straights of 200 m and two left-handers of 100 m with the apex
in the middle, at s = 250 and 550.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import BlameKind
from racegym.race_control import Rules, WreckRules
from racegym.testing.parts import Bicycle, Direct, Nothing
from racegym.track import Track
from racegym.world import CarConfig, Part, ProfileConfig, World, WorldConfig

DT = 0.05
TOUCH = 4.0  # [s] when the cars of a scene touch
END = 7.0  # [s] by when an incident at ``TOUCH`` has been judged
LONGEST = 10.0  # [s] that a scene is drawn for
MASS = 160.0
LINE = 300.0  # [m] of half a lap

Course = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Car:
    """How a car moves: each a number or a function of the time [s].

    Attributes:
        s, d: [m]; heading: [rad], beside the direction of the track; speed: [m/s] along it,
            the rate of s if not given.
    """

    s: Course
    d: Course | float = 0.0
    heading: Course | float = 0.0


@dataclass(frozen=True)
class Touch:
    """A contact: of cars ``a`` and ``b``, for some steps; end to end, or side by side."""

    a: int = 0
    b: int = 1
    delta_v: float = 0.5  # [m/s] of one of them
    end: bool = False
    time: float = TOUCH
    steps: int = 1


@dataclass(frozen=True)
class Scene:
    """What happens, and what is to be told of the incident between cars 0 and 1."""

    name: str
    cars: Sequence[Car]
    touches: Sequence[Touch]
    kind: BlameKind
    shares: tuple[float, float]
    points: int = 1
    rules: Mapping[str, float] = field(default_factory=dict)


def steady(at: float, speed: float = 20.0) -> Course:
    """Drive at a constant speed, to be at ``at`` when the cars touch."""
    return lambda t: at + speed * (t - TOUCH)


def behind(other: Course, then: float, now: float, least: float | None = None) -> Course:
    """Follow another car, ``then`` metres behind at 0 s and ``now`` when they touch."""

    def course(t: NDArray[np.float64]) -> NDArray[np.float64]:
        gap = then + (now - then) * t / TOUCH
        gap = np.where(t > TOUCH, now, gap)
        return other(t) - (gap if least is None else np.maximum(gap, least))

    return course


def shift(*points: tuple[float, float]) -> Course:
    """Go in straight lines through (time, value)."""
    times, values = zip(*points, strict=True)
    return lambda t: np.interp(t, times, values)


def circuit(mirrored: bool) -> Track:
    """Return the track of the scenes, or its mirror image."""
    h = 0.1
    s = np.arange(0.0, LINE, h)
    bend = np.where(s >= 200.0, np.sin(np.pi * (s - 200.0) / 100.0) ** 2 * np.pi / 50.0, 0.0)
    bend = np.concatenate([bend, bend])
    heading = np.cumsum(bend) * h - 0.5 * bend * h
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * h
    points = np.concatenate([[[0.0, 0.0]], np.cumsum(steps, axis=0)[:-1]])
    if mirrored:
        points[:, 1] *= -1
    return Track.from_points(points[::20], 5.0, 5.0, name=f"scenes-{mirrored}", runoff=np.inf)


@dataclass(frozen=True)
class Take:
    """A scene as one race plays it."""

    scene: Scene
    mirrored: bool
    swapped: bool

    def slot(self, car: int) -> int:
        """Return the slot of a car of the scene."""
        return (2, 0, 1)[car] if self.swapped else car


class Player(Bicycle):
    """A backend that plays takes, given as the option ``takes``: one for each race."""

    def __init__(self, setup):
        super().__init__(setup)
        self.count = setup.arrays.new("count", (), "int64")
        takes = setup.options["takes"]
        t = np.arange(round(LONGEST / DT) + 2) * DT
        self.t = t
        self.courses = np.zeros((4, len(t), len(takes), self.view.n_cars))
        for race, take in enumerate(takes):
            mirror = -1.0 if take.mirrored else 1.0
            cars = [*take.scene.cars, Car(lambda t: 430.0 + 5.0 * t), Car(lambda t: 100.0 + 0 * t)]
            for index, car in enumerate(cars[: self.view.n_cars]):
                s = car.s(t)
                d, heading = (c(t) if callable(c) else np.full(len(t), c) for c in
                              (car.d, car.heading))  # fmt: skip
                speed = np.gradient(s, t)
                speed[np.abs(speed) > 150.0] = 0.0  # thrown, not driven
                rows = (s, mirror * d, mirror * heading, speed)
                self.courses[:, :, race, take.slot(index)] = rows

    def place(self, cars, pose, speed):
        self.show(0)

    def step(self, control, effects, dt):
        contacts = self.view.contacts
        for race, take in enumerate(self.setup.options["takes"]):
            k = int(self.count[race]) + 1
            self.show(k)
            for touch in take.scene.touches:
                first = round(touch.time / DT)
                if first <= k < first + touch.steps:
                    self.touch(contacts, race, take, touch)
            self.count[race] = k
        self.view.clock.elapsed += dt

    def touch(self, contacts, race, take, touch):
        k, (a, b) = contacts.count[race], (take.slot(touch.a), take.slot(touch.b))
        state = self.view.state
        s, d = (self.courses[i, int(self.count[race]) + 1, race] for i in (0, 1))
        heading = state.yaw[race, a] - self.courses[2, int(self.count[race]) + 1, race, a]
        along = np.array([np.cos(heading), np.sin(heading)])
        if touch.end:
            normal = along * (1 if s[a] > s[b] else -1)
        else:
            normal = np.array([-along[1], along[0]]) * (1 if d[a] > d[b] else -1)
        contacts.car[race, k], contacts.other[race, k] = a, b
        contacts.impulse[race, k] = touch.delta_v * MASS
        contacts.normal_x[race, k], contacts.normal_y[race, k] = normal
        contacts.closing_speed[race, k] = 2.0 * touch.delta_v
        contacts.count[race] = k + 1

    def show(self, k):
        state = self.view.state
        s, d, heading, speed = self.courses[:, k]
        races = np.repeat(np.arange(self.view.n_races), self.view.n_cars)
        pose = self.view.tracks.pose(races, s.reshape(-1), d.reshape(-1))
        x, y, yaw = (column.reshape(s.shape) for column in pose.T)
        state.x[...], state.y[...] = x, y
        state.yaw[...] = (yaw + heading + np.pi) % (2 * np.pi) - np.pi
        state.vx[...], state.vy[...] = speed * np.cos(heading), -speed * np.sin(heading)


def world_of(takes: Sequence[Take], n_cars: int = 3, rules: Rules | None = None) -> World:
    """Return a world that plays takes, one in each race."""
    profile = ProfileConfig(
        sensors=[Part(name="nothing", make=Nothing)], action=Part(name="direct", make=Direct)
    )
    world = World(
        WorldConfig(
            n_races=len(takes),
            backend=Part(name="player", make=Player, options={"takes": list(takes)}),
            cars=[CarConfig(name=f"car {k}") for k in range(n_cars)],
            tracks=[circuit(False), circuit(True)],
            race_track=[int(take.mirrored) for take in takes],
            profiles={"default": profile},
            rules=replace(rules or Rules(), wrecks=WreckRules(flung=0.0)),  # put into their places
            dt=DT,
        )
    )
    world.reset(seeds=[1] * len(takes))
    return world


def play(world: World, until: float = END):
    """Play to ``until`` and return the events."""
    events = []
    idle = np.zeros((world.n_races * world.n_cars, 4), np.float32)
    while world.view.race.time[0] < until - 1e-9:
        world.step([idle])
        events += world.events()
    return events
