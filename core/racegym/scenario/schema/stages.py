"""The schemas of stages: every name that is offered, with its options."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from racegym import plugins
from racegym.errors import PluginError
from racegym.plugins import Kind, Offer
from racegym.scenario.policies import POLICY
from racegym.scenario.schema.models import Schema, described, first_paragraph, model_schema
from racegym.scenario.settings import WeightedSettings
from racegym.sensors.delivery import DeliverySettings
from racegym.workers import WORKERS, WorkerSettings

__all__ = ["bare_names", "by_label", "define_stages", "many", "name_schema", "ref"]

CODE: Schema = {"type": "string", "pattern": r"\.py(:[^:]*)?$", "description": "a class in a file"}
_FROM_PLUGINS = ("backend", "trainer")  # kinds whose classes can't stand in a file
_POLICY: Schema = {
    "type": "object",
    "description": "what was learned: the driver that takes such a file, with its options",
    "properties": {
        POLICY: {
            "type": "string",
            "minLength": 1,
            "description": "a checkpoint, an ONNX file, a training's folder, or a policy's name",
        }
    },
    "required": [POLICY],
    "not": {"anyOf": [{"required": ["name"]}, {"required": ["file"]}]},
}
NO_OPTIONS: Schema = {"type": "object", "properties": {}, "additionalProperties": False}


def ref(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def _shown_name(offer: Offer) -> str:
    """Return the name that people write: with the dist before it where two share a name."""
    return offer.name if offer.name in plugins.load().names(offer.kind) else offer.selector


def name_schema(offer: Offer) -> Schema:
    """Return the schema of an offer's name, which may always have its dist before it."""
    return {"enum": sorted({_shown_name(offer), offer.selector}, key=len)}


def define_stages(kind: Kind, defs: dict[str, Schema]) -> None:
    """Define ``kind``, a stage by name or by mapping, and ``kind.name``, the mapping of each."""
    short: list[Schema] = []
    full: list[Schema] = []
    for offer in plugins.load().offers(kind):
        shown = _shown_name(offer)
        define = f"{kind}.{shown}"
        try:
            found: Any = offer.load()
        except PluginError as error:
            text = (offer.summary, f"Can't be loaded here: {error.what.splitlines()[0]}")
            open_options: Schema = {"type": "object", "properties": {}}
            defs[define] = described(_with_name(open_options, kind, offer), *text)
        else:
            options = _options(found, define, defs)
            if kind == "backend" and found.spec.max_races == 1:
                options = _with_workers(options, defs)
            defs[define] = _with_name(options, kind, offer)
            defs[define] = described(defs[define], offer.summary, first_paragraph(found))
        if _is_bare(offer):
            short.append(described(name_schema(offer), offer.summary))
        full.append({"allOf": [ref(define), {"required": ["name"]}]})
    if kind not in _FROM_PLUGINS:
        short.append(CODE)
        full.append(_from_file(kind))
    if kind == "driver":
        full.append(_POLICY)
    # An empty list of alternatives is no schema; where nothing is installed, nothing fits.
    defs[kind] = {"anyOf": [*short, *full]} if full else {"not": {}}


def _from_file(kind: Kind) -> Schema:
    """Return the schema of a stage whose class stands in a file; its options are its own."""
    either = [{"required": [key], "properties": {key: CODE}} for key in ("file", "name")]
    stage: Schema = {"type": "object", "anyOf": either}
    return described(stage, f"a {kind.replace('_', ' ')} of your own: code that runs")


def _options(found: Any, define: str, defs: dict[str, Schema]) -> Schema:
    """Return the schema of a class's options; anything goes where it states none."""
    model = getattr(found, "Options", None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {"type": "object", "properties": {}}
    return {**NO_OPTIONS, **model_schema(model, define, defs)}


def _with_workers(options: Schema, defs: dict[str, Schema]) -> Schema:
    """Add the key of backends that hold one race to a process."""
    defs["workers"] = model_schema(WorkerSettings, "workers", defs)
    count = {"type": "integer", "minimum": 1}
    about = "processes that run an engine each, so that there can be many races"
    workers = described({"anyOf": [count, ref("workers")]}, about)
    return {**options, "properties": {**options["properties"], WORKERS: workers}}


def _with_name(options: Schema, kind: Kind, offer: Offer) -> Schema:
    own: Schema = {"name": described(name_schema(offer), f"the {kind.replace('_', ' ')}")}
    if kind == "reward":
        weight = WeightedSettings.model_fields["weight"]
        own["weight"] = {
            "type": "number", "minimum": -1e6, "maximum": 1e6,
            "default": weight.default, "description": weight.description,
        }  # fmt: skip
    if kind == "sensor":
        own |= model_schema(DeliverySettings, "delivery", {})["properties"]
    return {**options, "properties": {**own, **options["properties"]}}


def _is_bare(offer: Offer) -> bool:
    """Tell whether a stage can be written by its name alone: no option of it is needed."""
    try:
        model = getattr(offer.load(), "Options", None)
    except PluginError:
        return True
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return True
    try:
        model.model_validate({})
    except ValidationError:
        return False
    return True


def bare_names(kind: Kind) -> list[Schema]:
    """Return the schemas of all names that can stand alone."""
    return [name_schema(offer) for offer in plugins.load().offers(kind) if _is_bare(offer)]


def many(kind: Kind) -> Schema:
    """Return the schema of a list of stages."""
    return {"type": "array", "items": ref(kind)}


def by_label(kind: Kind) -> Schema:
    """Return the schema of stages by label: a label that is a name needs no other name."""
    named: dict[str, Schema] = {}
    patterns: dict[str, Schema] = {}
    for offer in plugins.load().offers(kind):
        shown = _shown_name(offer)
        forms: list[Schema] = [ref(f"{kind}.{shown}"), ref(kind), {"const": False}]
        if _is_bare(offer):
            forms += [{"const": True}, {"type": "null"}]
            if kind == "reward":
                bounds = {"minimum": -1e6, "maximum": 1e6}
                forms.insert(0, {"type": "number", **bounds, "description": "its weight"})
        named[shown] = described({"anyOf": forms}, offer.summary)
        if shown != offer.selector:
            patterns[f"^{re.escape(offer.selector)}$"] = {
                "$ref": f"#/$defs/{kind}_by_label/properties/{shown}"
            }
    return {
        "type": "object",
        "properties": named,
        "patternProperties": patterns,
        "additionalProperties": {"anyOf": [ref(kind), {"const": False}]},
    }
