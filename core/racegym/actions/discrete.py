"""One of five buttons."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.actions.inverting import of_cars
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, StageOptions, options
from racegym.kernels.controls import BRAKE, LEFT, RIGHT, THROTTLE, apply_discrete

__all__ = ["Discrete"]


class Discrete(ActionMap):
    """A number from 0 to 4: nothing, left, right, throttle, brake."""

    class Options(StageOptions):
        """Settings of the action map."""

        steer: float = Field(1.0, gt=0, le=1, description="share of full lock of left and right")
        throttle: float = Field(1.0, gt=0, le=1, description="share of the throttle pedal")
        brake: float = Field(0.8, gt=0, le=1, description="share of the brake pedal")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "action map 'discrete'")
        self.space = spaces.Discrete(5)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k,); other numbers do nothing."""
        apply_discrete(
            cars, actions, control.steer, control.throttle, control.brake, control.gear,
            self.options.steer, self.options.throttle, self.options.brake,
        )  # fmt: skip

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions (k,) whose control is nearest, in steer and pedals together."""
        buttons = np.zeros((5, 3))
        buttons[LEFT, 0], buttons[RIGHT, 0] = self.options.steer, -self.options.steer
        buttons[THROTTLE, 1], buttons[BRAKE, 2] = self.options.throttle, self.options.brake
        asked = np.stack(of_cars(cars, control.steer, control.throttle, control.brake), axis=1)
        off = ((asked[:, None].astype(np.float64) - buttons) ** 2).sum(axis=2)
        nearest: Array = off.argmin(axis=1)
        return nearest
