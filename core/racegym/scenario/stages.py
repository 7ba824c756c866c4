"""The stages that a scenario names: found in the catalogue, their options checked.

Works on the spelt-out plain data, before the scenario's own models see it. What is found
wrong is collected; options are left with all their defaults written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from racegym import plugins
from racegym.documents.describing import describe
from racegym.documents.document import plain_copy
from racegym.entrants.source import Source
from racegym.errors import RacegymError, ScenarioError
from racegym.plugins import Kind
from racegym.scenario.canonical import AGENT, PROFILE_KEYS, spell_out
from racegym.scenario.faults import Faults, Location, Places
from racegym.scenario.files import absolute
from racegym.scenario.own_code import declaration, own_class, settle_source, source_text
from racegym.scenario.settings import SOURCE_KEYS, Observation, Settings, StageSettings
from racegym.sensors.delivery import DELIVERY, DeliverySettings
from racegym.workers import WORKERS, WorkerSettings, in_workers, spelt_out

__all__ = [
    "Declared",
    "check_declared",
    "check_options",
    "check_stage",
    "check_stages",
    "class_of",
    "declared_by",
    "find_backend",
    "find_class",
]

FROM_A_PROCESS = (
    "asks the race itself to run {text}, and this driver has a process of its own; name a {kind} "
    "of a plugin"
)
FROM_A_POLICY = (
    "names code, {text}, and the file of a policy may be anybody's; if you trust this {kind}, "
    "give the driver code: true"
)
_PROFILE_KINDS: dict[str, Kind] = {
    "observation": "sensor",
    "action": "action_map",
    "reward": "reward",
    "termination": "termination",
    "critic_observation": "sensor",
}
_OWN_KEYS = {"name", "weight"}  # of a stage's entry; all others are its options


class Declared(Settings):
    """What a driver's class says it wants."""

    observation: Observation | None = None
    action: StageSettings | None = None


def find_class(kind: Kind, name: str) -> Any:
    """Return the class that a plugin offers under this name.

    Raises:
        UnknownNameError, PluginError: there is none, or it can't be imported.
    """
    return plugins.load().find(kind, name).load()


def find_backend(stage: StageSettings) -> Any:
    """Return the backend's class; with ``workers``, the one that runs it in processes.

    Raises:
        UnknownNameError, PluginError: there is none, or it can't be imported.
    """
    found = find_class("backend", stage.name)
    return in_workers(found, stage.name) if WORKERS in stage.options else found


class _Workers:
    """Says what stands under a backend's key ``workers``."""

    Options = WorkerSettings


class _Delivery:
    """Says what every sensor can be asked for, beside its own options."""

    Options = DeliverySettings


def class_of(kind: Kind, stage: StageSettings) -> Any:
    """Return a stage's class, of a plugin or of a file.

    Raises:
        UnknownNameError, PluginError, ScenarioError: there is none, or it can't be imported.
    """
    return find_class(kind, stage.name) if stage.source is None else own_class(kind, stage.source)


def check_stages(data: dict[str, Any], faults: Faults) -> None:
    """Look up every stage in ``data`` and check its options, which are completed in place."""
    for location, kind, stage in _stages(data):
        check_stage(location, kind, stage, faults)


def check_stage(location: Location, kind: Kind, stage: dict[str, Any], faults: Faults) -> None:
    """Look up one stage and check its options, which are completed in place."""
    text = source_text(stage)
    if text is not None:
        _check_own(kind, stage, text, location, faults)
        return
    name = stage.get("name")
    if not isinstance(name, str) or not name:
        return  # the check of the scenario itself tells
    if kind == "driver" and name == AGENT:
        for option in stage.keys() - {"name"}:
            faults.add((*location, option), "a car driven from outside takes no options")
        return
    try:
        found = find_class(kind, name)
    except RacegymError as error:
        faults.add_error((*location, "name"), error)
        return
    own = _OWN_KEYS if kind == "reward" else {"name"}
    if kind == "sensor":
        own = own | _check_delivery(stage, location, faults)
    if kind == "backend" and WORKERS in stage:
        own = {"name", WORKERS}
        workers = spelt_out(stage[WORKERS])
        stage[WORKERS] = check_options(_Workers, workers, (*location, WORKERS), faults)
    options = {key: value for key, value in stage.items() if key not in own}
    stage.update(check_options(found, options, location, faults))


