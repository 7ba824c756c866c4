"""The exact state of a world as plain arrays, to be kept in a file and brought back elsewhere.

Beside the arrays themselves only the tracks matter, and which track a race is on is a pure
function of its seed and its episode, or fixed: neither has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import RacegymError
from racegym.world.world import World, WorldSnapshot

__all__ = ["pack", "unpack"]

ARRAY, BUFFER, ENGINE = "array.", "buffer.", "engine"


def pack(world: World) -> dict[str, NDArray[Any]]:
    """Return the state of a world by name.

    Raises:
        BackendError: the engine has no snapshots.
    """
    snapshot = world.snapshot()
    packed = {f"{ARRAY}{name}": values for name, values in snapshot.arrays.items()}
    packed |= {f"{BUFFER}{index}": values for index, values in enumerate(snapshot.buffers)}
    if snapshot.engine is not None:
        packed[ENGINE] = np.frombuffer(snapshot.engine, np.uint8)
    return packed


def unpack(world: World, packed: Mapping[str, NDArray[Any]]) -> None:
    """Bring a world of the same scenario and as many races into the state that was packed.

    Raises:
        RacegymError: the state is of another world.
    """
    arrays = {
        name.removeprefix(ARRAY): values
        for name, values in packed.items()
        if name.startswith(ARRAY)
    }
    count = sum(name.startswith(BUFFER) for name in packed)
    try:
        buffers = tuple(packed[f"{BUFFER}{index}"] for index in range(count))
        engine = packed[ENGINE].tobytes() if ENGINE in packed else None
        world.arrays.restore(arrays)
        world.deal_tracks()
        tracks = tuple(world.view.tracks.track_of(race) for race in range(world.n_races))
        world.restore(WorldSnapshot(arrays=arrays, buffers=buffers, tracks=tracks, engine=engine))
    except (KeyError, ValueError) as error:
        raise RacegymError(f"the state is of another world: {error}") from error
