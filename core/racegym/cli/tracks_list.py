"""``racegym tracks list``: every track that goes by a name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.errors import RacegymError

if TYPE_CHECKING:
    from racegym.scenario.track_names import NamedTrack

__all__ = ["command"]

FAILED = 2  # exit code: a track is broken


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(as_json: bool) -> int:
    """List the tracks of this project's library, of yours, and of installed plugins.

    Of two that share a name, the first is meant by it; the other is told as hidden.
    """
    from racegym.scenario.track_names import named_tracks

    rows = [_row(track) for track in named_tracks()]
    taken: set[str] = set()
    for row in rows:
        row["hidden"] = row["name"] in taken
        taken.add(row["name"])
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        from racegym.report.narrow import leave_out

        console, table = Console(), _table(rows)
        leave_out(table, console, "hash", "corners", "from")
        console.print(table)
    broken = [row["reason"] for row in rows if row["reason"]]
    for reason in broken if not as_json else ():
        click.echo(f"{click.style('error:', fg='red', bold=True)} {reason}", err=True)
    return FAILED if broken else 0


def _row(named: NamedTrack) -> dict[str, Any]:
    from racegym.scenario.track_figures import short_figures

    row: dict[str, Any] = {
        "name": named.name, "from": named.origin, "path": str(named.path) if named.path else None,
        "length": None, "width": None, "corners": None, "hash": None, "reason": "",
    }  # fmt: skip
    try:
        row.update(short_figures(named))
    except RacegymError as error:
        row["reason"] = str(error)
    return row


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("name", "hash", "from")
    for column in ("length", "width", "corners"):
        table.add_column(column, justify="right")
    for row in rows:
        origin = f"{row['from']}, hidden" if row["hidden"] else row["from"]
        if row["reason"]:
            cells: list[str | Text] = ["broken", Text(origin), "", "", ""]
        else:
            width, length = row["width"], f"{row['length']:,.0f} m"
            least, most = f"{width['least']:.1f}", f"{width['most']:.1f}"
            wide = least if least == most else f"{least}-{most}"
            cells = [row["hash"], Text(origin), length, f"{wide} m", str(row["corners"])]
        table.add_row(Text(row["name"], no_wrap=True), *cells)
    return table
