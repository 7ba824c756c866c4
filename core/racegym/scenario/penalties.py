"""Penalties by name: the presets that ship, files of the same form, and changes of either."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from racegym import race_control
from racegym.documents.describing import describe
from racegym.documents.document import read_document
from racegym.errors import RacegymError, ScenarioError, UnknownNameError, nearest
from racegym.scenario.canonical import is_path
from racegym.scenario.faults import Faults, Location, Places
from racegym.scenario.files import absolute
from racegym.scenario.penalty_settings import PenaltySettings

__all__ = ["PRESETS", "find_preset", "preset_names", "read_preset", "settle_penalties"]

PRESETS = Path(race_control.__file__).parent / "presets"
LOCATION: Location = ("rules", "penalties")


def preset_names() -> list[str]:
    """Return the names of the presets that ship, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def find_preset(name: str) -> Path:
    """Return the file of a preset, by its name or path.

    Raises:
        UnknownNameError: no preset goes by that name.
    """
    if is_path(name):
        return Path(name)
    if name not in preset_names():
        raise UnknownNameError(f"unknown penalties {name!r}; {nearest(name, preset_names())}")
    return PRESETS / f"{name}.yaml"


def read_preset(name: str) -> dict[str, Any]:
    """Return what a preset says, as it stands in its file.

    Args:
        name: of one that ships, or the path of a file.

    Raises:
        UnknownNameError: no preset goes by that name.
        ScenarioError: the file is missing or wrong; names each line.
    """
    path = find_preset(name)
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise ScenarioError("a file of penalties holds a mapping with rules", file=path, line=1)
    data = document.data
    data.setdefault("name", path.stem)
    faults = Faults(Places(path, document.lines))
    try:
        PenaltySettings.model_validate(data)
    except ValidationError as error:
        for location, what in describe(error, PenaltySettings, data):
            faults.add(location, what)
    faults.tell()
    return data


def settle_penalties(data: dict[str, Any], faults: Faults) -> None:
    """Spell out the penalties of a scenario's plain data: no preset is left in them."""
    rules = data.get("rules")
    if not isinstance(rules, dict):
        return
    given = rules.get("penalties")
    if isinstance(given, str):
        given = {"preset": given}
    if not isinstance(given, dict):
        return
    rules["penalties"] = given = deepcopy(given)
    preset = given.pop("preset", None)
    base: dict[str, Any] = {}
    if preset is not None:
        if not isinstance(preset, str):
            faults.add((*LOCATION, "preset"), f"is {preset!r}; it should be a name or a path")
            return
        if is_path(preset):
            preset = str(absolute(preset, faults.places.folder((*LOCATION, "preset"))))
        try:
            base = read_preset(preset)
        except RacegymError as error:
            faults.add_error((*LOCATION, "preset"), error)
    own = given.get("rules")
    if isinstance(own, dict):
        given["rules"] = _changed(base.get("rules", {}), own, faults)
    rules["penalties"] = {**base, **given}


def _changed(base: dict[str, Any], changes: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Return rules with changes written over them, key by key; one that is nothing is dropped."""
    changed = dict(base)
    for label, rule in changes.items():
        if rule is None or rule is False:
            if label not in base:
                hint = nearest(label, base) if base else "no preset is changed"
                faults.add((*LOCATION, "rules", label), f"there is no such rule to drop; {hint}")
            changed.pop(label, None)
        elif isinstance(rule, dict) and label in changed:
            changed[label] = {**changed[label], **rule}
        else:
            changed[label] = rule
    return changed
