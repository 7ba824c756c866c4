"""What a world is built from: classes and numbers, all names already looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from racegym.interfaces import (
    ActionMap,
    Backend,
    Driver,
    Realism,
    RewardTerm,
    Sensor,
    Termination,
)
from racegym.race_control.rules import Rules
from racegym.track import Track
from racegym.world.distributions import Distribution
from racegym.world.observer import Layout

__all__ = [
    "CarConfig",
    "Draw",
    "DriverPart",
    "Order",
    "Part",
    "ProfileConfig",
    "StartConfig",
    "StartKind",
    "WeightedPart",
    "WorldConfig",
]

Made = TypeVar("Made")
Draw = Literal["fixed", "pool", "renewed", "fresh"]
StartKind = Literal["grid", "standing", "rolling", "pursuit", "side_by_side", "random"]
Order = Literal["given", "qualifying", "reversed", "random"]


@dataclass(frozen=True, kw_only=True)
class Part(Generic[Made]):
    """A stage to be built.

    Attributes:
        name: what the scenario calls it.
        make: its class, called with a ``Setup``.
        options: its settings.
    """

    name: str
    make: type[Made]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WeightedPart(Part[RewardTerm]):
    """A reward term and its weight."""

    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DriverPart(Part[Driver]):
    """A driver, with what it declared it wants to be told and how it acts.

    Attributes:
        sensors: what it is told, in order; none for a driver that looks at the view.
        layout: as in ``ProfileConfig``.
        action: the action map handed to it in its setup, if it declared one.
    """

    sensors: Sequence[Part[Sensor]] = ()
    layout: Layout = "box"
    action: Part[ActionMap] | None = None


@dataclass(frozen=True, kw_only=True)
class ProfileConfig:
    """What a car's agent sees, does, is paid for, and what ends its episode.

    Attributes:
        sensors: the observation, in order.
        layout: ``"box"`` puts the sensors' values one after another into one flat box (a
            single sensor keeps its shape); ``"dict"`` gives each its name; ``"joined"`` gives
            pictures their names, and puts all other values into one flat box ``"vector"``.
        action: how its actions are read.
        rewards: the terms of its reward.
        terminations: the reasons for its episode to end.
        critic_sensors: what a critic is told beside it while it learns; none for nothing.
        critic_layout: as ``layout``.
        action_repeat: control intervals for which environments hold each of its actions.
    """

    sensors: Sequence[Part[Sensor]]
    layout: Layout = "box"
    action: Part[ActionMap]
    rewards: Sequence[WeightedPart] = ()
    terminations: Sequence[Part[Termination]] = ()
    critic_sensors: Sequence[Part[Sensor]] = ()
    critic_layout: Layout = "box"
    action_repeat: int = 1


@dataclass(frozen=True, kw_only=True)
class CarConfig:
    """One slot of a race.

    Attributes:
        name: unique in the race.
        vehicle: its parameters, as read from the vehicle's file; of those that are drawn,
            what is nominal.
        driver: what decides for it; None leaves it to the agent outside.
        profile: the agent's profile; used only without a driver.
        grid: its grid slot, from 0; None takes its own index.
        variation: what is drawn for it in each episode; names as in
            ``racegym.world.variation``, but ``grip``, which belongs to the road.
    """

    name: str
    vehicle: Mapping[str, Any] = field(default_factory=dict)
    driver: DriverPart | None = None
    profile: str = "default"
    grid: int | None = None
    variation: Mapping[str, Distribution] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StartConfig:
    """Where and how fast the cars start, and what lets them go.

    Attributes:
        kind: ``"grid"``: behind the line in staggered slots, and off at once; ``"standing"``:
            the same under red lights; ``"rolling"``: the same in a formation at ``speed``, until
            the first car crosses the line; ``"pursuit"``: at equal distances round the lap, under
            red lights, each with laps of its own; ``"side_by_side"``: in a row at the line, under
            red lights; ``"random"``: anywhere on the track, in grid order from a place drawn per
            episode, ``gap`` apart or without one at equal distances, and off at once.
        order: who has which slot: as ``given``, ``reversed``, drawn (``random``) for every
            episode, or by ``qualifying``.
        qualifying: names of cars, the pole first; the others follow as given.
        lights: [s] the shortest and the longest time for which lights are red.
        hold: cars are held under red lights; else moving is a jump start.
        jump_distance: [m] that a car may move before it is one.
        run_up: [m] by which a rolling start's grid is farther behind the line.
        gap: [m] along the track between slots; 0 takes 1.6 times the longest car, or for
            ``"random"`` equal distances.
        speed: [m/s] forward.
        lateral_noise: [m] half-width of the uniform scatter across the track.
        heading_noise: [rad] half-width of the uniform scatter of the heading.
        speed_noise: [m/s] half-width of the uniform scatter of the speed, never below 0.
        race_speed_noise: [m/s] the same, drawn once for all cars of a race.
    """

    kind: StartKind = "grid"
    order: Order = "given"
    qualifying: Sequence[str] = ()
    lights: tuple[float, float] = (2.0, 4.0)
    hold: bool = True
    jump_distance: float = 0.1
    run_up: float = 50.0
    gap: float = 0.0
    speed: float = 0.0
    lateral_noise: float = 0.0
    heading_noise: float = 0.0
    speed_noise: float = 0.0
    race_speed_noise: float = 0.0


@dataclass(frozen=True, kw_only=True)
class WorldConfig:
    """A world to be built.

    Attributes:
        n_races: how many races run at once.
        cars: the slots of each race, the same in all.
        backend: the simulator.
        tracks: the tracks, empty for a backend that has its own.
        race_track: (n_races,) index into ``tracks``; None deals them out in turn.
        draw: ``"fixed"`` leaves each race its track; ``"pool"`` draws one of ``tracks`` for every
            episode; ``"renewed"`` draws one of a pool that is made anew after some episodes;
            ``"fresh"`` has a circuit made for every episode.
        recipe: for the last two, all arguments of ``racegym.track.generate``; another seed gives
            other circuits.
        renewed_count: circuits of a renewed pool.
        renewed_after: episodes of a race, after which its pool is the next one.
        realism: modules, in the order they act.
        profiles: by name; every agent's car names one.
        relief: drivers that have no car at the start and can be handed one by command.
        rules: what race control enforces.
        start: where the cars start.
        dt: control interval [s]; None takes the backend's own.
        rounds: equal parts into which each interval is split for realism and backend.
        variation: what is drawn for each race: ``grip`` of the road.
        real: float32, or float64 for validation.
    """

    n_races: int = 1
    cars: Sequence[CarConfig]
    backend: Part[Backend]
    tracks: Sequence[Track] = ()
    race_track: ArrayLike | None = None
    draw: Draw = "fixed"
    recipe: Mapping[str, Any] = field(default_factory=dict)
    renewed_count: int = 1
    renewed_after: int = 1
    realism: Sequence[Part[Realism]] = ()
    profiles: Mapping[str, ProfileConfig] = field(default_factory=dict)
    relief: Sequence[DriverPart] = ()
    rules: Rules = field(default_factory=Rules)
    start: StartConfig = field(default_factory=StartConfig)
    dt: float | None = None
    rounds: int = 1
    variation: Mapping[str, Distribution] = field(default_factory=dict)
    real: DTypeLike = np.float32
