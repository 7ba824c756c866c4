"""Putting sensors together into what one kind of driver or agent is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from racegym.interfaces import Array, Cars, Sensor, View

__all__ = ["Observation", "Observer"]

Observation = Array | dict[str, Array]


class Observer:
    """Fills one buffer, or one a sensor, with the observations of certain cars.

    Args:
        sensors: by name, in order.
        layout: ``"box"`` puts values one after another into one flat box, a single sensor
            keeping its shape; ``"dict"`` gives each sensor its name.
        cars: (k,) flat indices.

    Attributes:
        sensors: in order.
        space: of one car.
        values: one array, or one for each sensor, led by k.
    """

    def __init__(self, sensors: Mapping[str, Sensor], layout: Literal["box", "dict"], cars: Cars):
        self.cars = cars
        self.sensors = list(sensors.values())
        self.space: spaces.Space[Any]
        self.values: Observation
        if layout == "dict":
            self.space = spaces.Dict({name: sensor.space for name, sensor in sensors.items()})
            self.values = {name: _buffer(s.space, len(cars)) for name, s in sensors.items()}
            self._parts: list[Array] = list(self.values.values())
        elif len(self.sensors) == 1:
            self.space = self.sensors[0].space
            self.values = _buffer(self.sensors[0].space, len(cars))
            self._parts = [self.values]
        else:
            self.space = _joined([sensor.space for sensor in self.sensors])
            self.values = _buffer(self.space, len(cars))
            ends = np.cumsum([int(np.prod(sensor.space.shape)) for sensor in self.sensors])
            self._parts = [
                self.values[:, end - int(np.prod(sensor.space.shape)) : end].reshape(
                    (len(cars), *sensor.space.shape)
                )
                for sensor, end in zip(self.sensors, ends, strict=True)
            ]
        self._scratch: list[Array] | None = None

    def observe(self, view: View) -> None:
        """Fill the values of all cars."""
        for sensor, part in zip(self.sensors, self._parts, strict=True):
            sensor.observe(view, self.cars, part)

    def observe_some(self, view: View, rows: Cars) -> None:
        """Fill the values of some cars only.

        Args:
            view: the world's data.
            rows: (m,) indices into ``self.cars``, rising.
        """
        if self._scratch is None:
            self._scratch = [np.empty_like(part) for part in self._parts]
        cars = self.cars[rows]
        for sensor, part, scratch in zip(self.sensors, self._parts, self._scratch, strict=True):
            sensor.observe(view, cars, scratch[: len(rows)])
            part[rows] = scratch[: len(rows)]


def _buffer(space: spaces.Box, count: int) -> Array:
    return np.zeros((count, *space.shape), space.dtype)


def _joined(boxes: Sequence[spaces.Box]) -> spaces.Box:
    return spaces.Box(
        np.concatenate([box.low.ravel() for box in boxes]).astype(np.float32),
        np.concatenate([box.high.ravel() for box in boxes]).astype(np.float32),
        dtype=np.float32,
    )
