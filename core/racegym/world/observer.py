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
            self._parts = _split(self.values, self.sensors)
        self._scratch: list[Array] = []

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
        if not self._scratch:
            self._scratch = self._like_parts()
        # A single row would count as contiguous memory, for which kernels would be compiled
        # once more; so it is asked for twice. (Not a neighbour in its place: a sensor that
        # remembers would take that for one more look at the neighbour.)
        asked = np.repeat(rows, 2) if len(rows) == 1 and len(self.cars) > 1 else rows
        cars = self.cars[asked]
        for sensor, part, scratch in zip(self.sensors, self._parts, self._scratch, strict=True):
            found = scratch[: len(asked)]
            sensor.observe(view, cars, found)
            part[rows] = found[: len(rows)]

    def _like_parts(self) -> list[Array]:
        """Return memory of the same kind as the parts have, contiguous or not."""
        if isinstance(self.values, dict):
            return [np.empty_like(part) for part in self._parts]
        values = np.empty_like(self.values)
        return [values] if self._parts[0] is self.values else _split(values, self.sensors)


def _buffer(space: spaces.Box, count: int) -> Array:
    return np.zeros((count, *space.shape), space.dtype)


def _split(values: Array, sensors: Sequence[Sensor]) -> list[Array]:
    """Return each sensor's share of a buffer that joins their values."""
    parts, start = [], 0
    for sensor in sensors:
        stop = start + int(np.prod(sensor.space.shape))
        parts.append(values[:, start:stop].reshape((len(values), *sensor.space.shape)))
        start = stop
    return parts


def _joined(boxes: Sequence[spaces.Box]) -> spaces.Box:
    return spaces.Box(
        np.concatenate([box.low.ravel() for box in boxes]).astype(np.float32),
        np.concatenate([box.high.ravel() for box in boxes]).astype(np.float32),
        dtype=np.float32,
    )
