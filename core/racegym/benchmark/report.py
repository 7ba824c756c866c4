"""What the results of a benchmark come to: figures with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym import __version__
from racegym.benchmark.cost import machine_text
from racegym.benchmark.references import NO_SCORE, ReferenceLine, read_line
from racegym.benchmark.running import RESULT, differing, read_result, settings_in
from racegym.benchmark.statistics import (
    AGGREGATES,
    Estimate,
    estimate,
    mean,
)
from racegym.benchmark.tasks import every_task, find_task
from racegym.errors import RunError, UnknownNameError

__all__ = [
    "CONFIDENCE", "Cell", "Report", "gather", "mean_seconds", "mean_steps", "overall",
    "summed_up",
]  # fmt: skip

CONFIDENCE = 0.95
DATA = "report.json"  # what is written there is no result
MOST = 1.05  # of the budget

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """The runs of one entry on one task.

    Attributes:
        task: name and version.
        label: of the entry.
        results: by seed, as they stand in their files.
    """

    task: str
    label: str
    results: tuple[dict[str, Any], ...]

    @property
    def scores(self) -> Floats:
        """(n_seeds,) [%]."""
        return np.array([result["score"] for result in self.results], float)

    def estimates(self) -> dict[str, Estimate | None]:
        """Return the interquartile means of score and completion, and the mean of lap times.

        Lap times are those of the seeds that completed any lap; None where none did.
        """
        laps = [r["lap_percent"] for r in self.results if r["lap_percent"] is not None]
        completion = np.array([result["completion"] for result in self.results], float)
        return {
            "score": estimate([self.scores], confidence=CONFIDENCE),
            "completion": estimate([completion], confidence=CONFIDENCE),
            "lap_percent": estimate([np.array(laps)], mean, confidence=CONFIDENCE)
            if laps
            else None,
        }

    @property
    def steps(self) -> list[int]:
        """What each seed learned for."""
        return [int(result["steps"]) for result in self.results]

    @property
    def machines(self) -> list[str]:
        """The names of those that seeds were learned on."""
        return sorted({machine_text(result["machine"]) for result in self.results})

    def seconds(self) -> float:
        """Return the mean wall time of a training [s]."""
        return float(np.mean([result["seconds"] for result in self.results]))


@dataclass(frozen=True)
class Report:
    """All cells of a benchmark.

    Attributes:
        cells: sorted by task and label.
        left_out: why results in the folder are in none of them.
        lines: what drove the same tests without learning.
    """

    cells: tuple[Cell, ...]
    left_out: tuple[str, ...] = ()
    lines: tuple[ReferenceLine, ...] = ()

    @property
    def tasks(self) -> list[str]:
        """Name and version of each, in order."""
        return list(dict.fromkeys(cell.task for cell in self.cells))

    @property
    def labels(self) -> list[str]:
        """The entries, in order."""
        return sorted({cell.label for cell in self.cells})

    @property
    def machines(self) -> list[str]:
        """The names of all that were learned on."""
        return sorted({name for cell in self.cells for name in cell.machines})

    def cell(self, task: str, label: str) -> Cell | None:
        """Return the runs of an entry on a task."""
        return next((c for c in self.cells if (c.task, c.label) == (task, label)), None)

    @property
    def shared(self) -> list[str]:
        """The tasks that all entries have runs of: what they can be compared on."""
        return [t for t in self.tasks if all(self.cell(t, label) for label in self.labels)]

    def compared(self, label: str) -> list[Cell]:
        """Return the runs of an entry on each shared task."""
        cells = (self.cell(task, label) for task in self.shared)
        return [cell for cell in cells if cell is not None]

    def scores(self, label: str) -> list[Floats]:
        """Return (n_seeds,) for each shared task."""
        return [cell.scores for cell in self.compared(label)]


def gather(folder: Path) -> Report:
    """Return the results below a folder, and the reference lines in it.

    Results of other tasks than this racegym's, and of more steps than the task's, are left out
    and said to be.

    Raises:
        RunError: there is none, one can't be read, or one label stands for several entries.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    left_out: list[str] = []
    for file in sorted(folder.glob(f"*/*/seed-*/{RESULT}")):
        result = read_result(file)
        name = f"{result['task']['name']}-v{result['task']['version']}"
        reason = _other_task(result, name) or _too_long(result, name)
        if reason:
            left_out.append(f"{file.parent.relative_to(folder)}: {reason}")
        else:
            found.setdefault((name, result["label"]), []).append(result)
    if not found:
        why = "\n".join(["", *left_out])
        raise RunError(
            f"holds no results; make some: racegym benchmark run TASK --trainer NAME{why}",
            file=folder,
        )
    order = {task.selector: index for index, task in enumerate(every_task())}
    cells = [
        Cell(task, label, tuple(sorted(results, key=lambda r: int(r["seed"]))))
        for (task, label), results in found.items()
    ]
    for cell in cells:
        _check_one_entry(cell, folder)
    cells.sort(key=lambda cell: (order.get(cell.task, len(order)), cell.task, cell.label))
    lines, others = _reference_lines(folder, {cell.task for cell in cells})
    return Report(tuple(cells), (*left_out, *others), lines)


