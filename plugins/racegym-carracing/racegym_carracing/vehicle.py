"""What is known of CarRacing's car: its shape, and a speed envelope measured on the engine.

Shape and masses follow from the polygons and densities of ``gymnasium.envs.box2d``'s
``car_dynamics``. The envelope was measured on endless asphalt; ``tests/test_envelope.py``
repeats each measurement, and ``docs/carracing.md`` says what it shows.
"""

from __future__ import annotations

from racegym.interfaces.records import VehicleTable

__all__ = ["BRAKE_CAP", "STEER_LIMIT", "fill_vehicle"]

STEER_LIMIT = 0.4  # [rad] where the joints of the front wheels stop
BRAKE_CAP = 0.8  # from 0.9 on, CarRacing stops the wheels dead and the car can't be steered

_STANDARD_GRAVITY = 9.80665  # [m/s^2]
_SUSTAINED_CORNERING = 175.0  # [m/s^2] held without a slide at 40 to 80 m/s

_VEHICLE = {
    "length": 5.0,  # hull, from 2.6 m ahead of its origin to 2.4 m behind
    "width": 2.76,  # over the wheels
    "wheelbase": 3.24,
    "track": 2.2,
    "to_front": 1.6825,  # the hull's centre of mass is 0.0825 m behind its origin
    "mass": 7.302,  # hull and wheels
    "steer_limit": STEER_LIMIT,
    "grip": _SUSTAINED_CORNERING / _STANDARD_GRAVITY,
    "drive": 43.8,  # two wheels of 400 N, which also spin up the front wheels
    "power": 2600.0,  # 80 kW, by the mass that has to be moved and spun up: 29.3 kg
    "brake": 218.0,  # four wheels of 400 N
    "drag": 0.0,
    "downforce": 0.0,
    "top_speed": 100.0,  # Box2D moves a body by at most 2 m a step
}


def fill_vehicle(table: VehicleTable, race: int) -> None:
    """Write the car's row of ``table`` for its only car in ``race``."""
    for name, value in _VEHICLE.items():
        getattr(table, name)[race, 0] = value
