"""A driver that draws its controls."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from racegym.interfaces import Cars, Control, Driver, Setup, StageOptions, View, options
from racegym.kernels.controls import draw_controls
from racegym.kernels.randomness import purpose

__all__ = ["Random"]


class Random(Driver):
    """Uniform steer and pedal, each kept for ``hold`` steps.

    The pedal is uniform from full ``brake`` to full ``throttle``. A draw depends on the
    race's key, the car and the step alone.
    """

    class Options(StageOptions):
        """Settings of the driver."""

        hold: int = Field(10, ge=1, le=100000, description="steps that a draw is kept")
        steer: float = Field(1.0, ge=0, le=1, description="most share of full lock")
        throttle: float = Field(1.0, ge=0, le=1, description="most share of the throttle pedal")
        brake: float = Field(1.0, ge=0, le=1, description="most share of the brake pedal")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'random'")
        self._steering, self._pedalling = purpose("random.steer"), purpose("random.pedal")

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the draws for ``cars``."""
        draw_controls(
            cars, control.steer, control.throttle, control.brake, control.gear,
            view.race.key, view.race.step, self.options.hold,
            self.options.steer, self.options.throttle, self.options.brake,
            self._steering, self._pedalling,
        )  # fmt: skip
