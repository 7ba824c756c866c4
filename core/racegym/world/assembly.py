"""Building a world: memory first, then the backend, then every stage that fits it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from racegym.errors import PluginError, RacegymError
from racegym.interfaces import (
    Arrays,
    Backend,
    BackendSpec,
    Cars,
    Realism,
    ScopedArrays,
    Sensor,
    Setup,
    Stage,
    View,
)
from racegym.interfaces.fitness import class_fault
from racegym.track import Track, TrackSet
from racegym.track.generate import most_samples
from racegym.world.agents import AgentGroup
from racegym.world.check import check_channels, check_effects, check_needs
from racegym.world.config import DriverPart, Part, ProfileConfig, WorldConfig
from racegym.world.dealing import Dealer, FreshDealer, PoolDealer, RenewedDealer
from racegym.world.observer import Observer
from racegym.world.seats import AGENT, Seat
from racegym.world.variation import Variation

__all__ = ["Assembly", "distinct_drivers"]

Made = TypeVar("Made", bound=Stage)


class Assembly:
    """Builds the stages of one world around one view.

    Args:
        config: what to build.
        spec: what the backend says of itself.
        arrays: the world's memory.
        dt: control interval [s].

    Attributes:
        view: the data that all stages share.
        stages: everything built so far, in order.
        pilot: (n_races, n_cars) int16, the seat that drives each car, or ``AGENT``.
        variation: what is drawn for each episode; None for nothing.
    """

    def __init__(self, config: WorldConfig, spec: BackendSpec, arrays: Arrays, dt: float):
        self.config = config
        self.spec = spec
        self.arrays = arrays
        self.n_cars = len(config.cars)
        self.stages: list[Stage] = []
        varies = config.variation or any(car.variation for car in config.cars)
        self.variation = Variation(config, dt) if varies else None
        channels = check_channels(
            [
                (f"backend {config.backend.name!r}", spec.channels),
                *((f"realism {part.name!r}", part.make.channels) for part in config.realism),
                ("the variation", self.variation.channels if self.variation else ()),
            ]
        )
        self._offered = spec.fills | channels.keys()
        self.view = View.allocate(arrays, self.n_cars, dt, self._tracks(), channels)
        if self.variation is not None:
            self.variation.attach(self.view, arrays)
        self._parts = distinct_drivers([*(car.driver for car in config.cars), *config.relief])
        self._pilots = [
            AGENT if car.driver is None else self._parts.index(car.driver) for car in config.cars
        ]
        self.pilot = arrays.new("pilot", (self.n_cars,), "int16", self._pilots)

    def _tracks(self) -> TrackSet:
        config, n_races = self.config, self.config.n_races
        if config.draw in ("renewed", "fresh"):
            pools = 2 * config.renewed_count if config.draw == "renewed" else 0
            recipe = config.recipe
            most = most_samples(
                recipe.get("style", "club"), recipe.get("length"), recipe.get("spacing")
            )
            return TrackSet(
                config.tracks,
                np.zeros(n_races, np.int32),
                reserve_tracks=max(n_races, pools),
                berth=most,
            )
        if self.spec.tracks == "given":
            dealt = np.arange(n_races) % len(config.tracks)
            return TrackSet(
                config.tracks, dealt if config.race_track is None else config.race_track
            )
        # The backend hands its tracks over at the first reset; until then, a circle.
        return TrackSet(
            [_circle()],
            np.zeros(n_races, np.int32),
            reserve_tracks=n_races + 1,
            reserve_points=(n_races + 1) * self.spec.max_points,
        )

    def dealer(self) -> Dealer | None:
        """Return what gives every episode its track; None where races keep theirs."""
        config = self.config
        if config.draw == "pool":
            return PoolDealer(self.view, len(config.tracks))
        recipe = dict(config.recipe)
        base = recipe.pop("seed", 0)
        if config.draw == "renewed":
            count, after = config.renewed_count, config.renewed_after
            return RenewedDealer(self.view, recipe, base, count, after)
        return FreshDealer(self.view, recipe, base) if config.draw == "fresh" else None

    def backend(self) -> Backend:
        """Build the simulator; it comes before all other stages."""
        return self._build(self.config.backend, "backend")

    def realism(self) -> list[Realism]:
        """Build the realism modules, refusing those that the backend can't serve."""
        name = self.config.backend.name
        built = []
        for part in self.config.realism:
            who = f"realism {part.name!r}"
            self._check(who, part.make.requires)
            check_effects(who, part.make.effects, name, self.spec)
            built.append(self._build(part, f"realism.{part.name}"))
        return built

    def groups(self) -> list[AgentGroup]:
        """Build the agents, one group for each profile that a car without driver names."""
        races = np.arange(self.config.n_races, dtype=np.int64)[:, None] * self.n_cars
        built = []
        for name, profile in self.config.profiles.items():
            slots = [
                index
                for index, car in enumerate(self.config.cars)
                if car.driver is None and car.profile == name
            ]
            if slots:
                cars = (races + np.array(slots, np.int64)).reshape(-1)
                built.append(self._group(name, profile, cars))
        return built

    def _group(self, name: str, profile: ProfileConfig, cars: Cars) -> AgentGroup:
        who, prefix = f"profile {name!r}", f"agents.{name}"
        sensors = self._sensors(profile.sensors, f"{prefix}.observation", who)
        critic = self._sensors(profile.critic_sensors, f"{prefix}.critic_observation", who)
        rewards = {}
        for part in profile.rewards:
            term = self._build(part, f"{prefix}.reward.{part.name}")
            self._check(f"{who}: reward {part.name!r}", term.requires)
            rewards[part.name] = (term, part.weight)
        terminations = {}
        for ending in profile.terminations:
            termination = self._build(ending, f"{prefix}.termination.{ending.name}")
            self._check(f"{who}: termination {ending.name!r}", termination.requires)
            terminations[ending.name] = termination
        return AgentGroup(
            profile=name,
            observer=Observer(sensors, profile.layout, cars),
            critic=Observer(critic, profile.critic_layout, cars) if critic else None,
            action_repeat=profile.action_repeat,
            action_map=self._build(profile.action, f"{prefix}.action"),
            rewards=rewards,
            terminations=terminations,
            view=self.view,
        )

    def seats(self) -> list[Seat]:
        """Build the drivers, one seat for each that differs from the others."""
        everyone = np.arange(self.config.n_races * self.n_cars, dtype=np.int64)
        built = []
        for index, part in enumerate(self._parts):
            prefix = f"drivers.{index}"
            observer, action = None, None
            if part.sensors:
                sensors = self._sensors(
                    part.sensors, f"{prefix}.observation", f"driver {part.name!r}"
                )
                observer = Observer(sensors, part.layout, everyone)
            if part.action is not None:
                action = self._build(part.action, f"{prefix}.action")
            space = observer.space if observer else None
            driver = self._build(part, prefix, observation_space=space, action_map=action)
            seat = Seat(part.name, driver, observer, index)
            seat.assign(self.pilot)
            built.append(seat)
        return built

    def _sensors(self, parts: Sequence[Part[Sensor]], prefix: str, who: str) -> dict[str, Sensor]:
        built = {}
        for part in parts:
            stage = f"{prefix}.{part.name}"
            try:
                built[part.name] = self._build(part, stage)
                self._check(f"{who}: sensor {part.name!r}", built[part.name].requires)
            except RacegymError as error:
                error.stage = stage
                raise
        return built

    def _check(self, who: str, requires: frozenset[str]) -> None:
        check_needs(who, requires, self.config.backend.name, self._offered)

    def _build(self, part: Part[Made], prefix: str, **more: Any) -> Made:
        fault = class_fault(part.make)
        if fault is not None:
            raise PluginError(fault)
        setup = Setup(
            view=self.view,
            arrays=ScopedArrays(self.arrays, prefix),
            vehicles=[car.vehicle for car in self.config.cars],
            drawn={} if self.variation is None else self.variation.vehicle(),
            options=part.options,
            **more,
        )
        stage = part.make(setup)  # type: ignore[call-arg]  # every kind of stage takes a setup
        self.stages.append(stage)
        return stage


def distinct_drivers(parts: Iterable[DriverPart | None]) -> list[DriverPart]:
    """Return drivers without those that equal an earlier one: seats are numbered so."""
    found: list[DriverPart] = []
    for part in parts:
        if part is not None and part not in found:
            found.append(part)
    return found


def _circle() -> Track:
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    points = 50 * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, 5.0, 5.0, name="none", spacing=10.0)
