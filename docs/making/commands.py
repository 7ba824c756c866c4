"""The made parts of `docs/commands.md`: each command with its arguments and options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from making.tables import row
from racegym.cli.group import racegym

__all__ = ["Command", "options", "parts", "walk"]


class Command(NamedTuple):
    """A command, with what click knows of it.

    Attributes:
        name: as it is typed, ``"racegym runs list"``.
        command: what click runs.
        context: of the command, below those of its groups.
    """

    name: str
    command: click.Command
    context: click.Context


def walk(group: click.Command = racegym) -> Iterator[Command]:
    """Yield a command and all below it, a group before its own."""
    yield from _below(group, click.Context(group, info_name=group.name))


def _below(command: click.Command, context: click.Context) -> Iterator[Command]:
    yield Command(context.command_path, command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _below(inner, click.Context(inner, info_name=name, parent=context))


def options(command: click.Command) -> list[click.Option]:
    """Return a command's options that are its own: not ``--help``, which all have."""
    found = [param for param in command.params if isinstance(param, click.Option)]
    return [option for option in found if not option.hidden]


def parts(group: click.Command = racegym) -> dict[str, str]:
    """Return what is made of each command, by its name."""
    return {command.name: _about(command) for command in walk(group)}


def _about(it: Command) -> str:
    usage = " ".join([it.name, *it.command.collect_usage_pieces(it.context)])
    lines = [f"`{usage}`", "", _text(it.command)]
    if isinstance(it.command, click.Group):
        inner = ", ".join(f"`{name}`" for name in it.command.list_commands(it.context))
        lines += ["", f"Commands below it: {inner}."]
    rows = [_row(option, it.context) for option in options(it.command)]
    if rows:
        lines += ["", "| option | default | meaning |", "|---|---|---|", *rows]
    return "\n".join(lines)


def _text(command: click.Command) -> str:
    """Return a command's help, each paragraph in a line."""
    paragraphs = (command.help or "").replace("\b\n", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _row(option: click.Option, context: click.Context) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    if not option.is_flag and not option.count:
        names += f" {option.make_metavar(context)}"
    about, _, said = (option.help or "").partition("[default: ")
    # Some state their default themselves, such as one that depends on another option.
    default = said.strip().removesuffix("]") or _default(option, context)
    return row(f"`{names}`", default, about.strip())


def _default(option: click.Option, context: click.Context) -> str:
    shown = option.show_default
    if isinstance(shown, str):
        return shown
    return f"`{option.get_default(context, call=False)}`" if shown else ""
