"""``racegym tracks formats``: which forms of track files are read and written."""

from __future__ import annotations

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["command"]


@click.command("formats")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the forms of track files; of the form NAME, the options that its reader takes."""
    from racegym.formats.registry import FORMATS, options_of
    from racegym.interfaces.options import described

    if name is None:
        table = Table("name", "reads", "writes", "about")
        for each, row in FORMATS.items():
            table.add_row(each, _yes(row.reads), _yes(row.writes), row.summary)
        Console().print(table)
        return
    table = Table("option", "default", "about")
    for option, field in options_of(name).model_fields.items():
        about, default = described(field.description or "")
        table.add_row(option, escape(default or _default(field)), escape(about))
    Console().print(table)


def _default(field: FieldInfo) -> str:
    """Return a default as it is written after ``--set OPTION=``, or nothing for none."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, BaseModel) else f"{value}"


def _yes(can: bool) -> str:
    return "yes" if can else ""
