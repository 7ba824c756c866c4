"""Pydantic's complaints about a model, in plain words and with the nearest valid name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from racegym.documents.document import Location
from racegym.errors import nearest

__all__ = ["describe"]

_SHOWN = 60  # characters of a value in a message
_WORDS = {
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "finite_number": "a finite number",
}
_TYPES = {kind for kind in _WORDS if kind.endswith("_type")}


def describe(
    error: ValidationError, model: type[BaseModel], data: Any
) -> Iterator[tuple[Location, str]]:
    """Yield where in ``data`` each complaint is, and what it is, in plain words.

    Where something may be of several types and is of none, one complaint names them all. Where
    it is of one of them, but something in it is wrong, only that is told.
    """
    faults = [(_in_data(f, data), f) for f in error.errors() if not _counted_wrongly(f)]
    types: dict[Location, dict[str, None]] = {}
    for location, fault in faults:
        if fault["type"] in _TYPES:
            types.setdefault(location, {})[_WORDS[fault["type"]]] = None
    for location, fault in faults:
        if fault["type"] not in _TYPES:
            yield location, _plain(fault, model, location)
            continue
        inside = any(o[: len(location)] == location != o for o, _ in faults)
        wanted = types.pop(location, None)
        if wanted and not inside:
            said = f"is {_shown(fault['input'])}; it should be {' or '.join(wanted)}"
            switched_on = fault["type"] == "model_type" and fault["input"] is True
            yield location, said + (_keys(model, location) if switched_on else "")


def _counted_wrongly(fault: ErrorDetails) -> bool:
    """Tell whether a list counts as too short only since its entries are at fault."""
    value = fault["input"]
    if fault["type"] != "too_short" or not isinstance(value, list):
        return False
    return len(value) >= int(fault["ctx"]["min_length"])


def _in_data(fault: ErrorDetails, data: Any) -> Location:
    """Return the complaint's location without what pydantic puts in, such as a union's members."""
    kept: list[str | int] = []
    for step in fault["loc"]:
        if isinstance(data, dict) and step in data:  # noqa: SIM114 - mypy tells the two apart
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif fault["type"] != "missing" or step is not fault["loc"][-1]:
            continue
        kept.append(step)
    return tuple(kept)


def _plain(fault: ErrorDetails, model: type[BaseModel], location: Location) -> str:
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        around = _model_at(model, location[:-1])
        if around is None or not around.model_fields:
            return "is unknown; there are no keys here"
        return f"is unknown; {nearest(location[-1], around.model_fields)}"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(context["error"])
    if kind in _WORDS:
        return f"is {_shown(value)}; it should be {_WORDS[kind]}"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"is {_shown(value)}; {nearest(value, choices)}"
    if kind == "too_short":
        return f"is {_shown(value)}; it should have at least {context['min_length']} item(s)"
    if kind == "too_long":
        return f"has {len(value)} items; it should have at most {context['max_length']}"
    reason = re.sub(r"^\w+ should", "it should", fault["msg"])
    return f"is {_shown(value)}; {reason}"


def _keys(model: type[BaseModel], location: Location) -> str:
    """Return what to write where ``true`` was meant to switch something on."""
    there = _model_at(model, location)
    if there is None:
        return ""
    needed = [name for name, field in there.model_fields.items() if field.is_required()]
    least = f" with {', '.join(needed)}" if needed else ", {} for the defaults"
    return f"{least}; Valid: {', '.join(sorted(there.model_fields))}"


def _shown(value: Any) -> str:
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    text = text or ("empty" if value is None else repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """Return the model that stands at ``location`` inside ``model``, if there is one."""
    for step in location:
        if isinstance(step, str) and step in model.model_fields:
            found = next(_models(model.model_fields[step].annotation), None)
            if found is None:
                return None
            model = found
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
