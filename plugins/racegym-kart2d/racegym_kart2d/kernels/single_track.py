"""Forces on a single-track car, and the derivative of its motion.

Frame: x forward, y left, yaw counter-clockwise (ISO 8855), SI units. A car is a rigid body
in the plane on two axles, each with one tyre at its middle that carries the load of both
wheels [1, 2]. Its motion is (vx, vy, r), in the car frame:

    m (vx' - r vy) = sum Fx,   m (vy' + r vx) = sum Fy,   I r' = sum (x Fy - y Fx)       (1)

Every dissipative force at a contact is written as F = -K v, with v the velocity of the
contact point along or across its wheel and K = |F| / |v| >= 0 taken from the tyre curve.
The sum of forces is then Q = Q_active - J^T K J (vx, vy, r), where the rows of J give the
four contact velocities; the integrator needs both Q and K.

Saturating tyre, per axle with load N, vl and vt the contact velocities along and across:

    alpha = -atan(vt / max(|vl|, v0)),   Fy0 = mu N sin(C atan(B alpha))                 (2)
    Fy = Fy0 sqrt(1 - (Fx / (mu_x N))^2),   |Fx| <= 0.95 mu_x N                          (3)

Linear tyre: the equations of CommonRoad's single-track model [3], in which the drive acts
along the velocity, angles are small, and load shifts with the acceleration commanded.

Not modelled: roll and lateral load transfer (but for the wheel loads reported), spinning
and locked wheels, relaxation of the tyre, camber, gradients and banking of the road.

[1] Rajamani (2012), "Vehicle Dynamics and Control", 2nd ed., Springer, ch. 2.
[2] Liniger, Domahidi, Morari (2015), "Optimization-based autonomous racing of 1:43 scale
    RC cars", Optim. Control Appl. Methods 36(5):628-647, doi:10.1002/oca.2123.
[3] Althoff, Wuersching (2020), "CommonRoad: Vehicle Models", Technical University of
    Munich, and its package commonroad-vehicle-models.
"""

from __future__ import annotations

from math import atan2, cos, sin, sqrt
from typing import Any, NamedTuple

from racegym.kernels import device
from racegym.kernels.trigonometry import arctangent, sine
from racegym_kart2d.kernels.columns import (
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
    INERTIA,
    MOST_LONG,
    NOMINAL_LOAD,
    POWER,
    REVERSE_FORCE,
    REVERSE_SPEED,
    SHAPE_FRONT,
    SHAPE_REAR,
    SLIP_SPEED,
    STIFFNESS_FRONT,
    STIFFNESS_REAR,
    TO_FRONT,
    TO_REAR,
)

__all__ = [
    "Acting",
    "Body",
    "Contact",
    "Forces",
    "Posture",
    "axle_loads",
    "derivatives_of",
    "drive_force",
    "friction",
    "implicitness",
    "linear_forces",
    "saturating_forces",
    "slip_tangents",
]

Real = Any  # a float of either precision
Reals = Any  # an array of it

CREEP = 1e-3  # [m/s] least speed by which a force is divided
GOVERNOR = 0.25  # [m/s] below the speed limit in which the engine fades out
LEAST_GRIP = 0.1  # of the nominal friction: what load can't take away
STRAIGHT = 1e-6  # slip below which the tyre curve is its tangent
TINY = 1e-12


class Body(NamedTuple):
    """Velocity of the centre of mass, in the car frame."""

    vx: Real  # [m/s] forward
    vy: Real  # [m/s] to the left
    r: Real  # [rad/s] yaw rate


class Acting(NamedTuple):
    """What acts on the car besides its own motion, constant over a substep."""

    throttle: Real  # 0 to 1, negative in reverse
    brake: Real  # [N] demanded
    limit: Real  # [m/s] beyond which the engine gives nothing
    power: Real  # factor
    mass: Real  # [kg] in all
    grip_front: Real  # factors of the axles, surface included
    grip_rear: Real
    stiffness_front: Real
    stiffness_rear: Real
    rolling_front: Real  # rolling resistance coefficients
    rolling_rear: Real
    drag: Real  # factor
    downforce_front: Real
    downforce_rear: Real
    fx: Real  # [N], [N], [N m] from outside
    fy: Real
    mz: Real


class Posture(NamedTuple):
    """How the wheels stand and the load lies."""

    steer: Real  # [rad] angle of the front wheels
    cs: Real  # its cosine and sine
    sn: Real
    ax: Real  # [m/s^2] forward acceleration by the tyres, low-passed


