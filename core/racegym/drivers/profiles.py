"""Speed profiles for a whole batch: one for each track and envelope, made when needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from racegym.drivers.speed_profile import Envelope, lap_time, speed_profile
from racegym.interfaces import Array, Cars, View
from racegym.kernels.following import LATERAL, LINE_CURVATURE, PATH_COLUMNS, SPEED
from racegym.kernels.pacing import BRAKE, DOWNFORCE, GRAVITY, GRIP, fill_profiles
from racegym.kernels.projection import COUNT, CURVATURE, FIRST, SPACING
from racegym.kernels.pursuit import (
    KEY_COLUMNS,
    KEY_ENVELOPE,
    KEY_TRACK,
    find_changed,
)

__all__ = ["Profiles"]

BRAKE_SHARE = 0.85  # of the brakes: the rest is left to correct with
SPARE = 32  # profiles no longer in use that are kept, at least


class Profiles:
    """Profiles shared by all cars with the same track and the same envelope.

    They follow from the tracks and the vehicle table alone, so they are no state: nothing
    here is reset or saved. Before each use, ``refresh`` compares what every car's profile
    was made for with what it drives now.

    Args:
        view: the world's data.
        pace: 1 for all that the vehicle table tells.
        pace_of: called with a flat index of a car and the time [s] of a lap at ``pace``, for
            cars that have a pace of their own: the share of ``pace``.
        lines: whether ``paths`` is filled.

    Attributes:
        keys: (n_races, n_cars, KEY_COLUMNS) float64, what each car's profile was made for.
        starts: (n_races, n_cars) int64, where it begins in ``speeds``.
        speeds: float64 [m/s], one value a sample, all profiles one after another.
        paces: (n_races, n_cars) float64, what they are made for.
        paths: (n, PATH_COLUMNS) float64, the centerline with those speeds, as
            ``racegym.kernels.following`` has lines; one row a value of ``speeds``.
    """

    def __init__(
        self,
        view: View,
        pace: float,
        pace_of: Callable[[int, float], float] | None = None,
        *,
        lines: bool = False,
    ):
        shape = (view.n_races, view.n_cars)
        self.keys: Array = np.full((*shape, KEY_COLUMNS), -1.0)
        self.starts: Array = np.zeros(shape, np.int64)
        self.speeds: Array = np.zeros(0)
        self.paces: Array = np.full(shape, pace)
        self.paths: Array = np.zeros((0, PATH_COLUMNS))
        self._pace, self._pace_of, self._lines = pace, pace_of, lines
        self._tracks = view.tracks
        self._version: Array = view.tracks.version
        self._changed: Array = np.zeros(shape[0] * shape[1], np.bool_)
        self._known: dict[bytes, int] = {}
        self._used = 0

    def __len__(self) -> int:
        return len(self._known)

    def refresh(self, view: View, cars: Cars) -> None:
        """Make the profiles that ``cars`` need and have not."""
        changed, vehicle = self._changed[: len(cars)], view.vehicle
        find_changed(
            cars, changed, self.keys, view.tracks.race_track, self._version,
            vehicle.grip, vehicle.drive, vehicle.power, vehicle.brake,
            vehicle.drag, vehicle.downforce, vehicle.top_speed,
        )  # fmt: skip
        if changed.any():
            self._assign(cars[changed])

    def _assign(self, cars: Cars) -> None:
        if len(self._known) > 2 * self.starts.size + SPARE:
            self._known.clear()
            self._used = 0
            cars = np.flatnonzero(self.keys[:, :, KEY_TRACK].reshape(-1) >= 0)
        self._set_paces(cars)
        every_key = self.keys.reshape(-1, KEY_COLUMNS)
        asked = np.column_stack([every_key[cars], self.paces.reshape(-1)[cars]])
        distinct, which = np.unique(asked, axis=0, return_inverse=True)
        begin = np.zeros(len(distinct), np.int64)
        new = []
        for index, key in enumerate(distinct):
            name = key.tobytes()
            if name not in self._known:
                self._known[name] = self._used
                self._used += int(self._tracks.table[int(key[KEY_TRACK]), COUNT])
                new.append(index)
            begin[index] = self._known[name]
        if new:
            self._fill(distinct[new], begin[new])
        self.starts.reshape(-1)[cars] = begin[which.reshape(-1)]

    def _set_paces(self, cars: Cars) -> None:
        """Ask for the pace of each car that has one of its own."""
        if self._pace_of is None:
            return
        found: dict[tuple[bytes, int], float] = {}
        for car in cars:
            key = self.keys.reshape(-1, KEY_COLUMNS)[car]
            name = key.tobytes(), int(car) % self.keys.shape[1]
            if name not in found:
                row = self._tracks.table[int(key[KEY_TRACK])]
                first = int(row[FIRST])
                bends = self._tracks.points[first : first + int(row[COUNT]), CURVATURE]
                envelope = key[KEY_ENVELOPE:].copy()
                envelope[BRAKE] *= BRAKE_SHARE
                speeds = speed_profile(bends, row[SPACING], Envelope(*envelope), 100.0 * self._pace)
                found[name] = self._pace * self._pace_of(int(car), lap_time(speeds, row[SPACING]))
            self.paces.reshape(-1)[car] = found[name]

    def _fill(self, keys: Array, starts: Array) -> None:
        if self._used > len(self.speeds):
            grown = np.zeros(max(self._used, 2 * len(self.speeds)))
            grown[: len(self.speeds)] = self.speeds
            self.speeds = grown
            if self._lines:
                paths = np.zeros((len(grown), PATH_COLUMNS))
                paths[: len(self.paths)] = self.paths
                self.paths = paths
        table = self._tracks.table[keys[:, KEY_TRACK].astype(np.int64)]
        envelopes = np.ascontiguousarray(keys[:, KEY_ENVELOPE:KEY_COLUMNS])
        envelopes[:, BRAKE] *= BRAKE_SHARE
        fill_profiles(
            starts, table[:, FIRST].astype(np.int64), table[:, COUNT].astype(np.int64),
            np.ascontiguousarray(table[:, SPACING]), self._tracks.points,
            envelopes, np.ascontiguousarray(keys[:, KEY_COLUMNS]),
            self.speeds,
        )  # fmt: skip
        if self._lines:
            for start, row, envelope in zip(starts, table, envelopes, strict=True):
                first, count = int(row[FIRST]), int(row[COUNT])
                path = self.paths[start : start + count]
                path[:, SPEED] = self.speeds[start : start + count]
                path[:, LINE_CURVATURE] = self._tracks.points[first : first + count, CURVATURE]
                felt = GRAVITY + envelope[DOWNFORCE] * path[:, SPEED] ** 2
                path[:, LATERAL] = envelope[GRIP] * felt
