"""The conformance suite of one stage or trainer, from a plugin or still in a file.

What would fail every check at once is told before any runs: a class of the wrong kind, a
missing method, an ``Options`` that is no model, a stage that can't be built.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from racegym import plugins
from racegym.errors import PluginError, RacegymError, UnknownNameError, nearest
from racegym.interfaces import (
    ActionMap,
    Backend,
    BackendSpec,
    Driver,
    Realism,
    RewardTerm,
    Sensor,
    Stage,
    Termination,
    Trainer,
    options,
)
from racegym.interfaces.fitness import class_fault
from racegym.plugins import Kind
from racegym.plugins.calling import normalised, raised
from racegym.plugins.loading import GROUP
from racegym.plugins.offer import CORE
from racegym.scenario.vehicles import read_vehicle
from racegym.sensors.delivery import DELIVERY, DeliverySettings
from racegym.testing import (
    ActionMapSuite,
    BackendSuite,
    DriverSuite,
    RealismSuite,
    Report,
    RewardSuite,
    SensorSuite,
    Suite,
    TerminationSuite,
    TrainerSuite,
    run_suite,
)

__all__ = ["SUITES", "Subject", "check", "find_subject"]

# What has a suite: the class that each derives from, and the suite.
SUITES: dict[str, tuple[type[Stage] | type[Trainer], type[Suite]]] = {
    "backend": (Backend, BackendSuite),
    "realism": (Realism, RealismSuite),
    "sensor": (Sensor, SensorSuite),
    "driver": (Driver, DriverSuite),
    "action_map": (ActionMap, ActionMapSuite),
    "reward": (RewardTerm, RewardSuite),
    "termination": (Termination, TerminationSuite),
    "trainer": (Trainer, TrainerSuite),
}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A stage to be checked.

    Attributes:
        kind: of stage.
        name: as it was asked for.
        origin: who offers it, in words: a dist and its version, or a file.
        make: the class.
    """

    kind: str
    name: str
    origin: str
    make: type[Any]

    @property
    def called(self) -> str:
        """How messages call it."""
        return f"{self.kind} {self.name!r}"


def find_subject(kind: str, name: str) -> Subject:
    """Return the stage called ``name``, its class found fit for the suite.

    Args:
        kind: one of ``SUITES``.
        name: as a scenario writes it, or ``file.py:Class``.

    Raises:
        PluginError, UnknownNameError: there is no such thing, it can't be imported, or it is
            not what its kind asks for.
    """
    if kind not in SUITES:
        raise PluginError(f"there is no suite for {kind!r}; {nearest(kind, SUITES)}")
    path, colon, class_name = name.rpartition(":")
    if colon and path.endswith(".py"):
        subject = Subject(
            kind=kind, name=class_name, origin=path, make=_from_file(Path(path), class_name)
        )
    else:
        if name.endswith(".py"):
            raise PluginError(f"name the class too: {name}:CLASS")
        subject = _from_catalogue(cast(Kind, kind), name)
    _check_class(subject)
    _check_options_model(subject)
    return subject


def check(subject: Subject, given: Mapping[str, Any]) -> Report:
    """Run the suite of a stage.

    Args:
        subject: as ``find_subject`` returned it.
        given: the stage's options, as a scenario would write them.

    Raises:
        RacegymError: an option is wrong, or the stage can't be built at all.
    """
    make = subject.make
    own = dict(given)
    if subject.kind == "sensor":
        asked = {key: own.pop(key) for key in DELIVERY & given.keys()}
        options.read(DeliverySettings, asked, subject.called)
    if isinstance(getattr(make, "Options", None), type):
        options.read(make.Options, own, subject.called)
    settings: dict[str, Any] = {"make": make, "options": dict(given)}
    if subject.kind == "backend":
        _check_spec(subject, given)
        settings["vehicles"] = (_vehicle(subject, given),)
    suite = type(f"{subject.kind} {subject.name}", (SUITES[subject.kind][1],), settings)
    return run_suite(suite)


def _from_catalogue(kind: Kind, name: str) -> Subject:
    catalogue = plugins.load()
    try:
        offer = catalogue.find(kind, name)
    except UnknownNameError as error:
        offering = {offer.dist for each in plugins.KINDS for offer in catalogue.offers(each)}
        mute = [
            plugin.dist
            for plugin in catalogue.plugins
            if plugin.state == "loaded" and plugin.dist not in {*offering, CORE}
        ]
        hints = [
            f"Plugin {dist} is installed and registers nothing: let its register_... function "
            "call register(NAME, 'package.module:Class', summary=...)"
            for dist in mute
        ]
        hints += [
            f"{dist} is installed, and declares no entry point in the group {GROUP!r}: write "
            f'[project.entry-points."{GROUP}"] in its pyproject.toml, and install it again'
            for dist in _silent(name, {plugin.dist for plugin in catalogue.plugins})
        ]
        raise UnknownNameError("\n".join([error.what, *hints])) from None
    version = next(p.version for p in catalogue.plugins if p.dist == offer.dist)
    return Subject(kind=kind, name=name, origin=f"{offer.dist} {version}", make=offer.load())


