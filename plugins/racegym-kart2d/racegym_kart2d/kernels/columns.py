"""The columns of ``parameters`` and the constants that all vehicles share."""

from __future__ import annotations

__all__ = [
    "BRAKE_FORCE",
    "BRAKE_FRONT",
    "CG_HEIGHT",
    "DOWNFORCE_FRONT",
    "DOWNFORCE_REAR",
    "DRAG",
    "DRIVE_FORCE",
    "DRIVE_FRONT",
    "FILTER_TIME",
    "GEAR_RATIO",
    "GRAVITY",
    "GRIP_FRONT",
    "GRIP_LOAD",
    "GRIP_LONG",
    "GRIP_REAR",
    "IDLE_SPEED",
    "INERTIA",
    "LENGTH",
    "MASS",
    "MOST_LONG",
    "NOMINAL_LOAD",
    "PARAMETERS",
    "POWER",
    "REVERSE_FORCE",
    "REVERSE_SPEED",
    "ROLLING",
    "SHAPE_FRONT",
    "SHAPE_REAR",
    "SLIP_SPEED",
    "STEER_LIMIT",
    "STEER_RATE",
    "STIFFNESS_FRONT",
    "STIFFNESS_REAR",
    "TOP_SPEED",
    "TO_FRONT",
    "TO_REAR",
    "TRACK_FRONT",
    "TRACK_REAR",
    "WHEEL_RADIUS",
    "WIDTH",
]

# Columns of ``parameters`` (n_races, n_cars, PARAMETERS), real.
MASS = 0  # [kg] with driver
INERTIA = 1  # [kg m^2] about the vertical axis
TO_FRONT, TO_REAR = 2, 3  # [m] centre of mass to the axles
CG_HEIGHT = 4  # [m]
TRACK_FRONT, TRACK_REAR = 5, 6  # [m] between the wheels of an axle
LENGTH, WIDTH = 7, 8  # [m] overall
WHEEL_RADIUS = 9  # [m]
STEER_LIMIT, STEER_RATE = 10, 11  # [rad], [rad/s] of the front wheels
GRIP_FRONT, GRIP_REAR = 12, 13  # friction coefficient sideways, at NOMINAL_LOAD
GRIP_LOAD = 14  # [1/N] change of it with the load of a wheel
NOMINAL_LOAD = 15  # [N] of a wheel
GRIP_LONG = 16  # friction coefficient along the wheel, as a share of that sideways
STIFFNESS_FRONT, STIFFNESS_REAR = 17, 18  # [1/rad] B of the tyre curve
SHAPE_FRONT, SHAPE_REAR = 19, 20  # C of the tyre curve
SLIP_SPEED = 21  # [m/s] floor of the rolling speed in the slip angle
DRIVE_FORCE, POWER = 22, 23  # [N], [W] at the wheels
DRIVE_FRONT = 24  # share of the drive on the front axle
TOP_SPEED = 25  # [m/s] beyond which the engine gives nothing
REVERSE_FORCE, REVERSE_SPEED = 26, 27  # [N], [m/s]
BRAKE_FORCE, BRAKE_FRONT = 28, 29  # [N] at full pedal, share on the front axle
ROLLING = 30  # rolling resistance coefficient
DRAG = 31  # [kg/m] force = DRAG * v^2
DOWNFORCE_FRONT, DOWNFORCE_REAR = 32, 33  # [kg/m] on the axles
GEAR_RATIO = 34  # engine turns per wheel turn
IDLE_SPEED = 35  # [rad/s]
PARAMETERS = 36

GRAVITY = 9.81  # [m/s^2] as in the CommonRoad models
FILTER_TIME = 0.04  # [s] lag of the acceleration that shifts load between the axles
MOST_LONG = 0.95  # of an axle's grip along the wheel: what drive and brakes may use
