"""A bench that drives the backend alone, as a world would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from racegym.interfaces import (
    Arrays,
    CarState,
    Clock,
    Contacts,
    Control,
    Effects,
    Events,
    RaceState,
    ScopedArrays,
    Setup,
    TrackFrame,
    VehicleTable,
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
        self.control = allocate(Control, arrays, 1, "control")
        self.effects = allocate(Effects, arrays, 1, "effects")
        self.view = View(
            n_races=1,
            n_cars=1,
            dt=dt,
            state=allocate(CarState, arrays, 1, "state"),
            control=self.control,
            previous_control=allocate(Control, arrays, 1, "previous_control"),
            frame=allocate(TrackFrame, arrays, 1, "frame"),
            previous_frame=allocate(TrackFrame, arrays, 1, "previous_frame"),
            race=allocate(RaceState, arrays, 1, "race"),
            clock=allocate(Clock, arrays, 1, "clock"),
            contacts=Contacts(arrays, 1),
            events=Events(arrays, 1),
            vehicle=allocate(VehicleTable, arrays, 1, "vehicle"),
            tracks=TrackSet([Track.from_points(circle, 5.0, 5.0, name="circle")], [0]),
            channels={
                c.name: arrays.new(f"channels.{c.name}", (1, *c.shape), c.dtype)
                for c in spec.channels
            },
            channel_specs={c.name: c for c in spec.channels},
        )
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
