"""Figures of a run, gathered from its telemetry as it passes by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from racegym.interfaces import Array, Status

__all__ = ["EpisodeTally", "Tally"]

_LAST = (
    "position", "status", "lap", "progress", "gap_leader", "gap_ahead", "laps_behind",
)  # fmt: skip


@dataclass
class EpisodeTally:
    """What telemetry says of one episode of one race.

    Attributes:
        steps: how many were recorded.
        time: [s] race time after the last of them.
        last: by column, (n_cars,), the values of the last row.
        active_time: (n_cars,) [s] how long each car raced.
        top_speed: (n_cars,) [m/s].
    """

    steps: int = 0
    time: float = 0.0
    last: dict[str, Array] = field(default_factory=dict)
    active_time: Array = field(default_factory=lambda: np.zeros(0))
    top_speed: Array = field(default_factory=lambda: np.zeros(0))


class Tally:
    """All episodes that pass by, by ``(race, episode)``.

    Args:
        n_cars: of a race.
    """

    def __init__(self, n_cars: int):
        self._n_cars = n_cars
        self.episodes: dict[tuple[int, int], EpisodeTally] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the next rows of telemetry: whole races, in the order they were recorded."""
        names = ("time", "race", "episode", "vx", "vy", *_LAST)
        table = {name: _values(batch, name).reshape(-1, self._n_cars) for name in names}
        keys = np.stack([table["race"][:, 0], table["episode"][:, 0]], axis=1)
        for race, episode in np.unique(keys, axis=0):
            rows = (keys[:, 0] == race) & (keys[:, 1] == episode)
            part = {name: column[rows] for name, column in table.items()}
            self._add_rows(self._episode(int(race), int(episode)), part)

    def _episode(self, race: int, episode: int) -> EpisodeTally:
        key = (race, episode)
        if key not in self.episodes:
            zeros = np.zeros(self._n_cars)
            self.episodes[key] = EpisodeTally(active_time=zeros, top_speed=zeros.copy())
        return self.episodes[key]

    def _add_rows(self, tally: EpisodeTally, rows: dict[str, Any]) -> None:
        tally.steps += len(rows["time"])
        tally.time = float(rows["time"][-1, 0])
        tally.last = {name: rows[name][-1].copy() for name in _LAST}
        racing = rows["status"] <= int(Status.PIT)
        times = np.where(racing, rows["time"], 0.0).max(axis=0)
        speeds = np.hypot(rows["vx"], rows["vy"]).astype(np.float64)
        np.maximum(tally.active_time, times, out=tally.active_time)
        np.fmax(tally.top_speed, speeds.max(axis=0), out=tally.top_speed)


def _values(batch: pa.RecordBatch, name: str) -> Array:
    """Return a column; zeros for one that a log, or an older recording, does not have."""
    if name not in batch.schema.names:
        return np.zeros(batch.num_rows)
    values: Array = batch.column(name).to_numpy(zero_copy_only=False)
    return values
