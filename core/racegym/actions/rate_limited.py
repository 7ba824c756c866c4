"""Changes of steer and pedal, so that no action can jerk the car."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.actions.inverting import steer_and_pedal
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, StageOptions, options
from racegym.kernels.controls import apply_rates

__all__ = ["RateLimited"]


class RateLimited(ActionMap):
    """Two numbers in [-1, 1]: how fast steer and pedal change, as a share of the fastest.

    Steer and pedal are those of ``steer_accel``, begin at 0 and stay in [-1, 1].
    """

    class Options(StageOptions):
        """Settings of the action map."""

        steer_rate: float = Field(4.0, gt=0, le=1000, description="[1/s] fastest change of steer")
        pedal_rate: float = Field(5.0, gt=0, le=1000, description="[1/s] fastest change of pedal")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "action map 'rate_limited'")
        self.space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._dt = setup.view.dt
        self._held = setup.arrays.new("held", (setup.view.n_cars, 2))

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars`` from ``actions`` (k, 2)."""
        apply_rates(
            cars, actions, control.steer, control.throttle, control.brake, control.gear,
            self._held, self.options.steer_rate * self._dt, self.options.pedal_rate * self._dt,
        )  # fmt: skip

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions (k, 2) that lead from what is held towards a control."""
        held = self._held.reshape(-1, 2)[cars]
        wanted = np.stack(steer_and_pedal(control, cars), axis=1)
        most = np.array([self.options.steer_rate, self.options.pedal_rate]) * self._dt
        towards: Array = ((wanted - held) / most).clip(-1.0, 1.0)
        return towards.astype(np.float32)
