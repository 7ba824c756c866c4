"""Any sensor, with its values delivered noisy, late, with gaps, or several frames at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.interfaces import Array, Cars, Keys, Races, Sensor, Setup, StageOptions, View, options
from racegym.kernels.delivery import deliver
from racegym.kernels.randomness import purpose

__all__ = ["DELIVERY", "Delivered", "DeliverySettings", "delivered"]


class DeliverySettings(StageOptions):
    """What can be asked of every sensor, beside its own options."""

    stack: int = Field(1, ge=1, le=64, description="frames delivered together, the oldest first")
    channels_first: bool = Field(
        False, description="an array's last axis is put first; frames are joined along it"
    )
    noise: float = Field(
        0.0, ge=0, le=1e6, description="standard deviation added to each value, in its own units"
    )
    delay: int = Field(0, ge=0, le=1000, description="decisions between a frame and its delivery")
    drop_out: float = Field(
        0.0, ge=0, lt=1, description="probability that a frame is lost and the last one stays"
    )


DELIVERY = frozenset(DeliverySettings.model_fields)


class Delivered(Sensor):
    """A sensor whose frames pass through ``racegym.kernels.delivery``.

    Frames are counted by decisions: with actions that are held, frames in between are not
    seen. At the start of an episode the first frame stands for all that were before it.
    """

    inner: ClassVar[type[Sensor]]

    def __init__(self, setup: Setup):
        super().__init__(setup)
        mine = {key: value for key, value in setup.options.items() if key in DELIVERY}
        rest = {key: value for key, value in setup.options.items() if key not in DELIVERY}
        asked = options.read(DeliverySettings, mine, f"sensor {self.inner.__name__}")
        self.sensor = self.inner(replace(setup, options=rest))
        self.requires = self.sensor.requires
        space = self.sensor.space
        frame = space.shape
        size = int(np.prod(frame))
        self._channels = frame[-1]
        self._first = asked.channels_first
        self.space = spaces.Box(
            self._joined(space.low, asked.stack), self._joined(space.high, asked.stack),
            dtype=space.dtype.type,
        )  # fmt: skip
        view, arrays = setup.view, setup.arrays
        depth = asked.stack + asked.delay
        self._ring = arrays.new("delivery.frames", (view.n_cars, depth, size), space.dtype)
        self._seen = arrays.new("delivery.seen", (view.n_cars,), np.int64)
        self._last = arrays.new("delivery.step", (view.n_cars,), np.int64, fill=-1)
        self._fresh = np.zeros((view.n_races * view.n_cars, *frame), space.dtype)
        self._settings = (
            purpose(arrays.prefix), asked.noise, asked.drop_out, asked.delay, asked.stack,
            self._channels, self._first, space.low.reshape(-1), space.high.reshape(-1),
            np.issubdtype(space.dtype, np.integer),
        )  # fmt: skip

    def reset(self, races: Races, keys: Keys) -> None:
        """Start these races afresh."""
        self.sensor.reset(races, keys)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, *space.shape)."""
        fresh = self._fresh[: len(cars)]
        self.sensor.observe(view, cars, fresh)
        count = len(cars)
        deliver(
            cars, out.reshape(count, -1), fresh.reshape(count, -1), self._ring, self._seen,
            self._last, view.race.key, view.race.step, *self._settings,
        )  # fmt: skip

    def _joined(self, frame: Array, stack: int) -> Array:
        """Return the bounds of ``stack`` frames as they are delivered."""
        if self._first:
            return np.concatenate([np.moveaxis(frame, -1, 0)] * stack, axis=0)
        return np.concatenate([frame] * stack, axis=-1)


def delivered(inner: type[Sensor], settings: Mapping[str, Any]) -> type[Sensor]:
    """Return the sensor that delivers ``inner``'s frames, if any of ``settings`` asks for it."""
    if not DELIVERY & settings.keys():
        return inner
    return type(f"Delivered{inner.__name__}", (Delivered,), {"inner": inner})
