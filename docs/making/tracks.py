"""The made parts of `docs/tracks.md`: forms of track files, and the keys of the native one."""

from __future__ import annotations

from making.tables import row, table
from racegym.formats.native_head import Head
from racegym.formats.registry import FORMATS, options_of

__all__ = ["parts"]


def parts() -> dict[str, str]:
    """Return the tables of the page."""
    schema = Head.model_json_schema()
    defs = schema["$defs"]
    return {
        "formats": "\n".join(_formats()),
        "head": "\n".join(table(schema, defs)),
        "pit": "\n".join(table(defs["PitHead"], defs)),
        "obstacle": "\n".join(table(defs["ObstacleHead"], defs)),
    }


def _formats() -> list[str]:
    rows = []
    for name, form in FORMATS.items():
        options = [f"`{option}`" for option in options_of(name).model_fields] if form.reads else []
        can = [word for word, can in (("reads", form.reads), ("writes", form.writes)) if can]
        rows.append(row(f"`{name}`", form.summary, ", ".join(can), ", ".join(options)))
    return ["| name | what it is | racegym | options of its reader |", "|---|---|---|---|", *rows]
