"""Lines and the speeds on them for a whole batch: one for each track and vehicle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import GGV, Array, Cars, View
from racegym.kernels.following import (
    GAIN,
    LATERAL,
    LINE_CURVATURE,
    OFFSET,
    PATH_COLUMNS,
    SLOPE,
    SPEED,
)
from racegym.kernels.pursuit import KEY_COLUMNS, KEY_TRACK, find_changed
from racegym.raceline.line import Line
from racegym.raceline.quasi_steady import lap_of_line
from racegym.track import Track

__all__ = ["Paths"]

Floats = NDArray[np.float64]

SPEEDS, SHARES = 48, 25  # nodes of an envelope that the pedals look at
SPARE = 32  # paths no longer in use that are kept, at least


class Paths:
    """Lines, and speeds on them, shared by all cars with the same track and the same vehicle.

    They follow from the tracks and the vehicles alone, so they are no state: nothing here is
    reset or saved. Before each use, ``refresh`` compares what every car's path was made for
    with what it drives now.

    Args:
        view: the world's data.
        line_of: called with a track, the width of a vehicle [m] and a flat index of a car.
        ggv_of: called with a flat index of a car: what it is trusted to do.
        pace_of: called with a track, the time of a lap [s] at all of that, and a flat index of a
            car: the share of the speeds at which it is driven.

    Attributes:
        starts: (n_races, n_cars) int64, where each car's path begins in ``rows``.
        rows: (n, PATH_COLUMNS) float64, all paths one after another.
        envelopes: (n_races, n_cars) int64, each car's row of those below.
        top_speeds, drives, brakes, slips, understeers: as ``follow_line`` takes them.
    """

    def __init__(
        self,
        view: View,
        line_of: Callable[[Track, float, int], Line],
        ggv_of: Callable[[int], GGV],
        pace_of: Callable[[Track, float, int], float],
    ):
        shape = (view.n_races, view.n_cars)
        self.starts: Array = np.zeros(shape, np.int64)
        self.rows: Array = np.zeros((0, PATH_COLUMNS))
        self.envelopes: Array = np.zeros(shape, np.int64)
        self.top_speeds: Array = np.zeros(0)
        self.drives: Array = np.zeros((0, SPEEDS, SHARES))
        self.brakes: Array = np.zeros((0, SPEEDS, SHARES))
        self.slips: Array = np.zeros((0, SPEEDS, SHARES))
        self.understeers: Array = np.zeros((0, SPEEDS, SHARES))
        self._line_of, self._ggv_of, self._pace_of = line_of, ggv_of, pace_of
        self._keys: Array = np.full((*shape, KEY_COLUMNS), -1.0)
        self._changed: Array = np.zeros(shape[0] * shape[1], np.bool_)
        self._known: dict[bytes, tuple[int, int]] = {}
        self._used = 0
        self._ggvs: list[GGV] = []

    def __len__(self) -> int:
        return len(self._known)

    def refresh(self, view: View, cars: Cars) -> None:
        """Make the paths that ``cars`` need and have not."""
        changed, vehicle = self._changed[: len(cars)], view.vehicle
        find_changed(
            cars, changed, self._keys, view.tracks.race_track, view.tracks.version,
            vehicle.grip, vehicle.drive, vehicle.power, vehicle.brake,
            vehicle.drag, vehicle.downforce, vehicle.top_speed,
        )  # fmt: skip
        if changed.any():
            self._assign(view, cars[changed])

    def _assign(self, view: View, cars: Cars) -> None:
        if len(self._known) > 2 * self.starts.size + SPARE:
            self._known.clear()
            self._ggvs.clear()
            self._used = 0
            cars = np.flatnonzero(self._keys[:, :, KEY_TRACK].reshape(-1) >= 0)
        width = view.vehicle.width.reshape(-1)
        slot = cars % view.n_cars
        keys = np.column_stack([self._keys.reshape(-1, KEY_COLUMNS)[cars], width[cars], slot])
        distinct, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        found = np.zeros((len(distinct), 2), np.int64)
        for row, (key, car) in enumerate(zip(distinct, cars[first], strict=True)):
            name = key.tobytes()
            if name not in self._known:
                self._known[name] = self._make(int(car), view)
            found[row] = self._known[name]
        mine = found[which.reshape(-1)]
        self.starts.reshape(-1)[cars] = mine[:, 0]
        self.envelopes.reshape(-1)[cars] = mine[:, 1]

    def _make(self, car: int, view: View) -> tuple[int, int]:
        """Return where the path of ``car`` begins, and the row of its envelope."""
        track = view.tracks.track_of(car // view.n_cars)
        ggv = self._ggv_of(car)
        width = float(view.vehicle.width.reshape(-1)[car])
        path = self._path(self._line_of(track, width, car), ggv, car)
        start, self._used = self._used, self._used + len(path)
        if self._used > len(self.rows):
            grown = np.zeros((max(self._used, 2 * len(self.rows)), PATH_COLUMNS))
            grown[:start] = self.rows[:start]
            self.rows = grown
        self.rows[start : self._used] = path
        return start, self._envelope(ggv)

    def _path(self, line: Line, ggv: GGV, car: int) -> Floats:
        """Return (n, PATH_COLUMNS): a line around its track and the speeds on it."""
        track = line.track
        step, bend = line.step, line.curvature
        lap = lap_of_line(line, ggv)
        pace = self._pace_of(track, lap.lap_time, car)
        path = np.empty((len(track), PATH_COLUMNS))
        around = np.roll(line.offset, -1) - np.roll(line.offset, 1)
        path[:, OFFSET], path[:, SLOPE] = line.offset, around / (2.0 * track.spacing)
        path[:, LINE_CURVATURE], path[:, SPEED] = bend, pace * lap.speed
        squared = path[:, SPEED] ** 2
        span = step + np.roll(step, 1)
        path[:, GAIN] = (np.roll(squared, -1) - np.roll(squared, 1)) / (2.0 * span)
        path[:, LATERAL] = np.interp(path[:, SPEED], ggv.speed, ggv.lateral)
        return path

    def _envelope(self, ggv: GGV) -> int:
        """Return the row of ``ggv``, which is added where it is new."""
        for row, other in enumerate(self._ggvs):
            if other is ggv:
                return row
        speeds = np.linspace(0.0, ggv.speed[-1], SPEEDS)
        shares = np.linspace(0.0, 1.0, SHARES)
        row = len(self._ggvs)
        self._ggvs.append(ggv)
        self.top_speeds = np.append(self.top_speeds[:row], ggv.speed[-1])
        for name in ("drive", "brake", "slip", "understeer"):
            kept, values = getattr(self, f"{name}s")[:row], getattr(ggv, name)
            known = np.zeros_like(ggv.drive) if values is None else values
            even = _resampled(known, ggv, speeds, shares)
            setattr(self, f"{name}s", np.concatenate([kept, even[None]]))
        return row


def _resampled(values: Floats, ggv: GGV, speeds: Floats, shares: Floats) -> Floats:
    """Return ``values`` of an envelope at other nodes, (speeds, shares)."""
    by_share = np.array([np.interp(shares, ggv.share, row) for row in values])
    return np.array([np.interp(speeds, ggv.speed, column) for column in by_share.T]).T.copy()
