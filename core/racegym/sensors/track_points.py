"""The edges and the middle of the track ahead, as points in the car's frame."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from pydantic import Field, model_validator

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.neighbours import BOUND, observe_track_points
from racegym.sensors.values import Value

__all__ = ["TrackPoints"]

DEFAULT_DISTANCE = 100.0  # [m]


class TrackPoints(Sensor):
    """Points of the left edge, the centerline and the right edge, evenly spread ahead.

    Row i holds six numbers: forward and left of the left edge, of the middle, of the right
    edge, as the car sees them, over ``unit``. The first row is beside the car, the last one
    ``metres`` ahead along the track, or as far as it comes in ``seconds`` at its speed. This is
    the form in which Wurman et al. (2022), "Outracing champion Gran Turismo drivers with deep
    reinforcement learning", Nature 602, told their agent of the course.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        points: int = Field(20, ge=2, le=512, description="rows, from beside the car to the end")
        metres: float | None = Field(
            None, gt=0, le=5000, description="[m] along the track to the last; 100 by default"
        )
        seconds: float | None = Field(
            None, gt=0, le=60, description="[s] ahead at the car's speed, in place of metres"
        )
        least_speed: float = Field(
            5.0, gt=0, le=100, description="[m/s] that seconds are counted with at least"
        )
        unit: float = Field(50.0, gt=0, le=5000, description="[m] that read 1")

        @model_validator(mode="after")
        def _one_of_two(self) -> TrackPoints.Options:
            if self.metres is not None and self.seconds is not None:
                raise ValueError("give metres or seconds, not both")
            return self

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = asked = options.read(self.Options, setup.options, "sensor 'track_points'")
        self._timed = asked.seconds is not None
        self.requires = frozenset({"vx"}) if self._timed else frozenset()
        self._ahead = np.linspace(
            0.0, asked.seconds or asked.metres or DEFAULT_DISTANCE, asked.points
        )
        self.values = tuple(
            Value(
                f"{place}_{axis}_{row}",
                "m",
                "option unit",
                -BOUND,
                BOUND,
                f"how far the {what} is {where} the car, point {row}",
            )
            for row in range(asked.points)
            for place, what in (
                ("left_edge", "left edge"),
                ("middle", "middle"),
                ("right_edge", "right edge"),
            )
            for axis, where in (("forward", "ahead of"), ("left", "to the left of"))
        )
        self.space = spaces.Box(-BOUND, BOUND, (asked.points, 6), np.float32)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, points, 6)."""
        state, tracks = view.state, view.tracks
        observe_track_points(
            cars, out, state.x, state.y, state.yaw, state.vx, view.frame.s, tracks.race_track,
            tracks.points, tracks.borders, tracks.table, self._ahead, self._timed,
            self.options.least_speed, self.options.unit,
        )  # fmt: skip
