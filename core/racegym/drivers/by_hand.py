"""A driver that does what a person asks for."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from racegym.errors import ScenarioError
from racegym.interfaces import Cars, Control, Driver, Setup, StageOptions, View, options

__all__ = ["ByHand"]


class ByHand(Driver):
    """Hands on what ``racegym drive`` reads from keys or a game pad.

    In a replay nobody asks it, as nobody asks any driver.

    Attributes:
        seated: somebody is at the wheel.
        steer, throttle, brake: what he asks for, as in ``Control``.
    """

    class Options(StageOptions):
        """Settings of the driver."""

        person: str = Field("", description="who drives")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'by_hand'")
        self.seated = False
        self.steer = self.throttle = self.brake = 0.0

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write what is asked for in the rows of ``cars``.

        Raises:
            ScenarioError: nobody is at the wheel.
        """
        if not self.seated:
            raise ScenarioError(
                "the driver 'by_hand' needs somebody at the wheel: start the scenario with "
                "`racegym drive`, or name another driver"
            )
        control.steer.reshape(-1)[cars] = self.steer
        control.throttle.reshape(-1)[cars] = self.throttle
        control.brake.reshape(-1)[cars] = self.brake
        control.gear.reshape(-1)[cars] = 0
