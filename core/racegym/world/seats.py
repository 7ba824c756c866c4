"""Drivers at work: which driver decides for which cars."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Cars, Control, Driver, View
from racegym.world.observer import Observer

__all__ = ["AGENT", "Seat"]

AGENT = -1  # in ``pilot``: the car is driven from outside


class Seat:
    """One driver, and the cars that it drives now.

    Args:
        name: what the scenario calls it.
        driver: the driver.
        observer: what it is told, over all cars; None when it declared nothing.
        index: its number in ``pilot``.
    """

    def __init__(self, name: str, driver: Driver, observer: Observer | None, index: int):
        self.name = name
        self.driver = driver
        self.index = index
        self._observer = observer
        self._cars: Cars = np.zeros(0, np.int64)

    def assign(self, pilot: Array) -> None:
        """Take the cars whose ``pilot``, int16 ``(n_races, n_cars)``, is this seat."""
        self._cars = np.flatnonzero(pilot.reshape(-1) == self.index)

    def act(self, view: View, control: Control) -> None:
        """Let the driver decide for its cars."""
        if not len(self._cars):
            return
        told = None
        if self._observer is not None:
            self._observer.observe_some(view, self._cars)
            values = self._observer.values
            told = (
                {name: part[self._cars] for name, part in values.items()}
                if isinstance(values, dict)
                else values[self._cars]
            )
        self.driver.act(view, self._cars, told, control)
