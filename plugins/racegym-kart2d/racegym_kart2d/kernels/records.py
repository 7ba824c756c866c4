"""The arrays that kernels take, grouped by who owns them.

Arrays of cars are flat, (n_races * n_cars,) or (n_races * n_cars, 4). A kernel's own loop
must hand them to a device function and never write to them itself: numba's parallel loops
drop writes to an array that is taken out of a tuple.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Ground", "Memory", "Motion", "Orders", "Outside", "Touch"]

Array = Any


class Motion(NamedTuple):
    """The fields of ``CarState`` that this backend fills, under the same names."""

    x: Array
    y: Array
    z: Array
    yaw: Array
    vx: Array
    vy: Array
    yaw_rate: Array
    ax: Array
    ay: Array
    steer: Array
    throttle: Array
    brake: Array
    engine_speed: Array
    load: Array
    slip_angle: Array
    slip_power: Array
    wheel_speed: Array
    surface: Array


class Memory(NamedTuple):
    """What the backend remembers besides ``CarState``."""

    parameters: Array  # (n_races * n_cars, PARAMETERS) real
    rack: Array  # [rad] steering before any offset
    shift: Array  # real [m/s^2], acceleration by the tyres, low-passed
    segment: Array  # int32, or UNKNOWN


class Orders(NamedTuple):
    """The fields of ``Control`` that this backend follows."""

    steer: Array
    throttle: Array
    brake: Array
    gear: Array


class Outside(NamedTuple):
    """All fields of ``Effects``."""

    grip: Array
    tyre_stiffness: Array
    rolling_resistance: Array
    power: Array
    drag: Array
    brake: Array
    downforce_front: Array
    downforce_rear: Array
    mass: Array
    fx: Array
    fy: Array
    mz: Array
    steer_offset: Array
    speed_limit: Array


class Ground(NamedTuple):
    """The packed tracks and the world's own projection."""

    race_track: Array
    points: Array
    table: Array
    cells: Array
    segment: Array  # int32
    obstacles: Array
    obstacle_spans: Array
    verges: Array  # uint8


class Touch(NamedTuple):
    """The arrays of ``Contacts``."""

    count: Array
    car: Array
    other: Array
    impulse: Array
    x: Array
    y: Array
    normal_x: Array
    normal_y: Array
    closing_speed: Array
