"""The nearest cars: where they are, how they move, how far the gaps are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.neighbours import FEATURES, observe_opponents
from racegym.sensors.values import Value

__all__ = ["Opponents"]


class Opponents(Sensor):
    """Ten numbers of each of the nearest cars, the nearest along the track first.

    Cars that are not on the track, and those farther along it than ``range``, are not told
    of; near is meant along the track, so that cars on another level are far away.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        most: int = Field(4, ge=1, le=64, description="cars that are told of")
        range: float = Field(100.0, gt=0, le=1e5, description="[m] along the track, either way")
        position: float = Field(20.0, gt=0, le=1000, description="[m] that read 1")
        speed: float = Field(10.0, gt=0, le=1000, description="[m/s] that read 1")
        least_speed: float = Field(
            1.0, gt=0, le=100, description="[m/s] that gaps are counted with at least"
        )

    requires = frozenset({"vx", "vy"})
    of_each: ClassVar[tuple[Value, ...]] = (
        Value("present", "1", "1", 0, 1, "whether there is one; all else is 0 if not"),
        Value(
            "ahead_along_track",
            "m",
            "option position",
            -10,
            10,
            "how far it is ahead along the track, the short way",
        ),
        Value(
            "left_across_track",
            "m",
            "option position",
            -10,
            10,
            "its offset from the centerline less the own one",
        ),
        Value(
            "forward", "m", "option position", -10, 10, "how far it is ahead, in the car's frame"
        ),
        Value(
            "left", "m", "option position", -10, 10, "how far it is to the left, in the car's frame"
        ),
        Value(
            "forward_velocity",
            "m/s",
            "option speed",
            -10,
            10,
            "velocity less the own one, forward in the car's frame",
        ),
        Value("left_velocity", "m/s", "option speed", -10, 10, "the same, to the left"),
        Value("heading_cosine", "1", "1", -1, 1, "cosine of its heading less the own one"),
        Value("heading_sine", "1", "1", -1, 1, "sine of the same"),
        Value("gap", "s", "6 s", -10, 10, "time to its place at the own speed, negative behind"),
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = asked = options.read(self.Options, setup.options, "sensor 'opponents'")
        low = np.array([value.low for value in self.of_each], np.float32)
        high = np.array([value.high for value in self.of_each], np.float32)
        shape = (asked.most, FEATURES)
        self.space = spaces.Box(
            np.broadcast_to(low, shape), np.broadcast_to(high, shape), dtype=np.float32
        )
        self.values = tuple(
            value._replace(name=f"{value.name}_{row}")
            for row in range(asked.most)
            for value in self.of_each
        )
        n_races, n_cars = setup.view.n_races, setup.view.n_cars
        self._nearest = np.zeros((n_races * n_cars, asked.most), np.int64)
        # Where sorting begins: it makes the sensor quicker, and changes nothing.
        self._order = np.tile(np.arange(n_cars), (n_races, 1))
        self._place = np.zeros((n_races, n_cars), np.int64)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, most, 10)."""
        state, frame, asked = view.state, view.frame, self.options
        observe_opponents(
            cars, out, self._nearest, self._order, self._place,
            state.x, state.y, state.yaw, state.vx, state.vy, frame.s, frame.d,
            view.race.present, view.tracks.race_track, view.tracks.table,
            asked.range, asked.position, asked.speed, asked.least_speed,
        )  # fmt: skip
