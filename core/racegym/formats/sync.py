"""Bringing one library up to date from another, track by track, by content.

A track is copied beside its place, read there, and moved to it only when it is whole: what a
copy has become is what was checked, and a library never holds half a track.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from racegym.errors import TrackError
from racegym.formats.library import Entry, entries
from racegym.formats.native import (
    CSV,
    HEAD,
    NPZ,
    Options,
    content_digest,
    content_of,
    files_of,
    read,
)
from racegym.formats.writing import folder_beside, replaced_whole

__all__ = ["Done", "What", "sync"]

What = Literal["new", "changed", "same", "conflict", "broken", "deleted", "kept"]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one track.

    Attributes:
        name: of the track.
        what: ``new`` and ``changed`` were copied; ``same`` was left; ``conflict`` was left, as
            the target's is newer and different; ``broken`` was left, see ``reason``; ``deleted``
            stood in the target alone; ``kept`` does.
        reason: why it was left, for people; may be empty.
    """

    name: str
    what: What
    reason: str = ""


def sync(
    source: Path,
    target: Path,
    *,
    overwrite: bool = False,
    delete: bool = False,
    dry_run: bool = False,
) -> Iterator[Done]:
    """Copy every track of one library that is new or changed into another.

    Two tracks of one name are the same if their files hold the same bytes. Where they differ,
    the source's is taken, unless the target's is the newer one.

    Args:
        source: the folder to copy from; nothing in it is changed.
        target: the folder to bring up to date; made when absent.
        overwrite: take the source's also where the target's is newer.
        delete: remove tracks of the target that the source has not.
        dry_run: only tell.

    Yields:
        What becomes of each track, by name; those of the target alone at the end.

    Raises:
        TrackError: there is no such source, it is empty and would have all removed, a folder
            can't be read, or they are one.
    """
    if not source.is_dir():
        raise TrackError("there is no such folder to bring tracks from", file=source)
    if target.exists() and not target.is_dir():
        raise TrackError("is no folder to bring tracks to", file=target)
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise TrackError(f"is the source {source}, or one lies in the other", file=target)
    found = list(entries(source))
    names = [entry.name for entry in found]
    if delete and not names:
        raise TrackError(
            "holds no track, so every track of the target would be removed: is it mounted?",
            file=source,
        )
    for entry in found:
        if names.count(entry.name) > 1:
            yield Done(name=entry.name, what="broken", reason=f"{source} holds two of that name")
            continue
        yield _brought(entry, here, target, overwrite=overwrite, dry_run=dry_run)
    for entry in list(entries(target)):
        if entry.name not in names:
            yield _alone(entry, delete=delete, dry_run=dry_run)


def _brought(entry: Entry, source: Path, target: Path, *, overwrite: bool, dry_run: bool) -> Done:
    place = target / entry.path.name
    try:
        _check_inside(entry.path, source)
        files = files_of(entry.path)
        what: What = "new"
        for other in _others(entry, target):
            raise TrackError(f"stands in the way as {other.name}; remove it", file=other)
        if place.exists() or place.is_symlink():
            _check_inside(place, target.resolve())
            if _same(place, entry.path):
                return Done(name=entry.name, what="same")
            if _written(place) > _written(entry.path) and not overwrite:
                reason = f"{place} is newer and different; --overwrite replaces it"
                return Done(name=entry.name, what="conflict", reason=reason)
            what = "changed"
        if dry_run:
            read(entry.path, Options(name=None))
        else:
            _copy(files, entry.path, place)
    except TrackError as error:
        return Done(name=entry.name, what="broken", reason=str(error))
    return Done(name=entry.name, what=what)


def _check_inside(path: Path, folder: Path) -> None:
    """Refuse a track that is a link to a place outside its library."""
    if path.resolve().parent != folder:
        raise TrackError("is a link that leads out of its library", file=path)


def _others(entry: Entry, target: Path) -> list[Path]:
    """Return where the target holds a track of that name as a file, and this is a folder."""
    if not target.is_dir():
        return []
    same = [other.path for other in entries(target) if other.name == entry.name]
    return [path for path in same if path.name != entry.path.name]


def _same(place: Path, path: Path) -> bool:
    """Return whether two tracks have the same content; a broken one is like no other."""
    try:
        return content_digest(place) == content_digest(path)
    except TrackError:
        return False


def _written(path: Path) -> float:
    """Return when the newest file of a track was written."""
    try:
        return max(file.stat().st_mtime for file in files_of(path))
    except TrackError:  # it is broken, and any other is better
        return -1.0


def _copy(files: list[Path], source: Path, place: Path) -> None:
    """Copy a track to its place, if the copy can be read."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackError(f"can't be made: {error.strerror or error}", file=place.parent) from None
    if source.is_dir():
        with folder_beside(place, {HEAD, CSV, NPZ}) as beside:
            for file in files:
                _put(file, beside / file.name)
            _try(beside, source)
        return
    with replaced_whole(place) as beside:
        _put(files[0], beside)
        _try(beside, source)


def _put(file: Path, copy: Path) -> None:
    copy.write_bytes(content_of(file))
    stat = file.stat()
    os.utime(copy, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _try(copy: Path, source: Path) -> None:
    try:
        read(copy, Options(name=None))
    except TrackError as error:  # it is the source that is wrong
        file = str(error.file or copy).replace(str(copy), str(source))
        raise TrackError(error.what, file=file, line=error.line) from None


def _alone(entry: Entry, *, delete: bool, dry_run: bool) -> Done:
    if not delete:
        return Done(name=entry.name, what="kept")
    try:
        if not dry_run:
            _remove(entry.path)
    except OSError as error:
        reason = f"{entry.path}: can't be removed: {error.strerror or error}"
        return Done(name=entry.name, what="kept", reason=reason)
    return Done(name=entry.name, what="deleted")


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    others = [file.name for file in path.iterdir() if file.name not in (HEAD, CSV, NPZ)]
    if others:
        raise OSError(f"it holds {min(others)!r}, which is no part of a track")
    shutil.rmtree(path)