class Contact(NamedTuple):
    """The two axles at one moment: K of each contact direction, and what shares its grip."""

    front_long: Real  # [N s/m]
    front_lat: Real
    rear_long: Real
    rear_lat: Real
    drag: Real  # [N s/m]
    cs: Real  # cosine and sine of the angle at which the front wheels roll
    sn: Real
    use_front: Real  # |Fx| / (mu_x N)
    use_rear: Real
    force_front: Real  # [N] |Fx|
    force_rear: Real
    push: Real  # [N] of the engine
    resist: Real  # [N] that brakes and rolling resistance can hold
    hold: Real  # [N] that the weaker axle can hold sideways


class Forces(NamedTuple):
    """Sum of all forces on the car."""

    x: Real  # [N]
    y: Real  # [N]
    mz: Real  # [N m]


@device
def drive_force(p: Reals, act: Acting, v: Real, real: Any) -> Real:
    """Return the force [N] the engine offers at forward speed ``v`` [m/s]; < 0 in reverse."""
    zero, one = real(0.0), real(1.0)
    if act.throttle >= zero:
        most = min(p[DRIVE_FORCE], p[POWER] / max(abs(v), real(TINY)))
        room = (act.limit - v) / real(GOVERNOR)
    else:
        most = p[REVERSE_FORCE]
        room = (min(act.limit, p[REVERSE_SPEED]) + v) / real(GOVERNOR)
    return act.throttle * act.power * most * min(max(room, zero), one)


@device
def axle_loads(p: Reals, act: Acting, vx: Real, ax: Real, real: Any) -> tuple[Real, Real]:
    """Return the loads [N] of the front and the rear axle.

    Args:
        p: parameters of the car.
        act: what acts on it.
        vx: [m/s].
        ax: acceleration by the tyres [m/s^2]; drag acts at the height of the centre of mass.
        real: the precision.
    """
    zero = real(0.0)
    square = vx * vx
    scale = act.mass / (p[TO_FRONT] + p[TO_REAR])
    shift = p[CG_HEIGHT] * ax
    front = scale * (real(GRAVITY) * p[TO_REAR] - shift)
    rear = scale * (real(GRAVITY) * p[TO_FRONT] + shift)
    front += act.downforce_front * p[DOWNFORCE_FRONT] * square
    rear += act.downforce_rear * p[DOWNFORCE_REAR] * square
    # A lifted axle leaves its share to the other one.
    return max(front + min(rear, zero), zero), max(rear + min(front, zero), zero)


@device
def friction(p: Reals, nominal: Real, load: Real, real: Any) -> Real:
    """Return the friction coefficient sideways of an axle that carries ``load`` [N]."""
    loss = p[GRIP_LOAD] * (real(0.5) * load - p[NOMINAL_LOAD])
    return max(nominal + loss, real(LEAST_GRIP) * nominal)


@device
def slip_tangents(
    p: Reals, body: Body, cs: Real, sn: Real
) -> tuple[Real, Real, Real, Real, Real, Real]:
    """Return (vl, vt, vt / max(|vl|, v0)) of the front and of the rear contact.

    Args:
        p: parameters of the car.
        body: its motion.
        cs, sn: cosine and sine of the front wheels' angle.
    """
    side = body.vy + p[TO_FRONT] * body.r
    front_l = body.vx * cs + side * sn
    front_t = side * cs - body.vx * sn
    rear_t = body.vy - p[TO_REAR] * body.r
    least = p[SLIP_SPEED]
    return (
        front_l,
        front_t,
        front_t / max(abs(front_l), least),
        body.vx,
        rear_t,
        rear_t / max(abs(body.vx), least),
    )


@device
def _lateral(slip: Real, stiffness: Real, shape: Real, real: Any) -> Real:
    """Return Fy0 / (mu N) by (2), over ``slip`` = vt / max(|vl|, v0); never negative."""
    if abs(slip) < real(STRAIGHT):
        return stiffness * shape
    alpha = arctangent(slip, real)
    return max(sine(shape * arctangent(stiffness * alpha, real), real) / slip, real(0.0))


@device
def _brake(demand: Real, most: Real, drive: Real, vl: Real, real: Any) -> Real:
    """Return the brake force [N] of an axle that its grip allows beside ``drive`` [N]."""
    taken = abs(drive) if drive * vl < real(0.0) else real(0.0)
    return min(demand, most - taken)


