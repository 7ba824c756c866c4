"""Steer and two pedals."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from racegym.actions.inverting import of_cars
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, StageOptions, options
from racegym.kernels.controls import apply_pedals

__all__ = ["SteerThrottleBrake"]


class SteerThrottleBrake(ActionMap):
    """Three numbers: steer in [-1, 1], left positive; throttle and brake in [0, 1]."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "action map 'steer_throttle_brake'")
        low, high = np.array([-1, 0, 0], np.float32), np.array([1, 1, 1], np.float32)
        self.space = spaces.Box(low, high, dtype=np.float32)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k, 3)."""
        apply_pedals(
            cars, actions, control.steer, control.throttle, control.brake, control.gear, 0, 0
        )

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions (k, 3) of a control."""
        asked = of_cars(cars, control.steer, control.throttle, control.brake)
        return np.stack(asked, axis=1).astype(np.float32)
