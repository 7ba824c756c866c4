"""The folder of a training with several seeds: a whole run for each, and what they come to.

``seed-1/``, ``seed-2/`` ... are folders as any training leaves one. Beside them are files of
the names that a run has: ``train.json`` holds the sums and means, and a line for each seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from racegym.errors import RunError
from racegym.locks import Lock
from racegym.record.finish import FORMAT
from racegym.record.folder import RunFolder, read_json, write_json, write_whole
from racegym.record.kept import BEST, link_whole
from racegym.record.recorder import End, now
from racegym.record.trained import PARTIAL, checkpoint_to_drive, read_training
from racegym.record.training import AboutTraining
from racegym.record.versions import machine, versions

__all__ = ["SeedsLog", "Sown", "finalise_seeds", "folder_of_seed", "seed_folders", "sown_in"]

WAITING = "waiting"  # the state of a seed that has not begun


def folder_of_seed(folder: RunFolder, seed: int) -> RunFolder:
    """Return the folder of one seed's training; it need not exist."""
    return RunFolder(folder.path / f"seed-{seed}")


def seed_folders(folder: RunFolder) -> dict[int, RunFolder]:
    """Return the trainings in a folder by seed; none if it is that of a single training.

    Raises:
        RunError: its ``train.json`` can't be read.
    """
    seeds = [int(row["seed"]) for row in read_training(folder).get("seeds", [])]
    return {seed: folder_of_seed(folder, seed) for seed in seeds}


@dataclass(frozen=True)
class Sown:
    """What became of one seed.

    Attributes:
        seed: of it.
        state: as in ``state.json``; ``"waiting"`` for one that has not begun.
        training: the content of its ``train.json``; None for one that has not begun.
    """

    seed: int
    state: str
    training: Mapping[str, Any] | None = None


class SeedsLog:
    """Keeps the folder of a training with several seeds up to date.

    Args:
        folder: of the run; it exists.
        about: what the folder says of the training.
        seeds: all of them.
        sown: what is there of them already.
        started: when it was begun first; None for now.

    Raises:
        RunError: the folder can't be written, or another process writes it.
    """

    def __init__(
        self,
        folder: RunFolder,
        about: AboutTraining,
        seeds: Sequence[int],
        sown: Mapping[int, Sown],
        started: str | None = None,
    ):
        self.folder = folder
        self._about = about
        self._sown = {seed: sown.get(seed, Sown(seed, WAITING)) for seed in seeds}
        self._wall: dict[str, Any] = {"started": started or now(), "process": os.getpid()}
        try:
            self._lock = Lock(folder.lock)
        except BlockingIOError as error:
            raise RunError("another process writes this run", file=folder.path) from error
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            write_whole(folder.scenario, about.scenario_yaml)
            self._write("running")
        except OSError as error:
            self._lock.release()
            raise _unwritable(folder, error) from error

    def note(self, seed: int) -> None:
        """Note what has become of a seed, as its folder tells it."""
        self._sown[seed] = sown_in(self.folder, seed)
        self._write("running")

    def begins(self, seed: int) -> None:
        """Note that a seed learns from now on."""
        self._sown[seed] = Sown(seed, "running", self._sown[seed].training)
        self._write("running")

    @property
    def untouched(self) -> bool:
        """Whether no seed has left a folder, and there is nothing to keep."""
        return not any(folder_of_seed(self.folder, seed).path.exists() for seed in self._sown)

    def discard(self) -> None:
        """Remove the folder of a training that was refused before it began."""
        self._lock.release()
        self.folder.discard()

    def finish(self, end: End, best: int | None) -> dict[str, Any]:
        """Complete the folder and return the content of ``train.json``.

        Args:
            end: how it ended.
            best: the seed whose checkpoint is to be driven with; None for none.

        Raises:
            RunError: something can't be written.
        """
        try:
            checkpoints = [] if best is None else [self._take(best)]
            self._wall |= {"ended": now()}
            return self._write(end, checkpoints)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        finally:
            self._lock.release()

    def _take(self, seed: int) -> dict[str, Any]:
        """Put a seed's best checkpoint into the common folder, and return what is said of it."""
        found = checkpoint_to_drive(folder_of_seed(self.folder, seed))
        assert found is not None  # a training that ended well has left one
        self.folder.checkpoints.mkdir(exist_ok=True)
        name = BEST + found.suffix
        beside = self.folder.checkpoints / f"{PARTIAL}{name}"
        link_whole(found, self.folder.checkpoints / name, beside)
        return {"name": name, "resumable": False, "seed": seed, "steps": self._steps_of(seed)}

    def _steps_of(self, seed: int) -> int:
        training = self._sown[seed].training
        return int(training["steps"]) if training is not None else 0

    def _write(
        self, state: End | str, checkpoints: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, Any]:
        about, sums = self._about, _sums(self._sown.values())
        data = {
            "trainer": about.trainer,
            "driver": about.driver,
            "options": dict(about.options),
            "seed": about.seed,
            "device": about.device,
            "begun_from": None if about.begun_from is None else str(about.begun_from),
            "total": int(about.options.get("steps", 1)) * len(self._sown),
            **sums,
            "checkpoints": list(checkpoints),
            "resumed": [],
        }
        write_json(self.folder.training, data)
        wall = self._wall | ({"seconds": sums["seconds"]} if state != "running" else {})
        whole = {
            "format": FORMAT,
            "state": state,
            "scenario": about.scenario,
            "task": "train",
            "seed": about.seed,
            "seeds": list(self._sown),
            "backend": about.backend,
            "versions": versions(),
            "machine": machine(),
            "wall": wall,
        }
        write_json(self.folder.state, whole)
        return data


