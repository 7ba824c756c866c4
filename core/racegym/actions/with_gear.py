"""Steer, two pedals and the gear lever."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.actions.inverting import of_cars
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, StageOptions, options
from racegym.kernels.controls import apply_pedals

__all__ = ["WithGear"]

REVERSE = -1


class WithGear(ActionMap):
    """Four numbers: steer in [-1, 1], throttle and brake in [0, 1], gear in [-1, gears].

    The gear is rounded to the nearest whole number: -1 is reverse, 0 leaves the choice to
    the car.
    """

    rounded: ClassVar[tuple[int, ...]] = (3,)

    class Options(StageOptions):
        """Settings of the action map."""

        gears: int = Field(8, ge=1, le=20, description="the highest gear that can be asked for")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "action map 'with_gear'")
        low = np.array([-1, 0, 0, REVERSE], np.float32)
        high = np.array([1, 1, 1, self.options.gears], np.float32)
        self.space = spaces.Box(low, high, dtype=np.float32)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k, 4)."""
        apply_pedals(
            cars, actions, control.steer, control.throttle, control.brake, control.gear,
            REVERSE, self.options.gears,
        )  # fmt: skip

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions (k, 4) of a control; a gear above the highest is the highest."""
        pedals = of_cars(cars, control.steer, control.throttle, control.brake)
        (gear,) = of_cars(cars, control.gear)
        asked = gear.clip(REVERSE, self.options.gears)
        return np.stack([*pedals, asked], axis=1).astype(np.float32)
