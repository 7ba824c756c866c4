"""Writes ``docs/reference.md``, the page of every key, from the JSON schema of scenarios.

    python docs/make_reference.py

To be run after a change of any option, with racegym-kart2d and racegym-carracing installed.
The page tells of racegym and the plugins of this repository, whatever else is installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.plugins import Kind
from racegym.scenario.schema import scenario_schema

PAGE = Path(__file__).resolve().parent / "reference.md"
OURS = {"racegym", "racegym-kart2d", "racegym-carracing"}

HEAD = """# Reference

Every key of a scenario with its type, default and meaning, and every stage that racegym and the
plugins of its repository bring with its options. How a scenario is written, with its short
forms, stands in [scenarios](scenarios.md); how stages work in [stages](stages.md).

This page is made by `docs/make_reference.py` from the schema that [editors](editors.md) use.
With other plugins installed, `racegym scenario schema` tells of theirs, too.
"""

PARTS = [  # key of the scenario, or of a definition, and the heading
    ("track", "`track`, and each of `tracks`"),
    ("generate", "`track.generate`"),
    ("obstacle", "Each of `track.obstacles`"),
    ("rules", "`rules`"),
    ("start", "`start`"),
    ("cars", "Each of `cars`"),
    ("profiles", "Each of `profiles`"),
    ("record", "`record`"),
]
KINDS: list[tuple[Kind, str, str, str]] = [
    ("backend", "Backends", "Backend", "`backend`"),
    ("driver", "Drivers", "Driver", "`driver` of a car, and in `relief`"),
    ("sensor", "Sensors", "Sensor", "`observation`"),
    ("action_map", "Action maps", "Action map", "`action`"),
    ("reward", "Reward terms", "Reward", "`reward`; each also takes a `weight`, 1 by default"),
    ("termination", "Terminations", "Termination", "`termination`"),
    ("realism", "Realism modules", "Realism", "`realism`"),
]

Schema = dict[str, Any]


def page() -> str:
    """Return the page's text."""
    schema = scenario_schema()
    defs = schema["$defs"]
    lines = [HEAD, "## The scenario", "", *_table(schema, defs)]
    models = _models(schema, defs)
    for key, heading in PARTS:
        lines += ["", f"### {heading}", "", *_table(models[key], defs)]
    for kind, heading, one, where in KINDS:
        offers = [offer for offer in plugins.load().offers(kind) if offer.dist in OURS]
        if not offers:
            continue
        lines += ["", f"## {heading}", "", f"To be named under {where}."]
        for offer in offers:
            definition = defs[f"{kind}.{offer.name}"]
            about = definition["description"]
            owner = "" if offer.dist == "racegym" else f" From {offer.dist}."
            lines += ["", f"### {one} `{offer.name}`", "", about + owner, ""]
            lines += _table(definition, defs, skip=("name", "weight")) or ["It has no options."]
    lines += ["", "## Vehicles", ""]
    lines += [
        f"- `{offer.name}`: {offer.summary}. From {offer.dist}."
        for offer in plugins.load().offers("vehicle")
        if offer.dist in OURS
    ]
    lines += [
        "",
        "### Parameters of a vehicle of `kart2d`",
        "",
        *_table(defs["vehicle.kart2d"], defs),
    ]
    return "\n".join(lines) + "\n"


def _models(schema: Schema, defs: dict[str, Schema]) -> dict[str, Schema]:
    """Return the mapping that stands under each key of ``PARTS``."""
    keys = schema["properties"]
    found = {key: _mapping(keys[key], defs) for key in ("rules", "start", "record", "track")}
    found["generate"] = _mapping(found["track"]["properties"]["generate"], defs)
    found["obstacle"] = defs["track.ObstacleSettings"]
    found["cars"], found["profiles"] = defs["car"], defs["profile"]
    return found


def _mapping(schema: Schema, defs: dict[str, Schema]) -> Schema:
    """Return the mapping among the ways of writing something."""
    for member in _members(schema, defs):
        if "properties" in member:
            return member
    raise LookupError(schema)


def _members(schema: Schema, defs: dict[str, Schema]) -> Iterator[Schema]:
    """Yield the alternatives that a schema is made of, references followed."""
    if "$ref" in schema:
        yield from _members(defs[schema["$ref"].removeprefix("#/$defs/")], defs)
    elif "anyOf" in schema:
        for member in schema["anyOf"]:
            yield from _members(member, defs)
    else:
        yield schema


def _table(schema: Schema, defs: dict[str, Schema], skip: tuple[str, ...] = ()) -> list[str]:
    """Return a table of the keys of a mapping; nothing for one without keys."""
    needed = schema.get("required", [])
    rows = []
    for key, value in schema.get("properties", {}).items():
        if key in skip:
            continue
        default = "*needed*" if key in needed else _value(value.get("default"))
        cells = (f"`{key}`", _type(value, defs), default, value.get("description", ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return ["| key | type | default | meaning |", "|---|---|---|---|", *rows] if rows else []


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


STAGES = {*(kind for kind, *_ in KINDS), "car_driver", "reward_name", "termination_name"}
NAMED = {  # definitions that have a place of their own on the page
    "track": "track",
    "car": "car",
    "profile": "profile",
    "vehicle": "name, path or parameters",
}


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
    if kind == "array":
        inner = schema.get("items") or {}
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


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
