"""One driver by itself, as a scenario would name it: looked up and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from racegym.documents.document import plain_copy
from racegym.errors import ScenarioError
from racegym.scenario.building import make_driver
from racegym.scenario.canonical import AGENT, spelt_out
from racegym.scenario.faults import Faults, Places
from racegym.scenario.own_code import source_text
from racegym.scenario.policies import settle_policy
from racegym.scenario.settings import StageSettings
from racegym.scenario.stages import check_stage, class_of, declared_by
from racegym.world import DriverPart

__all__ = ["DriverLike", "driver_part", "read_driver"]

DriverLike: TypeAlias = StageSettings | Mapping[str, Any] | str | Path


def read_driver(entry: DriverLike) -> StageSettings:
    """Return a driver of which the name exists and every option is valid.

    Args:
        entry: what stands under ``driver`` in a scenario: a name, a name with options,
            ``FILE.py:CLASS``, ``{"file": FILE.py:CLASS}`` with options or ``{"policy": PATH}``;
            or the ``Path`` of a policy, as in the last one. Relative paths start from the
            working directory.

    Raises:
        ScenarioError: tells all that is wrong with it.
    """
    if isinstance(entry, StageSettings):
        return entry
    if isinstance(entry, Path):
        entry = {"policy": str(entry)}
    if not isinstance(entry, str | Mapping):
        raise ScenarioError(
            f"a driver is {entry!r}; give its name, or a mapping of its name and options"
        )
    spelt = spelt_out(("driver",), entry if isinstance(entry, str) else plain_copy(entry))
    stage: dict[str, Any] = dict(spelt)
    location = ("driver",)
    faults = Faults(Places(None, {}))
    settle_policy(stage, location, faults)
    faults.tell()
    if stage.get("name") == AGENT:
        raise ScenarioError(f"the driver {AGENT!r} is nobody; name one that drives")
    if not isinstance(stage.get("name"), str) and source_text(stage) is None:
        raise ScenarioError(
            "a driver has no name; give name: NAME, policy: PATH or file: FILE.py:CLASS"
        )
    check_stage(location, "driver", stage, faults)
    faults.tell()
    return StageSettings.model_validate(stage)


def driver_part(stage: StageSettings) -> DriverPart:
    """Return what a world builds a driver from.

    Raises:
        RacegymError: its class can't be imported, or what it declares is wrong.
    """
    return make_driver(class_of("driver", stage), stage, declared_by(stage))
