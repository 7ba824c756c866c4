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

    They stand in ``values``, in order.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        speed: float = Field(20.0, gt=0, le=1000, description="[m/s] that reads 1")

    requires = frozenset({"vx", "vy", "yaw_rate", "steer"})
    values: ClassVar[tuple[Value, ...]] = (
        Value("vx", "m/s", "option speed, 20 m/s", -10, 10, "velocity forward"),
        Value("vy", "m/s", "a quarter of speed", -10, 10, "velocity to the left"),
        Value("yaw_rate", "rad/s", "1 rad/s", -10, 10, "yaw rate, left positive"),
        Value(
            "offset",
            "m",
            "the edge on that side",
            -5,
            5,
            "offset from the centerline, left positive",
        ),
        Value("heading_error_sine", "1", "1", -1, 1, "sine of yaw less the track's direction"),
        Value("heading_error_cosine", "1", "1", -1, 1, "cosine of the same"),
        Value(
            "steering_angle", "rad", "full lock", -1, 1, "angle of the front wheels, left positive"
        ),
        Value(
            "left_edge",
            "m",
            "width of the car",
            -20,
            20,
            "distance to the left edge, negative beyond it",
        ),
        Value(
            "right_edge",
            "m",
            "width of the car",
            -20,
            20,
            "distance to the right edge, negative beyond it",
        ),
        Value(
            "steer_applied",
            "1",
            "full lock",
            -1,
            1,
            "steer applied in the last step, left positive",
        ),
        Value(
            "pedals_applied",
            "1",
            "full pedal",
            -1,
            1,
            "throttle less brake applied in the last step",
        ),
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
