"""``racegym tracks``: the group of what is done with tracks, each part in a module of its own.

A part is a module ``racegym.cli.tracks_NAME`` that holds the click command as ``command``, and
one row of ``PARTS``. It is imported when it is used; ``racegym tracks --help`` imports none.
"""

from __future__ import annotations

from importlib import import_module

import click

from racegym.cli.group import Row
from racegym.errors import nearest

__all__ = ["PARTS", "command"]

PARTS = {
    "list": Row("racegym.cli.tracks_list", "List every track that goes by a name."),
    "show": Row("racegym.cli.tracks_show", "Show a track in figures."),
    "meta": Row("racegym.cli.tracks_meta", "Print or change what a track says of itself."),
    "validate": Row("racegym.cli.tracks_validate", "Report everything wrong with a track."),
    "import": Row("racegym.cli.tracks_import", "Read a track file of any form into a library."),
    "export": Row("racegym.cli.tracks_export", "Write a track in another form."),
    "generate": Row("racegym.cli.tracks_generate", "Draw circuits from seeds into a library."),
    "sync": Row("racegym.cli.tracks_sync", "Bring a library up to date from another."),
    "limit": Row("racegym.cli.tracks_limit", "Print the lap time that physics allows."),
    "formats": Row(
        "racegym.cli.tracks_formats", "List the forms of track files and their options."
    ),
}


class _LazyParts(click.Group):
    """A group that imports a part when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PARTS:
            return None
        part = import_module(PARTS[cmd_name].module).command
        assert isinstance(part, click.Command)
        return part

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in PARTS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"unknown command {name!r}; {nearest(name, PARTS)}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in PARTS.items()])


@click.command("tracks", cls=_LazyParts)
def command() -> None:
    """List, show, import, export, generate and check tracks."""
