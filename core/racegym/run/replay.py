"""The scenario of a recorded run, to be replayed without the code of its drivers.

A replay asks no driver, so what drivers from files have come to is no matter, and none of
their code is run. Nor do the profiles of agents matter where no car has an agent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from racegym.documents.document import read_document
from racegym.entrants.source import Source
from racegym.errors import ScenarioError
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.canonical import AGENT, PROFILE_KEYS
from racegym.scenario.own_code import source_text

__all__ = ["load_for_replay"]


def load_for_replay(file: Path) -> tuple[Scenario, tuple[str, ...]]:
    """Return a recorded scenario, and what is to be said of files of code that it names.

    Args:
        file: as ``Scenario.to_yaml`` wrote it.

    Raises:
        ScenarioError: it is wrong.
    """
    data = read_document(file).data
    if not isinstance(data, dict) or not any(_sources(data)):
        return load_scenario(file), ()
    warnings = tuple(dict.fromkeys(filter(None, map(_changed, _sources(data)))))
    cars = [car for car in data.get("cars", ()) if isinstance(car, dict)]
    for car in cars:
        car["driver"] = _uncoded(car.get("driver"))
    data["relief"] = [_uncoded(driver) for driver in data.get("relief", ())]
    if not any(_is_agent(car["driver"]) for car in cars):
        for key in (*PROFILE_KEYS, "profiles"):
            data.pop(key, None)
        for car in cars:
            car.pop("profile", None)
    return load_scenario(data), warnings


def _is_agent(driver: Any) -> bool:
    return driver in (None, AGENT) or (isinstance(driver, dict) and driver.get("name") == AGENT)


def _uncoded(driver: Any) -> Any:
    """Return a driver's entry, or that of one which stands for it if its class is in a file."""
    if not isinstance(driver, dict) or source_text(driver) is None:
        return driver
    # Drivers that differ must go on to do so: the world numbers them.
    return {"name": "absent", "instead_of": json.dumps(driver, sort_keys=True)}


def _sources(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every entry in a scenario whose class stands in a file."""
    if isinstance(data, dict):
        if source_text(data):
            yield data
        for inner in data.values():
            yield from _sources(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from _sources(inner)


def _changed(entry: dict[str, Any]) -> str:
    """Return what is to be said of a file; empty if it is what it was."""
    source = Source.of(str(source_text(entry)), Path.cwd())
    try:
        now = source.digest()
    except ScenarioError as error:
        return f"{error}; its code took part in the run"
    if now == entry.get("digest"):
        return ""
    return f"{source.file} has changed since its code took part in the run"
