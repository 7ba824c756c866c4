"""A view without a world: records, tracks and cars put where a test wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from racegym.interfaces import (
    Array,
    Arrays,
    Channel,
    ScopedArrays,
    Setup,
    TrackFrame,
    View,
    columns,
)
from racegym.kernels.projection import relocate_cars
from racegym.kernels.randomness import race_keys
from racegym.track import Track, TrackSet


def ring(radius: float = 50.0, width: float = 4.0, count: int = 200, **options: Any) -> Track:
    """A circle driven to the left, starting at its easternmost point."""
    angle = 2.0 * np.pi * np.arange(count) / count
    points = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, width, width, name=f"ring{radius:g}", **options)


def stadium(straight: float = 300.0, radius: float = 20.0, width: float = 4.0) -> Track:
    """Two straights and two half circles, driven to the left, points 2 m apart."""
    along = np.arange(0.0, straight, 2.0)
    turn = np.linspace(0.0, np.pi, int(np.pi * radius / 2.0), endpoint=False)
    one = np.column_stack([along, np.full_like(along, -radius)])
    bend = np.column_stack([straight + radius * np.sin(turn), -radius * np.cos(turn)])
    half = np.concatenate([one, bend])
    other = np.array([straight, 0.0]) - half
    return Track.from_points(np.concatenate([half, other]), width, width, name="stadium")


@dataclass
class Rig:
    """What a stage is built from, and ways to put the cars somewhere."""

    view: View
    arrays: Arrays

    def setup(self, options: Mapping[str, Any] | None = None, prefix: str = "stage") -> Setup:
        name = f"{prefix}{len(self.arrays)}"
        return Setup(view=self.view, arrays=ScopedArrays(self.arrays, name), options=options or {})

    @property
    def cars(self) -> Array:
        return np.arange(self.view.n_races * self.view.n_cars)

    def put(self, s: Any, d: Any = 0.0, heading_error: Any = 0.0, speed: Any = 0.0) -> None:
        """Put all cars on their tracks and forget how they came there."""
        view = self.view
        count = len(self.cars)
        s, d, heading_error, speed = (
            np.broadcast_to(np.asarray(value, float), count).copy()
            for value in (s, d, heading_error, speed)
        )
        pose = view.tracks.pose(self.cars // view.n_cars, s, d)
        state, frame = view.state, view.frame
        shape = (view.n_races, view.n_cars)
        state.x[...], state.y[...] = pose[:, 0].reshape(shape), pose[:, 1].reshape(shape)
        state.yaw[...] = (pose[:, 2] + heading_error).reshape(shape)
        state.vx[...] = speed.reshape(shape)
        for name in ("vy", "yaw_rate", "ax", "ay", "steer", "throttle", "brake"):
            getattr(state, name)[...] = 0.0
        pose = (state.x, state.y, state.yaw)
        found = (
            frame.segment, frame.s, frame.d, frame.heading_error, frame.curvature,
            frame.progress, frame.jumped, frame.width_left, frame.width_right,
        )  # fmt: skip
        relocate_cars(
            self.cars, s, *(array.reshape(-1) for array in pose), *view.tracks.geometry,
            *(array.reshape(-1) for array in found),
        )  # fmt: skip
        for name in columns(TrackFrame):
            getattr(view.previous_frame, name)[...] = getattr(frame, name)

    def scramble(self, seed: int, wild: bool = False) -> None:
        """Fill every array that stages read with noise; wild: huge, or not a number."""
        rng = np.random.default_rng(seed)
        view = self.view
        length = view.tracks.length[view.tracks.race_track].min()
        self.put(rng.uniform(0, length, len(self.cars)), rng.normal(0, 6, len(self.cars)))
        records = (view.state, view.control, view.previous_control, view.frame, view.vehicle)
        for record in records:
            for name, spec in columns(type(record)).items():
                array = getattr(record, name)
                if array.dtype.kind == "f" and name not in ("s", "progress"):
                    scale = 10.0 ** rng.uniform(-2, 6 if wild else 2)
                    array[...] = rng.normal(0, scale, array.shape)
                    if wild and spec.dtype == "real":
                        array[rng.random(array.shape) < 0.2] = np.nan
        view.race.next_checkpoint[...] = rng.integers(0, 100, view.race.next_checkpoint.shape)


@pytest.fixture(scope="session")
def make_ring() -> Callable[..., Track]:
    return ring


@pytest.fixture(scope="session")
def make_stadium() -> Callable[..., Track]:
    return stadium


@pytest.fixture(scope="session")
def make_rig() -> Callable[..., Rig]:
    """Return a maker of rigs as precise as worlds are, with which they share their kernels."""

    def make(
        *tracks: Track,
        n_races: int = 1,
        n_cars: int = 1,
        real: str = "float32",
        dt: float = 0.05,
        channels: Sequence[Channel] = (),
        reserve: int = 0,
    ) -> Rig:
        arrays = Arrays(n_races, real)
        given = tracks or (ring(),)
        track_set = TrackSet(
            given, np.arange(n_races) % len(given),
            reserve_tracks=reserve, reserve_points=reserve * 2000,
        )  # fmt: skip
        specs = {channel.name: channel for channel in channels}
        view = View.allocate(arrays, n_cars, dt, track_set, specs)
        kart = {
            "length": 1.95, "width": 1.4, "wheelbase": 1.05, "track": 1.1, "to_front": 0.6,
            "mass": 240.0, "steer_limit": 0.35, "grip": 1.2, "drive": 4.0, "power": 25.0,
            "brake": 5.0, "drag": 0.002, "top_speed": 22.0,
        }  # fmt: skip
        for name, value in kart.items():
            getattr(view.vehicle, name)[...] = value
        view.clock.elapsed[...] = dt
        view.race.seed[...] = np.arange(n_races)
        races = np.arange(n_races)
        race_keys(races, view.race.seed, view.race.episode, view.race.key)
        rig = Rig(view, arrays)
        rig.put(0.0)
        return rig

    return make
