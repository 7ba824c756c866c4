"""From actions to pedals, for the action maps and the simplest drivers.

``cars`` (k,) int64 are flat indices race * n_cars + car; ``actions[k]`` is ``cars[k]``'s;
``steer``, ``throttle``, ``brake`` (real) and ``gear`` (int8) of ``Control`` are
``(n_races, n_cars)``, written in the rows of ``cars`` alone.
"""

from __future__ import annotations

from math import floor

from numba import prange

from racegym.kernels.compile import LIGHT, kernel
from racegym.kernels.randomness import draw_uniform

__all__ = [
    "apply_discrete",
    "apply_pedal",
    "apply_pedals",
    "apply_rates",
    "draw_controls",
]

NOTHING, LEFT, RIGHT, THROTTLE, BRAKE = range(5)  # actions of the discrete map


@kernel(parallel_from=LIGHT)
def apply_pedal(cars, actions, steer, throttle, brake, gear):
    """Steer and one pedal: positive drives, negative brakes.

    Args:
        cars, steer, throttle, brake, gear: see the module's text; ``gear`` becomes 0.
        actions: (k, 2), clipped to [-1, 1].
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        pedal = min(max(real(actions[k, 1]), real(-1.0)), real(1.0))
        steer[race, car] = min(max(real(actions[k, 0]), real(-1.0)), real(1.0))
        throttle[race, car] = max(pedal, real(0.0))
        brake[race, car] = max(-pedal, real(0.0))
        gear[race, car] = 0


@kernel(parallel_from=LIGHT)
def apply_pedals(cars, actions, steer, throttle, brake, gear, gear_low, gear_high):
    """Steer, throttle and brake, and the gear where there is a fourth number.

    Args:
        cars, steer, throttle, brake, gear: see the module's text.
        actions: (k, 3) or (k, 4), clipped; the gear is rounded half up.
        gear_low, gear_high: bounds of the gear, whole numbers.
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    with_gear = actions.shape[1] > 3
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        steer[race, car] = min(max(real(actions[k, 0]), real(-1.0)), real(1.0))
        throttle[race, car] = min(max(real(actions[k, 1]), real(0.0)), real(1.0))
        brake[race, car] = min(max(real(actions[k, 2]), real(0.0)), real(1.0))
        asked = 0
        if with_gear:
            asked = min(max(int(floor(actions[k, 3] + 0.5)), gear_low), gear_high)
        gear[race, car] = asked


@kernel(parallel_from=LIGHT)
def apply_discrete(cars, actions, steer, throttle, brake, gear, lock, drive, stop):
    """One of five: nothing, left, right, throttle, brake.

    Args:
        cars, steer, throttle, brake, gear: see the module's text; ``gear`` becomes 0.
        actions: (k,) whole numbers; out of range means nothing.
        lock, drive, stop: how far to steer, drive and brake, each in (0, 1].
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        action = actions[k]
        turn = real(lock) if action == LEFT else real(0.0)
        steer[race, car] = -real(lock) if action == RIGHT else turn
        throttle[race, car] = real(drive) if action == THROTTLE else real(0.0)
        brake[race, car] = real(stop) if action == BRAKE else real(0.0)
        gear[race, car] = 0


@kernel(parallel_from=LIGHT)
def apply_rates(cars, actions, steer, throttle, brake, gear, held, most_steer, most_pedal):
    """Changes of steer and pedal, from what was held before.

    Args:
        cars, steer, throttle, brake, gear: see the module's text; ``gear`` becomes 0.
        actions: (k, 2), clipped to [-1, 1].
        held: (n_races, n_cars, 2) real; steer and pedal, each in [-1, 1]. Updated.
        most_steer, most_pedal: the change for an action of 1.
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    one = real(1.0)
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        turn = held[race, car, 0] + real(most_steer) * min(max(real(actions[k, 0]), -one), one)
        pedal = held[race, car, 1] + real(most_pedal) * min(max(real(actions[k, 1]), -one), one)
        held[race, car, 0] = min(max(turn, -one), one)
        held[race, car, 1] = min(max(pedal, -one), one)
        steer[race, car] = held[race, car, 0]
        throttle[race, car] = max(held[race, car, 1], real(0.0))
        brake[race, car] = max(-held[race, car, 1], real(0.0))
        gear[race, car] = 0


@kernel
def draw_controls(
    cars, steer, throttle, brake, gear, key, step, hold, most_steer, most_throttle, most_brake,
    steering, pedalling,
):  # fmt: skip
    """Uniform steer and pedal, each held for some steps.

    Args:
        cars, steer, throttle, brake, gear: see the module's text; ``gear`` becomes 0.
        key: (n_races,) uint64.
        step: (n_races,) int64.
        hold: steps that a draw is kept.
        most_steer, most_throttle, most_brake: each in [0, 1].
        steering, pedalling: the two purposes of the draws.
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        draw = step[race] // hold
        turn = 2.0 * draw_uniform(key[race], car, draw, steering) - 1.0
        pedal = draw_uniform(key[race], car, draw, pedalling)
        pedal = pedal * (most_throttle + most_brake) - most_brake
        steer[race, car] = real(most_steer * turn)
        throttle[race, car] = real(max(pedal, 0.0))
        brake[race, car] = real(max(-pedal, 0.0))
        gear[race, car] = 0