@device
def implicitness(z: Real, real: Any) -> Real:
    """Return theta of an implicit step whose fastest mode decays by exp(-z) or slower."""
    one = real(1.0)
    return max(real(0.5), one - one / max(z, one))


@device
def _gain(
    p: Reals,
    act: Acting,
    contact: tuple[Real, Real, Real],
    push: Real,
    resist: Real,
    v: Real,
    h: Real,
    real: Any,
) -> Real:
    """Return what the rolling speed [m/s] gains until where an implicit step looks at it.

    Brakes and rolling resistance are constant forces: divided by the speed at v + theta D
    they make the step lose what they take, and stop the car where they would.

    Args:
        p: parameters of the car.
        act: what acts on it.
        contact: K across the front and the rear wheels and of drag, which set theta.
        push, resist: [N] of the engine; of brakes and rolling resistance.
        v: [m/s] rolling speed.
        h: [s] length of the step.
        real: the precision.
    """
    front, rear, drag = contact
    a, b = p[TO_FRONT], p[TO_REAR]
    decay = (front + rear + drag + drag) / act.mass
    decay += (front * a * a + rear * b * b) / p[INERTIA]
    push = push + act.fx
    ahead = v > real(0.0) or (v == real(0.0) and push > real(0.0))
    net = (push if ahead else -push) - resist
    return implicitness(h * decay, real) * h * net / act.mass


@device
def saturating_forces(
    p: Reals,
    act: Acting,
    posture: Posture,
    body: Body,
    h: Real,
    real: Any,
) -> tuple[Contact, Forces]:
    """Return the contacts of both axles and the sum of all forces, by (2) and (3).

    Args:
        p: (PARAMETERS,) parameters of the car.
        act: what acts on it.
        posture: how its wheels stand and its load lies.
        body: its motion.
        h: [s] over which brakes and rolling resistance shall act; 0 for this moment.
        real: the precision.
    """
    zero, one = real(0.0), real(1.0)
    least, creep, tiny = p[SLIP_SPEED], real(CREEP), real(TINY)
    to_front, to_rear = p[TO_FRONT], p[TO_REAR]
    cs, sn = posture.cs, posture.sn
    load_front, load_rear = axle_loads(p, act, body.vx, posture.ax, real)
    fl, ft, slip_front, rl, rt, slip_rear = slip_tangents(p, body, cs, sn)

    peak_front = friction(p, p[GRIP_FRONT], load_front, real) * act.grip_front * load_front
    peak_rear = friction(p, p[GRIP_REAR], load_rear, real) * act.grip_rear * load_rear
    along_front, along_rear = p[GRIP_LONG] * peak_front, p[GRIP_LONG] * peak_rear
    most_front, most_rear = real(MOST_LONG) * along_front, real(MOST_LONG) * along_rear

    drive = drive_force(p, act, body.vx, real)
    push_front = min(max(p[DRIVE_FRONT] * drive, -most_front), most_front)
    push_rear = min(max((one - p[DRIVE_FRONT]) * drive, -most_rear), most_rear)
    brake_front = _brake(p[BRAKE_FRONT] * act.brake, most_front, push_front, fl, real)
    brake_rear = _brake((one - p[BRAKE_FRONT]) * act.brake, most_rear, push_rear, rl, real)
    force_front = abs(push_front - (brake_front if fl > zero else -brake_front))
    force_rear = abs(push_rear - (brake_rear if rl > zero else -brake_rear))
    use_front = force_front / max(along_front, tiny)
    use_rear = force_rear / max(along_rear, tiny)
    left_front = sqrt(max(one - use_front * use_front, zero))
    left_rear = sqrt(max(one - use_rear * use_rear, zero))

    curve_front = _lateral(
        slip_front, p[STIFFNESS_FRONT] * act.stiffness_front, p[SHAPE_FRONT], real
    )
    curve_rear = _lateral(slip_rear, p[STIFFNESS_REAR] * act.stiffness_rear, p[SHAPE_REAR], real)
    resist_front = brake_front + act.rolling_front * load_front
    resist_rear = brake_rear + act.rolling_rear * load_rear
    k_ft = peak_front * left_front * curve_front / max(abs(fl), least)
    k_rt = peak_rear * left_rear * curve_rear / max(abs(rl), least)
    k_drag = act.drag * p[DRAG] * sqrt(body.vx * body.vx + body.vy * body.vy)
    push = push_front + push_rear
    gain = _gain(p, act, (k_ft, k_rt, k_drag), push, resist_front + resist_rear, rl, h, real)
    k_fl = resist_front / max(abs(fl) + gain, creep)
    k_rl = resist_rear / max(abs(rl) + gain, creep)

    # Q: the four contact forces turned into the car frame, drag, and what comes from outside.
    long_front = push_front - k_fl * fl
    lat_front = -k_ft * ft
    long_rear = push_rear - k_rl * rl
    lat_rear = -k_rt * rt
    side_front = long_front * sn + lat_front * cs
    forces = Forces(
        long_front * cs - lat_front * sn + long_rear - k_drag * body.vx + act.fx,
        side_front + lat_rear - k_drag * body.vy + act.fy,
        to_front * side_front - to_rear * lat_rear + act.mz,
    )
    contact = Contact(
        k_fl, k_ft, k_rl, k_rt, k_drag, cs, sn,
        use_front, use_rear, force_front, force_rear,
        push, resist_front + resist_rear, min(peak_front, peak_rear),
    )  # fmt: skip
    return contact, forces


