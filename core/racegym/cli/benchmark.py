"""``racegym benchmark``: frozen tasks, runs of trainers on them, and what these come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.cli.run_names import check_new, runs_dir_option
from racegym.cli.training import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from racegym.benchmark.report import Report
    from racegym.benchmark.statistics import Estimate
    from racegym.benchmark.tasks import Task

__all__ = ["command"]

into_option = click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("benchmark"),
    show_default=True,
    help="The folder of all results.",
)


@click.group("benchmark")
def command() -> None:
    """Learn tasks that never change, and report results that can be cited."""


@command.command("list")
def _list_tasks() -> None:
    """List the tasks, and the names that are kept for tasks to come."""
    from racegym.benchmark.tasks import every_task, reserved_names

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in (("task", "left"), ("steps", "right"), ("hash", "left"), ("", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for task in every_task():
        table.add_row(task.selector, f"{task.steps:,}", task.hash, Text(task.summary))
    for name, about in reserved_names().items():
        table.add_row(name, "", "", Text(f"to come: {about}", style="dim"))
    Console().print(table)


@command.command("show")
@click.argument("task")
def _show(task: str) -> None:
    """Print TASK as it stands in its file, and its hash."""
    from racegym.benchmark.tasks import find_task

    found = find_task(task)
    click.echo(f"# {found.selector}, hash {found.hash}")
    click.echo(found.text.rstrip())


@command.command("run")
@click.argument("task")
@click.option("--trainer", required=True, metavar="NAME", help="What learns.")
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=5, show_default=True,
    help="How many trainings, with the seeds 1, 2 and so on.",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="trainer.KEY=VALUE",
    help="A setting of the trainer, or its action map: action=discrete.",
)  # fmt: skip
@click.option("--label", metavar="NAME", help="What it is called; by default the trainer's name.")
@click.option(
    "--steps", type=click.IntRange(min=1), metavar="N",
    help="Learn for N steps; by default for as many as the task allows.",
)  # fmt: skip
@into_option
@click.option("-q", "--quiet", is_flag=True, help="Print only the score of each seed.")
def _run(
    task: str,
    trainer: str,
    seeds: int,
    overrides: tuple[str, ...],
    label: str | None,
    steps: int | None,
    into: Path,
    quiet: bool,
) -> int:
    """Let a trainer learn TASK with several seeds, and judge what it learned.

    What is done stays: after Ctrl-C, or with more seeds, the same command goes on.
    """
    from racegym.benchmark.running import Entry, run_seed
    from racegym.benchmark.tasks import find_task
    from racegym.report import announce_compiling
    from racegym.report.training import LiveTraining

    found = find_task(task)
    entry = Entry.of(trainer, overrides, label, steps)
    console = Console(quiet=quiet)

    def say() -> None:
        console.print("compiling kernels (first run only) ...", style="dim", highlight=False)

    for seed in range(1, seeds + 1):
        console.print(f"{found.selector}, {entry.label}, seed {seed}", highlight=False)
        with announce_compiling(say), LiveTraining(console) as live:
            done = run_seed(entry, found, seed, into, shown=None if quiet else live)
        if done.result is None:
            click.echo("stopped; the same command goes on", err=True)
            return INTERRUPTED
        click.echo(f"seed {seed}: {_told(done.result)}{' (done before)' * done.was_there}")
        _say_missing(found, tuple(done.result["missing"]))
    return 0


@command.command("score")
@click.argument("what", metavar="RUN|CHECKPOINT|ONNX|DRIVER")
@click.option("--task", required=True, metavar="TASK", help="Whose test it drives.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the score and all episodes as JSON; a report takes it as a reference line.",
)  # fmt: skip
@click.option(
    "--label", metavar="NAME", help="What a report calls it; by default as it was named here."
)
@click.option("--force", is_flag=True, help="Replace a --json file that exists.")
@runs_dir_option
def _score_one(
    what: str, task: str, json_file: Path | None, label: str | None, force: bool, runs_dir: Path
) -> None:
    """Let a driver, or what was learned, drive the test of a task.

    It is named as for racegym evaluate.
    """
    from racegym.benchmark.running import FORMAT
    from racegym.benchmark.scoring import score
    from racegym.benchmark.tasks import find_task
    from racegym.record.folder import write_json
    from racegym.record.versions import machine, versions
    from racegym.run.subject import find_subject

    found = find_task(task)
    if json_file is not None:
        check_new(json_file, force=force)
    done = score(find_subject(what, runs_dir).driver, found)
    result = {
        "format": FORMAT,
        "task": {"name": found.name, "version": found.version, "hash": found.hash},
        "label": what if label is None else label,
        "driver": what,
        "versions": versions(),
        "machine": machine(),
        **done.plain(),
    }
    click.echo(f"{found.selector}: {_told(result)}")
    _say_missing(found, done.missing)
    if json_file is not None:
        write_json(json_file, result)


@command.command("report")
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("benchmark")
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def _report(folder: Path, as_json: bool) -> None:
    """Sum up the results in FOLDER: a page, its figures as JSON and a picture, written into it.

    Scores are interquartile means with stratified bootstrap intervals over the seeds. JSON files
    of racegym benchmark score that lie in FOLDER stand beside them as reference lines.
    """
    from racegym.benchmark.page import write_report
    from racegym.benchmark.report import gather, summed_up

    found = gather(folder)
    files = write_report(found, folder)
    if as_json:
        click.echo(json.dumps(summed_up(found), indent=2))
        return
    console = Console()
    for task in found.tasks:
        console.print(_table_of(found, task))
    click.echo(
        "score: interquartile mean of the seeds, with its interval; steps and time: a seed's; "
        "ref.: drove without learning"
    )
    click.echo(f"learned on: {'; '.join(found.machines)}")
    for reason in found.left_out:
        click.echo(f"left out: {reason}")
    for file in files:
        click.echo(f"written: {file}")


def _table_of(report: Report, task: str) -> Table:
    """Return what entries and reference lines came to on a task."""
    from racegym.benchmark.cost import duration_text, short_steps_text
    from racegym.benchmark.page import figure_text
    from racegym.benchmark.references import lines_in

    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title=task, title_justify="left", title_style="bold"
    )
    table.add_column("entry", no_wrap=True)
    for name in ("seeds", "steps", "time", "score", "done %", "lap %"):
        table.add_column(name, justify="right", no_wrap=True)

    def figures(told: Mapping[str, Estimate | None]) -> list[Text]:
        score, *others = (told[key] for key in ("score", "completion", "lap_percent"))
        alone = (None if e is None else e._replace(low=None, high=None) for e in others)
        return [Text(figure_text(e)) for e in (score, *alone)]

    for line in lines_in(report.lines, task):
        about = (Text(line.label), "ref.", "0", "–")
        table.add_row(*about, *figures(line.estimates()), style="dim")
    for cell in report.cells:
        if cell.task == task:
            about = (Text(cell.label), str(len(cell.results)), short_steps_text(cell.steps),
                     duration_text(cell.seconds()))  # fmt: skip
            table.add_row(*about, *figures(cell.estimates()))
    return table


def _told(result: dict[str, Any]) -> str:
    laps = result["lap_percent"]
    lap = "no lap" if laps is None else f"laps at {laps:.1f} % of the reference's time"
    return f"score {result['score']:.1f}, {result['completion']:.0f} % completed, {lap}"


def _say_missing(task: Task, missing: tuple[str, ...]) -> None:
    if missing:
        click.echo(
            f"left out, as no library here has them: {', '.join(missing)}; "
            f"{len(task.imported) - len(missing)} of {len(task.imported)} circuits were driven"
        )
