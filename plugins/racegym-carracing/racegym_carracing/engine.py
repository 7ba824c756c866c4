"""Gymnasium's CarRacing, imported without its warnings and drawn only when asked.

The environment is Gymnasium's own, unmodified in track, physics and reward. It draws a
picture in every step, which takes a hundred times as long as the physics; ``Engine`` leaves
the picture out where nobody looks at it. No window is ever opened.
"""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    # SWIG's types in Box2D's extension lack `__module__`. As an error, the warning would
    # crash the interpreter inside the extension's start, so it can't be left to the caller.
    warnings.filterwarnings(
        "ignore",
        message=r"builtin type \w+ has no __module__ attribute",
        category=DeprecationWarning,
    )
    from gymnasium.envs.box2d import car_racing
    from gymnasium.envs.box2d.car_dynamics import Car

__all__ = ["FRAME", "HALF_WIDTH", "Engine"]

FRAME = 1.0 / car_racing.FPS  # [s]
HALF_WIDTH = car_racing.TRACK_WIDTH  # [m] centre of the road to its edge


class Engine(car_racing.CarRacing):
    """CarRacing-v3 that skips the picture while ``drawing`` is False.

    Attributes:
        drawing: whether steps and resets return the picture (96, 96, 3), uint8, or None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drawing = False

    @property
    def bodies(self) -> Car:
        """The hull and wheels, of which there are none before the first reset."""
        assert self.car is not None
        return self.car

    def _render(self, mode: str) -> Any:
        return super()._render(mode) if self.drawing else None
