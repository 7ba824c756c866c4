"""Steer and one pedal: the default."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from racegym.actions.inverting import steer_and_pedal
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, StageOptions, options
from racegym.kernels.controls import apply_pedal

__all__ = ["SteerAccel"]


class SteerAccel(ActionMap):
    """Two numbers in [-1, 1]: steer, left positive; pedal, throttle above 0, brake below."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "action map 'steer_accel'")
        self.space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k, 2)."""
        apply_pedal(cars, actions, control.steer, control.throttle, control.brake, control.gear)

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions (k, 2) of a control; of two pedals the one that is pressed more."""
        steer, pedal = steer_and_pedal(control, cars)
        return np.stack([steer, pedal], axis=1).astype(np.float32)
