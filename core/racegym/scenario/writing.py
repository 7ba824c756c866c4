"""A scenario written out again: plain data, and YAML with a header of versions."""

from __future__ import annotations

from typing import Any

from racegym import __version__, plugins
from racegym.documents.writing import to_text

__all__ = ["resolved", "to_yaml"]


def resolved(data: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario's dump in the manner that people write: what is implied is left out."""
    data = {key: value for key, value in data.items() if value is not None}
    if not data["tracks"]:
        del data["tracks"]
    if data["rules"]["penalties"] is None:
        del data["rules"]["penalties"]
    if not data["variation"]:
        del data["variation"]
    if data["training"] == {"keep": 1}:
        del data["training"]
    for car in data["cars"]:
        if not car["variation"]:
            del car["variation"]
        for key in ("vehicle", "grid"):
            if car[key] is None:
                del car[key]
    for profile in (data, *data["profiles"].values()):
        if profile.get("critic_observation") is None:
            profile.pop("critic_observation", None)
        for key in ("observation", "reward", "termination", "critic_observation"):
            _drop_implied_names(profile.get(key))
    return data


def _drop_implied_names(stages: Any) -> None:
    for label, stage in stages.items() if isinstance(stages, dict) else ():
        if isinstance(stage, dict) and stage["name"] == label:
            del stage["name"]


def to_yaml(data: dict[str, Any]) -> str:
    """Return plain data as YAML 1.2, headed by the versions of racegym and its plugins."""
    return _header() + to_text(data)


def _header() -> str:
    versions = [
        f"{plugin.dist} {plugin.version}"
        for plugin in plugins.load().plugins
        if plugin.state == "loaded" and plugin.dist != "racegym"
    ]
    others = f" with {', '.join(versions)}" if versions else ""
    return f"# Resolved by racegym {__version__}{others}.\n"
