"""When a race that was judged counts as completed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from racegym.terminations.laps_done import LapsDone
from racegym.world import World

__all__ = ["goals_of", "is_completed"]


def goals_of(world: World) -> frozenset[str]:
    """Return the terminations of a world's agent that mean success, by label."""
    terminations = world.groups[0].terminations
    return frozenset(name for name, one in terminations.items() if isinstance(one, LapsDone))


def is_completed(row: Mapping[str, Any], goals: Collection[str], laps: int) -> bool:
    """Tell whether a race was driven to its end.

    Args:
        row: of an episode: its ``status``, ``ended_by`` and ``best_lap``.
        goals: terminations that mean success.
        laps: race distance, 0 for none. A race with neither is completed with a valid lap.
    """
    if goals or laps:
        return row["status"] == "finished" or any(name in goals for name in row["ended_by"])
    return row["best_lap"] is not None
