"""The order of a grid by what happened before: a list, times, or the result of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from racegym.errors import ScenarioError
from racegym.scenario.racing import StartSettings

__all__ = ["RESULT", "qualifying_order"]

RESULT = "result.json"  # what a run's folder holds


def qualifying_order(start: StartSettings, cars: Sequence[str]) -> tuple[str, ...]:
    """Return names of cars, the fastest first; who has no time is left out.

    Args:
        start: with a result of any form, or none.
        cars: the names of the race.

    Raises:
        ScenarioError: a result can't be read, or knows none of the cars.
    """
    given = start.qualifying
    if isinstance(given, tuple):
        return given
    if isinstance(given, dict):
        return tuple(sorted(given, key=given.__getitem__))
    path = Path(given)
    path = path / RESULT if path.is_dir() else path
    times = _best_laps(path)
    known = [name for name in times if name in cars]
    if not known:
        raise ScenarioError(
            f"no car of the race has a valid lap in this result; cars with one: "
            f"{', '.join(sorted(times)) or 'none'}",
            file=path,
        )
    return tuple(sorted(known, key=times.__getitem__))


def _best_laps(path: Path) -> dict[str, float]:
    """Return the fastest valid lap [s] of each car of a result, over all of its episodes."""
    try:
        result: Any = json.loads(path.read_text(encoding="utf-8"))
        rows = [row for episode in result["episodes"] for row in episode["classification"]]
        laps = [
            (str(row["name"]), float(row["best_lap"]))
            for row in rows
            if row["best_lap"] is not None
        ]
    except OSError as error:
        raise ScenarioError(f"can't be read: {error.strerror}", file=path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ScenarioError("is not the result.json of a run", file=path) from error
    times: dict[str, float] = {}
    for name, lap in laps:
        if isfinite(lap):
            times[name] = min(lap, times.get(name, lap))
    return times
