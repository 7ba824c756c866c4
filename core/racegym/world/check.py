"""What is refused when a world is built, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from racegym.errors import BackendError, ScenarioError, nearest
from racegym.interfaces import API, BackendSpec, Channel, columns
from racegym.interfaces.records import CarState, Effects
from racegym.world.config import WorldConfig
from racegym.world.formation import check_start
from racegym.world.variation import check_variation

__all__ = ["check_channels", "check_config", "check_effects", "check_needs", "control_interval"]

NEEDED = ("x", "y", "yaw", "vx", "vy")  # without these there is no race


def check_config(config: WorldConfig, spec: BackendSpec) -> None:
    """Refuse what the backend can't do, and cars that contradict each other.

    Raises:
        BackendError, ScenarioError: with the reason.
    """
    name = config.backend.name
    if spec.api > API:
        raise BackendError(
            f"backend {name!r} was written for plugin interface {spec.api}; this racegym has "
            f"{API}. Upgrade racegym."
        )
    if not config.cars:
        raise ScenarioError("a race needs at least one car")
    whole = isinstance(config.n_races, int | np.integer) and config.n_races is not True
    if not whole or config.n_races < 1:
        raise ScenarioError(
            f"n_races must be a whole number and at least 1, not {config.n_races!r}"
        )
    if spec.max_races is not None and config.n_races > spec.max_races:
        hint = ""
        if spec.max_races == 1 or "workers" in config.backend.options:
            hint = f"; write {{name: {name}, workers: {config.n_races}}} for a process a race"
        raise BackendError(
            f"backend {name!r} runs at most {spec.max_races} race(s) at once, not "
            f"{config.n_races}{hint}"
        )
    if spec.max_cars is not None and len(config.cars) > spec.max_cars:
        raise BackendError(
            f"backend {name!r} has at most {spec.max_cars} car(s) a race, not {len(config.cars)}"
        )
    names = [car.name for car in config.cars]
    for car in names:
        if names.count(car) > 1:
            raise ScenarioError(f"two cars are called {car!r}; names must differ")
    slots: dict[int, str] = {}
    for index, car_config in enumerate(config.cars):
        slot = index if car_config.grid is None else car_config.grid
        if slot in slots:
            raise ScenarioError(
                f"cars {slots[slot]!r} and {car_config.name!r} both start from grid slot {slot}"
            )
        slots[slot] = car_config.name
        if car_config.driver is None and car_config.profile not in config.profiles:
            hint = nearest(car_config.profile, config.profiles)
            raise ScenarioError(
                f"car {car_config.name!r} has no driver and its profile "
                f"{car_config.profile!r} does not exist; {hint}"
            )
    missing = [field for field in NEEDED if field not in spec.fills]
    if missing:
        raise BackendError(f"backend {name!r} does not fill {', '.join(missing)}: no race without")
    unknown = spec.fills - columns(CarState).keys()
    if unknown:
        raise BackendError(
            f"backend {name!r} says it fills {', '.join(sorted(unknown))}, which is no field of "
            f"CarState; {nearest(min(unknown), columns(CarState))}"
        )
    if spec.tracks == "given" and not config.tracks:
        raise ScenarioError(f"backend {name!r} drives the tracks it is given: name a track")
    if spec.tracks != "given" and config.tracks:
        raise ScenarioError(f"backend {name!r} has a track of its own: leave the track out")
    if config.draw != "fixed" and spec.tracks != "given":
        raise ScenarioError(
            f"backend {name!r} has a track of its own, so none is drawn: leave draw_tracks out"
        )
    if config.draw in ("renewed", "fresh") and len(config.tracks) != 1:
        raise ScenarioError(
            f"circuits that are made for episodes follow from one recipe, not {len(config.tracks)}"
        )
    for track in config.tracks:
        if len(track.obstacles) and "obstacle" not in spec.contacts:
            raise ScenarioError(
                f"backend {name!r} knows no obstacles: its cars would drive through those of "
                f"track {track.name!r}"
            )
    check_start(config, spec)
    if config.rounds < 1:
        raise ScenarioError(f"rounds must be at least 1, not {config.rounds}")
    for profile_name, profile in config.profiles.items():
        if profile.action_repeat < 1:
            raise ScenarioError(
                f"profile {profile_name!r}: action_repeat must be at least 1, not "
                f"{profile.action_repeat}"
            )
    _check_pits(config)
    check_variation(config, spec)


def _check_pits(config: WorldConfig) -> None:
    penalties = config.rules.penalties
    if penalties is None or penalties.pits != "required":
        return
    for track in config.tracks:
        if track.pit is None:
            raise ScenarioError(
                f"the penalties {penalties.name!r} need pits, and track {track.name!r} is "
                "without; choose a track with a pit lane, or write rules.penalties.pits: if_any "
                "to give time instead"
            )


def control_interval(config: WorldConfig, spec: BackendSpec) -> float:
    """Return the control interval [s].

    Raises:
        ScenarioError: it is no multiple of the engine's frame; names the nearest two.
    """
    dt = spec.dt if config.dt is None else float(config.dt)
    if not 0 < dt <= 10:
        raise ScenarioError(f"dt must be above 0 and at most 10 s, not {dt}")
    if spec.frame is not None:
        frames = round(dt / config.rounds / spec.frame)
        if frames < 1 or abs(frames * spec.frame * config.rounds - dt) > 1e-9:
            unit = spec.frame * config.rounds
            below = max(1, int(dt / unit)) * unit
            raise ScenarioError(
                f"backend {config.backend.name!r} steps in frames of {spec.frame:g} s; "
                f"dt {dt:g} is no multiple; the nearest are {below:g} and {below + unit:g}"
            )
    return dt


def check_channels(providers: Iterable[tuple[str, tuple[Channel, ...]]]) -> dict[str, Channel]:
    """Return all channels by name.

    Raises:
        ScenarioError: two providers offer one name, or a name shadows a ``CarState`` field.
    """
    found: dict[str, tuple[str, Channel]] = {}
    for provider, channels in providers:
        for channel in channels:
            if channel.name in columns(CarState):
                raise ScenarioError(
                    f"{provider} offers a channel {channel.name!r}, which is a field of CarState"
                )
            if channel.name in found:
                raise ScenarioError(
                    f"both {found[channel.name][0]} and {provider} offer a channel {channel.name!r}"
                )
            found[channel.name] = (provider, channel)
    return {name: channel for name, (_, channel) in found.items()}


def check_needs(who: str, requires: Iterable[str], backend: str, offered: Iterable[str]) -> None:
    """Refuse a stage that reads what nobody offers."""
    have = set(offered)
    missing = sorted(set(requires) - have)
    if missing:
        raise ScenarioError(
            f"{who} needs {', '.join(missing)}, which backend {backend!r} does not offer; "
            f"{nearest(missing[0], have)}"
        )


def check_effects(who: str, wanted: Iterable[str], backend: str, spec: BackendSpec) -> None:
    """Refuse a realism module whose effects the backend does not honour."""
    known = columns(Effects).keys()
    for effect in sorted(wanted):
        if effect not in known:
            raise ScenarioError(f"{who} wants effect {effect!r}; {nearest(effect, known)}")
        if effect not in spec.effects:
            raise ScenarioError(
                f"{who} wants effect {effect!r}, which backend {backend!r} does not honour; "
                f"it honours: {', '.join(sorted(spec.effects)) or 'none'}"
            )
