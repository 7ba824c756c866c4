"""What a car's events come to: contacts by class, and what was imposed on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from racegym.interfaces import Offence, PenaltyKind

__all__ = ["CLASSES", "contacts_by_class", "imposed"]

CLASSES = (0, 1, 2, 4)  # of contacts

Line = Mapping[str, Any]


def contacts_by_class(events: Iterable[Line], car: int) -> dict[str, int]:
    """Return how many contacts of each class a car had, whoever began them.

    Args:
        events: of one race, as ``events.jsonl`` holds them.
        car: its index.
    """
    counts = {f"{level}x": 0 for level in CLASSES}
    for event in events:
        if event["kind"] == "contact" and car in (event["car"], event.get("other")):
            counts[f"{event['value']:.0f}x"] += 1
    return counts


def imposed(events: Iterable[Line], car: int) -> list[dict[str, Any]]:
    """Return the penalties of a car, in order, and when those were served that are to be.

    Args:
        events: of one race, as ``events.jsonl`` holds them.
        car: its index.
    """
    penalties: list[dict[str, Any]] = []
    for event in events:
        if event["car"] != car:
            continue
        if event["kind"] in ("penalty", "disqualified"):
            penalties.append(_penalty(event))
        elif event["kind"] == "penalty_served":
            kind = PenaltyKind(int(event["value"])).name.lower()
            waits = (p for p in penalties if p["penalty"] == kind and p["served"] is None)
            first = next(waits, None)
            if first is not None:
                first["served"] = event["time"]
    return penalties


def _penalty(event: Line) -> dict[str, Any]:
    evidence = event.get("evidence", {})
    kind = PenaltyKind.DISQUALIFICATION
    if event["kind"] == "penalty":
        kind = PenaltyKind(int(event["value"]))
    offence, before = evidence.get("offence"), evidence.get("instead_of")
    return {
        "time": event["time"],
        "lap": None if evidence.get("lap") is None else int(evidence["lap"]),
        "penalty": kind.name.lower(),
        "amount": evidence.get("amount"),
        "offence": None if offence is None else Offence(int(offence)).name.lower(),
        "instead_of": PenaltyKind(int(before)).name.lower() if before else None,
        "served": None,
    }
