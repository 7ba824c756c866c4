"""Stages whose classes stand in files beside the scenario, not in a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racegym.entrants.source import Source, is_source
from racegym.errors import ScenarioError
from racegym.interfaces import ActionMap, Driver, Realism, RewardTerm, Sensor, Stage, Termination
from racegym.scenario.files import missing

if TYPE_CHECKING:
    from racegym.entrants.instances import Declaration
    from racegym.plugins import Kind

__all__ = ["declaration", "own_class", "settle_source", "source_text"]

_BASES: dict[Kind, type[Stage]] = {
    "action_map": ActionMap,
    "realism": Realism,
    "reward": RewardTerm,
    "sensor": Sensor,
    "termination": Termination,
}


def source_text(stage: Mapping[str, Any]) -> str | None:
    """Return the class of a file that a stage's entry names; None if it names none."""
    for key in ("file", "name"):
        text = stage.get(key)
        if isinstance(text, str) and is_source(text):
            return text
    return None


def settle_source(kind: Kind, stage: dict[str, Any], text: str, folder: Path) -> Source:
    """Write the class's name, absolute path and digest into a stage's entry.

    Args:
        kind: of the stage.
        stage: its entry, changed in place.
        text: the class, as it stands there.
        folder: that a relative path starts from.

    Raises:
        ScenarioError: there is no such file, or this kind of stage takes none.
    """
    source = Source.of(text, folder)
    if not is_source(stage.get("file")):
        stage["name"] = source.name or source.file.stem
    stage.setdefault("name", source.name or source.file.stem)
    stage["file"] = str(source)
    if kind != "driver" and kind not in _BASES:
        raise ScenarioError(f"a {kind} comes from a plugin, not from a file")
    reason = missing(source.file)
    if reason:
        raise ScenarioError(reason)
    stage["digest"] = source.digest()
    return source


def own_class(kind: Kind, text: str) -> Any:
    """Return the class of a stage from a file.

    Raises:
        ScenarioError: it can't be imported, or is no such stage.
    """
    if kind == "driver":
        from racegym.entrants.entrant import Entrant

        return Entrant
    source = Source.of(text, Path.cwd())
    found, base = source.load(), _BASES[kind]
    if not issubclass(found, base):
        what = f"{source.name} is no {kind}; it must subclass racegym.interfaces.{base.__name__}"
        raise ScenarioError(what, file=source.file, line=source.line())
    if found.__abstractmethods__:
        lacking = ", ".join(sorted(found.__abstractmethods__))
        raise ScenarioError(
            f"{source.name} lacks {lacking}, which a {kind} must have",
            file=source.file, line=source.line(),
        )  # fmt: skip
    return found


def declaration(text: str, entry: Mapping[str, Any]) -> Declaration:
    """Return what a driver from a file declares.

    Args:
        text: the class.
        entry: its settings and the options of the class, in one mapping.

    Raises:
        ScenarioError: the file can't be imported, or the class is no driver.
    """
    from racegym.entrants.instances import declare
    from racegym.entrants.process import declare_outside
    from racegym.entrants.settings import RESERVED, EntrantOptions

    source = Source.of(text, Path.cwd())
    own = {key: entry[key] for key in EntrantOptions.model_fields if key in entry}
    options = {key: value for key, value in entry.items() if key not in RESERVED}
    settings = EntrantOptions.model_validate(own)
    if settings.process:
        return declare_outside(source, options, settings)
    found = source.load()
    if issubclass(found, Driver):
        raise ScenarioError(
            f"{source.name} is a racegym.interfaces.Driver, which sees the whole race; a driver "
            "from a file is a plain class with act(self, observation)",
            file=source.file, line=source.line(),
        )  # fmt: skip
    return declare(source, options, RESERVED)
