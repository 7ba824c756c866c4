"""The schema of a whole scenario, put together from its models and from what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from racegym import plugins
from racegym.errors import PluginError
from racegym.plugins import Kind, Offer
from racegym.scenario.canonical import (
    ACTION,
    AGENT,
    DEFAULT_LAPS,
    FILES,
    FLATTEN,
    OBSERVATION,
    REWARD,
    TERMINATION,
)
from racegym.scenario.distributions import KINDS
from racegym.scenario.penalties import preset_names, read_preset
from racegym.scenario.scenario import VERSION, Scenario
from racegym.scenario.schema.models import Schema, described, model_schema, nullable, partial
from racegym.scenario.schema.stages import (
    bare_names,
    by_label,
    define_stages,
    many,
    name_schema,
    ref,
)
from racegym.scenario.settings import CarSettings, SensorsByLabel, TrackSettings

__all__ = ["scenario_schema"]

STAGES: tuple[Kind, ...] = (
    "backend", "driver", "sensor", "action_map", "reward", "termination", "realism",
    "trainer",
)  # fmt: skip
# What `canonical.is_path` takes for the path of a file.
_ENDINGS = "|".join(
    "".join(f"[{letter}{letter.upper()}]" for letter in ending.removeprefix("."))
    for ending in FILES
)
PATH: Schema = {"type": "string", "pattern": rf"[/\\]|\.({_ENDINGS})$"}
PROFILE_DEFAULTS = {
    "observation": OBSERVATION, "action": ACTION, "reward": REWARD, "termination": TERMINATION,
    "critic_observation": None, "action_repeat": 1,
}  # fmt: skip

_PAIR: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
DISTRIBUTION: Schema = {
    "description": "drawn for every race and episode",
    "type": "object",
    "properties": {
        "uniform": _PAIR,
        "log_uniform": _PAIR,
        "normal": _PAIR,
        "choice": {"type": "array", "items": {"type": "number"}, "minItems": 1},
        "low": {"type": "number"},
        "high": {"type": "number"},
    },
    "oneOf": [{"required": [kind]} for kind in KINDS],
    "additionalProperties": False,
}


def scenario_schema() -> Schema:
    """Return the JSON schema (draft 2020-12) of a scenario, with everything that is installed.

    What can't be loaded is named with the reason, and its options are left open.
    """
    defs: dict[str, Schema] = {}
    for kind in STAGES:
        define_stages(kind, defs)
    defs["track"] = _track(defs)
    defs["vehicle"] = _vehicle()
    defs["car_driver"] = {
        "anyOf": [
            described({"const": AGENT}, "a program outside drives, such as a learner"),
            {
                "type": "object",
                "properties": {"name": {"const": AGENT}},
                "required": ["name"],
                "additionalProperties": False,
            },
            ref("driver"),
        ]
    }
    whole = model_schema(Scenario, "scenario", defs)
    defs["car"] = _car(defs)
    _allow_presets(defs)
    for kind in ("sensor", "reward", "termination"):
        defs[f"{kind}_by_label"] = by_label(kind)
    for kind in ("reward", "termination"):
        defs[f"{kind}_name"] = {"anyOf": bare_names(kind)}
    _take_name_for_a_sensor(defs["sensor_by_label"])
    profile = _profile()
    for name in [name for name in defs if name.startswith("scenario.")]:
        if name.removeprefix("scenario.") in _REPLACED:
            del defs[name]
    defs["profile"] = {
        "type": "object",
        "description": "what an agent sees, does, is paid for, and what ends its episode",
        "properties": {key: _without_default(nullable(schema)) for key, schema in profile.items()},
        "additionalProperties": False,
    }
    properties = {**whole["properties"], **_places(whole["properties"]), **profile}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "racegym scenario",
        "description": "What to race: the simulator, the track, the cars, the rules, the agents.",
        "type": "object",
        "properties": {
            key: schema if key == "backend" else nullable(schema)
            for key, schema in properties.items()
        },
        "required": ["backend"],
        "additionalProperties": False,
        "allOf": [_track_or_tracks(), *_of_backends(defs)],
        "$defs": dict(sorted(defs.items())),
    }


# Models of the spelt-out form; in a file there are shorter ones.
_REPLACED = {
    "CarSettings", "GenerateSettings", "ObstacleSettings", "ProfileSettings",
    "SensorsByLabel", "StageSettings", "TrackSettings", "WeightedSettings",
}  # fmt: skip


def _places(given: dict[str, Schema]) -> dict[str, Schema]:
    """Return the keys whose values are more than their models say."""
    about = {key: schema.get("description", "") for key, schema in given.items()}
    return {
        "racegym": {**given["racegym"], "const": VERSION},
        "name": _without_default(
            described(given["name"], "what it is called; by default as its file")
        ),
        "laps": {**given["laps"], "default": DEFAULT_LAPS},
        "backend": described(ref("backend"), about["backend"]),
        "track": described(ref("track"), about["track"]),
        "tracks": described({"type": "array", "items": ref("track")}, about["tracks"]),
        "realism": described(many("realism"), about["realism"]),
        "relief": described(many("driver"), about["relief"]),
        "trainer": described(ref("trainer"), about["trainer"]),
        "cars": described(
            {"type": "array", "minItems": 1, "maxItems": 1000, "items": ref("car")},
            "the cars of a race; by default one that an agent drives",
        ),
        "profiles": described(
            {
                "type": "object",
                "propertyNames": {"not": {"const": "default"}},
                "additionalProperties": ref("profile"),
            },
            "other profiles by name; each takes what it does not say from the scenario's own",
        ),
    }


def _profile() -> dict[str, Schema]:
    """Return the keys of a profile."""
    one_or_many = [ref("sensor"), {**many("sensor"), "minItems": 1}, ref("sensor_by_label")]
    forms: dict[str, Schema] = {
        "observation": {"anyOf": one_or_many},
        "action": ref("action_map"),
        "reward": _labelled("reward"),
        "termination": _labelled("termination"),
        "critic_observation": {"anyOf": one_or_many},
        "action_repeat": {"type": "integer", "minimum": 1, "maximum": 1000},
    }
    texts = {
        "observation": "sensors; a list makes one flat box, a mapping a dictionary",
        "action": "how the agent's actions are read",
        "reward": "reward terms by label, each with its weight",
        "termination": "reasons for the episode to end, by label",
        "critic_observation": "sensors that only a critic is told of, in the infos",
        "action_repeat": "control intervals that an action is held for",
    }
    return {
        key: {**described(forms[key], texts[key]), "default": PROFILE_DEFAULTS[key]}
        for key in forms
    }


def _labelled(kind: Kind) -> Schema:
    name = ref(f"{kind}_name")
    return {"anyOf": [name, {"type": "array", "items": name}, ref(f"{kind}_by_label")]}


def _take_name_for_a_sensor(labels: Schema) -> None:
    """Keep apart a mapping of sensors and the mapping of one, which has text under ``name``."""
    flatten = SensorsByLabel.model_fields[FLATTEN]
    labels["properties"][FLATTEN] = {
        "type": "boolean", "default": flatten.default, "description": flatten.description,
    }  # fmt: skip
    labels["not"] = {"propertyNames": {"const": FLATTEN}}
    labels["properties"]["name"] = {
        "anyOf": [{"allOf": [{"type": "object"}, ref("sensor")]}, {"const": False}]
    }


def _without_default(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "default"}


def _track(defs: dict[str, Schema]) -> Schema:
    """Return the schema of a track: a path or a name, or a mapping with one of three keys."""
    mapping = model_schema(TrackSettings, "track", defs)
    offers = plugins.load().offers("track")
    names = [described(name_schema(offer), offer.summary) for offer in offers]
    properties = mapping["properties"]
    about = properties["name"]["description"]
    library = {"type": "string", "minLength": 1}  # what lies in libraries is not known here
    offered = {"anyOf": [*map(name_schema, offers), library, {"type": "null"}]}
    properties["name"] = described(offered, about)
    mapping["oneOf"] = [
        {"required": [key], "properties": {key: {"not": {"type": "null"}}}}
        for key in ("file", "generate", "name")
    ]
    some, none = {"not": {"type": "null"}}, {"type": "null"}
    defs["track.ObstacleSettings"]["oneOf"] = [
        {"required": ["s"], "properties": {"s": some, "x": none, "y": none}},
        {"required": ["x", "y"], "properties": {"s": none, "d": none, "x": some, "y": some}},
    ]
    path = described(PATH, "path of a track file or folder")
    return {"anyOf": [path, *names, described(library, "a track of a library"), mapping]}


def _vehicle() -> Schema:
    """Return the schema of a vehicle, as far as it does not depend on the backend."""
    names = [
        described(name_schema(offer), offer.summary) for offer in plugins.load().offers("vehicle")
    ]
    path = described(PATH, "path of a YAML file")
    return {"anyOf": [{"type": "null"}, *names, path, {"type": "object"}]}


def _car(defs: dict[str, Schema]) -> Schema:
    car = model_schema(CarSettings, "car", defs)
    for name in [name for name in defs if name.startswith("car.")]:
        if name.removeprefix("car.") in _REPLACED:
            del defs[name]
    properties = car["properties"]
    for key, target in (("vehicle", "vehicle"), ("driver", "car_driver")):
        properties[key] = described(ref(target), properties[key]["description"])
    properties["driver"] = {**nullable(properties["driver"]), "default": AGENT}
    car.pop("required", None)  # a car without a driver is an agent's
    return described(car, "one car of the race, or `count` of them")


def _allow_presets(defs: dict[str, Schema]) -> None:
    """Let penalties also be the name or file of a preset, or changes of one."""
    holder = defs["scenario.RulesSettings"]["properties"]
    about = holder["penalties"]["description"]
    names = [
        described({"const": name}, str(read_preset(name).get("about", "")))
        for name in preset_names()
    ]
    path = described(PATH, "path of a YAML file with penalties")
    rule = "scenario.PenaltyRuleSettings"
    defs[f"{rule}.changed"] = partial(defs[rule], defs, f"{rule}.changed")
    own = defs["scenario.PenaltySettings"]
    changed = {**own, "properties": dict(own["properties"]), "required": ["preset"]}
    for whole, of in ((own, rule), (changed, f"{rule}.changed")):
        one = {"anyOf": [ref(of), {"const": False}, {"type": "null"}]}
        rules = whole["properties"]["rules"]
        whole["properties"]["rules"] = {**rules, "additionalProperties": one}
    preset = described({"anyOf": [*names, path]}, "the penalties that are changed")
    changed["properties"]["preset"] = preset
    defs["scenario.PenaltySettings.changed"] = changed
    both = [ref("scenario.PenaltySettings"), ref("scenario.PenaltySettings.changed")]
    holder["penalties"] = described(
        {"anyOf": [*names, path, *both, {"type": "null"}], "default": None}, about
    )


def _track_or_tracks() -> Schema:
    both = {
        "track": {"not": {"type": "null"}},
        "tracks": {"type": "array", "minItems": 1},
    }
    return {"not": {"required": ["track", "tracks"], "properties": both}}


def _of_backends(defs: dict[str, Schema]) -> Iterator[Schema]:
    """Yield what holds for the scenarios of one backend alone."""
    for offer in plugins.load().offers("backend"):
        try:
            backend: Any = offer.load()
        except PluginError:
            continue
        then: dict[str, Schema] = {}
        if backend.spec.tracks != "given":
            then["track"] = {"type": "null"}
            then["tracks"] = {"anyOf": [{"type": "null"}, {"type": "array", "maxItems": 0}]}
        vehicle = _vehicle_of(backend, offer, defs)
        if vehicle is not None:
            then["cars"] = {"items": {"properties": {"vehicle": vehicle}}}
        if then:
            yield {"if": _is_backend(offer), "then": {"properties": then}}


def _vehicle_of(backend: Any, offer: Offer, defs: dict[str, Schema]) -> Schema | None:
    """Return what a backend's vehicles are; None if anything may be one."""
    if backend.spec.vehicles == "own":
        return {"type": "null"}
    model = getattr(backend, "Vehicle", None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    define = f"vehicle.{offer.name}"
    whole = _drawable(model_schema(model, define, defs), defs)
    defs[define] = described(whole, f"the parameters of a vehicle of the backend {offer.name}")
    changed = partial(whole, defs, f"{define}.changed")
    base = {
        "anyOf": [*map(name_schema, plugins.load().offers("vehicle")), PATH],
        "description": "the vehicle that is changed: a name, or the path of a YAML file",
    }
    changed["properties"] = {"base": base, **changed.get("properties", {})}
    changed["required"] = ["base"]
    defs[f"{define}.changed"] = changed
    either = {"anyOf": [ref(define), ref(f"{define}.changed")]}
    return {"if": {"type": "object"}, "then": either}


def _drawable(whole: Schema, defs: dict[str, Schema]) -> Schema:
    """Return a vehicle's schema in which every number may also be a distribution."""
    defs["distribution"] = DISTRIBUTION
    drawn = {
        key: {"anyOf": [schema, ref("distribution")], "description": schema.get("description", "")}
        if schema.get("type") in ("number", "integer")
        else schema
        for key, schema in whole.get("properties", {}).items()
    }
    return {**whole, "properties": drawn}


def _is_backend(offer: Offer) -> Schema:
    name = name_schema(offer)
    mapping = {"type": "object", "required": ["name"], "properties": {"name": name}}
    return {"required": ["backend"], "properties": {"backend": {"anyOf": [name, mapping]}}}
