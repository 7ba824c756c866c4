"""``racegym doctor``: whether racegym can work here, and what helps where it can't."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.cli.run_names import runs_dir_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from racegym.doctor import Finding

__all__ = ["command"]

FAILS = 1  # exit code
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command("doctor")
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(runs_dir: Path, as_json: bool) -> int:
    """Check that racegym can work here, and say what helps where it can't.

    The exit code is 1 when a check fails; a warning is none.
    """
    from racegym.doctor import examine

    findings = examine(runs_dir)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    return FAILS if any(finding.state == "fail" for finding in findings) else 0


def _show(findings: Sequence[Finding]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("state", "what", "found"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        state = Text(finding.state, style=_STYLES[finding.state])
        table.add_row(state, Text(finding.what, no_wrap=True), Text(finding.found))
    Console().print(table)
    for finding in findings:  # no table: a command must stay on one line to be copied
        if finding.remedy:
            click.echo(f"{finding.what}: {finding.remedy}")
