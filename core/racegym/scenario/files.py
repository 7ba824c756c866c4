"""Paths in a scenario: made absolute where they stand, and missed by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from racegym.documents.document import similar_file
from racegym.errors import TrackError
from racegym.scenario.canonical import is_path
from racegym.scenario.faults import Faults, Location, dotted
from racegym.scenario.track_names import find_path

__all__ = ["absolute", "check_files", "missing"]


def check_files(data: dict[str, Any], faults: Faults) -> None:
    """Make every path in ``data`` absolute, and note those where there is no file.

    A track that is named and stands in a library becomes the path of its file, so that a run
    which keeps the scenario keeps which one was meant.
    """
    for location, track in _tracks(data):
        _find_named(location, track, faults)
    for location, holder in _paths(data):
        key = str(location[-1])
        path = absolute(holder[key], faults.places.folder(location))
        holder[key] = str(path)
        of_track = location[0] in ("track", "tracks")
        origin = key in ("init_from", "qualifying")
        if key == "init_from" and data.get("task") != "train":
            continue  # nobody begins from it
        reason = missing(path, or_folder=of_track or origin)
        if reason and of_track:
            reason += f"\nGive another with --set {dotted(location)}=PATH"
        if reason:
            faults.add(location, reason)


def absolute(text: str, folder: Path) -> Path:
    """Return the path that ``text`` means when it is written in ``folder``."""
    path = Path(text)
    with suppress(RuntimeError):  # "~name" of a user who does not exist: a file's own name
        path = path.expanduser()
    return folder / path


def missing(path: Path, *, or_folder: bool = False) -> str:
    """Return why there is no file at ``path``, with the nearest name; empty if there is one.

    Args:
        path: of the file.
        or_folder: a folder will do.
    """
    try:
        if path.is_file() or (or_folder and path.is_dir()):
            return ""
        if path.is_dir():
            return f"{path} is a folder, not a file"
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        return f"there is no file {str(path)!r}: {error}"
    return f"there is no file {path}{similar_file(path)}"


def _find_named(location: Location, track: dict[str, Any], faults: Faults) -> None:
    name = track.get("name")
    if not isinstance(name, str) or "file" in track or "generate" in track:
        return
    try:
        path = find_path(name, faults.places.folder((*location, "name")))
    except TrackError as error:
        faults.add_error((*location, "name"), error)
        return
    if path is not None:
        del track["name"]
        track["file"] = str(path)


def _tracks(data: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    tracks = data.get("tracks")
    entries: list[tuple[Location, Any]] = [(("track",), data.get("track"))]
    if isinstance(tracks, list):
        entries += [(("tracks", index), track) for index, track in enumerate(tracks)]
    for location, track in entries:
        if isinstance(track, dict):
            yield location, track


def _paths(data: dict[str, Any]) -> Iterator[tuple[Location, dict[str, Any]]]:
    """Yield the location of each path, and the mapping that holds it under its last key."""
    for location, track in _tracks(data):
        if isinstance(track.get("file"), str):
            yield (*location, "file"), track
    start = data.get("start")
    if isinstance(start, dict) and isinstance(start.get("qualifying"), str):
        yield ("start", "qualifying"), start
    training = data.get("training")
    if isinstance(training, dict):
        if isinstance(training.get("init_from"), str):
            yield ("training", "init_from"), training
        evaluate = training.get("evaluate")
        other = evaluate.get("scenario") if isinstance(evaluate, dict) else None
        if isinstance(evaluate, dict) and isinstance(other, str) and is_path(other):
            yield ("training", "evaluate", "scenario"), evaluate
    cars = data.get("cars")
    for index, car in enumerate(cars if isinstance(cars, list) else []):
        vehicle = car.get("vehicle") if isinstance(car, dict) else None
        if isinstance(vehicle, str) and is_path(vehicle):
            yield ("cars", index, "vehicle"), car
        if isinstance(vehicle, dict):
            base = vehicle.get("base")
            if isinstance(base, str) and is_path(base):
                yield ("cars", index, "vehicle", "base"), vehicle