def _reference_lines(
    folder: Path, tasks: Set[str]
) -> tuple[tuple[ReferenceLine, ...], list[str]]:  # fmt: skip
    """Return the reference lines in a folder, and why other files are none.

    Raises:
        RunError: one can't be read, or two are of one task and label.
    """
    found: dict[tuple[str, str], ReferenceLine] = {}
    left_out = []
    for file in sorted(folder.glob("*.json")):
        if file.name == DATA:
            continue
        line = read_line(file)
        reason = NO_SCORE if line is None else _other_task(line.result, line.task)
        if line is not None and not reason and line.task not in tasks:
            reason = f"no entry learned {line.task}"
        if line is None or reason:
            left_out.append(f"{file.name}: {reason}")
            continue
        known = found.setdefault((line.task, line.label), line)
        if known is not line:
            raise RunError(
                f"is a second score of {line.label} on {line.task}, beside {known.file.name}; "
                "delete one, or score it anew with a --label of its own",
                file=file,
            )
    return tuple(found.values()), left_out


def _check_one_entry(cell: Cell, folder: Path) -> None:
    """Refuse to sum up runs that are not of one trainer with one set of settings.

    Raises:
        RunError: says what differs.
    """
    first, *others = cell.results
    for other in others:
        one, two = settings_in(first), settings_in(other)
        key = differing(one, two)
        if key is not None:
            raise RunError(
                f"the label {cell.label} stands for two entries on {cell.task}: seed "
                f"{first['seed']} learned with {key}: {one.get(key)}, and seed {other['seed']} "
                f"with {key}: {two.get(key)}; keep one in the folder, and learn the other with a "
                "--label of its own",
                file=folder,
            )


def _other_task(result: Mapping[str, Any], name: str) -> str:
    try:
        task = find_task(name)
    except UnknownNameError:
        return f"this racegym has no task {name}"
    if result["task"]["hash"] != task.hash:
        return f"its task has the hash {result['task']['hash']}, and here {name} has {task.hash}"
    return ""


def _too_long(result: Mapping[str, Any], name: str) -> str:
    steps, budget = result["steps"], find_task(name).steps
    # A trainer that learns from whole rollouts ends with the one that reaches the budget.
    if result["trainer"]["options"].get("steps", budget) > budget or steps > MOST * budget:
        return f"learned for {steps:,} steps, more than the {budget:,} that the task has"
    return ""


def summed_up(report: Report) -> dict[str, Any]:
    """Return all figures of a report as plain data."""
    cells = [
        {
            "task": cell.task,
            "hash": cell.results[0]["task"]["hash"],
            "label": cell.label,
            "seeds": [result["seed"] for result in cell.results],
            "steps": cell.steps,
            "budget": find_task(cell.task).steps,
            "seconds": cell.seconds(),
            "machines": cell.machines,
            **_plain(cell.estimates()),
        }
        for cell in report.cells
    ]
    lines = [
        {
            "task": line.task,
            "hash": line.result["task"]["hash"],
            "label": line.label,
            "driver": line.result["driver"],
            "steps": 0,
            **_plain(line.estimates()),
        }
        for line in report.lines
    ]
    return {
        "racegym": __version__,
        "confidence": CONFIDENCE,
        "cells": cells,
        "reference_lines": lines,
        "tasks": report.shared,
        "overall": {
            label: {
                **_plain(dict(overall(report, label))),
                "steps": mean_steps(report, label),
                "seconds": mean_seconds(report, label),
            }
            for label in (report.labels if report.shared else ())
        },
        "left_out": list(report.left_out),
    }


def _plain(found: Mapping[str, Estimate | None]) -> dict[str, dict[str, float | None] | None]:
    return {name: None if e is None else e._asdict() for name, e in found.items()}


def mean_steps(report: Report, label: str) -> float:
    """Return what a run of an entry learned for, in the mean; each shared task weighs the same."""
    return fmean(fmean(cell.steps) for cell in report.compared(label))


def mean_seconds(report: Report, label: str) -> float:
    """Return the wall time of a run [s], in the mean; each shared task weighs the same."""
    return fmean(cell.seconds() for cell in report.compared(label))


def overall(report: Report, label: str) -> Iterator[tuple[str, Estimate]]:
    """Yield the figures of an entry over all shared tasks, by name."""
    scores = report.scores(label)
    for name, aggregate in AGGREGATES.items():
        yield name, estimate(scores, aggregate, confidence=CONFIDENCE)
