"""The made parts of `docs/track_formats.md`: the options of readers."""

from __future__ import annotations

from making.tables import table
from racegym.formats.geographic import LineOptions
from racegym.formats.registry import FormatOptions, options_of

__all__ = ["parts"]

MAPS = ("geojson", "kml", "gpx", "osm")  # what they share stands in one table


def parts() -> dict[str, str]:
    """Return a table of options for each heading of the page."""
    every = tuple(FormatOptions.model_fields)
    shared = LineOptions.model_json_schema()
    made = {"every": _table(FormatOptions.model_json_schema()), "maps": _table(shared, every)}
    for form in ("tum", "assetto_corsa"):
        made[form] = _table(options_of(form).model_json_schema(), every)
    more = options_of("osm").model_json_schema()
    made["osm"] = _table(more, tuple(shared["properties"]))
    for form in MAPS[:-1]:
        assert options_of(form) is LineOptions, form
    return made


def _table(schema: dict[str, object], skip: tuple[str, ...] = ()) -> str:
    return "\n".join(table(schema, {}, skip))
