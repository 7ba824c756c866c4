"""What the car's own gauges show, and where it is on the track: nine numbers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.sensing import observe_telemetry
from racegym.sensors.values import Value, box

__all__ = ["Telemetry"]


class Telemetry(Sensor):
    """Nine numbers, each in [-10, 10].

    They stand in ``values``, in order. The reference line is the racing line of the track, which
    is its centerline where it has none. Values beyond the bounds are clipped.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        speed: float = Field(10.0, gt=0, le=1000, description="[m/s] that reads 1")
        radius: float = Field(10.0, gt=0, le=10000, description="[m] radius that reads 1")

    requires = frozenset({"x", "y", "yaw", "vx", "ax", "ay", "steer"})
    values: ClassVar[tuple[Value, ...]] = (
        Value("speed", "m/s", "option speed, 10 m/s", -10, 10, "velocity forward"),
        Value(
            "steering_angle", "rad", "0.1 rad", -10, 10, "angle of the front wheels, left positive"
        ),
        Value(
            "throttle", "1", "a tenth of the pedal", -10, 10, "throttle applied in the last step"
        ),
        Value("brake", "1", "a tenth of the pedal", -10, 10, "brake applied in the last step"),
        Value("lateral_g", "m/s^2", "1 g", -10, 10, "acceleration to the left"),
        Value("longitudinal_g", "m/s^2", "1 g", -10, 10, "acceleration forward"),
        Value(
            "reference_distance",
            "m",
            "the edge on that side",
            -10,
            10,
            "distance to the racing line, or the centerline, left of it positive",
        ),
        Value(
            "curvature",
            "1/m",
            "1 / option radius, 10 m",
            -10,
            10,
            "curvature of the track at the car, left positive",
        ),
        Value(
            "checkpoint_angle",
            "rad",
            "pi / 10",
            -10,
            10,
            "from the heading to the next checkpoint, left positive",
        ),
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "sensor 'telemetry'")
        self.space = box(self.values)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, 9)."""
        state, frame, control = view.state, view.frame, view.control
        tracks = view.tracks
        observe_telemetry(
            cars, out, state.x, state.y, state.yaw, state.vx, state.ax, state.ay, state.steer,
            control.throttle, control.brake,
            frame.s, frame.d, frame.curvature, frame.width_left, frame.width_right,
            view.race.next_checkpoint,
            tracks.race_track, tracks.points, tracks.line, tracks.table, tracks.checkpoint_s,
            self.options.speed, self.options.radius,
        )  # fmt: skip
