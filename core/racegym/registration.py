"""Registers every installed racegym environment with Gymnasium, importing none of them.

A dist declares an environment by two entry points of one name, the environment's id:

    [project.entry-points."racegym.envs"]
    "racegym/Kart2D-v1" = "racegym_kart2d.envs:make_env"

    [project.entry-points."racegym.vector_envs"]
    "racegym/Kart2D-v1" = "racegym_kart2d.envs:make_vector_env"

The second is optional. Gymnasium is handed the strings and imports a module when somebody
makes the environment. No step limit is registered: racegym truncates episodes itself.
"""

from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint, entry_points

import gymnasium

__all__ = ["ENVS", "VECTOR_ENVS", "register_envs"]

ENVS = "racegym.envs"
VECTOR_ENVS = "racegym.vector_envs"


def register_envs() -> None:
    """Register the ids that installed dists declare; ids already registered stay as they are.

    A declaration that Gymnasium refuses, and an id declared by two dists, is skipped with a
    warning that names the dist: ``import racegym`` has to work in spite of it.
    """
    vector_envs = {point.name: point for point in entry_points(group=VECTOR_ENVS)}
    owners: dict[str, str] = {}
    for point in sorted(entry_points(group=ENVS), key=_order):
        if point.name in owners:
            _warn(point, f"{owners[point.name]!r} declares it too, and comes first")
            continue
        owners[point.name] = _dist(point)
        if point.name in gymnasium.registry:
            continue
        vector = vector_envs.get(point.name)
        try:
            gymnasium.register(
                id=point.name,
                entry_point=point.value,
                vector_entry_point=vector.value if vector else None,
            )
        except gymnasium.error.Error as error:
            _warn(point, str(error))


def _dist(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"


def _order(point: EntryPoint) -> tuple[str, str]:
    return point.name, _dist(point)


def _warn(point: EntryPoint, reason: str) -> None:
    warnings.warn(
        f"environment {point.name!r} of {_dist(point)!r} is not registered: {reason}",
        RuntimeWarning,
        stacklevel=3,
    )
