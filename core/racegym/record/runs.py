"""Finding runs, telling what became of each, and repairing those that were cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from racegym.errors import RunError, nearest
from racegym.locks import Lock, is_held
from racegym.record.finish import FORMAT, finalise
from racegym.record.folder import RunFolder, read_json
from racegym.record.seeds import finalise_seeds, seed_folders
from racegym.record.trained import finalise_training

__all__ = [
    "LOGGED", "check_raced", "find_run", "find_runs", "is_training", "read_state", "repair",
]  # fmt: skip

CUT_OFF = "cut off"
LOGGED = "log"  # the task of a run that is an imported log
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")


def find_runs(runs_dir: Path) -> list[RunFolder]:
    """Return the runs below a folder, the oldest first."""
    return sorted(_runs(runs_dir), key=lambda run: (run.path.name, str(run.path)))


def _runs(runs_dir: Path) -> Iterator[RunFolder]:
    for state in runs_dir.glob("*/*/state.json"):
        yield RunFolder(state.parent)


def find_run(name: str, runs_dir: Path, *, training: bool = False) -> RunFolder:
    """Return a run by its folder, ``scenario/time``, ``time``, ``scenario`` or ``latest``.

    A scenario's name, or its folder, stands for its latest run.

    Args:
        name: what to look for.
        runs_dir: the folder of all runs.
        training: prefer the latest training with a checkpoint, where a name stands for several
            runs: who drives with what was learned leaves races beside it, and a training that
            was refused learned nothing.

    Raises:
        RunError: there is no such run; names the nearest.
    """
    for path in (Path(name), runs_dir / name):
        if (path / "state.json").is_file():
            return RunFolder(path)
    runs = find_runs(runs_dir)
    if name == "latest" and runs:
        return _latest(runs, training)
    found = [run for run in runs if name in (run.path.name, run.path.parent.name)]
    if len(found) > 1 and _STAMP.fullmatch(name):
        choices = ", ".join(f"{run.path.parent.name}/{run.path.name}" for run in found)
        raise RunError(f"several runs began at {name}: {choices}", file=runs_dir)
    if found:
        return _latest(found, training)
    for path in (Path(name), runs_dir / name):
        inside = sorted(state.parent for state in path.glob("*/state.json"))
        if inside:
            return _latest([RunFolder(run) for run in inside], training)
        if path.exists():
            raise RunError("is no run folder: it holds no state.json", file=path)
    names = [f"{run.path.parent.name}/{run.path.name}" for run in runs]
    names += {run.path.parent.name for run in runs} | ({"latest"} if runs else set())
    raise RunError(f"there is no run {name!r}; {nearest(name, names)}", file=runs_dir)


def _latest(runs: list[RunFolder], training: bool) -> RunFolder:
    if not training:
        return runs[-1]
    trainings = [run for run in runs if run.training.is_file()]
    learned = [run for run in trainings if _has_checkpoints(run)]
    return (learned or trainings or runs)[-1]


def _has_checkpoints(run: RunFolder) -> bool:
    own = run.checkpoints.glob("*.*")
    return any(True for _ in own) or any(True for _ in run.path.glob("seed-*/checkpoints/*.*"))


def read_state(run: RunFolder) -> dict[str, Any]:
    """Return what is known of a run.

    Raises:
        RunError: the file is missing, damaged, or of a newer racegym.
    """
    state = read_json(run.state)
    if not isinstance(state, dict) or "state" not in state or "format" not in state:
        raise RunError("is not the state of a run", file=run.state)
    if state["format"] != FORMAT:
        raise RunError(
            f"the run has format {state['format']}; this racegym reads {FORMAT}", file=run.state
        )
    return state


def repair(run: RunFolder) -> dict[str, Any]:
    """Return a run's state; one whose writer is gone is completed and marked cut off first.

    Raises:
        RunError: the state can't be read, or the repair can't be written.
    """
    state = read_state(run)
    if state["state"] != "running" or is_held(run.lock):
        return state
    try:
        lock = Lock(run.lock)
    except OSError:  # another process repairs it at this very moment
        return state
    try:
        about = {**state, "state": CUT_OFF}
        if is_training(state):
            _finalise_seeds(run)
            finalise_training(run, about)
        else:
            finalise(run, about)
    except OSError as error:
        raise RunError(
            f"the run was cut off and can't be repaired: {error.strerror or error}", file=run.path
        ) from error
    finally:
        lock.release()
    return read_state(run)


def _finalise_seeds(run: RunFolder) -> None:
    """Repair the seeds of a training that has several, and let it tell of them."""
    if not run.training.exists():
        return
    seeds = seed_folders(run)
    for own in seeds.values():
        if own.state.is_file():
            repair(own)
    if seeds:
        finalise_seeds(run)


def is_training(state: Mapping[str, Any]) -> bool:
    """Return whether the run learned, and so holds no race."""
    return state.get("task") == "train"


def check_raced(run: RunFolder, state: Mapping[str, Any], what: str) -> None:
    """Refuse a training where a race is needed.

    Args:
        run: the run.
        state: what is known of it.
        what: can't be done with it, such as ``"verify"``.

    Raises:
        RunError: says what there is instead.
    """
    if is_training(state):
        raise RunError(
            f"this run trained: it holds no race to {what}. `racegym runs show` tells how it "
            f"went, and its figures stand in {run.figures.name}",
            file=run.path,
        )
