"""A driver that does nothing."""

from __future__ import annotations

from typing import Any

from racegym.interfaces import Cars, Control, Driver, Setup, StageOptions, View, options

__all__ = ["Idle"]


class Idle(Driver):
    """Straight ahead, no pedal: the car rolls out or stands."""

    class Options(StageOptions):
        """It has none."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        options.read(self.Options, setup.options, "driver 'idle'")

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write zeros for ``cars``."""
        for array in (control.steer, control.throttle, control.brake, control.gear):
            array.reshape(-1)[cars] = 0
