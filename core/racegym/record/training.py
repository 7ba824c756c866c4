"""Writes the folder of a training: what learned, how it went, and its checkpoints.

``state.json``, ``scenario.yaml`` and the lock are those of any run. Beside them are
``train.json``, written whole each time; ``train.csv``, a row an update, which is readable
whenever the process dies; and ``checkpoints/``, each file of which is whole or absent.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import IO, Any, NamedTuple

from racegym.errors import RunError
from racegym.locks import Lock
from racegym.record.figures import OWN_COLUMNS, as_text, cells_of, read_figures
from racegym.record.finish import FORMAT
from racegym.record.folder import RunFolder, read_json, write_json, write_whole
from racegym.record.kept import BEST, OWN_BEST, link_whole, numbered, too_old
from racegym.record.recorder import End, now
from racegym.record.trained import COMING, PARTIAL, read_training, signature
from racegym.record.versions import git_revision, learning_versions, machine, versions

__all__ = ["AboutTraining", "Stay", "TrainingLog"]

_NAME = re.compile(r"\w[\w.+=-]*")


@dataclass(frozen=True, kw_only=True)
class AboutTraining:
    """What a folder says of its training from the start on.

    Attributes:
        scenario: its name.
        scenario_yaml: all of it.
        seed: of the scenario, which everything is drawn from.
        backend: what the cars run on.
        trainer: its name in the scenario.
        options: of the trainer, all of them.
        driver: the name of the driver that takes its checkpoints; None if no plugin offers it.
        device: where it learns.
        begun_from: the checkpoint that it began from; None for a beginning from nothing.
        judged: core judges the checkpoints, and says which one is the best.
    """

    scenario: str
    scenario_yaml: str
    seed: int
    backend: str
    trainer: str
    options: Mapping[str, Any]
    driver: str | None
    device: str = "cpu"
    begun_from: Path | None = None
    judged: bool = False


class Stay(NamedTuple):
    """How a checkpoint is to stay under a name with its steps.

    Attributes:
        keep: how many of the latest stay, this one included; older ones are removed.
        milestone: whether it stays whatever comes.
    """

    keep: int
    milestone: bool


class _Coming(NamedTuple):
    """A checkpoint that is about to get into its place."""

    beside: Path
    name: str
    checkpoints: Mapping[str, Any]  # all that there will be, as ``train.json`` will tell them

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "file": signature(self.beside),
            "checkpoints": list(self.checkpoints.values()),
        }


@dataclass
class _Told:
    """How far a training is."""

    steps: int = 0
    total: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)


class TrainingLog:
    """Keeps a training's folder up to date while it learns.

    Args:
        folder: of the run; it exists.
        about: what the folder says of the training.
        begun: name of the checkpoint to go on from, in a folder that holds a training. It stays as
            it is until there is something new; then the rows of ``train.csv`` that were told after
            the checkpoint are dropped. None for a new folder.

    Attributes:
        curriculum: where it stands in its curriculum, which is kept with each checkpoint; None
            without one.
        untouched: whether nothing was told or written yet, and there is nothing to keep.

    Raises:
        RunError: the folder can't be written, or another process writes it.
    """

    def __init__(self, folder: RunFolder, about: AboutTraining, begun: str | None = None):
        self.folder = folder
        self.curriculum: Mapping[str, Any] | None = None
        self.untouched = begun is None
        self._about = about
        self._told = _Told()
        self._columns: list[str] = list(OWN_COLUMNS)
        self._figures: IO[str] | None = None
        self._checkpoints: dict[str, dict[str, Any]] = {}  # by name, as train.json tells them
        self._resumes: list[dict[str, Any]] = []
        self._evaluated: dict[str, float] = {}  # figures of the last evaluation
        self._begun_from = None if about.begun_from is None else str(about.begun_from)
        self._ended_by: str | None = None
        self._never_told: list[str] = []
        self._begun = -1  # steps of the checkpoint that is gone on from
        self._drop = begun is not None  # rows that were told after it
        self._before_resume: dict[str, Any] | None = None  # state.json, while nothing is new
        self._since, self._before = perf_counter(), 0.0
        self._git = git_revision()
        try:
            self._lock = Lock(folder.lock)
        except BlockingIOError as error:
            raise RunError("another process writes this run", file=folder.path) from error
        except OSError as error:
            raise _unwritable(folder.path, error) from error
        try:
            self._open(begun)
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise _unwritable(folder.path, error) from error
            raise

    def _open(self, begun: str | None) -> None:
        wall: dict[str, Any] = {"started": now(), "process": os.getpid()}
        if begun is not None:
            before = read_training(self.folder)
            self._checkpoints = {entry["name"]: entry for entry in before["checkpoints"]}
            self._resumes = [*before["resumed"], {"at": now(), "steps": before["steps"]}]
            self._begun = int(self._checkpoints[begun].get("steps", before["steps"]))
            total = int(self._about.options.get("steps", before["total"]))
            figures = _known(before.get("figures") or {})
            self._told = _Told(self._begun, total, before["seconds"], figures)
            self._evaluated = _known(before.get("evaluation") or {})
            self._begun_from = before.get("begun_from")
            self._before_resume = read_json(self.folder.state)
            wall["started"] = self._before_resume["wall"]["started"]
        self._state: dict[str, Any] = {
            "format": FORMAT,
            "state": "running",
            "scenario": self._about.scenario,
            "task": "train",
            "seed": self._about.seed,
            "backend": self._about.backend,
            "versions": versions(),
            "machine": machine(),
            "wall": wall,
        }
        self.folder.checkpoints.mkdir(exist_ok=True)
        for left in self.folder.checkpoints.glob(f"{PARTIAL}*"):
            left.unlink()
        if begun is None:
            self._begin()
        write_json(self.folder.state, self._state)

    def _begin(self) -> None:
        """Write what stands in the folder from now on."""
        write_whole(self.folder.scenario, self._about.scenario_yaml)
        self._before_resume = None
        self._write_training()

    @property
    def trainer(self) -> str:
        """The trainer's name in the scenario."""
        return self._about.trainer

    @property
    def is_done(self) -> bool:
        """Whether as many steps are done as were to be."""
        return 0 < self._told.total <= self._told.steps

    @property
    def total(self) -> int:
        """After how many steps it is to be done."""
        return self._told.total or int(self._about.options.get("steps", 1))

    def steps_of(self, name: str) -> int:
        """Return after how many steps a checkpoint was written."""
        return int(self._checkpoints[name].get("steps", self._told.steps))

    def curriculum_of(self, name: str) -> Mapping[str, Any] | None:
        """Return where a training stood in its curriculum when a checkpoint was written."""
        found: Mapping[str, Any] | None = self._checkpoints[name].get("curriculum")
        return found

    def update(self, steps: int, total: int, figures: Mapping[str, float]) -> None:
        """Keep a row of figures.

        Raises:
            RunError: it can't be written; the rows before it stay.
        """
        self.untouched = False
        try:
            if self._drop:
                self._go_on_from(steps)
            self._told = _Told(steps, total, self._seconds(), dict(figures))
            self._add_row(steps, figures)
        except OSError as error:
            raise _unwritable(self.folder.figures, error) from error

    def _add_row(self, steps: int, figures: Mapping[str, float]) -> None:
        if self._drop:  # judged at once after a resume: what was told with it stays
            self._go_on_from(steps + 1, judged_anew=figures)
        new = [name for name in figures if name not in self._columns]
        if new or self._figures is None:
            self._start_figures(new)
        assert self._figures is not None
        row = {**figures, "steps": steps, "seconds": round(self._seconds(), 3)}
        csv.writer(self._figures, lineterminator="\n").writerow(cells_of(self._columns, row))
        self._figures.flush()

    def _seconds(self) -> float:
        return self._before + perf_counter() - self._since

    def _go_on_from(self, steps: int, judged_anew: Mapping[str, float] | None = None) -> None:
        """Drop the rows that are told again, and count time from the last that stays."""
        self._drop = False
        told = read_figures(self.folder)
        # Told after the checkpoint: a resume with other settings may tell at other steps.
        rows = [row for row in told.rows if row["steps"] < min(steps, self._begun + 1)]
        if judged_anew is not None and rows and judged_anew.keys() <= rows[-1].keys():
            rows.pop()
        self._before = rows[-1]["seconds"] if rows else 0.0
        self._columns = list(told.columns)
        self._begin()
        write_whole(self.folder.figures, as_text(self._columns, rows))

    def _start_figures(self, new: list[str]) -> None:
        """Open the table of figures, its head widened by new columns."""
        if self._figures is not None:
            self._figures.close()
        rows = read_figures(self.folder).rows
        self._columns += new
        write_whole(self.folder.figures, as_text(self._columns, rows))
        self._figures = self.folder.figures.open("a", encoding="utf-8", newline="")

    @contextmanager
    def checkpoint(
        self, name: str, steps: int, *, resumable: bool, stay: Stay | None = None,
        evaluate: bool = False,
    ) -> Iterator[Path]:  # fmt: skip
        """Give a path to write to; what is there in the end becomes ``checkpoints/name``.

        Whenever the process dies, ``train.json`` tells of the file that is there: what it will
        say is written beside what it says, before the file gets into its place.

        Args:
            name: of the file.
            steps: after which it is written.
            resumable: whether a resume may go on from it.
            stay: how it is to stay under a name with its steps; None where it is not.
            evaluate: whether it is to be judged, which a resume can make up for.

        Raises:
            RunError: the name is no file's name, nothing was written, or it can't be kept.
        """
        self.untouched = False
        if self._about.judged and not resumable and Path(name).stem == BEST:
            name = OWN_BEST + Path(name).suffix
        if not _NAME.fullmatch(name) or len(name) > 100:
            raise RunError(
                f"the trainer {self._about.trainer!r} calls a checkpoint {name!r}; a name has "
                "letters, digits, '_', '-' and '.', and no folder"
            )
        beside = self.folder.checkpoints / f"{PARTIAL}{name}"
        try:
            yield beside
            if not beside.is_file():
                raise RunError(
                    f"the trainer {self._about.trainer!r} wrote no file for the checkpoint "
                    f"{name!r}",
                    file=beside,
                )
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            if self._before_resume is not None:
                self._begin()
            self._put(beside, name, steps, resumable=resumable, stay=stay, evaluate=evaluate)
        except OSError as error:
            raise _unwritable(self.folder.checkpoints / name, error) from error
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def _put(
        self, beside: Path, name: str, steps: int, *, resumable: bool, stay: Stay | None,
        evaluate: bool,
    ) -> None:  # fmt: skip
        """Put a whole file into its place, and note all that follows from it at once."""
        before = dict(self._checkpoints)
        old: list[str] = []
        if stay is not None and (stay.keep > 1 or stay.milestone):
            copy = numbered(name, steps)
            link_whole(beside, self.folder.checkpoints / copy, beside.with_name(PARTIAL + copy))
            more = {"milestone": True} if stay.milestone else {}
            self._note(copy, steps, resumable=resumable, **more)
        self._note(name, steps, resumable=resumable, **({"evaluate": True} if evaluate else {}))
        if stay is not None:
            old = too_old(self._checkpoints.values(), stay.keep)
            for gone in old:
                del self._checkpoints[gone]
        after, self._checkpoints = self._checkpoints, before
        self._write_training(coming=_Coming(beside, name, after))
        beside.replace(self.folder.checkpoints / name)
        self._checkpoints = after
        self._write_training()
        for gone in old:
            with suppress(OSError):  # a file that somebody reads may have to stay for now
                (self.folder.checkpoints / gone).unlink(missing_ok=True)

    def _note(self, name: str, steps: int, *, resumable: bool, **more: Any) -> None:
        """Note a checkpoint; the last one written stands last, but for the best."""
        self._checkpoints.pop(name, None)
        if self.curriculum is not None:
            more["curriculum"] = self.curriculum
        best = [key for key, entry in self._checkpoints.items() if entry.get("figures")]
        self._checkpoints[name] = {"name": name, "resumable": resumable, "steps": steps, **more}
        for key in best:
            self._checkpoints[key] = self._checkpoints.pop(key)

    def to_evaluate(self, name: str) -> bool:
        """Tell whether a checkpoint was to be judged, and was not."""
        return bool(self._checkpoints[name].get("evaluate"))

    def evaluated(self, name: str, figures: Mapping[str, float], *, best: bool) -> None:
        """Keep the figures of a checkpoint that was judged, and itself if it is the best.

        Raises:
            RunError: something can't be written; what was written before stays.
        """
        steps = self.steps_of(name)
        try:
            self._add_row(steps, figures)
        except OSError as error:
            raise _unwritable(self.folder.figures, error) from error
        self._evaluated = dict(figures)
        self._checkpoints[name].pop("evaluate", None)
        if self.curriculum is not None:
            self._checkpoints[name]["curriculum"] = self.curriculum
        if best:
            chosen = BEST + Path(name).suffix
            self._link(name, chosen)
            for entry in self._checkpoints.values():
                entry.pop("figures", None)
            told = {key: _finite(value) for key, value in figures.items()}
            self._note(chosen, steps, resumable=False, figures=told)
        self._written()

    @property
    def evaluation(self) -> dict[str, float]:
        """The figures of the checkpoint that was judged last; empty before the first."""
        return dict(self._evaluated)

    @property
    def best(self) -> dict[str, float] | None:
        """The figures of the checkpoint that was judged the best; None if none was."""
        for entry in self._checkpoints.values():
            if entry.get("figures"):
                return _known(entry["figures"])
        return None

    def _link(self, name: str, target: str) -> None:
        folder = self.folder.checkpoints
        try:
            link_whole(folder / name, folder / target, folder / f"{PARTIAL}{target}")
        except OSError as error:
            raise _unwritable(folder / target, error) from error

    def _written(self) -> None:
        try:
            self._write_training()
        except OSError as error:
            raise _unwritable(self.folder.training, error) from error

    def told_since(self, steps: int) -> dict[str, float]:
        """Return the last value of each figure that was told after so many steps.

        Of a resume, those that had been told when the checkpoint was written.
        """
        told: dict[str, float] = {}
        for row in read_figures(self.folder).rows:
            if steps < row["steps"] <= self._begun:
                told |= row
        return {name: value for name, value in told.items() if name not in OWN_COLUMNS}

    def was_never_told(self, names: Iterable[str]) -> None:
        """Note figures that were waited for in vain."""
        self._never_told = sorted(names)

    def ends_by(self, reason: str) -> None:
        """Note why the training ends, where it is not that its steps are done."""
        self._ended_by = reason

    def discard(self) -> None:
        """Remove the folder of a training that was refused before it began."""
        self._lock.release()
        self.folder.discard()

    def finish(self, end: End) -> dict[str, Any]:
        """Complete the folder and return the content of ``train.json``.

        Raises:
            RunError: something can't be written; what was written before stays readable.
        """
        if self._figures is not None:
            self._figures.close()
        self._told.seconds = max(self._told.seconds, self._seconds())
        wall = {**self._state["wall"], "ended": now(), "seconds": round(self._told.seconds, 3)}
        try:
            if self._before_resume is not None:
                if end != "finished" or self._before_resume["state"] == "finished":
                    write_json(self.folder.state, self._before_resume)
                    return read_training(self.folder)
                self._begin()  # all had been learned when it was cut off
            data = self._write_training()
            write_json(self.folder.state, {**self._state, "state": end, "wall": wall})
        except OSError as error:
            raise _unwritable(self.folder.path, error) from error
        finally:
            self._lock.release()
        return data

    def _write_training(self, coming: _Coming | None = None) -> dict[str, Any]:
        about, told = self._about, self._told
        data: dict[str, Any] = {
            "trainer": about.trainer,
            "driver": about.driver,
            "options": dict(about.options),
            "seed": about.seed,
            "device": about.device,
            "versions": self._versions(),
            "git": self._git,
            "begun_from": self._begun_from,
            "ended_by": self._ended_by,
            "steps": told.steps,
            "total": told.total,
            "seconds": round(told.seconds, 3),
            "figures": {name: _finite(value) for name, value in told.figures.items()},
            "evaluation": {name: _finite(value) for name, value in self._evaluated.items()},
            "checkpoints": list(self._checkpoints.values()),
            "resumed": self._resumes,
        }
        if self._never_told:
            data["never_told"] = self._never_told
        if coming is not None:
            data[COMING] = coming.told()
        write_json(self.folder.training, data)
        return data

    def _versions(self) -> dict[str, str]:
        return {**self._state["versions"], **learning_versions()}


def _known(figures: Mapping[str, float | None]) -> dict[str, float]:
    """Return figures as they were told; what is None was none that JSON can tell."""
    return {name: float("nan") if value is None else value for name, value in figures.items()}


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(f"the training can't be written: {error.strerror or error}", file=path)


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
