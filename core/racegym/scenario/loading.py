"""From a file, a name or a mapping to a checked ``Scenario``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from racegym import plugins
from racegym.documents.describing import describe
from racegym.documents.document import plain_copy, read_document
from racegym.errors import ScenarioError, UnknownNameError, nearest
from racegym.scenario.canonical import fill_in, is_path, spell_out
from racegym.scenario.curriculum import check_curriculum, settle_paths
from racegym.scenario.faults import Faults, Places
from racegym.scenario.files import check_files, missing
from racegym.scenario.fitting import check_fit
from racegym.scenario.overrides import apply_overrides
from racegym.scenario.penalties import settle_penalties
from racegym.scenario.policies import settle_policies
from racegym.scenario.scenario import Scenario
from racegym.scenario.settings import MAX_NAME, CarSettings, GenerateSettings, TrackSettings
from racegym.scenario.stages import check_stages, find_class
from racegym.scenario.training import check_training

__all__ = ["Source", "load_scenario"]

Source: TypeAlias = str | Path | Mapping[str, Any]


def load_scenario(source: Source, overrides: Sequence[str] = ()) -> Scenario:
    """Return a scenario of which every name exists and every option is valid.

    Args:
        source: the path of a YAML file, the name of a shipped scenario, or the content of
            one as a mapping. Relative paths in a file start from its folder.
        overrides: ``"cars[1].driver.pace=90"``, as after ``--set``, applied in order.
            Relative paths in them, and in a mapping, start from the working directory.

    Raises:
        ScenarioError: something is wrong; tells all that was found, each with file and line
            or with the override that brought it in.
        PluginError: ``RACEGYM_PLUGINS`` names a plugin that is not installed.
    """
    plugins.load()  # what is wrong with RACEGYM_PLUGINS is told once, not for every name
    data, places = _read(source)
    fill_in(data)
    apply_overrides(data, places, tuple(overrides))
    fill_in(data)
    inherited = spell_out(data)
    faults = Faults(places, ignore=inherited)
    check_files(data, faults)
    settle_paths(data, places)
    settle_policies(data, faults)
    settle_penalties(data, faults)
    check_stages(data, faults)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        for location, what in describe(error, Scenario, data):
            faults.add(location, what)
        scenario = None
    faults.tell()
    assert scenario is not None
    scenario, entries = _completed(scenario)
    scenario._places = places
    check_fit(scenario, entries, faults)
    check_training(scenario, faults, load_scenario)
    check_curriculum(scenario, faults, load_scenario)
    faults.tell()
    return scenario


def _read(source: Source) -> tuple[dict[str, Any], Places]:
    if isinstance(source, Mapping):
        data = plain_copy(source)
        return data, Places(None, {})
    if not isinstance(source, str | Path):
        raise ScenarioError(f"a scenario is {source!r}; give its path or name, or a mapping")
    path = Path(source) if isinstance(source, Path) else _find(source)
    document = read_document(path)
    if document.data is None:
        raise ScenarioError("is empty; the least that a scenario says is its backend", file=path)
    if not isinstance(document.data, dict):
        raise ScenarioError("a scenario is a mapping of keys to values", file=path, line=1)
    if document.data.get("name") is None:
        stem = path.stem.encode("utf-8", "replace").decode("utf-8")
        document.data["name"] = stem[:MAX_NAME]
    return document.data, Places(path, document.lines)


def _find(source: str) -> Path:
    """Return the file that a path or the name of a shipped scenario stands for.

    Raises:
        ScenarioError: there is neither.
    """
    path = Path(source)
    reason = missing(path)
    if not reason:
        return path
    shipped = plugins.load().names("scenario")
    if is_path(source):
        hint = f". racegym ships it: write {path.stem}" if path.stem in shipped else ""
        raise ScenarioError(reason + hint)
    try:
        offer = plugins.load().find("scenario", source)
    except UnknownNameError as error:
        hints = error.what.split("\n")[1:]
        what = f"there is neither a file nor a scenario {source!r}; {nearest(source, shipped)}"
        raise ScenarioError("\n".join([what, *hints])) from None
    return offer.path()


def _completed(scenario: Scenario) -> tuple[Scenario, list[int]]:
    """Return the scenario with its backend's defaults and with each car by itself.

    Returns:
        The scenario, and for each car the entry of the file that it comes from.
    """
    backend = find_class("backend", scenario.backend.name)
    vehicle = getattr(backend, "default_vehicle", None)
    cars: list[CarSettings] = []
    entries: list[int] = []
    for entry, settings in enumerate(scenario.cars):
        for copy in range(settings.count):
            changes: dict[str, Any] = {"count": 1}
            changes["name"] = settings.name.replace("{n}", str(len(cars) + 1))
            if settings.grid is not None:
                changes["grid"] = settings.grid + copy
            if settings.vehicle is None and vehicle is not None:
                changes["vehicle"] = vehicle
            cars.append(settings.model_copy(update=changes))
            entries.append(entry)
    changed: dict[str, Any] = {"cars": tuple(cars)}
    if not scenario.every_track and backend.spec.tracks == "given":
        changed["track"] = TrackSettings(generate=GenerateSettings())
    return scenario.model_copy(update=changed), entries
