"""``racegym tracks export``: a track in another form."""

from __future__ import annotations

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
    from racegym.formats import files_to_write, write_track

    found, _, _ = read_named(track)
    for file in files_to_write(found, path, form):
        if file.exists() and not overwrite:
            raise TrackError("exists already; --overwrite replaces it", file=file)
    for file in write_track(found, path, form):
        click.echo(f"written: {file}")
