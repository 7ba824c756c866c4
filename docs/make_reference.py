"""Writes what the docs say of options, stages, commands and hooks, from the code.

    python docs/make_reference.py

``docs/reference.md`` is made as a whole, from the JSON schema of scenarios; other pages have made
parts between marks, see ``making.marks``. To be run after a change of any option, command, hook
or value of a sensor, with all plugins of this repository installed. The pages tell of
racegym and the plugins of this repository, whatever else is installed.
"""

from __future__ import annotations

from pathlib import Path

from making import commands, hooks, names, penalties, stages, track_formats, track_images, tracks
from making.marks import filled
from making.tables import Schema, inner_mappings, mapping, row, table

from racegym import plugins
from racegym.plugins import Kind, Offer
from racegym.scenario.schema import scenario_schema
from racegym.scenario.schema.stages import define_stages

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "reference.md"
OURS = {
    "racegym", "racegym-kart2d", "racegym-carracing", "racegym-cleanrl", "racegym-multicar",
}  # fmt: skip

HEAD = """# Reference

Every key of a scenario with its type, default and meaning, and every backend, vehicle and stage
that racegym and the plugins of its repository bring. How a scenario is written, with its short
forms, stands in [scenarios](scenarios.md). Sensors, action maps, reward terms, terminations and
drivers have their options on pages of their own, linked here; what holds for all of them stands in
[stages](stages.md).

This page is made by `docs/make_reference.py` from the schema that [editors](editors.md) use.
With other plugins installed, `racegym scenario schema` tells of theirs, too.
"""

PARTS = [  # key of the scenario, or of a definition, and the heading
    ("track", "`track`, and each of `tracks`"),
    ("generate", "`track.generate`"),
    ("obstacle", "Each of `track.obstacles`"),
    ("rules", "`rules`"),
    ("incidents", "`rules.incidents`"),
    ("penalties", "`rules.penalties`"),
    ("penalty", "Each of `rules.penalties.rules`"),
    ("overtakes", "`rules.overtakes`"),
    ("start", "`start`"),
    ("cars", "Each of `cars`"),
    ("profiles", "Each of `profiles`"),
    ("training", "`training`"),
    ("evaluate", "`training.evaluate`"),
    ("target", "Each of `training.stop_at`"),
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
    ("trainer", "Trainers", "Trainer", "`trainer`"),
]


def page() -> str:
    """Return the page's text."""
    schema = scenario_schema()
    defs = schema["$defs"]
    for kind, *_ in KINDS:
        if kind not in defs:  # what no scenario names has options, too
            define_stages(kind, defs)
    lines = [HEAD, "## The scenario", "", *table(schema, defs)]
    models = _models(schema, defs)
    for key, heading in PARTS:
        lines += ["", f"### {heading}", "", *table(models[key], defs)]
    for kind, heading, one, where in KINDS:
        offers = [offer for offer in plugins.load().offers(kind) if offer.dist in OURS]
        if not offers:
            continue
        lines += ["", f"## {heading}", "", f"To be named under {where}."]
        if kind in stages.FOLDERS:
            lines += ["", *_links(offers)]
            continue
        for offer in offers:
            definition = defs[f"{kind}.{offer.name}"]
            about = definition["description"]
            owner = "" if offer.dist == "racegym" else f" From {offer.dist}."
            lines += ["", f"### {one} `{offer.name}`", "", about + owner, ""]
            lines += table(definition, defs, skip=("name", "weight")) or ["It has no options."]
            for key, inner in inner_mappings(definition, defs):
                lines += ["", f"Keys of `{key}`:", "", *table(inner, defs)]
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
        *table(defs["vehicle.kart2d"], defs),
    ]
    lines += ["", "## Policies", "", "Learned, to be named as `driver: {policy: NAME}`.", ""]
    lines += [
        f"- `{offer.name}`: {offer.summary}. From {offer.dist}."
        for offer in plugins.load().offers("policy")
        if offer.dist in OURS
    ]
    return "\n".join(lines) + "\n"


def _links(offers: list[Offer]) -> list[str]:
    """Return a table of stages that have pages."""
    rows = []
    for offer in offers:
        link = stages.page_of(offer).relative_to(DOCS).as_posix()
        rows.append(row(f"[`{offer.name}`]({link})", offer.summary))
    return ["| name | what it is |", "|---|---|", *rows]


def _models(schema: Schema, defs: dict[str, Schema]) -> dict[str, Schema]:
    """Return the mapping that stands under each key of ``PARTS``."""
    keys = schema["properties"]
    found = {key: mapping(keys[key], defs) for key in ("rules", "start", "record", "track")}
    found["incidents"] = mapping(found["rules"]["properties"]["incidents"], defs)
    found["generate"] = mapping(found["track"]["properties"]["generate"], defs)
    found["penalties"] = defs["scenario.PenaltySettings.changed"]
    found["penalty"] = defs["scenario.PenaltyRuleSettings"]
    found["overtakes"] = mapping(found["rules"]["properties"]["overtakes"], defs)
    found["obstacle"] = defs["track.ObstacleSettings"]
    found["training"] = mapping(keys["training"], defs)
    found["evaluate"] = defs["scenario.EvaluateSettings"]
    found["target"] = defs["scenario.TargetSettings"]
    found["cars"], found["profiles"] = defs["car"], defs["profile"]
    return found


def pages() -> dict[Path, str]:
    """Return the text of every page that is made, or in which parts are made.

    Raises:
        LookupError: a page lacks a part, or has one that nothing makes.
    """
    defs = scenario_schema()["$defs"]
    texts = {
        PAGE: page(),
        DOCS / "commands.md": filled(DOCS / "commands.md", commands.parts()),
        DOCS / "hooks.md": filled(DOCS / "hooks.md", hooks.parts()),
        DOCS / "interface.md": filled(DOCS / "interface.md", names.parts()),
        DOCS / "penalties.md": filled(DOCS / "penalties.md", penalties.parts()),
        DOCS / "tracks.md": filled(DOCS / "tracks.md", tracks.parts()),
        DOCS / "track_formats.md": filled(DOCS / "track_formats.md", track_formats.parts()),
        DOCS / "track_images.md": filled(DOCS / "track_images.md", track_images.parts()),
        stages.DELIVERED: filled(stages.DELIVERED, stages.delivery()),
    }
    for offer in offers_with_pages():
        file = stages.page_of(offer)
        if file.is_file():  # a test names those that are missing
            made = stages.parts(offer, file.read_text(encoding="utf-8"), defs)
            texts[file] = filled(file, made)
    return texts


def offers_with_pages() -> list[Offer]:
    """Return every stage that should have a page of its own."""
    found = [offer for kind in stages.FOLDERS for offer in plugins.load().offers(kind)]
    return [offer for offer in found if offer.dist in OURS]


if __name__ == "__main__":
    for file, text in pages().items():
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {file.relative_to(DOCS.parent)}")  # noqa: T201 - it is a program
