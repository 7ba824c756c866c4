"""The made parts of `docs/track_images.md`: the options of the readers of pictures."""

from __future__ import annotations

from making.tables import table
from racegym.formats.registry import options_of

__all__ = ["parts"]


def parts() -> dict[str, str]:
    """Return the tables of the page."""
    made = {}
    for name in ("image", "f1tenth"):
        schema = options_of(name).model_json_schema()
        made[name] = "\n".join(table(schema, schema.get("$defs", {})))
    return made
