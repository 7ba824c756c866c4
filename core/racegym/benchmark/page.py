"""Writes what the results of a benchmark come to: a page, its figures as JSON and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from racegym import __version__
from racegym.benchmark.cost import duration_text, steps_text
from racegym.benchmark.picture import draw_report
from racegym.benchmark.references import lines_in
from racegym.benchmark.report import (
    CONFIDENCE,
    DATA,
    Report,
    mean_seconds,
    mean_steps,
    overall,
    summed_up,
)
from racegym.benchmark.running import settings_in
from racegym.benchmark.statistics import Estimate, probability_of_improvement
from racegym.benchmark.tasks import find_task
from racegym.record.folder import write_json, write_whole

__all__ = ["as_markdown", "figure_text", "write_report"]

PAGE, PICTURE = "report.md", "report.png"

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


def write_report(report: Report, folder: Path) -> tuple[Path, Path, Path]:
    """Write the page, the figures as JSON and the picture; return their paths."""
    page, data, picture = (folder / name for name in (PAGE, DATA, PICTURE))
    write_json(data, summed_up(report))
    draw_report(report, picture)
    write_whole(page, as_markdown(report))
    return page, data, picture


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
        cells = (figure_text(value) for _, value in overall(report, label))
        steps, time = mean_steps(report, label), duration_text(mean_seconds(report, label))
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
