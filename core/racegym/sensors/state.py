"""A compact state for learning: how the car moves and where it is between the edges."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.sensing import observe_state
from racegym.sensors.values import Value, box

__all__ = ["State"]


class State(Sensor):
    """Eleven numbers, most of them free of the car's and the track's size.

    | # | name | unit | what reads 1 | bounds |
    |---|---|---|---|---|
    | 0 | velocity forward | m/s | option ``speed``, 20 m/s | -10, 10 |
    | 1 | velocity to the left | m/s | a quarter of ``speed`` | -10, 10 |
    | 2 | yaw rate, left positive | rad/s | 1 rad/s | -10, 10 |
    | 3 | offset from the centerline, left positive | m | the edge on that side | -5, 5 |
    | 4 | sine of the heading error, left positive | 1 | 1 | -1, 1 |
    | 5 | cosine of the heading error | 1 | 1 | -1, 1 |
    | 6 | steering angle of the wheels, left positive | rad | full lock | -1, 1 |
    | 7 | distance to the left edge, negative beyond it | m | width of the car | -20, 20 |
    | 8 | distance to the right edge, negative beyond it | m | width of the car | -20, 20 |
    | 9 | steer applied in the last step, left positive | 1 | full lock | -1, 1 |
    | 10 | throttle less brake applied in the last step | 1 | full pedal | -1, 1 |
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        speed: float = Field(20.0, gt=0, le=1000, description="[m/s] that reads 1")

    requires = frozenset({"vx", "vy", "yaw_rate", "steer"})
    values: ClassVar[tuple[Value, ...]] = (
        Value("vx", "m/s", "option speed, 20 m/s", -10, 10),
        Value("vy", "m/s", "a quarter of speed", -10, 10),
        Value("yaw_rate", "rad/s", "1 rad/s", -10, 10),
        Value("offset", "m", "the edge on that side", -5, 5),
        Value("heading_error_sine", "1", "1", -1, 1),
        Value("heading_error_cosine", "1", "1", -1, 1),
        Value("steering_angle", "rad", "full lock", -1, 1),
        Value("left_edge", "m", "width of the car", -20, 20),
        Value("right_edge", "m", "width of the car", -20, 20),
        Value("steer_applied", "1", "full lock", -1, 1),
        Value("pedals_applied", "1", "full pedal", -1, 1),
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "sensor 'state'")
        self.space = box(self.values)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, 11)."""
        state, frame, control, vehicle = view.state, view.frame, view.control, view.vehicle
        observe_state(
            cars, out, state.vx, state.vy, state.yaw_rate, state.steer,
            frame.d, frame.heading_error, frame.width_left, frame.width_right,
            vehicle.width, vehicle.steer_limit,
            control.steer, control.throttle, control.brake, self.options.speed,
        )  # fmt: skip
