"""``racegym tracks export``: a track in another form."""

from __future__ import annotations

import os
from pathlib import Path

import click

from racegym.cli.track_names import TRACK, read_named
from racegym.errors import TrackError

__all__ = ["command"]


@click.command("export")
@click.argument("track", type=TRACK)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", metavar="NAME", default="native", show_default=True,
    help="Form to write; `racegym tracks formats` lists them.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
def command(track: str, path: Path, form: str, overwrite: bool) -> None:
    """Write TRACK, a name or a file of any form, to PATH in another form."""
    from racegym.formats.registry import outputs_of, write_track

    found, _, _ = read_named(track)
    for file in () if overwrite else outputs_of(found, path, form):
        if os.path.lexists(file):
            raise TrackError("exists already; --overwrite replaces it", file=file)
    for file in write_track(found, path, form):
        click.echo(f"written: {file}")
