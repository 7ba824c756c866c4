"""``racegym tracks generate``: circuits from seeds, into a library.

Its options are those of ``generate`` under ``track`` in a scenario, whatever they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from racegym.cli.track_names import into_option
from racegym.errors import ScenarioError
from racegym.scenario.settings import GenerateSettings, TrackSettings

__all__ = ["command"]

WORDS = {int: "N", float: "NUMBER", str: "TEXT"}


def _callback(into: Path | None, overwrite: bool, dry_run: bool, **given: Any) -> None:
    """Draw circuits and write them into a library, each by its style and seed or by its name.

    With --count, the circuits are those of --seed and the seeds after it.
    """
    from dataclasses import replace

    from racegym.formats import library
    from racegym.scenario.tracks import make_tracks

    tracks = list(make_tracks(TrackSettings(generate=_settings(given))))
    name = given.get("name")
    if name is not None and len(tracks) > 1:
        tracks = [replace(track, name=f"{name}-{k}") for k, track in enumerate(tracks, 1)]
    folder = into or library.user_library()
    if not (overwrite or dry_run):
        for track in tracks:  # all or none
            library.check_free(folder, track.name)
    for track in tracks:
        path = None if dry_run else library.add(folder, track, overwrite=overwrite)
        told = f"{track.name}: {track.length:,.1f} m, hash {track.hash}"
        click.echo(told if path is None else f"{told}, written: {path}")


def _settings(given: dict[str, Any]) -> GenerateSettings:
    from racegym.interfaces.options import read

    values = {
        key: value if isinstance(value, bool) else _value(key, value)
        for key, value in given.items()
        if value is not None
    }
    return read(GenerateSettings, values, "a generated track")


def _value(key: str, text: str) -> Any:
    from racegym.documents.document import parse_text

    if str in _kinds(GenerateSettings.model_fields[key]):
        return text
    try:
        return parse_text(text).data
    except ScenarioError as error:
        raise ScenarioError(f"--{key.replace('_', '-')} {text}: {error.what}") from None


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    """Return the types that a field takes, without None."""
    annotation = field.annotation
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else [annotation]
    return tuple(member for member in members if member is not NoneType)


def _options() -> Iterator[click.Option]:
    from racegym.interfaces.options import described

    for name, field in GenerateSettings.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        (about, otherwise), kinds = described(field.description or ""), _kinds(field)
        if kinds == (bool,):
            yield click.Option([flag, name], is_flag=True, help=_sentence(about))
            continue
        choices = [str(each) for kind in kinds if get_origin(kind) is Literal
                   for each in get_args(kind)]  # fmt: skip
        metavar = f"[{'|'.join(choices)}]" if choices else WORDS.get(kinds[0], "VALUE")
        told = otherwise or ("" if field.default is None else f"{field.default}")
        default = f"  [default: {told}]" if told else ""
        yield click.Option([flag, name], metavar=metavar, help=f"{_sentence(about)}{default}")


def _sentence(about: str) -> str:
    return f"{about[:1].upper()}{about[1:]}."


command = click.Command(
    "generate",
    callback=_callback,
    help=_callback.__doc__,
    params=[
        *_options(),
        click.Option(["--overwrite"], is_flag=True, help="Replace tracks of these names."),
        click.Option(["--dry-run"], is_flag=True, help="Tell what was drawn, and write nothing."),
    ],
)
command = into_option(command)
