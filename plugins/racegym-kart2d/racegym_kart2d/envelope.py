"""How fast a vehicle can drive, brake and corner: the point-mass envelope of its model.

Every figure is derived from the model's own parameters and lies on the safe side of what
the model can do, so that a driver who stays inside does not slide.
"""

from __future__ import annotations

from math import atan, pi, sin, sqrt
from typing import NamedTuple

from racegym_kart2d.kernels.columns import GRAVITY, MOST_LONG
from racegym_kart2d.kernels.single_track import LEAST_GRIP
from racegym_kart2d.parameters import SingleTrackVehicle

__all__ = ["Envelope", "envelope"]

CORNER_SHARE = 0.93  # of the lateral limit: steered tyres pull back and sideways, not inwards
USABLE_SLIP = 0.25  # [rad] beyond it a car slides rather than corners
SLOWEST = 1.0  # [m/s] below it downforce is not looked for
TINY = 1e-9
SPEEDS = 50  # at which the limits are looked at
HALVINGS = 60


class Envelope(NamedTuple):
    """The fields of ``VehicleTable`` of the same names."""

    grip: float
    drive: float
    power: float
    brake: float
    drag: float
    downforce: float
    top_speed: float


def envelope(vehicle: SingleTrackVehicle) -> Envelope:
    """Return the envelope of ``vehicle`` on dry asphalt, without effects."""
    top = _top_speed(vehicle)
    grip = _corner(vehicle, 0.0) / GRAVITY
    speeds = [max(top, SLOWEST) * (k + 1) / SPEEDS for k in range(SPEEDS)]
    lifted = min((_corner(vehicle, v) / max(grip, TINY) - GRAVITY) / (v * v) for v in speeds)
    rolling = vehicle.rolling_resistance * GRAVITY
    return Envelope(
        grip=grip,
        drive=_drive(vehicle),
        power=max(vehicle.power / vehicle.mass - rolling * top, 0.0),
        brake=_brake(vehicle),
        drag=_drag(vehicle) / vehicle.mass,
        downforce=max(lifted, 0.0),
        top_speed=top,
    )


def _drag(vehicle: SingleTrackVehicle) -> float:
    """Return [kg/m], drag = this times v^2."""
    return 0.5 * vehicle.air_density * vehicle.drag_area


def _loads(vehicle: SingleTrackVehicle, v: float, ax: float) -> tuple[float, float]:
    """Return the axle loads [N] at speed ``v`` and acceleration by the tyres ``ax``."""
    scale = vehicle.mass / (vehicle.to_front + vehicle.to_rear)
    shift = vehicle.cg_height * ax
    pressure = 0.5 * vehicle.air_density * v * v
    front = scale * (GRAVITY * vehicle.to_rear - shift)
    rear = scale * (GRAVITY * vehicle.to_front + shift)
    front += pressure * vehicle.downforce_area_front
    rear += pressure * vehicle.downforce_area_rear
    return max(front + min(rear, 0.0), 0.0), max(rear + min(front, 0.0), 0.0)


def _grip(vehicle: SingleTrackVehicle, nominal: float, load: float) -> float:
    loss = vehicle.grip_per_load * (0.5 * load - vehicle.nominal_load)
    return max(nominal + loss, LEAST_GRIP * nominal)


def _rolling(vehicle: SingleTrackVehicle, v: float) -> float:
    """Return the rolling resistance [N]."""
    return vehicle.rolling_resistance * sum(_loads(vehicle, v, 0.0))


def _top_speed(vehicle: SingleTrackVehicle) -> float:
    """Return where the engine can't overcome drag and rolling resistance [m/s]."""
    low, high = 0.0, vehicle.top_speed
    for _ in range(HALVINGS):
        v = 0.5 * (low + high)
        offered = min(vehicle.drive_force, vehicle.power / v)
        if offered > _drag(vehicle) * v * v + _rolling(vehicle, v):
            low = v
        else:
            high = v
    return low


def _peak(stiffness: float, shape: float) -> float:
    """Return the most that the tyre curve reaches at a usable slip, as a share of mu N."""
    return sin(min(shape * atan(USABLE_SLIP * stiffness), 0.5 * pi))


def _corner(vehicle: SingleTrackVehicle, v: float) -> float:
    """Return the lateral acceleration [m/s^2] that both axles can hold at ``v``."""
    wheelbase = vehicle.to_front + vehicle.to_rear
    needed = _drag(vehicle) * v * v + _rolling(vehicle, v)
    front, rear = _loads(vehicle, v, needed / vehicle.mass)
    at_front = _grip(vehicle, vehicle.grip_front, front) * front
    at_rear = _grip(vehicle, vehicle.grip_rear, rear) * rear
    # The engine holds the speed, and the driven axle pays for it.
    along = vehicle.grip_longitudinal
    at_front *= _left(vehicle.drive_front * needed / max(along * at_front, TINY))
    at_rear *= _left((1.0 - vehicle.drive_front) * needed / max(along * at_rear, TINY))
    at_front *= _peak(vehicle.stiffness_front, vehicle.shape_front)
    at_rear *= _peak(vehicle.stiffness_rear, vehicle.shape_rear)
    lever = vehicle.mass / wheelbase
    return CORNER_SHARE * min(
        at_front / (lever * vehicle.to_rear), at_rear / (lever * vehicle.to_front)
    )


def _left(use: float) -> float:
    """Return the share of grip left sideways when ``use`` of it is taken along the wheel."""
    return sqrt(max(1.0 - use * use, 0.0))


def _drive(vehicle: SingleTrackVehicle) -> float:
    """Return the acceleration [m/s^2] at low speed, whatever limits it."""
    rolling = vehicle.rolling_resistance * GRAVITY
    forward = _balance(vehicle, vehicle.drive_force, vehicle.drive_front, sign=1.0)
    return max(forward - rolling, 0.0)


def _brake(vehicle: SingleTrackVehicle) -> float:
    """Return the deceleration [m/s^2] of the brakes alone at low speed."""
    return _balance(vehicle, vehicle.brake_force, vehicle.brake_front, sign=-1.0)


def _balance(vehicle: SingleTrackVehicle, force: float, front_share: float, sign: float) -> float:
    """Return the acceleration [m/s^2] by a force shared by both axles, within their grip.

    The force shifts load, and load limits it: the largest a that the axles can give at the
    loads it causes, by bisection. ``sign`` is 1 for drive and -1 for brakes.
    """
    low, high = 0.0, force / vehicle.mass
    for _ in range(HALVINGS):
        a = 0.5 * (low + high)
        front, rear = _loads(vehicle, 0.0, sign * a)
        most_front = MOST_LONG * vehicle.grip_longitudinal * front
        most_rear = MOST_LONG * vehicle.grip_longitudinal * rear
        most_front *= _grip(vehicle, vehicle.grip_front, front)
        most_rear *= _grip(vehicle, vehicle.grip_rear, rear)
        given = min(front_share * force, most_front) + min((1.0 - front_share) * force, most_rear)
        if given > vehicle.mass * a:
            low = a
        else:
            high = a
    return low
