"""What the results of a benchmark come to: figures with intervals, a page and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym import __version__
from racegym.benchmark.cost import duration_text, machine_text, steps_text
from racegym.benchmark.picture import draw_report
from racegym.benchmark.references import NO_SCORE, ReferenceLine, lines_in, read_line
from racegym.benchmark.running import RESULT, differing, read_result, settings_in
from racegym.benchmark.statistics import (
    AGGREGATES,
    Estimate,
    estimate,
    mean,
    probability_of_improvement,
)
from racegym.benchmark.tasks import every_task, find_task
from racegym.errors import RunError, UnknownNameError
from racegym.record.folder import write_json, write_whole

__all__ = [
    "CONFIDENCE", "Cell", "Report", "as_markdown", "figure_text", "gather", "summed_up",
    "write_report",
]  # fmt: skip

CONFIDENCE = 0.95
MOST = 1.05  # of the budget
PAGE, DATA, PICTURE = "report.md", "report.json", "report.png"

_ABOUT = (
    "racegym {version}. The score of a run is its pace in percent of the reference lap's, 0 for an "
    "episode that was not completed, as the mean over the test's episodes. Lap: the mean lap of "
    "completed episodes in percent of the reference lap's time; lower is better. In brackets: "
    "intervals of {confidence:.0%}, by a bootstrap over seeds, stratified by task (Agarwal et al. "
    "2021); of a single seed there is none. An entry is a trainer with its settings, of which the "
    "number of steps is one: no entry learned for more steps than the task's budget, and some may "
    "have learned for fewer. Steps and time are a seed's; time is the mean wall time of the "
    "training, on the machine that is named."
)
_REFERENCE_LINES = (
    "Rows in italics are reference lines: drivers and policies that learned nothing on the task. "
    "They have no seeds and no intervals, and are part of no figure over several tasks. What a "
    "policy had learned elsewhere is not counted."
)

_TOLD_ELSEWHERE = ("name", "steps", "action")

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


def write_report(report: Report, folder: Path) -> tuple[Path, Path, Path]:
    """Write the page, the figures as JSON and the picture; return their paths."""
    page, data, picture = (folder / name for name in (PAGE, DATA, PICTURE))
    write_json(data, summed_up(report))
    draw_report(report, picture)
    write_whole(page, as_markdown(report))
    return page, data, picture


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
                **_plain(dict(_overall(report, label))),
                "steps": _mean_steps(report, label),
                "seconds": _mean_seconds(report, label),
            }
            for label in (report.labels if report.shared else ())
        },
        "left_out": list(report.left_out),
    }


def _plain(found: Mapping[str, Estimate | None]) -> dict[str, dict[str, float | None] | None]:
    return {name: None if e is None else e._asdict() for name, e in found.items()}


def _mean_steps(report: Report, label: str) -> float:
    """Return what a run of an entry learned for, in the mean; each shared task weighs the same."""
    return fmean(fmean(cell.steps) for cell in report.compared(label))


def _mean_seconds(report: Report, label: str) -> float:
    """Return the wall time of a run [s], in the mean; each shared task weighs the same."""
    return fmean(cell.seconds() for cell in report.compared(label))


def _overall(report: Report, label: str) -> Iterator[tuple[str, Estimate]]:
    scores = report.scores(label)
    for name, aggregate in AGGREGATES.items():
        yield name, estimate(scores, aggregate, confidence=CONFIDENCE)


def as_markdown(report: Report) -> str:
    """Return a report as a page."""
    return (
        "\n".join([*_head(report), *_by_task(report), *_all_tasks(report), *_made_with(report)])
        + "\n"
    )


def _head(report: Report) -> list[str]:
    return [
        "# Benchmark",
        "",
        _ABOUT.format(version=__version__, confidence=CONFIDENCE),
        "",
        *([_REFERENCE_LINES, ""] if report.lines else []),
        f"![Scores by task, and the share of runs above each score]({PICTURE})",
        "",
    ]


def _by_task(report: Report) -> Iterator[str]:
    for name in report.tasks:
        cells = [cell for cell in report.cells if cell.task == name]
        lines = lines_in(report.lines, name)
        results = [*(r for c in cells for r in c.results), *(line.result for line in lines)]
        task = find_task(name)
        yield f"## {name}"
        yield ""
        about = f"{task.summary[0].upper()}{task.summary[1:]}"
        yield f"{about}; at most {task.steps:,} steps; hash `{task.hash}`."
        missing = sorted({track for result in results for track in result["missing"]})
        unlike = _unlike(results)
        if missing:
            yield f"Left out, as some machine did not have them: {', '.join(missing)}."
        if unlike:
            yield (
                "Not comparable: the runs have not all been judged by the same reference laps. "
                f"They differ on {', '.join(unlike)}."
            )
        yield ""
        yield "| entry | seeds | steps | time | score, IQM | completed, IQM [%] | lap [%] |"
        yield "|---|---:|---:|---:|---:|---:|---:|"
        for line in lines:
            yield f"| *{line.label}* | – | 0 | – | {_figures(line.estimates())} |"
        for cell in cells:
            yield (
                f"| {cell.label} | {len(cell.results)} | {steps_text(cell.steps)} | "
                f"{duration_text(cell.seconds())} | {_figures(cell.estimates())} |"
            )
        yield ""
        machines = sorted({name for cell in cells for name in cell.machines})
        if len(machines) == 1:
            yield f"Times on {machines[0]}."
        else:
            told = (f"{cell.label} on {' and '.join(cell.machines)}" for cell in cells)
            yield f"Times: {'; '.join(told)}."
        yield ""


def _figures(found: Mapping[str, Estimate | None]) -> str:
    return " | ".join(figure_text(found[key]) for key in ("score", "completion", "lap_percent"))


def _unlike(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the tracks of which results have different references.

    That of a name that everybody imports by himself may be somebody's own; and a racegym that
    draws a circuit or finds its limit otherwise has other references, too.
    """
    known: dict[str, set[str]] = {}
    for result in results:
        for name, reference in result["references"].items():
            known.setdefault(reference["track"], set()).add(name)
    return sorted(track for track, names in known.items() if len(names) > 1)


