"""What a scenario lets vary from episode to episode, checked and made ready for the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from racegym.documents.describing import describe
from racegym.errors import ScenarioError
from racegym.interfaces import BackendSpec
from racegym.scenario.distributions import is_distribution, read_distribution
from racegym.scenario.faults import Faults, Location, dotted
from racegym.world.distributions import Distribution
from racegym.world.variation import VEHICLE, refusal

if TYPE_CHECKING:
    from racegym.scenario.settings import CarVariation, VariationSettings

__all__ = ["car_draws", "check_variation", "check_vehicle", "race_draws", "split_vehicle"]

Draws = dict[Location, Distribution]


def split_vehicle(
    parameters: Mapping[str, Any], faults: Faults | None = None, at: Location = ()
) -> tuple[dict[str, Any], Draws]:
    """Return a vehicle's parameters with nominal numbers, and what is drawn in their place.

    Args:
        parameters: as ``read_vehicle`` gives them.
        faults: takes what is wrong; without, it is raised.
        at: where they stand.

    Raises:
        ScenarioError: a distribution is wrong, and there are no ``faults`` to take it.
    """
    nominal: dict[str, Any] = {}
    draws: Draws = {}
    for path, value in _leaves(parameters):
        if is_distribution(value):
            try:
                draws[path] = read_distribution(value)
            except ValueError as error:
                if faults is None:
                    raise ScenarioError(f"vehicle: {dotted(path)}: {error}") from None
                faults.add((*at, *path), str(error))
            value = draws[path].nominal if path in draws else None
        _put(nominal, path, value)
    return nominal, draws


def _leaves(parameters: Mapping[str, Any], at: Location = ()) -> Iterator[tuple[Location, Any]]:
    """Yield every value that is a distribution or no mapping, and every empty mapping."""
    for key, value in parameters.items():
        if isinstance(value, Mapping) and value and not is_distribution(value):
            yield from _leaves(value, (*at, key))
        else:
            yield (*at, key), value


def _put(parameters: dict[str, Any], path: Location, value: Any) -> None:
    node: Any = parameters
    for step in path[:-1]:
        node = node.setdefault(step, {})
    node[path[-1]] = value


def check_vehicle(
    parameters: Mapping[str, Any],
    model: Any,
    spec: BackendSpec,
    backend: str,
    location: Location,
    faults: Faults,
) -> None:
    """Note what is wrong with a vehicle, at both ends of everything that is drawn.

    Args:
        parameters: as ``read_vehicle`` gives them.
        model: the backend's pydantic model of a vehicle, if it has one.
        spec: of the backend called ``backend``.
        backend: its name.
        location: of the vehicle in the scenario.
        faults: takes what is wrong.
    """
    found = Faults(faults.places)
    nominal, draws = split_vehicle(parameters, found, location)
    if found:
        split_vehicle(parameters, faults, location)
        return
    complaints = _all_complaints(model, nominal)
    unknown = {at for at, what in complaints if "is unknown" in what}
    for at, what in complaints:
        if at not in draws or at in unknown:
            faults.add((*location, *at), _with_hint(what, parameters, at))
    for path, draw in draws.items():
        if path in unknown:
            continue
        reason = refusal(VEHICLE + ".".join(map(str, path)), spec, backend)
        reason = reason or _reach(nominal, path, draw, model)
        if reason:
            faults.add((*location, *path), reason)


def _reach(nominal: Mapping[str, Any], path: Location, draw: Distribution, model: Any) -> str:
    """Return what is wrong with the first end of a draw that the model does not take."""
    for end in draw.ends:
        changed, _ = split_vehicle(nominal)
        _put(changed, path, end)
        for at, what in _all_complaints(model, changed):
            if at == path:
                return f"{draw.kind} reaches a value that {what}"
    return ""


def _all_complaints(model: Any, parameters: dict[str, Any]) -> list[tuple[Location, str]]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    try:
        model.model_validate(parameters)
    except ValidationError as error:
        return list(describe(error, model, parameters))
    return []


def _with_hint(what: str, parameters: Mapping[str, Any], at: Location) -> str:
    """Return a complaint; where something else stands for a number, with how to write a draw."""
    value: Any = parameters
    for step in at:
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping) and "number" in what:
        try:
            read_distribution(value)
        except ValueError as error:
            return f"{what} or a distribution, and it {error}"
    if isinstance(value, list) and "number" in what:
        return f"{what} or a distribution, such as {{choice: {value}}}"
    return what


def car_draws(
    race: VariationSettings, car: CarVariation | None, vehicle: Draws
) -> dict[str, Distribution]:
    """Return all that is drawn for one car, by the world's names."""
    found = {}
    for settings in (race, car):
        if settings is not None:
            found.update(_named(settings))
    found.update({VEHICLE + ".".join(map(str, path)): draw for path, draw in vehicle.items()})
    return found


def race_draws(race: VariationSettings) -> dict[str, Distribution]:
    """Return what is drawn for a race as a whole, by the world's names."""
    return {} if race.grip is None else {"grip": read_distribution(race.grip)}


def _named(settings: CarVariation) -> dict[str, Distribution]:
    start = {} if settings.start is None else dict(settings.start)
    written = {"delay": settings.delay, **{f"start.{key}": v for key, v in start.items()}}
    return {name: read_distribution(value) for name, value in written.items() if value is not None}


def check_variation(
    settings: CarVariation, location: Location, spec: BackendSpec, backend: str, faults: Faults
) -> None:
    """Note what a backend has no use for."""
    grip = getattr(settings, "grip", None)
    for name in (*_named(settings), *(("grip",) if grip is not None else ())):
        reason = refusal(name, spec, backend)
        if reason:
            faults.add((*location, *name.split(".")), reason)
