"""``racegym tracks sync``: one library of tracks brought up to date from another."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["command"]

FAILED = 2  # exit code: a track was left, since it is broken or would be lost
LEFT = ("broken", "conflict")


@click.command("sync")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path), required=False)
@click.option("--overwrite", is_flag=True, help="Also replace tracks that are newer in TARGET.")
@click.option("--delete", is_flag=True, help="Remove tracks of TARGET that SOURCE has not.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing.")
def command(source: Path, target: Path | None, overwrite: bool, delete: bool, dry_run: bool) -> int:
    """Bring the library TARGET, your own if it is left out, up to date from the folder SOURCE.

    Tracks whose content is new or has changed are copied, each whole or not at all.
    """
    from racegym.formats.library import user_library
    from racegym.formats.sync import sync

    into = user_library() if target is None else target
    done = list(sync(source, into, overwrite=overwrite, delete=delete, dry_run=dry_run))
    if done:
        table = Table("track", "what")
        for each in done:
            table.add_row(Text(each.name, no_wrap=True), each.what)
        Console().print(table)
    counts = [(sum(each.what == what for each in done), what) for what in
              ("new", "changed", "same", "conflict", "broken", "deleted", "kept")]  # fmt: skip
    told = ", ".join(f"{count} {what}" for count, what in counts if count) or "no tracks"
    click.echo(f"{'would be, in' if dry_run else 'in'} {into}: {told}")
    for each in done:
        if each.reason:
            click.echo(f"{each.name}: {each.reason}", err=True)
    return FAILED if any(each.what in LEFT for each in done) else 0