def _all_tasks(report: Report) -> Iterator[str]:
    if not report.shared:
        yield "No task has runs of all entries, so there is nothing to compare them on as a whole."
        yield ""
        return
    yield f"## All of {', '.join(report.shared)}"
    yield ""
    yield (
        "The tasks that every entry has runs of, all runs together; the median is that of all "
        "runs. The gap is to 100 %. Steps and time are a run's, in the mean over the tasks."
    )
    yield ""
    yield "| entry | steps | time | IQM | median | mean | optimality gap |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for label in report.labels:
        cells = (figure_text(value) for _, value in _overall(report, label))
        steps, time = _mean_steps(report, label), duration_text(_mean_seconds(report, label))
        yield f"| {label} | {steps:,.0f} | {time} | {' | '.join(cells)} |"
    yield ""
    pairs = [(a, b) for i, a in enumerate(report.labels) for b in report.labels[i + 1 :]]
    if pairs:
        yield "| a run of | is better than one of | with probability |"
        yield "|---|---|---:|"
        for a, b in pairs:
            found = probability_of_improvement(report.scores(a), report.scores(b))
            yield f"| {a} | {b} | {figure_text(found, digits=2)} |"
        yield ""


def figure_text(value: Estimate | None, digits: int = 1) -> str:
    """Return a figure with its interval, if it has one."""
    if value is None:
        return "–"
    text = f"{value.value:.{digits}f}"
    if value.low is None or value.high is None:
        return text
    return f"{text} [{value.low:.{digits}f}, {value.high:.{digits}f}]"


def _made_with(report: Report) -> Iterator[str]:
    results = [result for cell in report.cells for result in cell.results]
    yield "## Made with"
    yield ""
    for about in _distinct(results):
        yield f"- {about}"
    for label in report.labels:
        settings: dict[str, list[str]] = {}  # by them, the tasks that were learned with them
        for cell in (cell for cell in report.cells if cell.label == label):
            settings.setdefault(_settings(cell.results[0]), []).append(cell.task)
        for given, tasks in settings.items():
            where = f" on {', '.join(tasks)}" if len(settings) > 1 else ""
            yield f"- {label}{where}: {given}"
    if report.left_out:
        yield ""
        yield "Left out:"
        yield ""
        yield from (f"- {reason}" for reason in report.left_out)


def _settings(result: Mapping[str, Any]) -> str:
    """Return a trainer with its settings but for the steps, which the tables tell."""
    settings = settings_in(result)
    given = (f"{key}: {value}" for key, value in settings.items() if key not in _TOLD_ELSEWHERE)
    action = ", ".join(str(value) if key == "name" else f"{key}: {value}"
                       for key, value in settings["action"].items())  # fmt: skip
    return ", ".join([f"`{settings['name']}`", *given, f"action: {action}"])


def _distinct(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each combination of versions and machine, once."""
    seen: dict[str, None] = {}
    for result in results:
        versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        machine = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
        seen[f"{versions}; {machine}"] = None
    return list(seen)
