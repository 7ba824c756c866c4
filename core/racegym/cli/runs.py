"""``racegym runs``: what has been recorded, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from racegym.cli import runs_delete, runs_export, runs_import, runs_report, runs_resume
from racegym.cli.race_result import print_result
from racegym.cli.run_names import RUN, find_finished, runs_dir_option
from racegym.cli.training import tell_training
from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.record import RunFolder

__all__ = ["command"]


@click.group("runs")
def command() -> None:
    """List recorded runs, show, import, export, resume and delete them."""


@command.command("list")
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def _list(runs_dir: Path, as_json: bool) -> None:
    """List all runs; those that were cut off are completed from what they had recorded."""
    from racegym.record import find_runs
    from racegym.report import runs_table
    from racegym.report.narrow import leave_out

    rows = [_row(run) for run in find_runs(runs_dir)]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        click.echo(f"there are no runs in {runs_dir}")
    else:
        console, table = Console(), runs_table(rows)
        leave_out(table, console, "size", "race time", "task")
        console.print(table)
        for row in rows:
            if row["reason"]:
                click.echo(f"{row['run']}: {row['reason']}", err=True)


def _row(run: RunFolder) -> dict[str, Any]:
    from racegym.record import repair
    from racegym.record.folder import read_json
    from racegym.record.runs import is_training
    from racegym.record.trained import read_training

    row: dict[str, Any] = {
        "run": f"{run.path.parent.name}/{run.path.name}",
        "folder": str(run.path),
        "scenario": None, "task": None, "state": "unreadable", "started": None, "time": None,
        "winner": None, "best_lap": None, "steps": None, "size": run.size(), "reason": "",
    }  # fmt: skip
    result: dict[str, Any] = {}
    try:
        state = repair(run)
        if is_training(state):
            row["steps"] = read_training(run)["steps"]
        elif state["state"] != "running":
            result = read_json(run.result)
    except RunError as error:
        row["reason"] = str(error)
        return row
    classification = result.get("classification", [])
    row.update(
        scenario=state["scenario"],
        task=state["task"],
        state=state["state"],
        started=state["wall"]["started"],
        time=result.get("time"),
        best_lap=result.get("summary", {}).get("best_lap"),
        winner=classification[0]["name"] if classification and state["task"] == "race" else None,
        size=run.size(),
    )
    return row


@command.command("show")
@click.argument("run", type=RUN)
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print result.json, or train.json.")
@click.option("--plots", is_flag=True, help="Draw more pictures into its folder.")
def _show(run: str, runs_dir: Path, as_json: bool, plots: bool) -> None:
    """Show the result of RUN: its folder, scenario/time, a scenario's latest, or "latest"."""
    from racegym.record.folder import read_json
    from racegym.record.runs import is_training
    from racegym.report.wording import lap_text

    found, state = find_finished(run, runs_dir)
    if is_training(state):
        _show_training(found, state, as_json=as_json, plots=plots)
        return
    result = read_json(found.result)
    if plots:
        _draw(found, result)
    if as_json:
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(
        f"{state['scenario']}, {state['state']}, started {state['wall']['started']}, "
        f"{state['backend']}, race time {lap_text(result['time'])}",
        highlight=False, markup=False,
    )  # fmt: skip
    print_result(console, state["task"], result)
    for file in sorted(found.path.iterdir()):
        click.echo(str(file))


def _show_training(run: RunFolder, state: dict[str, Any], *, as_json: bool, plots: bool) -> None:
    from racegym.record.trained import read_training
    from racegym.report import draw_learning_curve

    training = read_training(run)
    if plots:
        draw_learning_curve(run)
    if as_json:
        click.echo(json.dumps(training, indent=2, ensure_ascii=False))
        return
    tell_training(run, state["state"], training)
    for file in sorted(file for file in run.path.rglob("*") if file.is_file()):
        click.echo(str(file))


def _draw(run: RunFolder, result: dict[str, Any]) -> None:
    from racegym.report import draw_pictures

    try:
        draw_pictures(run, result)
    except OSError as error:
        raise RunError(
            f"a picture can't be written: {error.strerror or error}", file=run.path
        ) from error


for _part in (runs_report.report_command, runs_report.open_command, runs_export.command,
              runs_import.command, runs_resume.command, runs_delete.command):  # fmt: skip
    command.add_command(_part)
