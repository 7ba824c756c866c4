"""Paths in a scenario: made absolute where they stand, and missed by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from racegym.documents.document import similar_file
from racegym.scenario.canonical import is_path
from racegym.scenario.faults import Faults, Location, dotted

__all__ = ["absolute", "check_files", "missing"]


def check_files(data: dict[str, Any], faults: Faults) -> None:
    """Make every path in ``data`` absolute, and note those where there is no file."""
    for location, holder in _paths(data):
        key = str(location[-1])
        path = absolute(holder[key], faults.places.folder(location))
        holder[key] = str(path)
        reason = missing(path)
        if reason and location[0] in ("track", "tracks"):
            reason += f"\nGive another with --set {dotted(location)}=PATH"
        if reason:
            faults.add(location, reason)


def absolute(text: str, folder: Path) -> Path:
    """Return the path that ``text`` means when it is written in ``folder``."""
    path = Path(text)
    with suppress(RuntimeError):  # "~name" of a user who does not exist: a file's own name
        path = path.expanduser()
    return folder / path


def missing(path: Path) -> str:
    """Return why there is no file at ``path``, with the nearest name; empty if there is one."""
    try:
        if path.is_file():
            return ""
        if path.is_dir():
            return f"{path} is a folder, not a file"
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        return f"there is no file {str(path)!r}: {error}"
    return f"there is no file {path}{similar_file(path)}"


def _paths(data: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Yield the location of each path, and the mapping that holds it under its last key."""
    tracks = data.get("tracks")
    entries: list[tuple[Location, Any]] = [(("track",), data.get("track"))]
    if isinstance(tracks, list):
        entries += [(("tracks", index), track) for index, track in enumerate(tracks)]
    for location, track in entries:
        if isinstance(track, dict) and isinstance(track.get("file"), str):
            yield (*location, "file"), track
    cars = data.get("cars")
    for index, car in enumerate(cars if isinstance(cars, list) else []):
        vehicle = car.get("vehicle") if isinstance(car, dict) else None
        if isinstance(vehicle, str) and is_path(vehicle):
            yield ("cars", index, "vehicle"), car
        if isinstance(vehicle, dict):
            base = vehicle.get("base")
            if isinstance(base, str) and is_path(base):
                yield ("cars", index, "vehicle", "base"), vehicle
