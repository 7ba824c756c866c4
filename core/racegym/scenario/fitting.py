"""Whether the parts of a scenario fit each other and the backend, told with their lines.

The world checks all of this again and knows more, such as what a stage needs once it is
built; but it does not know where anything was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from racegym import plugins
from racegym.errors import RacegymError, nearest
from racegym.interfaces import BackendSpec
from racegym.scenario.faults import Faults, Location
from racegym.scenario.settings import (
    CarSettings,
    ProfileSettings,
    SensorsByLabel,
    StageSettings,
)
from racegym.scenario.stages import class_of, declared_by, find_backend
from racegym.scenario.track_names import check_name, named_tracks
from racegym.scenario.varying import check_variation, check_vehicle
from racegym.scenario.vehicles import read_vehicle
from racegym.world import Part, WorldConfig
from racegym.world.check import check_channels, check_effects, check_needs, control_interval
from racegym.world.formation import ON_A_GRID

if TYPE_CHECKING:
    from racegym.plugins import Kind
    from racegym.scenario.scenario import Scenario

__all__ = ["check_fit"]


def check_fit(scenario: Scenario, entries: Sequence[int], faults: Faults) -> None:
    """Note what does not fit.

    Args:
        scenario: of which every stage exists.
        entries: for each car, the entry of the file that it comes from.
        faults: takes what is wrong.
    """
    _check_cars(scenario, entries, faults)
    _check_tracks(scenario, faults)
    backend = find_backend(scenario.backend)
    try:
        spec = backend.spec_for(scenario.backend.options)
    except RacegymError as error:
        faults.add_error(("backend",), error)
        return
    _check_backend(scenario, backend, spec, faults)
    _check_vehicles(scenario, entries, backend, spec, faults)
    _check_draws(scenario, entries, spec, faults)
    _check_needs(scenario, entries, spec, faults)


def _check_cars(scenario: Scenario, entries: Sequence[int], faults: Faults) -> None:
    names: set[str] = set()
    slots: dict[int, str] = {}
    for index, (car, entry) in enumerate(zip(scenario.cars, entries, strict=True)):
        if car.name in names:
            hint = "; put {n} into it, which becomes the car's number"
            several = entries.count(entry) > 1
            what = f"two cars are called {car.name!r}{hint if several else ''}"
            faults.add(("cars", entry, "name"), what)
        names.add(car.name)
        slot = index if car.grid is None else car.grid
        if slot in slots:
            what = f"{slots[slot]!r} and {car.name!r} both start from grid slot {slot}"
            faults.add(("cars", entry, "grid"), what)
        slots[slot] = car.name
        if car.profile != "default" and car.profile not in scenario.profiles:
            hint = nearest(car.profile, ["default", *scenario.profiles])
            faults.add(("cars", entry, "profile"), f"unknown profile {car.profile!r}; {hint}")


def _check_tracks(scenario: Scenario, faults: Faults) -> None:
    for index, track in enumerate(scenario.every_track):
        location: Location = ("track",) if scenario.track else ("tracks", index)
        if track.name is not None:
            try:
                check_name(track.name, faults.places.folder(location))
            except RacegymError as error:
                faults.add_error((*location, "name"), error)
                if not any(named_tracks(faults.places.folder(location))):
                    what = "read a circuit with file: PATH, or make one with generate: {seed: 1}"
                    faults.add(location, what)
    if scenario.draw_tracks in ("renewed", "fresh"):
        _check_made(scenario, faults)


def _check_made(scenario: Scenario, faults: Faults) -> None:
    """Note what keeps circuits from being made for episodes."""
    tracks, mode = scenario.every_track, scenario.draw_tracks
    location: Location = ("track",) if scenario.track else ("tracks", 0)
    if len(tracks) != 1 or tracks[0].generate is None:
        faults.add(
            ("draw_tracks",),
            f"{mode} makes circuits, so it needs one track with generate, such as "
            "track: {generate: {style: kart}}; to draw from given tracks, write pool",
        )
    elif tracks[0].reverse or tracks[0].obstacles:
        key = "reverse" if tracks[0].reverse else "obstacles"
        faults.add(
            (*location, key),
            f"stands for one track, and draw_tracks: {mode} makes many; use the direction and "
            "the obstacles of generate",
        )
    elif tracks[0].racing_line not in (None, "own", "centerline"):
        faults.add(
            (*location, "racing_line"),
            f"is laid when a world is built, and draw_tracks: {mode} makes circuits later; leave "
            "it out, or write draw_tracks: pool",
        )
    elif mode == "fresh" and tracks[0].generate.count != 1:
        faults.add(
            (*location, "generate", "count"),
            "is a number of circuits, and draw_tracks: fresh makes one for every episode; "
            "leave it out, or write draw_tracks: renewed",
        )


def _check_backend(scenario: Scenario, backend: Any, spec: BackendSpec, faults: Faults) -> None:
    name = scenario.backend.name
    if spec.max_cars is not None and len(scenario.cars) > spec.max_cars:
        what = f"backend {name!r} has at most {spec.max_cars} car(s), not {len(scenario.cars)}"
        faults.add(("cars",), what)
    if spec.tracks != "given" and scenario.every_track:
        key = "track" if scenario.track else "tracks"
        faults.add((key,), f"backend {name!r} has a track of its own: leave the track out")
    elif "obstacle" not in spec.contacts:
        for index, track in enumerate(scenario.every_track):
            location: Location = ("track",) if scenario.track else ("tracks", index)
            what = f"backend {name!r} knows no obstacles: its cars would drive through them"
            if track.obstacles:
                faults.add((*location, "obstacles"), what)
            if track.generate is not None and track.generate.obstacles:
                faults.add((*location, "generate", "obstacles"), what)
    if scenario.start.kind not in ON_A_GRID and spec.placement in ("start", "none"):
        what = f"backend {name!r} can't place cars anywhere; use the start kind 'grid'"
        faults.add(("start", "kind"), what)
    part: Part[Any] = Part(name=name, make=backend)
    try:
        control_interval(
            WorldConfig(cars=(), backend=part, dt=scenario.dt, rounds=scenario.rounds), spec
        )
    except RacegymError as error:
        faults.add_error(("dt",), error)


def _check_vehicles(
    scenario: Scenario, entries: Sequence[int], backend: Any, spec: BackendSpec, faults: Faults
) -> None:
    for entry, car in _firsts(scenario, entries):
        location: Location = ("cars", entry, "vehicle")
        if spec.vehicles == "own":
            if car.vehicle is not None:
                name = scenario.backend.name
                faults.add(location, f"backend {name!r} has a vehicle of its own: leave this out")
            continue
        model = getattr(backend, "Vehicle", None)
        if car.vehicle is None:
            if model is not None:
                valid = nearest("", plugins.load().names("vehicle"))
                faults.add(location, f"is missing. {valid}")
            continue
        try:
            parameters = read_vehicle(car.vehicle)
        except RacegymError as error:
            faults.add_error(location, error)
            continue
        check_vehicle(parameters, model, spec, scenario.backend.name, location, faults)


def _check_draws(
    scenario: Scenario, entries: Sequence[int], spec: BackendSpec, faults: Faults
) -> None:
    name = scenario.backend.name
    check_variation(scenario.variation, ("variation",), spec, name, faults)
    for entry, car in _firsts(scenario, entries):
        if car.variation is not None:
            check_variation(car.variation, ("cars", entry, "variation"), spec, name, faults)


def _firsts(scenario: Scenario, entries: Sequence[int]) -> Iterator[tuple[int, CarSettings]]:
    """Yield each entry of the file with the first car that it became."""
    for index, entry in enumerate(entries):
        if index == 0 or entry != entries[index - 1]:
            yield entry, scenario.cars[index]


def _check_needs(
    scenario: Scenario, entries: Sequence[int], spec: BackendSpec, faults: Faults
) -> None:
    """Note classes that read what nobody offers; the world asks the built stages again."""
    backend = scenario.backend.name
    modules = [class_of("realism", stage) for stage in scenario.realism]
    providers = [
        (f"realism {stage.name!r}", module.channels)
        for stage, module in zip(scenario.realism, modules, strict=True)
    ]
    try:
        channels = check_channels([(f"backend {backend!r}", spec.channels), *providers])
    except RacegymError as error:
        faults.add_error(("realism",), error)
        return
    offered = spec.fills | channels.keys()
    for index, (stage, module) in enumerate(zip(scenario.realism, modules, strict=True)):
        location: Location = ("realism", index)
        try:
            check_needs(f"realism {stage.name!r}", module.requires, backend, offered)
            check_effects(f"realism {stage.name!r}", module.effects, backend, spec)
        except RacegymError as error:
            faults.add_error(location, error)
    wanted = list(_profile_stages(scenario))
    for entry, car in _firsts(scenario, entries):
        if not car.is_agent:
            wanted += _driver_stages(car.driver, ("cars", entry, "driver"), faults)
    for index, stage in enumerate(scenario.relief):
        wanted += _driver_stages(stage, ("relief", index), faults)
    for location, kind, stage in wanted:
        requires: frozenset[str] = getattr(class_of(kind, stage), "requires", frozenset())
        try:
            check_needs(f"{kind} {stage.name!r}", requires, backend, offered)
        except RacegymError as error:
            faults.add_error(location, error)


def _profile_stages(scenario: Scenario) -> Iterator[tuple[Location, Kind, StageSettings]]:
    """Yield what the agents' profiles are made of."""
    used = {car.profile for car in scenario.cars if car.is_agent}
    for name in sorted(used):
        profile: ProfileSettings
        location: Location
        if name == "default":
            profile, location = scenario.default_profile, ()
        elif name in scenario.profiles:
            profile, location = scenario.profiles[name], ("profiles", name)
        else:
            continue
        for label, stage in _pairs(profile.observation):
            yield (*location, "observation", label), "sensor", stage
        for label, stage in _pairs(profile.critic_observation or ()):
            yield (*location, "critic_observation", label), "sensor", stage
        for label, stage in profile.reward.items():
            yield (*location, "reward", label), "reward", stage
        for label, stage in profile.termination.items():
            yield (*location, "termination", label), "termination", stage


def _driver_stages(
    stage: StageSettings, location: Location, faults: Faults
) -> Iterator[tuple[Location, Kind, StageSettings]]:
    try:
        declared = declared_by(stage)
    except RacegymError as error:
        faults.add_error(location, error)
        return
    for _, sensor in _pairs(declared.observation or ()):
        yield location, "sensor", sensor


def _pairs(observation: Any) -> list[tuple[str | int, StageSettings]]:
    if isinstance(observation, SensorsByLabel):
        return list(observation.sensors.items())
    return list(enumerate(observation))
