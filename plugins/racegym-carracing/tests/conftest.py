"""A bench that drives the backend alone, as a world would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from racegym.interfaces import (
    Arrays,
    Effects,
    ScopedArrays,
    Setup,
    View,
    allocate,
)
from racegym.track import Track, TrackSet
from racegym_carracing.backend import CarRacing

THE_RACE = np.zeros(1, np.int64)


class Bench:
    """One backend with the records that it writes."""

    def __init__(self, dt: float = 0.02, **options: Any):
        arrays = Arrays(1)
        spec = CarRacing.spec_for(options)
        angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        circle = 50 * np.column_stack([np.cos(angle), np.sin(angle)])
        self.dt = dt
        self.effects = allocate(Effects, arrays, 1, "effects")
        circuit = TrackSet([Track.from_points(circle, 5.0, 5.0, name="circle")], [0])
        specs = {channel.name: channel for channel in spec.channels}
        self.view = View.allocate(arrays, 1, dt, circuit, specs)
        self.control = self.view.control
        self.arrays = arrays
        setup = Setup(view=self.view, arrays=ScopedArrays(arrays, "backend"), options=options)
        self.backend = CarRacing(setup)

    def reset(self, key: int) -> Bench:
        self.arrays.reset(THE_RACE)
        self.backend.reset(THE_RACE, np.array([key], np.uint64))
        return self

    def step(self, steer: float = 0.0, throttle: float = 0.0, brake: float = 0.0) -> None:
        self.control.steer[0, 0] = steer
        self.control.throttle[0, 0] = throttle
        self.control.brake[0, 0] = brake
        self.view.clock.elapsed[:] = 0.0
        self.backend.step(self.control, self.effects, self.dt)

    def value(self, field: str) -> Any:
        """The car's value of a state field or a channel."""
        if field in self.view.channels:
            return self.view.channels[field][0, 0]
        return getattr(self.view.state, field)[0, 0]


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """Return a maker of benches, which are closed at the end."""
    made: list[Bench] = []

    def make(dt: float = 0.02, **options: Any) -> Bench:
        made.append(Bench(dt, **options))
        return made[-1]

    yield make
    for one in made:
        one.backend.close()
