"""Writing files and folders of a track: there in full or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from racegym.errors import TrackError

__all__ = ["folder_beside", "replaced_whole", "write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place and move it there.

    Args:
        path: of the file; replaced when it is there.
        content: of it; text is written as UTF-8.

    Raises:
        TrackError: it can't be written; what was there before still is.
    """
    try:
        data = content.encode("utf-8") if isinstance(content, str) else content
    except UnicodeEncodeError:
        what = "can't be written: its text holds half a character (a lone surrogate)"
        raise TrackError(what, file=path) from None
    with replaced_whole(path) as beside, beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """Lend the path of a file to be written, which is then moved to ``path``.

    Raises:
        TrackError: it can't be written; what was there before still is.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            yield beside
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise _unwritable(path, error) from None


@contextmanager
def folder_beside(path: Path, known: Collection[str]) -> Iterator[Path]:
    """Lend an empty folder to be filled, which is then moved to ``path``.

    Args:
        path: of the folder; what is there is replaced.
        known: names that a folder which is replaced may hold.

    Raises:
        TrackError: ``path`` is a file or holds something else, or can't be written; what was
            there before still is.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _check_replaceable(path, known)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            yield beside
            _move(beside, path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise _unwritable(path, error) from None


def _check_replaceable(path: Path, known: Collection[str]) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise TrackError("is there already, and is no folder", file=path)
    others = [] if not path.is_dir() else [f.name for f in path.iterdir() if f.name not in known]
    if others:
        raise TrackError(
            f"holds {min(others)!r}, which is no part of a track; write to another folder",
            file=path,
        )


def _move(beside: Path, path: Path) -> None:
    """Put a folder in the place of another; should that fail, the other comes back."""
    if not path.exists():
        beside.rename(path)
        return
    old = beside.with_name(f"{beside.name}.old")
    path.rename(old)
    try:
        beside.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _unwritable(path: Path, error: Exception) -> TrackError:
    reason = error.strerror if isinstance(error, OSError) else None
    return TrackError(f"can't be written: {reason or error}", file=path)
