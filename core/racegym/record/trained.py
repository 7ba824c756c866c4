"""Reads the folder of a training: how it went, and which of its checkpoints are there.

``racegym.record.training`` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from racegym.errors import RunError
from racegym.record.figures import read_figures
from racegym.record.finish import drop_partial_line
from racegym.record.folder import RunFolder, read_json, write_json

__all__ = [
    "COMING",
    "PARTIAL",
    "checkpoint_to_drive",
    "checkpoint_to_resume",
    "finalise_training",
    "read_training",
    "signature",
]

PARTIAL = ".partial-"  # begins the name of a checkpoint while it is written
COMING = "coming"  # of train.json: the checkpoint that is about to get into its place


def read_training(folder: RunFolder) -> dict[str, Any]:
    """Return the content of ``train.json``.

    Raises:
        RunError: it is missing or damaged.
    """
    data = read_json(folder.training)
    needed = {"trainer", "driver", "options", "steps", "total", "seconds", "checkpoints"}
    if not isinstance(data, dict) or not needed <= data.keys():
        raise RunError("does not tell of a training", file=folder.training)
    data.setdefault("resumed", [])
    _settle(folder, data)
    return data


def _settle(folder: RunFolder, data: dict[str, Any]) -> None:
    """Let ``data`` tell of the checkpoint that is there, if the process died as it was put there.

    It may have died before the file got into its place, or after.
    """
    coming = data.pop(COMING, None)
    if coming is not None:
        file = folder.checkpoints / coming["name"]
        with suppress(OSError):
            if signature(file) == coming["file"]:
                data["checkpoints"] = coming["checkpoints"]


def signature(file: Path) -> list[int]:
    """Return what a file keeps when it is renamed or copied, and another one has not."""
    about = file.stat()
    return [about.st_size, about.st_mtime_ns]


def checkpoint_to_resume(folder: RunFolder) -> Path | None:
    """Return the checkpoint that was written last, of those that a resume may go on from."""
    return next(_written(folder, resumable=True), None)


def checkpoint_to_drive(folder: RunFolder) -> Path | None:
    """Return what to drive with: the last checkpoint made only for that, or the last of all."""
    only = next(_written(folder, resumable=False), None)
    return only or checkpoint_to_resume(folder)


def _written(folder: RunFolder, *, resumable: bool) -> Iterator[Path]:
    """Yield the checkpoints of one sort that exist, the last one first."""
    for entry in reversed(read_training(folder)["checkpoints"]):
        path = folder.checkpoints / entry["name"]
        if entry["resumable"] == resumable and path.is_file():
            yield path


def finalise_training(folder: RunFolder, about: Mapping[str, Any]) -> None:
    """Complete the folder of a training that was cut off.

    Args:
        folder: of a run that nobody writes any more.
        about: the new content of ``state.json``.

    Raises:
        OSError: something can't be written.
    """
    drop_partial_line(folder.figures)
    for left in folder.checkpoints.glob(f"{PARTIAL}*"):
        left.unlink()
    if folder.training.exists():
        data, rows = read_training(folder), read_figures(folder).rows
        if rows and rows[-1]["steps"] >= data["steps"]:
            data["steps"], data["seconds"] = int(rows[-1]["steps"]), rows[-1]["seconds"]
        write_json(folder.training, data)
    write_json(folder.state, about)
