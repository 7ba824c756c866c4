"""``racegym new-plugin``: a working package to start from."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("new-plugin")
@click.argument("kind")
@click.argument("name")
@click.option(
    "--path",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder of the package; by default racegym-NAME in this one.",
)
def command(kind: str, name: str, folder: Path | None) -> None:
    """Write a working package with a plugin of KIND called NAME.

    KIND is backend, realism, sensor, driver or trainer; NAME is what a scenario will write.
    The package passes its own tests as it is; replace its example by your own.
    """
    from racegym.authoring.new_plugin import new_plugin

    made, where = new_plugin(kind, name, folder)
    source = where / made.module / f"{made.kind}.py"
    click.echo(f"wrote {where}: {made.dist}, which offers the {made.kind} {made.name!r}")
    click.echo(f"the {made.kind} is {source}; to check it at any time:")
    click.echo(f"  racegym check {made.kind} {source}:{made.class_name}")
    click.echo("to install it as it stands, so that scenarios find it:")
    click.echo(f"  pip install -e {where}")
