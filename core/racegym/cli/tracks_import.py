"""``racegym tracks import``: a track file of any form becomes a track of a library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from racegym.cli.track_names import format_options, into_option, parse_settings, tell_notes

__all__ = ["command"]


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@format_options
@click.option("--name", metavar="NAME", help="Of the track.  [default: the file's]")
@into_option
@click.option("--overwrite", is_flag=True, help="Replace a track of that name.")
@click.option("--dry-run", is_flag=True, help="Tell what was found, and write nothing.")
def command(
    file: Path,
    form: str | None,
    settings: tuple[str, ...],
    name: str | None,
    into: Path | None,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Read FILE, of any form that `racegym tracks formats` lists, into a library.

    What was found and what was assumed is told.
    """
    from racegym.formats import FORMATS, format_of, library, read_track

    form = format_of(file) if form is None else form
    track = read_track(file, form, parse_settings(settings))
    if name is not None:
        track = replace(track, name=name)
    wide = track.width_left + track.width_right
    about = FORMATS[form].summary
    click.echo(f"{file} is {form} ({about}): {track.name!r}, {track.length:,.1f} m long, "
               f"{wide.min():.1f} to {wide.max():.1f} m wide, hash {track.hash}")  # fmt: skip
    tell_notes(track)
    if dry_run:
        return
    path = library.add(into or library.user_library(), track, overwrite=overwrite)
    click.echo(f"written: {path}")
