"""What the commands around tracks share: how one is named, and how its file is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from racegym.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from racegym.track import Track

__all__ = [
    "OWN",
    "TRACK",
    "format_options",
    "into_option",
    "parse_settings",
    "read_named",
    "tell_notes",
    "write_back",
]

Command = TypeVar("Command", bound="Callable[..., Any]")


class _TrackName(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The name of a track of a library or of a plugin, or the path of a track file."""

    name = "track"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names and files that begin like what has been typed, for the Tab key."""
        from racegym.scenario.track_names import named_tracks

        names = dict.fromkeys(track.name for track in named_tracks())
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="file")]


TRACK = _TrackName()
OWN = ("project", "user", "file")  # whose files may be written anew; a plugin's may not

into_option = click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The library that takes it.  [default: your own]",
)


def format_options(command: Command) -> Command:
    """Add ``--format`` and ``--set`` to a command that reads a track file."""
    command = click.option(
        "--set", "settings", multiple=True, metavar="OPTION=VALUE",
        help="An option of the format; `racegym tracks formats NAME` lists them.",
    )(command)  # fmt: skip
    return click.option(
        "--format", "form", metavar="NAME", help="Form of the file.  [default: the file tells]"
    )(command)


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Return what ``--set OPTION=VALUE`` says.

    Raises:
        ScenarioError: one has no ``=``, or its value is no YAML.
    """
    from racegym.documents.document import parse_text

    found: dict[str, Any] = {}
    for setting in settings:
        option, equals, text = setting.partition("=")
        if not equals or not option:
            raise ScenarioError(f"--set {setting}: write --set OPTION=VALUE")
        try:
            found[option.strip()] = parse_text(text).data
        except ScenarioError as error:
            raise ScenarioError(f"--set {setting}: the value {error.what}") from None
    return found


def read_named(
    name: str, form: str | None = None, settings: Sequence[str] = ()
) -> tuple[Track, str, Path | None]:
    """Return the track that a name or a path stands for, whose it is, and its file.

    Raises:
        RacegymError: there is none, or it is broken.
    """
    from racegym.scenario.track_names import find_track

    return find_track(name, form, parse_settings(settings))


def write_back(track: Track, path: Path) -> None:
    """Write a track anew where it stands in the native form.

    Raises:
        TrackError: it can't be written.
    """
    from racegym.formats import native

    folder = path.parent if path.name == native.HEAD else path
    if folder.is_dir():
        native.write_folder(track, folder, native.files_of(folder)[1].name)
    else:
        native.write_file(track, folder)


def tell_notes(track: Track) -> None:
    """Print what was assumed when a track was read, and what is odd about it."""
    for heading, lines in (("notes", track.notes), ("problems", track.problems)):
        if lines:
            click.echo(f"{heading}:")
        for line in lines:
            click.echo(f"- {line}")