def _check_delivery(stage: dict[str, Any], location: Location, faults: Faults) -> frozenset[str]:
    """Check how a sensor's values are delivered; return the keys that say so."""
    asked = DELIVERY & stage.keys()
    if asked:
        given = {key: stage[key] for key in asked}
        complete = check_options(_Delivery, given, location, faults)
        stage.update({key: complete[key] for key in asked})
    return asked


def _check_own(
    kind: Kind, stage: dict[str, Any], text: str, location: Location, faults: Faults
) -> None:
    """Check a stage whose class stands in a file; its entry is completed in place."""
    key = "file" if stage.get("file") == text else "name"
    at = (*location, key)
    try:
        settle_source(kind, stage, text, faults.places.folder((*location, key)))
        found = own_class(kind, stage["file"])
    except RacegymError as error:
        faults.add_error(at, error)
        return
    own = {"name", *SOURCE_KEYS} | (_OWN_KEYS if kind == "reward" else set())
    if kind == "sensor":
        own |= _check_delivery(stage, location, faults)
    options = {key: value for key, value in stage.items() if key not in own}
    if kind != "driver":
        stage.update(check_options(found, options, location, faults))
        return
    settings = {k: v for k, v in options.items() if k in found.Options.model_fields}
    complete = check_options(found, settings, location, faults)
    if faults:
        return
    try:
        declared = declaration(stage["file"], {**options, **complete})
        declared_options = plain_copy(declared.options)
    except RacegymError as error:
        faults.add_error(at, error)
        return
    for inner, what in declared.faults:
        faults.add((*location, *inner), what)
    stage.update({**complete, **declared_options})


