"""Tracks that several tests drive on, and a driver for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from racegym.formats.tum import read_tum
from racegym.kernels.projection import project_cars, relocate_cars
from racegym.track import Track, TrackSet, generate


def ring(radius: float = 50.0, count: int = 200, width: float = 4.0, **options: object) -> Track:
    angle = 2.0 * np.pi * np.arange(count) / count
    points = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, width, width, name="ring", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_ring() -> Callable[..., Track]:
    return ring


@pytest.fixture(scope="session")
def tum(shared: Path) -> dict[str, Track]:
    files = sorted((shared / "tracks" / "tum").glob("*.csv"))
    if not files:
        pytest.skip("needs the circuits in shared/tracks/tum")
    return {file.stem: read_tum(file) for file in files}


@pytest.fixture(scope="session")
def generated() -> list[Track]:
    return [generate(seed) for seed in range(6)]


class Cars:
    """The frame of some cars in every race of a TrackSet, as World keeps it."""

    def __init__(self, tracks: TrackSet, n_cars: int = 1, real: type = np.float64):
        shape = (tracks.n_races, n_cars)
        self.tracks = tracks
        self.yaw = np.zeros(shape, real)
        self.x, self.y = np.zeros(shape), np.zeros(shape)
        self.present = np.ones(shape, bool)
        self.segment = np.zeros(shape, np.int32)
        self.s = np.zeros(shape)
        self.d = np.zeros(shape, real)
        self.heading_error = np.zeros(shape, real)
        self.curvature = np.zeros(shape, real)
        self.progress = np.zeros(shape)
        self.jumped = np.zeros(shape, bool)
        self.width_left = np.zeros(shape, real)
        self.width_right = np.zeros(shape, real)

    def _pose(self) -> tuple[np.ndarray, ...]:
        return self.x.reshape(-1), self.y.reshape(-1), self.yaw.reshape(-1)

    def _arrays(self) -> tuple[np.ndarray, ...]:
        frame = (
            self.segment, self.s, self.d, self.heading_error, self.curvature, self.progress,
            self.jumped, self.width_left, self.width_right,
        )  # fmt: skip
        return (*self.tracks.geometry, *(array.reshape(-1) for array in frame))

    def put(self, x: object, y: object, yaw: object = 0.0) -> None:
        self.x[:], self.y[:], self.yaw[:] = x, y, yaw

    def put_on(self, s: object, d: object) -> None:
        """Put every car of every race at (s, d) of its own track."""
        s, d = np.broadcast_to(s, self.x.shape), np.broadcast_to(d, self.x.shape)
        races = np.repeat(np.arange(self.x.shape[0]), self.x.shape[1])
        pose = self.tracks.pose(races, s.ravel(), d.ravel()).reshape(*self.x.shape, 3)
        self.put(pose[..., 0], pose[..., 1], pose[..., 2])

    def project(self) -> None:
        project_cars(*self._pose(), self.present.reshape(-1), *self._arrays())

    def relocate(self, hint: object = np.nan) -> None:
        cars = np.arange(self.x.size, dtype=np.int64)
        hint_s = np.broadcast_to(np.asarray(hint, float), self.x.shape).ravel().copy()
        relocate_cars(cars, hint_s, *self._pose(), *self._arrays())


@pytest.fixture(scope="session")
def cars_on() -> type[Cars]:
    return Cars
