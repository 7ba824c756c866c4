"""Vehicles: parameters by name, from a file, or written in the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.documents.document import read_document
from racegym.errors import ScenarioError
from racegym.scenario.canonical import is_path
from racegym.scenario.distributions import is_distribution
from racegym.scenario.files import absolute

__all__ = ["read_vehicle"]

MAX_BASES = 10  # of a vehicle that builds on a vehicle that builds on ...


def read_vehicle(vehicle: str | Mapping[str, Any], bases: int = 0) -> dict[str, Any]:
    """Return a vehicle's parameters.

    Args:
        vehicle: a name from the catalogue, the absolute path of a YAML file, or parameters;
            with ``base``, these are changes of that vehicle.
        bases: how many vehicles build on this one.

    Raises:
        UnknownNameError, PluginError: nobody offers such a vehicle.
        ScenarioError: the file is missing or no mapping, or builds on itself.
    """
    if isinstance(vehicle, str):
        path = Path(vehicle) if is_path(vehicle) else plugins.load().find("vehicle", vehicle).path()
        if bases > MAX_BASES:
            raise ScenarioError("builds on itself, or on too many others", file=path)
        document = read_document(path)
        if not isinstance(document.data, dict):
            raise ScenarioError("a vehicle's file holds a mapping of parameters", file=path, line=1)
        base = document.data.get("base")
        if isinstance(base, str) and is_path(base):
            document.data["base"] = str(absolute(base, path.parent))
        return read_vehicle(document.data, bases)
    parameters = dict(vehicle)
    base = parameters.pop("base", None)
    if base is None:
        return parameters
    if not isinstance(base, str):
        raise ScenarioError(f"base is {base!r}; it should be the name or file of a vehicle")
    return _changed(read_vehicle(base, bases + 1), parameters)


def _changed(parameters: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``parameters`` with ``changes`` written over them, mapping by mapping."""
    changed = dict(parameters)
    for key, value in changes.items():
        inner = changed.get(key)
        both = isinstance(inner, dict) and isinstance(value, Mapping)
        both = both and not is_distribution(inner) and not is_distribution(value)
        changed[key] = _changed(inner, value) if both else value  # type: ignore[arg-type]
    return changed
