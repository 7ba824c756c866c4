"""Putting sensors together into what one kind of driver or agent is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from racegym.interfaces import Array, Cars, Sensor, View

__all__ = ["VECTOR", "Layout", "Observation", "Observer"]

Observation = Array | dict[str, Array]
Layout = Literal["box", "dict", "joined"]

VECTOR = "vector"  # what joined values are called


class Observer:
    """Fills one buffer, or one a sensor, with the observations of certain cars.

    Args:
        sensors: by name, in order.
        layout: ``"box"`` puts values one after another into one flat box, a single sensor
            keeping its shape; ``"dict"`` gives each sensor its name; ``"joined"`` does so with
            pictures, and puts all other values one after another into the box ``"vector"``.
        cars: (k,) flat indices.

    Attributes:
        sensors: in order.
        space: of one car.
        values: one array, or one for each entry of the space, led by k.
    """

    def __init__(self, sensors: Mapping[str, Sensor], layout: Layout, cars: Cars):
        self.cars = cars
        self.sensors = list(sensors.values())
        self._names = list(sensors)
        self._joined = [
            sensor
            for sensor in self.sensors
            if layout == "box" or (layout == "joined" and not _is_picture(sensor.space))
        ]
        self.space: spaces.Space[Any] = self._joint_space(layout)
        self.values: Observation
        self.values, self._parts = self._memory()
        self._scratch: list[Array] = []

    def _joint_space(self, layout: Layout) -> spaces.Space[Any]:
        joined = [sensor.space for sensor in self._joined]
        if layout == "box":
            return joined[0] if len(joined) == 1 else _joint(joined)
        boxes: dict[str, spaces.Space[Any]] = {
            name: sensor.space
            for name, sensor in zip(self._names, self.sensors, strict=True)
            if sensor not in self._joined
        }
        return spaces.Dict({**boxes, VECTOR: _joint(joined)} if joined else boxes)

    def _memory(self) -> tuple[Observation, list[Array]]:
        """Return memory for the values of all cars, and what of it each sensor fills."""
        count = len(self.cars)
        if isinstance(self.space, spaces.Box):
            whole = _buffer(self.space, count)
            alone = len(self.sensors) == 1
            return whole, [whole] if alone else _split(whole, self.sensors)
        assert isinstance(self.space, spaces.Dict)
        values = {name: _buffer(box, count) for name, box in self.space.items()}
        shares = iter(_split(values[VECTOR], self._joined) if self._joined else ())
        return values, [
            next(shares) if sensor in self._joined else values[name]
            for name, sensor in zip(self._names, self.sensors, strict=True)
        ]

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
            _, self._scratch = self._memory()
        # A single row would count as contiguous memory, for which kernels would be compiled
        # once more; so it is asked for twice. (Not a neighbour in its place: a sensor that
        # remembers would take that for one more look at the neighbour.)
        asked = np.repeat(rows, 2) if len(rows) == 1 and len(self.cars) > 1 else rows
        cars = self.cars[asked]
        for sensor, part, scratch in zip(self.sensors, self._parts, self._scratch, strict=True):
            found = scratch[: len(asked)]
            sensor.observe(view, cars, found)
            part[rows] = found[: len(rows)]


def _is_picture(space: spaces.Box) -> bool:
    """Tell whether values have rows, columns and channels, or are whole numbers."""
    return len(space.shape) > 2 or np.issubdtype(space.dtype, np.integer)


def _buffer(space: Any, count: int) -> Array:
    return np.zeros((count, *space.shape), space.dtype)


def _split(values: Array, sensors: Sequence[Sensor]) -> list[Array]:
    """Return each sensor's share of a buffer that joins their values."""
    parts, start = [], 0
    for sensor in sensors:
        stop = start + int(np.prod(sensor.space.shape))
        parts.append(values[:, start:stop].reshape((len(values), *sensor.space.shape)))
        start = stop
    return parts


def _joint(boxes: Sequence[spaces.Box]) -> spaces.Box:
    return spaces.Box(
        np.concatenate([box.low.ravel() for box in boxes]).astype(np.float32),
        np.concatenate([box.high.ravel() for box in boxes]).astype(np.float32),
        dtype=np.float32,
    )
