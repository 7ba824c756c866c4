"""A driver that stands for another."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from racegym.errors import ScenarioError
from racegym.interfaces import Cars, Control, Driver, Setup, StageOptions, View, options

__all__ = ["Absent"]


class Absent(Driver):
    """Stands for a driver whose code is not to be run, where nobody asks it: in a replay."""

    class Options(StageOptions):
        """Settings of the driver."""

        instead_of: str = Field("", description="whom it stands for")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'absent'")

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Refuse.

        Raises:
            ScenarioError: always.
        """
        raise ScenarioError(
            "the driver 'absent' only stands for another while a run is replayed; name a driver"
        )
