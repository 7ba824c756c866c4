"""Deleting runs: whole, and only what surely is one that nobody writes any more."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from racegym.errors import RunError
from racegym.locks import is_held
from racegym.record.folder import RunFolder
from racegym.record.runs import read_state

__all__ = ["check_deletable", "delete_run"]


def check_deletable(run: RunFolder) -> None:
    """Refuse what is no run, what is only a link to one, and a run that is still written.

    Raises:
        RunError: says which of these it is.
    """
    if run.path.is_symlink():
        raise RunError("is a link, no run folder; delete what it leads to", file=run.path)
    read_state(run)
    if is_held(run.lock):
        raise RunError(
            "the run is not over: a process writes it; end that first, with Ctrl-C", file=run.path
        )


def delete_run(run: RunFolder) -> None:
    """Delete a run's folder, and its scenario's folder if that is empty then.

    ``state.json`` goes last: what is left of a deletion that was broken off is still a run,
    and can be deleted again.

    Raises:
        RunError: it is no run or not over, or something in it can't be deleted.
    """
    check_deletable(run)
    parent = run.path.resolve().parent
    try:
        for entry in run.path.iterdir():
            if entry != run.state:
                _remove(entry)
        run.state.unlink()
        run.path.rmdir()
    except OSError as error:
        raise RunError(
            f"can't be deleted: {error.strerror or error}", file=error.filename or run.path
        ) from error
    with suppress(OSError):  # other runs of the scenario are in there
        parent.rmdir()


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
