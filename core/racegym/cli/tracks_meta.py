"""``racegym tracks meta``: what a track says of itself, and a way to change that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from racegym.cli.track_names import OWN, TRACK, parse_settings, read_named, write_back
from racegym.errors import TrackError, nearest

if TYPE_CHECKING:
    from racegym.track import Track

__all__ = ["command"]

EDITABLE = ("name", "source", "licence", "attribution", "notes")


@click.command("meta")
@click.argument("track", type=TRACK)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="Change name, source, licence, attribution or notes of a track in the native form.",
)  # fmt: skip
def command(track: str, as_json: bool, settings: tuple[str, ...]) -> None:
    """Print all that TRACK says of itself but for its geometry.

    With --set the head of its file is written anew; the geometry, and so the hash, stays.
    """
    from racegym.documents.writing import to_text
    from racegym.formats.native_head import head_of

    found, origin, path = read_named(track)
    if settings:
        found = _changed(found, parse_settings(settings))
        _write(found, track, origin, path)
    told = head_of(found)
    if as_json:
        click.echo(json.dumps(_without_infinity(told), indent=2, ensure_ascii=False))
    else:
        click.echo(to_text(told), nl=False)


def _changed(track: Track, changes: dict[str, Any]) -> Track:
    for key, value in changes.items():
        if key not in EDITABLE:
            raise TrackError(f"{key!r} can't be set; {nearest(key, EDITABLE)}")
        if key == "notes":
            value = [value] if isinstance(value, str) else value
            good = isinstance(value, list) and all(isinstance(note, str) for note in value)
            changes[key] = tuple(value) if good else None
        else:
            good = isinstance(value, str) and (value != "" or key != "name")
        if not good:
            raise TrackError(f"--set {key}={value}: give text")
    return replace(track, **changes)


def _write(track: Track, name: str, origin: str, path: Path | None) -> None:
    from racegym.formats import format_of

    if origin not in OWN:
        raise TrackError(
            f"the track {name!r} is one of {origin}, whose files stay as they are; "
            f"`racegym tracks export {name} {name}.track` makes a file of your own"
        )
    if path is None or format_of(path) != "native":
        raise TrackError(
            f"{name!r} is not in the native form, so nothing can be set; `racegym tracks import` "
            "makes a track of a library of it",
            file=path,
        )
    write_back(track, path)


def _without_infinity(told: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON can say: no wall is null there."""
    return {**told, "runoff": None if told["runoff"] == float("inf") else told["runoff"]}
