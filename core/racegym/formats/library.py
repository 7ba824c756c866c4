"""A library: a folder of native tracks, each by the name of its file or folder.

``NAME.track`` and a folder ``NAME`` with a ``track.yaml`` are both the track NAME. Whatever else
lies there is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import platformdirs

from racegym.documents.naming import safe_name
from racegym.errors import TrackError
from racegym.formats.native import ENDING, HEAD, write
from racegym.track import Track

__all__ = ["PROJECT", "Entry", "add", "check_free", "entries", "find", "user_library"]

PROJECT = "tracks"  # the folder of a project's library


class Entry(NamedTuple):
    """One track of a library."""

    name: str
    path: Path  # of its file or folder


def user_library() -> Path:
    """Return the folder of the user's own library, which need not exist.

    It is that of the environment variable ``RACEGYM_TRACKS``, where that is set.
    """
    told = os.environ.get("RACEGYM_TRACKS")
    return Path(told) if told else platformdirs.user_data_path("racegym", False) / "tracks"


def entries(folder: Path) -> Iterator[Entry]:
    """Yield the tracks of a library by name; none if there is no such folder.

    Raises:
        TrackError: the folder can't be read.
    """
    try:
        found = [_entry(path) for path in sorted(folder.iterdir())]
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"is no folder that can be read: {error}", file=folder) from None
    yield from (entry for entry in found if entry is not None)


def _entry(path: Path) -> Entry | None:
    """Return the track that a file or folder of a library is, if it is one."""
    if path.name.startswith("."):
        return None
    if path.is_dir():
        return Entry(path.name, path) if os.path.lexists(path / HEAD) else None
    return Entry(path.name.removesuffix(ENDING), path) if path.suffix == ENDING else None


def find(folder: Path, name: str) -> Path | None:
    """Return where a track of a library lies; None if it has none of that name.

    Raises:
        TrackError: it has two, a file and a folder, or can't be read.
    """
    found = [entry.path for entry in entries(folder) if entry.name == name]
    if len(found) > 1:
        raise TrackError(
            f"holds two tracks {name!r}, {found[0].name} and {found[1].name}; remove one",
            file=folder,
        )
    return found[0] if found else None


def check_free(folder: Path, name: str) -> None:
    """Refuse a name that a track of a library has.

    Raises:
        TrackError: telling how it can be replaced, or that the folder can't be read.
    """
    there = find(folder, safe_name(name))
    if there is not None:
        raise TrackError(
            f"there is a track {safe_name(name)!r} already; --overwrite replaces it, another "
            "name keeps both",
            file=there,
        )


def add(folder: Path, track: Track, *, overwrite: bool = False) -> Path:
    """Write a track into a library, under its name as far as file systems take it.

    Args:
        folder: of the library; made when absent.
        track: the track.
        overwrite: replace a track of that name.

    Returns:
        The file that it stands in.

    Raises:
        TrackError: there is a track of that name, or it can't be written.
    """
    name = safe_name(track.name)
    if not overwrite:
        check_free(folder, name)
    there = find(folder, name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise TrackError(f"is no folder to write tracks to: {error}", file=folder) from None
    path = folder / f"{name}{ENDING}" if there is None else there
    write(track, path)
    return path
