"""Ends the episode when its time is up."""

from __future__ import annotations

import math

import numpy as np
from pydantic import ConfigDict, Field, JsonValue, model_validator

from racegym.interfaces import Array, Setup, StageOptions, Termination, View, options

__all__ = ["TimeLimit"]

ROUNDING = 1e-6  # of a step: 2.24 s in steps of 0.02 s are 112, whatever the division says


def _given(key: str) -> dict[str, JsonValue]:
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


class TimeLimit(Termination):
    """The race has run for ``seconds``, or for ``steps``; the task itself did not end.

    Seconds are turned into whole steps once, rounded up, so no sum of small numbers
    decides when it ends.
    """

    class Options(StageOptions):
        """Settings of the termination."""

        model_config = ConfigDict(json_schema_extra={"oneOf": [_given("seconds"), _given("steps")]})

        seconds: float | None = Field(None, gt=0, le=1e7, description="[s] of race time")
        steps: int | None = Field(None, ge=1, description="control steps, in place of seconds")

        @model_validator(mode="after")
        def _one_of_two(self) -> TimeLimit.Options:
            if (self.seconds is None) == (self.steps is None):
                raise ValueError("give either seconds or steps")
            return self

    truncates = True

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "termination 'time_limit'")
        if self.options.steps is not None:
            self.steps = self.options.steps
        else:
            assert self.options.seconds is not None
            self.steps = max(1, math.ceil(self.options.seconds / setup.view.dt - ROUNDING))

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``."""
        np.greater_equal(view.race.step[:, None], self.steps, out=out)
