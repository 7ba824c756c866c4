"""How fast a vehicle can drive, brake and corner: the point-mass envelope of its model.

Every figure is derived from the model's own parameters. Drive and brake lie on the safe side
of what the model can do. In a corner the point mass knows neither the body's slip nor the
pull of steered tyres, of which one share takes account: the shipped vehicles reach 0.97 to
1.15 of it from moderate speeds up, and in a hairpin a kart reaches 0.94. All of it is
float64, whatever the precision of the world.
"""

from __future__ import annotations

from math import atan, pi, sin, sqrt

from racegym.kernels import device, kernel, outlined, prange
from racegym_kart2d.kernels.columns import (
    BRAKE_FORCE,
    BRAKE_FRONT,
    CG_HEIGHT,
    DOWNFORCE_FRONT,
    DOWNFORCE_REAR,
    DRAG,
    DRIVE_FORCE,
    DRIVE_FRONT,
    GRAVITY,
    GRIP_FRONT,
    GRIP_LOAD,
    GRIP_LONG,
    GRIP_REAR,
    MASS,
    MOST_LONG,
    NOMINAL_LOAD,
    POWER,
    ROLLING,
    SHAPE_FRONT,
    SHAPE_REAR,
    STIFFNESS_FRONT,
    STIFFNESS_REAR,
    TO_FRONT,
    TO_REAR,
    TOP_SPEED,
)
from racegym_kart2d.kernels.single_track import LEAST_GRIP

__all__ = ["ENVELOPE", "fill_envelopes"]

# Columns of an envelope, under the names of ``VehicleTable``.
ENVELOPE = ("grip", "drive", "power", "brake", "drag", "downforce", "top_speed")

CORNER_SHARE = 0.93  # of the lateral limit: steered tyres pull back and sideways, not inwards
USABLE_SLIP = 0.25  # [rad] beyond it a car slides rather than corners
SLOWEST = 1.0  # [m/s] below it downforce is not looked for
TINY = 1e-9
SPEEDS = 50  # at which the limits are looked at
HALVINGS = 60
MANY_CARS = 64  # an envelope takes microseconds


@kernel(parallel_from=MANY_CARS)
def fill_envelopes(rows, out):
    """Derive the envelope of every car, on dry asphalt and without effects.

    Args:
        rows: (n, PARAMETERS) float64, the parameters of each.
        out: (n, len(ENVELOPE)) float64. Written.
    """
    for i in prange(rows.shape[0]):
        _fill(rows[i], out[i])


@outlined
def _fill(p, out):
    top = _top_speed(p)
    grip = _corner(p, 0.0) / GRAVITY
    lifted = 1e300
    for k in range(SPEEDS):
        v = max(top, SLOWEST) * (k + 1) / SPEEDS
        lifted = min(lifted, (_corner(p, v) / max(grip, TINY) - GRAVITY) / (v * v))
    out[0] = grip
    out[1] = _drive(p)
    out[2] = max(p[POWER] / p[MASS] - p[ROLLING] * GRAVITY * top, 0.0)
    out[3] = _balance(p, p[BRAKE_FORCE], p[BRAKE_FRONT], -1.0)
    out[4] = p[DRAG] / p[MASS]
    out[5] = max(lifted, 0.0)
    out[6] = top


@device
def _loads(p, v, ax):
    """Return the axle loads [N] at speed ``v`` and acceleration by the tyres ``ax``."""
    scale = p[MASS] / (p[TO_FRONT] + p[TO_REAR])
    shift = p[CG_HEIGHT] * ax
    front = scale * (GRAVITY * p[TO_REAR] - shift) + v * v * p[DOWNFORCE_FRONT]
    rear = scale * (GRAVITY * p[TO_FRONT] + shift) + v * v * p[DOWNFORCE_REAR]
    return max(front + min(rear, 0.0), 0.0), max(rear + min(front, 0.0), 0.0)


@device
def _grip(p, nominal, load):
    loss = p[GRIP_LOAD] * (0.5 * load - p[NOMINAL_LOAD])
    return max(nominal + loss, LEAST_GRIP * nominal)


@device
def _rolling(p, v):
    """Return the rolling resistance [N]."""
    front, rear = _loads(p, v, 0.0)
    return p[ROLLING] * (front + rear)


@device
def _top_speed(p):
    """Return where the engine can't overcome drag and rolling resistance [m/s]."""
    low, high = 0.0, p[TOP_SPEED]
    for _ in range(HALVINGS):
        v = 0.5 * (low + high)
        offered = min(p[DRIVE_FORCE], p[POWER] / v)
        if offered > p[DRAG] * v * v + _rolling(p, v):
            low = v
        else:
            high = v
    return low


@device
def _peak(stiffness, shape):
    """Return the most that the tyre curve reaches at a usable slip, as a share of mu N."""
    return sin(min(shape * atan(USABLE_SLIP * stiffness), 0.5 * pi))


@device
def _corner(p, v):
    """Return the lateral acceleration [m/s^2] that both axles can hold at ``v``."""
    wheelbase = p[TO_FRONT] + p[TO_REAR]
    needed = p[DRAG] * v * v + _rolling(p, v)
    front, rear = _loads(p, v, needed / p[MASS])
    at_front = _grip(p, p[GRIP_FRONT], front) * front
    at_rear = _grip(p, p[GRIP_REAR], rear) * rear
    # The engine holds the speed, and the driven axle pays for it.
    along = p[GRIP_LONG]
    at_front *= _left(p[DRIVE_FRONT] * needed / max(along * at_front, TINY))
    at_rear *= _left((1.0 - p[DRIVE_FRONT]) * needed / max(along * at_rear, TINY))
    at_front *= _peak(p[STIFFNESS_FRONT], p[SHAPE_FRONT])
    at_rear *= _peak(p[STIFFNESS_REAR], p[SHAPE_REAR])
    lever = p[MASS] / wheelbase
    return CORNER_SHARE * min(at_front / (lever * p[TO_REAR]), at_rear / (lever * p[TO_FRONT]))


@device
def _left(use):
    """Return the share of grip left sideways when ``use`` of it is taken along the wheel."""
    return sqrt(max(1.0 - use * use, 0.0))


@device
def _drive(p):
    """Return the acceleration [m/s^2] at low speed, whatever limits it."""
    return max(_balance(p, p[DRIVE_FORCE], p[DRIVE_FRONT], 1.0) - p[ROLLING] * GRAVITY, 0.0)


@device
def _balance(p, force, front_share, sign):
    """Return the acceleration [m/s^2] by a force shared by both axles, within their grip.

    The force shifts load, and load limits it: the largest a that the axles can give at the
    loads it causes, by bisection. ``sign`` is 1 for drive and -1 for brakes.
    """
    low, high = 0.0, force / p[MASS]
    for _ in range(HALVINGS):
        a = 0.5 * (low + high)
        front, rear = _loads(p, 0.0, sign * a)
        most_front = MOST_LONG * p[GRIP_LONG] * front * _grip(p, p[GRIP_FRONT], front)
        most_rear = MOST_LONG * p[GRIP_LONG] * rear * _grip(p, p[GRIP_REAR], rear)
        given = min(front_share * force, most_front) + min((1.0 - front_share) * force, most_rear)
        if given > p[MASS] * a:
            low = a
        else:
            high = a
    return low
