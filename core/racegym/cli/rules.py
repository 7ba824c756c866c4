"""``racegym rules``: the penalties that ship, as a table and as files to copy."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.errors import RunError

__all__ = ["command"]


@click.group("rules")
def command() -> None:
    """List and show the penalties that leagues use."""


@command.command("list")
def _list() -> None:
    """List the presets for `rules: {penalties: NAME}`."""
    from racegym.scenario.penalties import preset_names, read_preset

    table = Table("name", "about", "from")
    for name in preset_names():
        data = read_preset(name)
        table.add_row(Text(name, no_wrap=True), Text(data["about"]), Text(data["source"]))
    Console().print(table)


@command.command("show")
@click.argument("name")
@click.option(
    "--write", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write it there, to be changed, instead of printing it.",
)  # fmt: skip
def _show(name: str, write: Path | None) -> None:
    """Print the preset NAME, and what of its league it leaves out."""
    from racegym.scenario.penalties import find_preset, read_preset

    read_preset(name)  # refuses a file that is none
    text = find_preset(name).read_text(encoding="utf-8")
    if write is None:
        click.echo(text, nl=False)
        return
    try:
        with write.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise RunError("exists; choose another name", file=write) from None
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", file=write) from error
    click.echo(f"written: {write}")
