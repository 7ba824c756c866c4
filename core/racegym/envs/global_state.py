"""A view of the whole race in numbers, for critics that may know what no agent is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.interfaces import Array, Races, Status
from racegym.world import World

__all__ = ["COLUMNS", "Column", "GlobalState"]


Mask = NDArray[np.bool_]


class Column(NamedTuple):
    """One number of each car: its bounds, to which it is clipped, and its meaning."""

    low: float
    high: float
    doc: str


COLUMNS: dict[str, Column] = {
    "time": Column(0, 1e6, "race time [s]; the same for all cars"),
    "s": Column(0, 1, "place along the lap, as a share of it"),
    "d": Column(-1e3, 1e3, "offset from the centerline [m], left positive"),
    "heading_error": Column(-4, 4, "yaw less the centerline's heading [rad]"),
    "curvature": Column(-10, 10, "of the centerline there [1/m]"),
    "width_left": Column(0, 1e3, "centerline to the left edge [m]"),
    "width_right": Column(0, 1e3, "centerline to the right edge [m]"),
    "vx": Column(-500, 500, "velocity forward [m/s]"),
    "vy": Column(-500, 500, "velocity to the left [m/s]"),
    "yaw_rate": Column(-100, 100, "[rad/s]"),
    "progress": Column(-1e3, 1e6, "distance since the line, in laps"),
    "laps": Column(0, 1e6, "laps completed"),
    "position": Column(1, 1e3, "place in the race"),
    "gap_leader": Column(0, 1e6, "to the leader [s]; 0 where it is unknown"),
    "flags": Column(0, 255, "bits of `Flag`"),
    "penalty_time": Column(0, 1e6, "added to the result [s]"),
    "racing": Column(0, 1, "1 while it races or is in the pits, 0 on the grid or out of it"),
    "out": Column(0, 1, "1 once it has finished, retired or been disqualified"),
    "agent": Column(0, 1, "1 while an agent drives it, 0 for a scripted driver or nobody"),
}


class GlobalState:
    """Fills what is known of every car of every race; what is missing counts as 0.

    A race that is over is shown as of that moment until it starts anew.

    Args:
        world: of whose cars.
        active: by group, (k,) bool, the agents whose episodes go on.

    Attributes:
        space: of one race: (n_cars, len(COLUMNS)) float32, in the order of ``COLUMNS``.
        values: (n_races, n_cars, len(COLUMNS)) float32, as of the last ``fill``.
    """

    def __init__(self, world: World, active: Sequence[Mask]):
        self._world, self._active = world, active
        self.space = spaces.Box(
            _every_car([column.low for column in COLUMNS.values()], world.n_cars),
            _every_car([column.high for column in COLUMNS.values()], world.n_cars),
        )
        self.values: Array = np.zeros((world.n_races, world.n_cars, len(COLUMNS)), np.float32)
        self._held: Mask = np.zeros(world.n_races, np.bool_)
        self._agent: Array = np.zeros(world.n_races * world.n_cars, np.float32)
        view = world.view
        race, frame, state = view.race, view.frame, view.state
        self._plain: list[tuple[int, Array]] = [
            (list(COLUMNS).index(name), array)
            for name, array in {
                "time": race.time[:, None],
                "d": frame.d,
                "heading_error": frame.heading_error,
                "curvature": frame.curvature,
                "width_left": frame.width_left,
                "width_right": frame.width_right,
                "vx": state.vx,
                "vy": state.vy,
                "yaw_rate": state.yaw_rate,
                "laps": race.laps_done,
                "position": race.position,
                "gap_leader": race.gap_leader,
                "flags": race.flags,
                "penalty_time": race.penalty_time,
            }.items()
        ]

    def hold(self, over: Mask) -> None:
        """Keep races as they are now, of those that are over and not kept yet."""
        if (over & ~self._held).any():
            self.fill()
            self._held |= over

    def release(self, races: Races) -> None:
        """Show races as they are again."""
        self._held[races] = False

    def fill(self) -> Array:
        """Write ``values`` and return them."""
        held = self.values[self._held]
        self._write()
        self.values[self._held] = held
        self._agent[:] = 0
        for group, active in zip(self._world.groups, self._active, strict=True):
            self._agent[group.cars] = active
        self.values[..., list(COLUMNS).index("agent")] = self._agent.reshape(self.values.shape[:2])
        return self.values

    def _write(self) -> None:
        values, view = self.values, self._world.view
        for column, array in self._plain:
            values[..., column] = array
        tracks, status = view.tracks, view.race.status
        lap = tracks.length[tracks.race_track][:, None]
        for name, array in {
            "s": view.frame.s / lap,
            "progress": view.frame.progress / lap,
            "racing": (status == Status.RACING) | (status == Status.PIT),
            "out": status >= Status.FINISHED,
        }.items():
            values[..., list(COLUMNS).index(name)] = array
        np.nan_to_num(values, copy=False, nan=0.0)
        np.clip(values, self.space.low, self.space.high, out=values)


def _every_car(bounds: list[float], n_cars: int) -> Array:
    return np.tile(np.array(bounds, np.float32), (n_cars, 1))