def sown_in(folder: RunFolder, seed: int) -> Sown:
    """Return what has become of one seed of a training, as its own folder tells it.

    Raises:
        RunError: that can't be read.
    """
    own = folder_of_seed(folder, seed)
    if not own.state.is_file():
        return Sown(seed, WAITING)
    return Sown(seed, str(read_json(own.state)["state"]), read_training(own))


def finalise_seeds(folder: RunFolder) -> None:
    """Let the folder of a training that was cut off tell what has become of its seeds.

    Args:
        folder: whose seeds' folders are complete; nobody writes it any more.

    Raises:
        OSError: it can't be written.
    """
    sown = [sown_in(folder, seed) for seed in seed_folders(folder)]
    write_json(folder.training, {**read_training(folder), **_sums(sown)})


def _sums(sown: Iterable[Sown]) -> dict[str, Any]:
    """Return what the trainings of all seeds come to, and a line for each."""
    rows = [_row(one) for one in sown]
    begun = [row for row in rows if row["steps"] is not None]
    return {
        "steps": sum(row["steps"] for row in begun),
        "seconds": round(sum(row["seconds"] for row in begun), 3),
        "figures": _means([row["figures"] or {} for row in begun]),
        "evaluation": _means([row["evaluation"] or {} for row in begun]),
        "seeds": rows,
    }


def _row(sown: Sown) -> dict[str, Any]:
    training = sown.training or {}
    told = {key: training.get(key) for key in ("steps", "seconds", "figures", "evaluation")}
    return {"seed": sown.seed, "state": sown.state, **told}


def _means(told: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Return the mean of each figure that all have told as a number."""
    names = [name for name in told[0] if all(name in one for one in told)] if told else []
    found: dict[str, float | None] = {}
    for name in names:
        values = [one[name] for one in told]
        known = [value for value in values if value is not None]
        found[name] = fmean(known) if len(known) == len(values) else None
    return found


def _unwritable(folder: RunFolder, error: OSError) -> RunError:
    return RunError(f"the training can't be written: {error.strerror or error}", file=folder.path)
