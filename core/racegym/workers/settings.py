"""The key ``workers`` of a backend: how many processes, and how long they are waited for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import Field, StrictInt, field_validator

from racegym.errors import ScenarioError
from racegym.interfaces import StageOptions, options

__all__ = ["WORKERS", "WorkerSettings", "most_workers", "spelt_out", "split"]

WORKERS = "workers"  # the key that core takes out of a backend's options
A_CORE = 4  # workers: more would only wait for each other
MOST = 256


def most_workers() -> int:
    """Return how many workers this machine is trusted with: four a core, at most 256."""
    return min(MOST, A_CORE * (os.cpu_count() or 1))


class WorkerSettings(StageOptions):
    """How an engine that holds one race is run in many processes."""

    count: StrictInt = Field(ge=1, description="processes at most, each with one race")
    start_timeout: float = Field(
        60.0, gt=0, le=3600, description="[s] that an engine may take to start or to reset"
    )
    step_timeout: float = Field(10.0, gt=0, le=3600, description="[s] that a step may take")
    retries: StrictInt = Field(
        3, ge=0, le=1000, description="failures in a row that are made good by starting anew"
    )

    @field_validator("count")
    @classmethod
    def _not_too_many(cls, count: int) -> int:
        if count > most_workers():
            raise ValueError(
                f"this machine takes at most {most_workers()} workers, {A_CORE} a core"
            )
        return count


def spelt_out(value: Any) -> Any:
    """Return the mapping that ``workers: 8`` stands for; anything else unchanged."""
    return value if isinstance(value, Mapping) else {"count": value}


def split(given: Mapping[str, Any], who: str) -> tuple[WorkerSettings, dict[str, Any]]:
    """Return the settings of the workers, and the options of the engine itself.

    Args:
        given: the backend's options, ``workers`` among them.
        who: whose they are; opens the message.

    Raises:
        ScenarioError: the settings are missing or wrong.
    """
    rest = dict(given)
    if WORKERS not in rest:
        raise ScenarioError(f"{who} needs the option 'workers'")
    read = options.read(WorkerSettings, spelt_out(rest.pop(WORKERS)), f"{who}, workers")
    return read, rest
