"""The made parts of the pages of stages: what each is, its numbers, its needs, its options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from making.tables import Schema, row, table
from racegym import load_scenario
from racegym.documents.document import parse_text
from racegym.plugins import Kind, Offer
from racegym.scenario.schema.models import model_schema
from racegym.sensors.delivery import DELIVERY, DeliverySettings
from racegym.world import World
from racegym.world.check import NEEDED

__all__ = ["DELIVERED", "FOLDERS", "delivery", "example", "page_of", "parts"]

DOCS = Path(__file__).resolve().parents[1]
DELIVERED = DOCS / "stages" / "delivery.md"  # what can be asked of every sensor
FOLDERS: dict[Kind, str] = {  # kinds of which each stage has a page, and where
    "sensor": "sensors",
    "action_map": "actions",
    "reward": "rewards",
    "termination": "terminations",
    "driver": "drivers",
}


def page_of(offer: Offer) -> Path:
    """Return where the page of a stage stands."""
    return DOCS / "stages" / FOLDERS[offer.kind] / f"{offer.name}.md"


def example(text: str) -> Mapping[str, Any]:
    """Return the scenario of a page's first example, on kart2d where it names no backend."""
    found = re.search(r"^```yaml\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    if found is None:
        raise LookupError("the page has no example: a block of YAML")
    return {
        "backend": "kart2d",
        "track": {"generate": {"seed": 1, "length": 400}},
        **parse_text(found[1]).data,
    }


def parts(offer: Offer, text: str, defs: dict[str, Schema]) -> dict[str, str]:
    """Return the made parts of a stage's page.

    Args:
        offer: the stage.
        text: the page as it is.
        defs: the definitions of the schema of scenarios.
    """
    definition = defs[f"{offer.kind}.{offer.name}"]
    owner = "" if offer.dist == "racegym" else f" From {offer.dist}."
    options = table(definition, defs, skip=("name", "weight", *_shared(offer.kind)))
    made = {
        "summary": definition["description"] + owner,
        "options": "\n".join(options) or "It has no options.",
    }
    if offer.kind in ("sensor", "reward", "termination"):
        with closing(load_scenario(example(text)).world()) as world:
            stage = _stage(world, offer)
            made["needs"] = _needs(stage)
            if hasattr(stage, "values"):
                made["values"] = _values(stage)
            elif offer.kind == "sensor":  # of pictures
                made["space"] = f"`{stage.space}`"
    return made


def _shared(kind: Kind) -> frozenset[str]:
    """Return the keys that every stage of a kind takes, which have a page of their own."""
    return DELIVERY if kind == "sensor" else frozenset()


def delivery() -> dict[str, str]:
    """Return the made part of the page on what can be asked of every sensor."""
    schema = model_schema(DeliverySettings, "delivery", {})
    return {"options": "\n".join(table(schema, {}))}


def _stage(world: World, offer: Offer) -> Any:
    """Return the stage at work in the world of its page's example."""
    group, made_by = world.groups[0], offer.load()
    stages = [*group.observer.sensors, *group.rewards.values(), *group.terminations.values()]
    for stage in stages:
        if type(stage) is made_by:
            return stage
    raise LookupError(f"the example of the {offer.kind} {offer.name!r} does not use it")


def _needs(stage: Any) -> str:
    every = ", ".join(f"`{name}`" for name in NEEDED)
    more = ", ".join(f"`{name}`" for name in sorted(stage.requires - set(NEEDED)))
    if not more:
        return f"Nothing but what every backend fills: {every}."
    return f"{more}, beside what every backend fills: {every}."


def _values(sensor: Any) -> str:
    rows = [
        row(f"{number}", f"`{v.name}`", v.quantity, v.unit, v.scale, f"{v.low:g}", f"{v.high:g}")
        for number, v in enumerate(sensor.values)
    ]
    head = [
        "| # | name | quantity | unit | what reads 1 | low | high |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])
