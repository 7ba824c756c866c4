"""What a run does for drivers from files: it names them, keeps their logs, rehearses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from racegym.entrants.entrant import Entrant
from racegym.entrants.source import Source, is_source
from racegym.record import RunFolder
from racegym.run.episodes import start_episode
from racegym.scenario import Scenario
from racegym.world import World

__all__ = ["code_files", "prepare"]


def code_files(scenario: Scenario) -> list[Path]:
    """Return the Python files whose code a scenario runs, each once."""
    return list(dict.fromkeys(_files(scenario.model_dump())))


def _files(data: Any) -> Iterator[Path]:
    if isinstance(data, dict):
        if "digest" in data and is_source(data.get("file")):
            yield Source.of(data["file"], Path.cwd()).file
        for inner in data.values():
            yield from _files(inner)
    elif isinstance(data, list | tuple):
        for inner in data:
            yield from _files(inner)


def prepare(world: World, scenario: Scenario, folder: RunFolder) -> None:
    """Give entrants their logs, and let those rehearse whose failure would stop the run.

    Raises:
        ScenarioError: one can't drive; says why.
    """
    rehearsing = []
    for seat in world.seats:
        driver = seat.driver
        if isinstance(driver, Entrant):
            driver.log_to(folder.entrant_log(seat.index, seat.name))
            if driver.options.failure == "stop":
                rehearsing.append((seat, driver))
    if rehearsing:
        start_episode(world, scenario, scenario.seed)
    for seat, driver in rehearsing:
        driver.rehearse(seat.cars, seat.observe(world.view))