def _silent(name: str, found: set[str]) -> list[str]:
    """Return the dist called as ``name`` if it is installed, and is not among the plugins."""
    named = {normalised(dist.metadata["Name"] or "") for dist in distributions()}
    return sorted({normalised(f"{CORE}-{name}")} & named - found)


def _from_file(path: Path, class_name: str) -> Any:
    """Import a file as what it is, a module of a package or by itself, and return its class."""
    if not path.is_file():
        beside = [file.name for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
        hint = f"; {nearest(path.name, beside)}" if beside else ""
        raise PluginError(f"there is no such file{hint}", file=path)
    full = path.resolve()
    parts, folder = [full.stem], full.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    try:
        module = import_module(".".join(parts))
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise PluginError(f"can't be imported: {raised(error)}", file=path) from error
    finally:
        sys.path.remove(str(folder))
    found = getattr(module, "__file__", None)
    if found is None or Path(found).resolve() != full:
        raise PluginError(
            f"Python already has another module {'.'.join(parts)!r}, {found or 'a built-in one'}; "
            "rename the file, or check the plugin that is installed by its name",
            file=path,
        )
    if not hasattr(module, class_name):
        classes = [
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == module.__name__
        ]
        raise PluginError(f"has no {class_name!r}; {nearest(class_name, classes)}", file=path)
    return getattr(module, class_name)


def _place(make: Any) -> tuple[str | None, int | None]:
    """Return the file and the line of a class, as far as they are known."""
    try:
        return inspect.getsourcefile(make), inspect.getsourcelines(make)[1]
    except (OSError, TypeError):
        return None, None


def _refuse(make: Any, what: str) -> PluginError:
    file, line = _place(make)
    return PluginError(what, file=file, line=line)


def _check_class(subject: Subject) -> None:
    make, base = subject.make, SUITES[subject.kind][0]
    if not inspect.isclass(make):
        raise PluginError(
            f"{subject.called} is a {type(make).__name__}, no class; register the class itself"
        )
    if not issubclass(make, base):
        kinds = [kind for kind, (other, _) in SUITES.items() if issubclass(make, other)]
        hint = (
            f"it is a {kinds[0]}"
            if kinds
            else f"derive it: class {make.__name__}({base.__name__}), from racegym.interfaces"
        )
        raise _refuse(make, f"{make.__name__} is no {base.__name__}; {hint}")
    fault = class_fault(make)
    if fault is not None:
        raise _refuse(make, fault)


def _check_options_model(subject: Subject) -> None:
    make = subject.make
    model = getattr(make, "Options", None)
    if model is None:
        return
    remedy = "write class Options(StageOptions), from racegym.interfaces"
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        said = f"the class {model.__name__}" if isinstance(model, type) else f"{model!r}"
        raise _refuse(make, f"{make.__name__}.Options is {said}, no pydantic model; {remedy}")
    if model.model_config.get("extra") != "forbid":
        raise _refuse(
            make,
            f"{make.__name__}.Options lets unknown names pass, so that a misspelt option would "
            f"go unnoticed; {remedy}",
        )


def _check_spec(subject: Subject, given: Mapping[str, Any]) -> None:
    make = subject.make
    try:
        spec = make.spec_for(given)
    except RacegymError:
        raise
    except AttributeError as error:
        if hasattr(make, "spec"):
            raise _refuse(make, f"spec_for fails: {raised(error)}") from error
        remedy = "write spec = BackendSpec(...), from racegym.interfaces"
        raise _refuse(make, f"{make.__name__} has no spec; {remedy}") from error
    except Exception as error:  # a stranger's class may raise anything
        raise _refuse(make, f"spec_for fails: {raised(error)}") from error
    if not isinstance(spec, BackendSpec):
        raise _refuse(
            make, f"the spec of {make.__name__} is a {type(spec).__name__}, no BackendSpec"
        )


def _vehicle(subject: Subject, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters of the vehicle that a backend gets where none is named."""
    make = subject.make
    if make.spec_for(given).vehicles == "own":
        return {}
    name = getattr(make, "default_vehicle", None)
    if name is not None:
        return read_vehicle(name)
    if getattr(make, "Vehicle", None) is not None:
        raise _refuse(
            make,
            f"{make.__name__} needs a vehicle, and names none to try it with: write "
            "default_vehicle = NAME, the name of a vehicle that the plugin registers",
        )
    return {}
