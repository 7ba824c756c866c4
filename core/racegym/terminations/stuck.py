"""Ends the episode of a car that does not move on."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options
from racegym.kernels.scoring import advance_stalled

__all__ = ["Stuck"]


class Stuck(Termination):
    """The car gained less than ``speed * seconds`` along the track within ``seconds``.

    It makes no difference whether it stands, turns on the spot, pushes against a wall or
    drives to and fro.
    """

    class Options(StageOptions):
        """Settings of the termination."""

        seconds: float = Field(5.0, gt=0, le=3600, description="[s] that it is given")
        speed: float = Field(0.5, gt=0, le=100, description="[m/s] along the track, in the mean")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'stuck'")
        shape = (setup.view.n_cars,)
        self._gained = setup.arrays.new("gained", shape, "float64")
        self._waited = setup.arrays.new("waited", shape, "float64")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``; to be called once a step."""
        advance_stalled(
            out, view.frame.progress, view.previous_frame.progress, view.frame.jumped,
            view.race.signal, view.clock.elapsed, self._gained, self._waited,
            self.options.seconds, self.options.speed,
        )  # fmt: skip