def check_options(
    found: Any, options: dict[str, Any], location: Location, faults: Faults
) -> dict[str, Any]:
    """Return all options of a class with an ``Options`` model; others as they are given.

    Args:
        found: the class.
        options: as they stand in the scenario.
        location: of the mapping that they stand in.
        faults: takes what is wrong.
    """
    model = getattr(found, "Options", None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return options
    options = {
        key: _absolute(value, faults.places.folder((*location, key)))
        if key in model.model_fields and _is_path(model.model_fields[key].annotation)
        else value
        for key, value in options.items()
    }
    try:
        dump = model.model_validate(options).model_dump()
        full: dict[str, Any] = to_jsonable_python(dump, inf_nan_mode="constants")
        return full
    except ValidationError as error:
        for at, what in describe(error, model, options):
            faults.add((*location, *at), what)
        return options


def _is_path(annotation: Any) -> bool:
    if isinstance(annotation, type):
        return issubclass(annotation, Path)
    return any(_is_path(argument) for argument in get_args(annotation))


def _absolute(value: Any, folder: Path) -> Any:
    return str(absolute(value, folder)) if isinstance(value, str) else value


def _stages(data: dict[str, Any]) -> Iterator[tuple[Location, Kind, dict[str, Any]]]:
    """Yield location, kind and mapping of each stage that can be made out."""
    yield from _one(("backend",), "backend", data.get("backend"))
    yield from _one(("trainer",), "trainer", data.get("trainer"))
    for key, kind in (("realism", "realism"), ("relief", "driver")):
        yield from _several((key,), kind, data.get(key))  # type: ignore[arg-type]
    cars = data.get("cars")
    for index, car in enumerate(cars if isinstance(cars, list) else []):
        if isinstance(car, dict):
            yield from _one(("cars", index, "driver"), "driver", car.get("driver"))
    yield from _profile((), data)
    profiles = data.get("profiles")
    for name, profile in profiles.items() if isinstance(profiles, dict) else ():
        if isinstance(profile, dict):
            yield from _profile(("profiles", name), profile)


def _profile(
    location: Location, profile: dict[str, Any]
) -> Iterator[tuple[Location, Kind, dict[str, Any]]]:
    for key in PROFILE_KEYS:
        stages = _one if key == "action" else _several
        yield from stages((*location, key), _PROFILE_KINDS[key], profile.get(key))


def _one(
    location: Location, kind: Kind, stage: Any
) -> Iterator[tuple[Location, Kind, dict[str, Any]]]:
    if isinstance(stage, dict):
        yield location, kind, stage


def _several(
    location: Location, kind: Kind, stages: Any
) -> Iterator[tuple[Location, Kind, dict[str, Any]]]:
    if isinstance(stages, list):
        for index, stage in enumerate(stages):
            yield from _one((*location, index), kind, stage)
    elif isinstance(stages, dict):
        for label, stage in stages.items():
            yield from _one((*location, label), kind, stage)


def declared_by(stage: StageSettings) -> Declared:
    """Return the sensors and the action map that a driver wants, all names found.

    Raises:
        UnknownNameError, PluginError, ScenarioError: its class can't be imported, or what it
            declares is wrong.
    """
    if stage.source is None:
        return check_declared(find_class("driver", stage.name), stage)
    wanted = declaration(stage.source, stage.options)
    file = Source.of(stage.source, Path.cwd()).file
    isolated = FROM_A_PROCESS if stage.options.get("process") else ""
    return _checked(wanted.observation, wanted.action, stage.name, file, no_code=isolated)


def check_declared(driver: Any, stage: StageSettings) -> Declared:
    """Return the sensors and the action map that a driver's class declares, all names found.

    Args:
        driver: the class.
        stage: its name and options in the scenario, which the declaration may depend on.

    Raises:
        ScenarioError: the declaration is wrong; names the driver.
        RacegymError: the driver can't declare anything under these options.
    """
    if not hasattr(driver, "declared_for"):
        raise ScenarioError(f"driver {stage.name!r} is no racegym.interfaces.Driver")
    observation, action = driver.declared_for(stage.options)
    policy = stage.options.get("file") if getattr(driver, "policy_suffixes", ()) else None
    if policy is None:
        return _checked(observation, action, stage.name)
    foreign = "" if stage.options.get("code") else FROM_A_POLICY
    return _checked(observation, action, stage.name, told_in=Path(policy), no_code=foreign)


def _checked(
    observation: Any,
    action: Any,
    name: str,
    file: Path | None = None,
    *,
    told_in: Path | None = None,
    no_code: str = "",
) -> Declared:
    """Check what a driver declares; relative paths in it start from the folder of ``file``.

    Where ``no_code`` says why, it must not bring code into this process. ``told_in`` is the file
    that errors name, where it is another.

    Raises:
        ScenarioError: it is wrong; names the driver.
    """
    wanted = {"observation": observation, "action": action}
    data = {key: deepcopy(value) for key, value in wanted.items() if value is not None}
    faults = Faults(Places(file, {}))
    try:
        data = plain_copy(data)
        spell_out(data)
        if no_code:
            _refuse_files(data, no_code, faults)
        if not faults:
            check_stages(data, faults)
        declared = Declared.model_validate(data)
    except ValidationError as error:
        for at, what in describe(error, Declared, data):
            faults.add(at, what)
        declared = Declared()
    if faults:
        raise ScenarioError(
            f"driver {name!r} declares what does not work: {faults.text()}", file=told_in or file
        )
    return declared


def _refuse_files(data: dict[str, Any], why: str, faults: Faults) -> None:
    for location, kind, stage in _stages(data):
        text = source_text(stage)
        if text is not None:
            faults.add(location, why.format(text=text, kind=kind))
