"""From pedals back to actions: what the inverses of the built-in action maps share."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Cars, Control

__all__ = ["of_cars", "steer_and_pedal"]


def of_cars(cars: Cars, *columns: Array) -> list[Array]:
    """Return (k,) of each of some columns (n_races, n_cars), for flat indices of cars."""
    return [column.reshape(-1)[cars] for column in columns]


def steer_and_pedal(control: Control, cars: Cars) -> tuple[Array, Array]:
    """Return (k,) steer and one pedal in [-1, 1], throttle above 0, brake below.

    Where both pedals are pressed, the one that is pressed more counts: nothing that one pedal
    can say is nearer.
    """
    steer, throttle, brake = of_cars(cars, control.steer, control.throttle, control.brake)
    return steer, np.where(throttle >= brake, throttle, -brake)
