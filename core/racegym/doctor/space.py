"""Disks: whether runs and kernels can be written, and how much room there is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from racegym.doctor.finding import Finding
from racegym.record.folder import MARGIN, megabytes

__all__ = ["space", "writing_fault"]

ROOM = 1_000_000_000  # [bytes] below which long runs may not fit


def space(runs_dir: Path) -> Iterator[Finding]:
    """Look at the disk that runs are kept on."""
    fault = writing_fault(runs_dir)
    if fault:
        yield Finding(
            what="runs", state="fail", found=f"{runs_dir.absolute()}: {fault}",
            remedy="work in another folder, or choose one with --runs-dir",
        )  # fmt: skip
        return
    free = shutil.disk_usage(_existing(runs_dir)).free
    found = f"{runs_dir.absolute()}, {megabytes(free)} free"
    if free < ROOM:
        yield Finding(
            what="runs", state="fail" if free < MARGIN else "warn", found=found,
            remedy="free some, delete runs with `racegym runs delete`, or choose another disk "
            "with --runs-dir",
        )  # fmt: skip
    else:
        yield Finding(what="runs", state="ok", found=found)


def writing_fault(folder: Path) -> str:
    """Return why a folder, or what it would be made in, can't be written; empty if it can.

    A file is written and removed: permissions alone do not tell on every system.
    """
    try:
        place = _existing(folder)
        if not place.is_dir():
            return f"{place} is a file"
        handle, name = tempfile.mkstemp(prefix="racegym-doctor-", dir=place)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        return f"can't be written: {error.strerror or error}"
    return ""


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest above it that there is."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place
