"""From a scenario to a world: names become classes, entries become tracks and vehicles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from numpy.typing import DTypeLike

from racegym.errors import BackendError, RacegymError
from racegym.scenario.faults import Location, Places
from racegym.scenario.lines import with_racing_line
from racegym.scenario.qualifying import qualifying_order
from racegym.scenario.racing import race_rules
from racegym.scenario.settings import (
    CarSettings,
    ProfileSettings,
    SensorsByLabel,
    StageSettings,
    VariationSettings,
)
from racegym.scenario.stages import Declared, class_of, declared_by, find_backend
from racegym.scenario.tracks import make_tracks, with_obstacle
from racegym.scenario.varying import car_draws, race_draws, split_vehicle
from racegym.scenario.vehicles import read_vehicle
from racegym.sensors.delivery import delivered
from racegym.track import Track
from racegym.world import (
    CarConfig,
    DriverPart,
    Part,
    ProfileConfig,
    StartConfig,
    WeightedPart,
    World,
    WorldConfig,
)
from racegym.world.check import check_config
from racegym.world.formation import check_start
from racegym.world.observer import Layout

if TYPE_CHECKING:
    from racegym.plugins import Kind
    from racegym.scenario.scenario import Scenario

__all__ = ["build_config", "build_world", "make_driver", "make_part"]


def build_config(scenario: Scenario, n_races: int, real: DTypeLike) -> WorldConfig:
    """Return what a world is built from; see ``Scenario.build``."""
    backend: Part[Any] = Part(
        name=scenario.backend.name,
        make=find_backend(scenario.backend),
        options=scenario.backend.options,
    )
    profiles = {"default": scenario.default_profile, **scenario.profiles}
    vehicles: dict[str, dict[str, Any]] = {}
    cars = [_car(car, vehicles, scenario.variation) for car in scenario.cars]
    config = WorldConfig(
        n_races=n_races,
        cars=cars,
        backend=backend,
        tracks=_tracks(scenario, cars, backend),
        draw=scenario.draw_tracks,
        **_recipe(scenario),
        realism=_labelled("realism", scenario.realism),
        profiles={name: _profile(profile) for name, profile in profiles.items()},
        relief=[_driver(driver) for driver in scenario.relief],
        rules=race_rules(scenario.rules, scenario.laps),
        start=_start(scenario),
        dt=scenario.dt,
        rounds=scenario.rounds,
        variation=race_draws(scenario.variation),
        real=real,
    )
    spec = backend.make.spec_for(backend.options)
    with _placed(scenario.places, ("start",)):
        check_start(config, spec)
    with _placed(scenario.places):
        check_config(config, spec)
    return config


def _start(scenario: Scenario) -> StartConfig:
    with _placed(scenario.places, ("start", "qualifying")):
        names = qualifying_order(scenario.start, [car.name for car in scenario.cars])
    return StartConfig(**{**dict(scenario.start), "qualifying": names})


def build_world(scenario: Scenario, n_races: int, real: DTypeLike) -> World:
    """Return a world; see ``Scenario.world``."""
    config = build_config(scenario, n_races, real)
    with _placed(scenario.places, of_stages=dict(_sensor_locations(scenario))):
        return World(config)


def _sensor_locations(scenario: Scenario) -> Iterator[tuple[str, Location]]:
    """Yield what each sensor of an agent is called when a world is built, and where it stands."""
    for name, profile in {"default": scenario.default_profile, **scenario.profiles}.items():
        above: Location = () if name == "default" else ("profiles", name)
        for key in ("observation", "critic_observation"):
            sensors = getattr(profile, key) or ()
            parts, _ = _sensors(sensors)
            by_label = isinstance(sensors, SensorsByLabel)
            for index, part in enumerate(parts):
                label = part.name if by_label else index
                yield f"agents.{name}.{key}.{part.name}", (*above, key, label)


@contextmanager
def _placed(
    places: Places, location: Location = (), of_stages: Mapping[str, Location] | None = None
) -> Iterator[None]:
    """Let an error that names no file name the scenario's, and the line of ``location``.

    Where the error names a stage at fault, its location in ``of_stages`` is taken.
    """
    try:
        yield
    except RacegymError as error:
        location = (of_stages or {}).get(error.stage or "", location)
        if not location and isinstance(error, BackendError):
            location = ("backend",)
        argument = places.inner_argument(location)
        if error.file is not None or (places.file is None and argument is None):
            raise
        what = error.what if argument is None else f"--set {argument}: {error.what}"
        line = places.line(location) if location else None
        file = places.file if argument is None else None
        raise type(error)(what, file=file, line=line) from error


def _tracks(scenario: Scenario, cars: Sequence[CarConfig], backend: Part[Any]) -> list[Track]:
    vehicles = [car.vehicle for car in cars]
    tracks: list[Track] = []
    for index, settings in enumerate(scenario.every_track):
        if scenario.draw_tracks in ("renewed", "fresh") and settings.generate is not None:
            # Only to begin with: every episode brings its own.
            one = settings.generate.model_copy(update={"count": 1})
            settings = settings.model_copy(update={"generate": one})
        location: Location = ("track",) if scenario.track else ("tracks", index)
        with _placed(scenario.places, location):
            made = make_tracks(settings)
        for number, obstacle in enumerate(settings.obstacles):
            with _placed(scenario.places, (*location, "obstacles", number)):
                made = [with_obstacle(track, obstacle) for track in made]
        line = settings.racing_line
        if line is not None:
            with _placed(scenario.places, (*location, "racing_line")):
                made = [
                    with_racing_line(track, line, vehicles, backend.make, backend.options)
                    for track in made
                ]
        tracks += made
    return tracks


def _recipe(scenario: Scenario) -> dict[str, Any]:
    """Return what circuits are made from where they are made for episodes."""
    if scenario.draw_tracks not in ("renewed", "fresh"):
        return {}
    (settings,) = scenario.every_track
    assert settings.generate is not None
    return {
        "recipe": settings.generate.model_dump(exclude={"count"}),
        "renewed_count": settings.generate.count,
        "renewed_after": scenario.renew_tracks,
    }


def make_part(kind: Kind, stage: StageSettings, label: str | None = None) -> Part[Any]:
    """Return a stage to be built, called ``label`` or by its own name."""
    make = class_of(kind, stage)
    if kind == "sensor":
        make = delivered(make, stage.options)
    return Part(name=label or stage.name, make=make, options=stage.options)


def _labelled(kind: Kind, stages: Sequence[StageSettings]) -> list[Part[Any]]:
    """Return the parts of a list, each under a name of its own."""
    parts: list[Part[Any]] = []
    taken: set[str] = set()
    for stage in stages:
        label, number = stage.name, 1
        while label in taken:
            number += 1
            label = f"{stage.name}_{number}"
        taken.add(label)
        parts.append(make_part(kind, stage, label))
    return parts


def _profile(settings: ProfileSettings) -> ProfileConfig:
    sensors, layout = _sensors(settings.observation)
    critic, critic_layout = _sensors(settings.critic_observation or ())
    return ProfileConfig(
        sensors=sensors,
        layout=layout,
        action=make_part("action_map", settings.action),
        rewards=[
            WeightedPart(
                name=label,
                make=class_of("reward", term),
                options=term.options,
                weight=term.weight,
            )
            for label, term in settings.reward.items()
        ],
        terminations=[
            make_part("termination", stage, label) for label, stage in settings.termination.items()
        ],
        critic_sensors=critic,
        critic_layout=critic_layout,
        action_repeat=settings.action_repeat,
    )


def _sensors(
    observation: Sequence[StageSettings] | SensorsByLabel,
) -> tuple[list[Part[Any]], Layout]:
    if isinstance(observation, SensorsByLabel):
        labelled = observation.sensors.items()
        parts = [make_part("sensor", stage, label) for label, stage in labelled]
        return parts, "joined" if observation.flatten else "dict"
    return _labelled("sensor", observation), "box"


def _car(
    car: CarSettings, vehicles: dict[str, dict[str, Any]], variation: VariationSettings
) -> CarConfig:
    key = repr(car.vehicle)
    if key not in vehicles:
        vehicles[key] = {} if car.vehicle is None else read_vehicle(car.vehicle)
    vehicle, drawn = split_vehicle(vehicles[key])
    return CarConfig(
        name=car.name,
        vehicle=vehicle,
        driver=None if car.is_agent else _driver(car.driver),
        profile=car.profile,
        grid=car.grid,
        variation=car_draws(variation, car.variation, drawn),
    )


def _driver(stage: StageSettings) -> DriverPart:
    return make_driver(class_of("driver", stage), stage, declared_by(stage))


def make_driver(make: Any, stage: StageSettings, declared: Declared) -> DriverPart:
    """Return a driver of class ``make``, with the sensors and the action map it declared."""
    own = {} if stage.source is None else {"file": stage.source}
    sensors, layout = _sensors(declared.observation) if declared.observation else ([], "box")
    return DriverPart(
        name=stage.name,
        make=make,
        options={**stage.options, **own},
        sensors=sensors,
        layout=layout,
        action=make_part("action_map", declared.action) if declared.action else None,
    )
