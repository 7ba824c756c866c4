"""``racegym classify``: the official result of a run, after a steward's rulings."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from racegym.cli.run_names import RUN, find_finished, runs_dir_option

__all__ = ["command"]


@click.command("classify")
@click.argument("run", type=RUN)
@click.option(
    "--rulings", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE",
    help="YAML with the rulings and their reasons.",
)  # fmt: skip
@runs_dir_option
def command(run: str, rulings: Path, runs_dir: Path) -> None:
    """Apply a steward's rulings to RUN: official.json beside the result, which stays as it is."""
    from racegym.cli.race_result import print_result
    from racegym.record.rulings import make_official
    from racegym.record.runs import check_raced

    folder, state = find_finished(run, runs_dir)
    check_raced(folder, state, "classify")
    official = make_official(folder, rulings)
    print_result(Console(), "race", official)
    click.echo(f"written: {folder.official}")
