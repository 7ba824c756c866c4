"""The folder of one run: where each file lies, and how small files are written whole."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from racegym.documents.naming import safe_name
from racegym.errors import RunError

__all__ = [
    "MARGIN",
    "RunFolder",
    "megabytes",
    "read_json",
    "safe_name",
    "write_json",
    "write_whole",
]

MARGIN = 32_000_000  # [bytes] that must stay free beside what a run is expected to write


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its files; they need not exist.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def scenario(self) -> Path:
        """The scenario in full, with a header of versions."""
        return self.path / "scenario.yaml"

    @property
    def state(self) -> Path:
        """What is known of the run from its start on, and how it ended."""
        return self.path / "state.json"

    @property
    def result(self) -> Path:
        """Classification and figures, of a run that is over."""
        return self.path / "result.json"

    @property
    def official(self) -> Path:
        """The result with a steward's rulings; absent where there are none."""
        return self.path / "official.json"

    @property
    def laps(self) -> Path:
        """One row per completed lap."""
        return self.path / "laps.csv"

    @property
    def events(self) -> Path:
        """One JSON object per event of race control."""
        return self.path / "events.jsonl"

    @property
    def tracks(self) -> Path:
        """One JSON object per track: where its edges lie, for pictures."""
        return self.path / "tracks.jsonl"

    @property
    def commands(self) -> Path:
        """One JSON object per intervention from outside; absent when there was none."""
        return self.path / "commands.jsonl"

    @property
    def stream(self) -> Path:
        """Telemetry while the run lasts, an Arrow IPC stream."""
        return self.path / "telemetry.arrows"

    @property
    def telemetry(self) -> Path:
        """Telemetry of a run that is over."""
        return self.path / "telemetry.parquet"

    @property
    def telemetry_csv(self) -> Path:
        """The same as text, if it was asked for."""
        return self.path / "telemetry.csv"

    @property
    def controls(self) -> Path:
        """Every applied control and the digests that prove a replay, an Arrow IPC stream."""
        return self.path / "controls.arrows"

    @property
    def track_map(self) -> Path:
        """Picture of the best lap."""
        return self.path / "track_map.png"

    @property
    def lap_times(self) -> Path:
        """Picture of all lap times."""
        return self.path / "lap_times.png"

    def entrant_log(self, index: int, name: str) -> Path:
        """What a driver from a file has printed, and how it failed.

        Args:
            index: of the driver.
            name: of the driver.
        """
        return self.path / f"entrant_{index}_{safe_name(name)}.log"

    @property
    def lap_chart(self) -> Path:
        """Picture of the order at the end of each lap."""
        return self.path / "lap_chart.png"

    @property
    def gaps(self) -> Path:
        """Picture of the gaps to the leader."""
        return self.path / "gaps.png"

    @property
    def best_laps(self) -> Path:
        """Picture of speed, pedals and steering along each car's best lap."""
        return self.path / "best_laps.png"

    @property
    def accelerations(self) -> Path:
        """Picture of the accelerations that the cars reached, a g-g diagram."""
        return self.path / "accelerations.png"

    @property
    def report(self) -> Path:
        """The whole run as one page."""
        return self.path / "report.html"

    @property
    def training(self) -> Path:
        """What is known of a training: trainer, options, steps, checkpoints."""
        return self.path / "train.json"

    @property
    def figures(self) -> Path:
        """A training's figures, one row an update."""
        return self.path / "train.csv"

    @property
    def checkpoints(self) -> Path:
        """The folder of a training's checkpoints."""
        return self.path / "checkpoints"

    @property
    def learning_curve(self) -> Path:
        """Picture of a training's figures."""
        return self.path / "learning_curve.png"

    @property
    def seeds(self) -> Path:
        """Curves over the seeds of a training that has several."""
        return self.path / "seeds.json"

    @property
    def lock(self) -> Path:
        """Held by the process that writes the run."""
        return self.path / "running.lock"

    @classmethod
    def create(cls, runs_dir: Path, scenario: str) -> RunFolder:
        """Make the folder of a new run, ``runs_dir/scenario/time``.

        Args:
            runs_dir: made when absent.
            scenario: its name; made safe for every file system.

        Raises:
            RunError: the folder can't be made or written.
        """
        parent = runs_dir / safe_name(scenario)
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = cls(_unused(parent, stamp))
            write_whole(folder.path / "trial", "can this be written?")
            (folder.path / "trial").unlink()
        except OSError as error:
            raise RunError(
                f"can't write a run there: {error.strerror or error}; choose a folder with "
                "--runs-dir",
                file=parent,
            ) from error
        return folder

    def check_space(self, size: int) -> None:
        """Refuse a run that its disk has no room for.

        Args:
            size: [bytes] that the run is expected to write.

        Raises:
            RunError: too little is free; says how much, and what helps.
        """
        free = shutil.disk_usage(self.path).free
        if free < size + MARGIN:
            raise RunError(
                f"the disk is too full: {megabytes(free)} are free and the run may take "
                f"{megabytes(size + MARGIN)}; free some, choose another disk with --runs-dir, or "
                "record less with --set record.telemetry=false",
                file=self.path,
            )

    def discard(self) -> None:
        """Remove the folder of a run that never began, and its scenario's if it is empty then."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            self.path.parent.rmdir()

    def size(self) -> int:
        """Return how many bytes its files take."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


def _unused(parent: Path, stamp: str) -> Path:
    """Make and return ``parent/stamp``, with a number behind it when that is taken."""
    number = 1
    while True:
        path = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def megabytes(size: float) -> str:
    """Return a number of bytes as people read it.

    >>> megabytes(1_234_567)
    '1.2 MB'
    """
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there in full or not at all."""
    beside = path.with_name(f"{path.name}.part")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def write_json(path: Path, data: Any) -> None:
    """Write JSON whole, without values that JSON has not."""
    write_whole(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        RunError: the file is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError("is missing; the run can't be read without it", file=path) from None
    except (OSError, ValueError) as error:
        raise RunError(f"can't be read: {error}", file=path) from error
