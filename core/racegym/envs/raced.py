"""What of a scenario decides how its races go, as a digest."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from racegym.scenario import Scenario

__all__ = ["raced"]

NOT_RACED = (
    "name", "description", "task", "seed", "episodes", "trainer", "training", "sweep", "record",
)  # fmt: skip


def raced(scenario: Scenario) -> NDArray[np.uint8]:
    """Return (32,) a digest of what a scenario says of its races."""
    data = {k: v for k, v in scenario.resolved().items() if k not in NOT_RACED}
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).digest()
    return np.frombuffer(digest, np.uint8)
