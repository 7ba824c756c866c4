"""JSON schemas of pydantic models, without what only pydantic cares about."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

__all__ = ["Schema", "described", "first_paragraph", "model_schema", "nullable", "partial"]

Schema = dict[str, Any]

_INNER = ("properties", "$defs", "patternProperties")  # hold schemas by name


def model_schema(model: type[BaseModel], prefix: str, defs: dict[str, Schema]) -> Schema:
    """Return the schema of a model; models inside it are added to ``defs``.

    Args:
        model: of which a mapping is written.
        prefix: goes before the names of the models inside it.
        defs: all definitions so far, by name.
    """
    try:
        raw = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
    except PydanticUserError:  # a type of a plugin's own that has no schema
        return {"type": "object"}
    for name, inner in raw.pop("$defs", {}).items():
        defs[f"{prefix}.{name}"] = _plain(inner)
    plain: Schema = _plain(raw)
    plain.pop("description", None)  # the docstring, written for programmers
    return plain


def _plain(value: Any) -> Any:
    """Return a schema without titles, which repeat names."""
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    plain: Schema = {}
    for key, inner in value.items():
        if key in _INNER:
            plain[key] = {name: _plain(schema) for name, schema in inner.items()}
        elif key == "default":
            plain[key] = inner
        elif key != "title":
            plain[key] = _plain(inner)
    return plain


def nullable(schema: Schema) -> Schema:
    """Return a schema that also accepts nothing, described as before."""
    outer: Schema = {key: schema[key] for key in ("description", "default") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    members = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    if {"type": "null"} in members:
        return schema
    return {"anyOf": [*members, {"type": "null"}], **outer}


def partial(schema: Schema, defs: dict[str, Schema], prefix: str) -> Schema:
    """Return a schema in which nothing is required, nor in the mappings inside it.

    Args:
        schema: of a mapping.
        defs: holds what it refers to, and is given the partial forms of that.
        prefix: goes before the names of these.
    """
    loose: Schema = deepcopy(schema)
    loose.pop("required", None)
    for key, inner in loose.get("properties", {}).items():
        target = inner.get("$ref", "").removeprefix("#/$defs/")
        if target:
            name = f"{prefix}.{target}"
            if name not in defs:
                defs[name] = {}
                defs[name] = partial(defs[target], defs, prefix)
            loose["properties"][key] = {**inner, "$ref": f"#/$defs/{name}"}
    return loose


def described(schema: Schema, *texts: str) -> Schema:
    """Return a schema with what there is to say of it; of several texts each is a sentence."""
    given = [text for text in texts if text]
    said = given[0] if len(given) == 1 else " ".join(map(_sentence, given))
    return {**schema, "description": said} if said else schema


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def first_paragraph(thing: Any) -> str:
    """Return the first paragraph of a class's own documentation, in one line."""
    lines: Iterable[str] = (inspect.cleandoc(vars(thing).get("__doc__") or "")).split("\n\n")
    return " ".join(next(iter(lines), "").replace("``", "`").split())
