"""``racegym runs``: what has been recorded, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.record import RunFolder

__all__ = ["command"]

_runs_dir = click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="The folder of all runs.",
)


@click.group("runs")
def command() -> None:
    """List recorded runs and show their results."""


@command.command("list")
@_runs_dir
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
@click.argument("run")
@_runs_dir
@click.option("--json", "as_json", is_flag=True, help="Print result.json.")
def _show(run: str, runs_dir: Path, as_json: bool) -> None:
    """Show the result of RUN: its folder, scenario/time, a scenario's latest, or "latest"."""
    from racegym.record import find_run, repair
    from racegym.record.folder import read_json
    from racegym.report import classification_table, episodes_table, summary_line
    from racegym.report.wording import lap_text

    found = find_run(run, runs_dir)
    state = repair(found)
    if state["state"] == "running":
        raise RunError("the run is not over yet", file=found.path)
    result = read_json(found.result)
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
