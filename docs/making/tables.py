"""Tables of what may be written, from JSON schemas of scenarios and of options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from racegym.interfaces.options import described
from racegym.plugins.offer import KINDS

__all__ = ["Schema", "inner_mappings", "mapping", "row", "table"]

Schema = dict[str, Any]

NAMED = {  # definitions that have a place of their own on the page
    "track": "track",
    "car": "car",
    "profile": "profile",
    "vehicle": "name, path or parameters",
    "scenario.TrainingSettings": "training",
    "scenario.EvaluateSettings": "evaluation",
    "scenario.TargetSettings": "target",
    "scenario.PenaltySettings": "rules",
    "scenario.PenaltySettings.changed": "changes of a preset",
    "scenario.PenaltyRuleSettings": "rule",
}
STAGES = {*KINDS, "car_driver", "reward_name", "termination_name"} - NAMED.keys()


def mapping(schema: Schema, defs: dict[str, Schema]) -> Schema:
    """Return the mapping among the ways of writing something."""
    for member in _members(schema, defs):
        if "properties" in member:
            return member
    raise LookupError(schema)


def inner_mappings(schema: Schema, defs: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """Yield the keys whose values are mappings with keys of their own, and these mappings."""
    for key, value in schema.get("properties", {}).items():
        for member in _members(value, defs):
            if "properties" in member:
                yield key, member


def _members(schema: Schema, defs: dict[str, Schema]) -> Iterator[Schema]:
    """Yield the alternatives that a schema is made of, references followed."""
    if "$ref" in schema:
        yield from _members(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    elif "anyOf" in schema:
        for member in schema["anyOf"]:
            yield from _members(member, defs)
    else:
        yield schema


def table(schema: Schema, defs: dict[str, Schema], skip: tuple[str, ...] = ()) -> list[str]:
    """Return a table of the keys of a mapping; nothing for one without keys."""
    needed = schema.get("required", [])
    rows = []
    for key, value in schema.get("properties", {}).items():
        if key in skip:
            continue
        about, otherwise = described(value.get("description", ""))
        default = "*needed*" if key in needed else otherwise or _value(value.get("default"))
        rows.append(row(f"`{key}`", _type(value, defs), default, about))
    return ["| key | type | default | meaning |", "|---|---|---|---|", *rows] if rows else []


def row(*cells: str) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(value: Any) -> str:
    """Return a default as it is written in YAML, or nothing for none."""
    if value is None:
        return ""
    return f"`{_flow(value)}`"


def _flow(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    return '""' if value == "" else str(value)


def _type(schema: Schema, defs: dict[str, Schema]) -> str:
    """Return in words what may be written."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        if name in STAGES:
            return name.removeprefix("car_").replace("_", " ")
        if name.endswith("_by_label"):
            return f"{name.removesuffix('_by_label').replace('_', ' ')}s by label"
        return NAMED.get(name) or _type(defs[name], defs)
    if "anyOf" in schema:
        words = [_type(member, defs) for member in schema["anyOf"]]
        return " or ".join(dict.fromkeys(word for word in words if word != "nothing")) or "name"
    if "const" in schema:
        return f"`{_flow(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{_flow(value)}`" for value in schema["enum"] if ":" not in str(value))
    return _simple(schema, defs)


def _simple(schema: Schema, defs: dict[str, Schema]) -> str:
    kind = schema.get("type")
    if "prefixItems" in schema:
        members = [_type(member, defs) for member in schema["prefixItems"]]
        return f"list of {len(members)} {' and '.join(dict.fromkeys(members))}s"
    if kind == "array":
        inner = schema.get("items") or next(iter(schema.get("prefixItems", [])), {})
        return f"list of {_type(inner, defs)}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"mapping of names to {_type(schema['additionalProperties'], defs)}"
    if kind in ("number", "integer"):
        return {"number": "number", "integer": "whole number"}[kind] + _bounds(schema)
    if kind == "string" and schema.get("format") == "path":
        return "path"
    words = {"string": "text", "boolean": "true or false", "null": "nothing", "object": "mapping"}
    return words.get(str(kind), "anything")


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    parts = [
        "" if low is None else f"at least {_flow(low)}",
        "" if above is None else f"above {_flow(above)}",
        "" if high is None else f"at most {_flow(high)}",
        "" if below is None else f"below {_flow(below)}",
    ]
    said = ", ".join(part for part in parts if part)
    return f", {said}" if said else ""
