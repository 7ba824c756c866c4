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

    | # | name | unit | what reads 1 | bounds |
    |---|---|---|---|---|
    | 0 | speed, forward | m/s | option ``speed``, 10 m/s | -10, 10 |
    | 1 | steering angle of the wheels, left positive | rad | 0.1 rad | -10, 10 |
    | 2 | throttle applied | 1 | a tenth of the pedal | 0, 10 |
    | 3 | brake applied | 1 | a tenth of the pedal | 0, 10 |
    | 4 | lateral acceleration, left positive | m/s^2 | 1 g | -10, 10 |
    | 5 | longitudinal acceleration, forward positive | m/s^2 | 1 g | -10, 10 |
    | 6 | distance to the reference line, left positive | m | the edge on that side | -10, 10 |
    | 7 | curvature of the track, left positive | 1/m | 1 / option ``radius``, 10 m | -10, 10 |
    | 8 | angle to the next checkpoint, left positive | rad | pi / 10 | -10, 10 |

    The reference line is the centerline. Values beyond the bounds are clipped.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        speed: float = Field(10.0, gt=0, le=1000, description="[m/s] that reads 1")
        radius: float = Field(10.0, gt=0, le=10000, description="[m] radius that reads 1")

    requires = frozenset({"x", "y", "yaw", "vx", "ax", "ay", "steer"})
    values: ClassVar[tuple[Value, ...]] = (
        Value("speed", "m/s", "option speed, 10 m/s", -10, 10),
        Value("steering_angle", "rad", "0.1 rad", -10, 10),
        Value("throttle", "1", "a tenth of the pedal", 0, 10),
        Value("brake", "1", "a tenth of the pedal", 0, 10),
        Value("lateral_g", "m/s^2", "1 g", -10, 10),
        Value("longitudinal_g", "m/s^2", "1 g", -10, 10),
        Value("reference_distance", "m", "the edge on that side", -10, 10),
        Value("curvature", "1/m", "1 / option radius, 10 m", -10, 10),
        Value("checkpoint_angle", "rad", "pi / 10", -10, 10),
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
            frame.d, frame.curvature, frame.width_left, frame.width_right,
            view.race.next_checkpoint,
            tracks.race_track, tracks.points, tracks.table, tracks.checkpoint_s,
            self.options.speed, self.options.radius,
        )  # fmt: skip
