"""Drivers at work: which driver decides for which cars."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Cars, Control, Driver, View
from racegym.world.observer import Observation, Observer

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

    @property
    def cars(self) -> Cars:
        """The flat indices of the cars that it drives now."""
        return self._cars

    def act(self, view: View, control: Control) -> None:
        """Let the driver decide for its cars."""
        if len(self._cars):
            self.driver.act(view, self._cars, self.observe(view), control)

    def observe(self, view: View) -> Observation | None:
        """Return what its cars are told now, led by their number."""
        if self._observer is None:
            return None
        self._observer.observe_some(view, self._cars)
        values = self._observer.values
        if isinstance(values, dict):
            return {name: part[self._cars] for name, part in values.items()}
        return values[self._cars]
