"""``racegym runs``: what has been recorded, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from racegym.cli import runs_delete, runs_export, runs_report
from racegym.cli.run_names import RUN, find_finished, runs_dir_option
from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.record import RunFolder

__all__ = ["command"]


@click.group("runs")
def command() -> None:
    """List recorded runs, show, export and delete them."""


@command.command("list")
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def _list(runs_dir: Path, as_json: bool) -> None:
    """List all runs; those that were cut off are completed from what they had recorded."""
    from racegym.record import find_runs
    from racegym.report import runs_table

    rows = [_row(run) for run in find_runs(runs_dir)]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        click.echo(f"there are no runs in {runs_dir}")
    else:
        Console().print(runs_table(rows))
        for row in rows:
            if row["reason"]:
                click.echo(f"{row['run']}: {row['reason']}", err=True)


def _row(run: RunFolder) -> dict[str, Any]:
    from racegym.record import repair
    from racegym.record.folder import read_json

    row: dict[str, Any] = {
        "run": f"{run.path.parent.name}/{run.path.name}",
        "folder": str(run.path),
        "scenario": None, "task": None, "state": "unreadable", "started": None, "time": None,
        "winner": None, "best_lap": None, "size": run.size(), "reason": "",
    }  # fmt: skip
    try:
        state = repair(run)
        result = {} if state["state"] == "running" else read_json(run.result)
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
@click.option("--json", "as_json", is_flag=True, help="Print result.json.")
@click.option("--plots", is_flag=True, help="Draw more pictures into its folder.")
def _show(run: str, runs_dir: Path, as_json: bool, plots: bool) -> None:
    """Show the result of RUN: its folder, scenario/time, a scenario's latest, or "latest"."""
    from racegym.record.folder import read_json
    from racegym.report import classification_table, episodes_table, summary_line
    from racegym.report.wording import lap_text

    found, state = find_finished(run, runs_dir)
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
    if state["task"] == "evaluate":
        console.print(episodes_table(result))
        console.print(summary_line(result), highlight=False)
    else:
        console.print(classification_table(result))
    for file in sorted(found.path.iterdir()):
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
              runs_delete.command):  # fmt: skip
    command.add_command(_part)
