"""Decisions that are held as long as a policy has learned to (``action_repeat``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from racegym.interfaces import Array, Cars, Control, Setup, View

__all__ = ["HeldDecisions"]


class HeldDecisions:
    """Asks a policy as seldom as it decides, and holds its actions meanwhile.

    Args:
        setup: of the driver, which has declared an action map.
        repeat: control intervals of a decision.
    """

    def __init__(self, setup: Setup, repeat: int):
        assert setup.action_map is not None
        self._map, self._repeat, self._n_cars = setup.action_map, repeat, setup.view.n_cars
        if repeat > 1:
            space = setup.action_map.space
            shape = (setup.view.n_cars, *(space.shape or ()))
            held = setup.arrays.new("held", shape, space.dtype)
            self._held = held.reshape((-1, *shape[1:]))
            self._holds = setup.arrays.new("holds", shape[:1], "bool").reshape(-1)

    def apply(
        self,
        view: View,
        cars: Cars,
        observations: Any,
        control: Control,
        decide: Callable[[Cars, Any], Array],
    ) -> None:
        """Write the control of ``cars``.

        Args:
            view, cars, observations, control: as of ``Driver.act``.
            decide: returns actions (m, *shape) for m of the cars, from what these are told.
        """
        if self._repeat == 1:
            self._map.apply(decide(cars, observations), cars, control)
            return
        due = view.race.step[cars // self._n_cars] % self._repeat == 0
        rows = np.flatnonzero(due | ~self._holds[cars])
        if len(rows):
            asked = cars[rows]
            self._held[asked] = decide(asked, _rows(observations, rows))
            self._holds[asked] = True
        self._map.apply(self._held[cars], cars, control)


def _rows(observations: Any, rows: Array) -> Any:
    if isinstance(observations, dict):
        return {name: part[rows] for name, part in observations.items()}
    return observations[rows]
