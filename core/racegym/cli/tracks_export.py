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
    "--format", "form", metavar="NAME",
    help="Form to write; `racegym tracks formats` lists them.  "
    "[default: as PATH ends, else native]",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="OPTION=VALUE",
    help="An option of the form that TRACK is read from.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
def command(
    track: str, path: Path, form: str | None, settings: tuple[str, ...], overwrite: bool
) -> None:
    """Write TRACK, a name or a file of any form, to PATH in another form."""
    from racegym.formats.registry import outputs_of, write_track

    form = _form_of(path) if form is None else form
    found, _, _ = read_named(track, settings=settings)
    for file in () if overwrite else outputs_of(found, path, form):
        if os.path.lexists(file):
            raise TrackError("exists already; --overwrite replaces it", file=file)
    for file in write_track(found, path, form):
        click.echo(f"written: {file}")


def _form_of(path: Path) -> str:
    """Return the form that the ending of a path stands for; without one that of racegym.

    Raises:
        TrackError: the ending is that of files which racegym does not write.
    """
    from racegym.formats import FORMATS
    from racegym.scenario.canonical import FILES

    endings = {row.ending: name for name, row in FORMATS.items() if row.ending}
    ending = path.suffix.lower()
    if ending in FILES and ending not in endings:
        told = ", ".join(endings)
        raise TrackError(
            f"racegym writes no form that ends in {ending}; it writes {told}, or the form that "
            "--format names",
            file=path,
        )
    return endings.get(ending, "native")
