"""What the environments say beside observation and reward.

The same keys for one race and for a batch; a batch adds the mask ``_key`` to each, as
Gymnasium does, true where that race has the key. No value is ever NaN: a time that does not
exist yet has no key.

==================  =======  ====================================================
key                 type     meaning
==================  =======  ====================================================
``time``            float    race time [s]
``progress``        float    distance along the centerline since the line [m]
``laps``            int      laps completed
``lap_time``        float    time of the lap being driven [s]; absent before it begins
``last_lap_time``   float    time of the last lap [s]; absent before the first
``best_lap_time``   float    best valid lap [s]; absent before the first
``last_sector_time``  float  time of the last sector [s]; absent before the first
``lap_valid``       bool     the lap being driven is valid so far
``sector``          int      index of the sector
``position``        int      place in the race, from 1
``speed``           float    forward speed [m/s]
``off_track``       bool     the whole car is beyond the edge
``status``          int      a ``racegym.interfaces.Status``
``rewards``         dict     every reward term before weighting; absent after a reset
``ended_by``        dict     every termination, whether it applies; absent after a reset
==================  =======  ====================================================

Where the profile has a ``critic_observation``, every info has it under that name: an array, or
a mapping of arrays by sensor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Array, View
from racegym.world import World
from racegym.world.agents import AgentGroup
from racegym.world.observer import Observation

__all__ = ["Informant", "merged", "row_of", "single"]

Mask = NDArray[np.bool_]


class Informant:
    """Gathers the infos of a group of agents; with one agent a race, its rows are the races.

    Args:
        world: to look at.
        group: its agents; None for the first group.

    Attributes:
        group: the same.
    """

    def __init__(self, world: World, group: AgentGroup | None = None):
        self._view: View = world.view
        self.group = world.groups[0] if group is None else group
        self._races = self.group.cars // world.n_cars
        race, frame, state = world.view.race, world.view.frame, world.view.state
        self._always: dict[str, tuple[Array, type]] = {
            "progress": (frame.progress, np.float64),
            "laps": (race.laps_done, np.int64),
            "lap_valid": (race.lap_valid, np.bool_),
            "sector": (race.sector, np.int64),
            "position": (race.position, np.int64),
            "speed": (state.vx, np.float64),
            "off_track": (race.off_track, np.bool_),
            "status": (race.status, np.int64),
        }
        self._once_known: dict[str, Array] = {
            "last_lap_time": race.last_lap_time,
            "best_lap_time": race.best_lap_time,
            "last_sector_time": race.last_sector_time,
        }

    def one(self, *, stepped: bool, row: int = 0) -> dict[str, Any]:
        """Return the info of a single agent in plain Python types.

        Args:
            stepped: whether it follows a step; else a reset.
            row: its index in the group.
        """
        view = self._view
        race, car = divmod(int(self.group.cars[row]), view.n_cars)
        info: dict[str, Any] = {"time": float(view.race.time[race])}
        for key, (array, _) in self._always.items():
            info[key] = array[race, car].item()
        started = float(view.race.lap_start[race, car])
        if started == started:  # not NaN
            info["lap_time"] = info["time"] - started
        for key, array in self._once_known.items():
            value = float(array[race, car])
            if value == value:
                info[key] = value
        if self.group.critic is not None:
            info["critic_observation"] = row_of(self.group.critic.values, row)
        if stepped:
            info["rewards"] = {name: float(v[row]) for name, v in self.group.terms.items()}
            info["ended_by"] = {name: bool(v[row]) for name, v in self.group.reasons.items()}
        return info

    def batch(self, rows: Mask, stepped: Mask) -> dict[str, Any]:
        """Return the infos of many agents.

        Args:
            rows: (k,) bool, the agents that are to have an info.
            stepped: (k,) bool, those of them whose info follows a step.
        """
        infos: dict[str, Any] = {}
        if not rows.any():
            return infos
        race = self._view.race
        time = race.time[self._races]
        _put(infos, "time", time.copy(), rows)
        for key, (array, dtype) in self._always.items():
            _put(infos, key, self._of_agents(array, dtype), rows)
        started = self._of_agents(race.lap_start, np.float64)
        _put(infos, "lap_time", time - started, rows & np.isfinite(started))
        for key, array in self._once_known.items():
            values = self._of_agents(array, np.float64)
            _put(infos, key, values, rows & np.isfinite(values))
        if self.group.critic is not None:
            told_critic = self.group.critic.values
            if isinstance(told_critic, dict):
                parts: dict[str, Any] = {}
                for name, part in told_critic.items():
                    _put(parts, name, part.copy(), rows)
                infos["critic_observation"], infos["_critic_observation"] = parts, rows.copy()
            else:
                _put(infos, "critic_observation", told_critic.copy(), rows)
        told = rows & stepped
        for key, named, dtype in (
            ("rewards", self.group.terms, np.float64),
            ("ended_by", self.group.reasons, np.bool_),
        ):
            if named and told.any():
                nested: dict[str, Any] = {}
                for name, values in named.items():
                    _put(nested, name, values.astype(dtype), told)
                infos[key], infos[f"_{key}"] = nested, told.copy()
        return infos

    def _of_agents(self, array: Array, dtype: type) -> Array:
        """Return the agents' values of an array over all cars, in memory of their own."""
        flat = array.reshape(-1)
        cars = self.group.cars
        return flat.astype(dtype) if len(cars) == len(flat) else flat[cars].astype(dtype)


def row_of(values: Observation, row: int = 0) -> Any:
    """Return a copy of what one agent was told."""
    if isinstance(values, dict):
        return {name: part[row].copy() for name, part in values.items()}
    return values[row].copy()


def _put(infos: dict[str, Any], key: str, values: Array, mask: Mask) -> None:
    """Add a key with its mask if any agent has it; ``values`` become 0 where it is false."""
    if not mask.any():
        return
    if not mask.all():
        values[~mask] = 0
    infos[key] = values
    infos[f"_{key}"] = mask.copy()


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the infos of two disjoint sets of agents as one."""
    joined: dict[str, Any] = {}
    for key in [*one, *(key for key in other if key not in one)]:
        if key.startswith("_"):
            joined[key] = one.get(key, False) | other.get(key, False)
        elif key not in one or key not in other:
            joined[key] = one.get(key, other.get(key))
        elif isinstance(one[key], dict):
            joined[key] = merged(one[key], other[key])
        else:
            mask = other[f"_{key}"].reshape(-1, *[1] * (one[key].ndim - 1))
            joined[key] = np.where(mask, other[key], one[key])
    return joined


def single(infos: dict[str, Any], row: int) -> dict[str, Any]:
    """Return what the infos of many agents say of one, as ``Informant.one`` does."""
    found: dict[str, Any] = {}
    for key, values in infos.items():
        if key.startswith("_") or not infos[f"_{key}"][row]:
            continue
        if isinstance(values, dict):
            found[key] = single(values, row)
        else:
            found[key] = values[row].copy() if values.ndim > 1 else values[row].item()
    return found