@device
def linear_forces(
    p: Reals,
    act: Acting,
    posture: Posture,
    body: Body,
    h: Real,
    real: Any,
) -> tuple[Contact, Forces]:
    """Return the same by [3], of which B C is the load-normalised stiffness C_S.

    Arguments as in ``saturating_forces``; load moves at once, with the acceleration asked.
    """
    zero, one = real(0.0), real(1.0)
    to_front, to_rear = p[TO_FRONT], p[TO_REAR]
    speed = sqrt(body.vx * body.vx + body.vy * body.vy)
    ahead = one if body.vx >= zero else -one
    v = ahead * speed
    beta = real(atan2(ahead * body.vy, ahead * body.vx))
    along_x, along_y = real(cos(beta)), real(sin(beta))

    drive = drive_force(p, act, v, real)
    still_front, still_rear = axle_loads(p, act, body.vx, zero, real)
    roll = act.rolling_front * still_front + act.rolling_rear * still_rear
    floor = max(speed, p[SLIP_SPEED])
    k_drag = act.drag * p[DRAG] * speed
    stiff_front = p[STIFFNESS_FRONT] * p[SHAPE_FRONT] * act.stiffness_front / floor
    stiff_rear = p[STIFFNESS_REAR] * p[SHAPE_REAR] * act.stiffness_rear / floor
    still = (
        friction(p, p[GRIP_FRONT], still_front, real) * act.grip_front * still_front * stiff_front,
        friction(p, p[GRIP_REAR], still_rear, real) * act.grip_rear * still_rear * stiff_rear,
        k_drag,
    )
    middle = speed + _gain(p, act, still, drive, act.brake + roll, v, h, real)
    middle = max(middle, real(CREEP))
    k_brake = act.brake / middle
    k_long = k_brake + roll / middle
    commanded = (drive - k_brake * v) / act.mass
    load_front, load_rear = axle_loads(p, act, body.vx, commanded, real)
    peak_front = friction(p, p[GRIP_FRONT], load_front, real) * act.grip_front * load_front
    peak_rear = friction(p, p[GRIP_REAR], load_rear, real) * act.grip_rear * load_rear
    k_ft, k_rt = peak_front * stiff_front, peak_rear * stiff_rear

    lat_front = k_ft * (v * posture.steer - v * beta - to_front * body.r)
    lat_rear = k_rt * (-v * beta + to_rear * body.r)
    along = drive - (k_long + k_drag) * v
    across = lat_front + lat_rear
    forces = Forces(
        along * along_x - across * along_y + act.fx,
        along * along_y + across * along_x + act.fy,
        to_front * lat_front - to_rear * lat_rear + act.mz,
    )
    contact = Contact(
        zero, k_ft, k_long, k_rt, k_drag, one, zero, zero, zero, zero, zero,
        drive, act.brake + roll, min(peak_front, peak_rear),
    )  # fmt: skip
    return contact, forces


def derivatives_of(forces: Any) -> Any:
    """Return the device function for d(vx, vy, r)/dt by (1) under ``forces``.

    Its arguments are those of ``saturating_forces`` but ``h``; it returns a ``Body``.
    """

    @device
    def single_track_derivatives(
        p: Reals, act: Acting, posture: Posture, body: Body, real: Any
    ) -> Body:
        _, total = forces(p, act, posture, body, real(0.0), real)
        return Body(
            total.x / act.mass + body.r * body.vy,
            total.y / act.mass - body.r * body.vx,
            total.mz / p[INERTIA],
        )

    return single_track_derivatives
