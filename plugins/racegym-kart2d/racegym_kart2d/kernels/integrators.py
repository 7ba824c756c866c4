"""One substep of the motion: linearly implicit, or classical Runge-Kutta for validation.

The implicit one is a Strang splitting. Half a turn of the car frame, which changes no
energy; then the forces, with the dissipative ones taken by their secants K (see
``single_track``),

    (M + h theta J^T K J) D = h (Q_active - J^T K J v),   v <- v + D                     (1)
    theta = max(1/2, 1 - 1/z),   z = h trace(M^-1 J^T K J)                               (2)

and another half turn. J^T K J is symmetric and not negative, and no eigenvalue of
h M^-1 J^T K J exceeds z, so without drive (1) multiplies v by a contraction that has no
negative eigenvalue: a coasting car never gains energy, brakes never turn its motion round,
and no step is too long to be stable. That holds for any K >= 0: those of brakes and rolling
resistance are taken at the speed that the step will look at, which makes them exact. Where
z <= 2, theta is 1/2 and (1) is the midpoint rule; fast modes are damped as by backward
Euler.

[1] Hairer, Wanner (1996), "Solving Ordinary Differential Equations II", 2nd ed., ch. IV.
[2] Strang (1968), "On the construction and comparison of difference schemes", SIAM J.
    Numer. Anal. 5(3):506-517, doi:10.1137/0705041.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from racegym.kernels import device
from racegym.kernels.trigonometry import rotation
from racegym_kart2d.kernels.columns import (
    DRAG,
    INERTIA,
    SHAPE_FRONT,
    SHAPE_REAR,
    STIFFNESS_FRONT,
    STIFFNESS_REAR,
    TO_FRONT,
    TO_REAR,
)
from racegym_kart2d.kernels.single_track import (
    Acting,
    Body,
    Contact,
    Posture,
    derivatives_of,
    implicitness,
)

__all__ = ["Moved", "Travelled", "implicit", "runge_kutta"]

Real = Any
Reals = Any


class Moved(NamedTuple):
    """What a substep did."""

    vx: Real  # the motion at its end, as in `Body`; flat, for vector registers
    vy: Real
    r: Real
    gained_x: Real  # [m/s] by forces, in the car frame
    gained_y: Real
    by_tyres: Real  # [m/s^2] mean forward acceleration by the tyres
    lost_front: Real  # [W] in the contact patch of the axle
    lost_rear: Real


@device
def turned(body: Body, cs: Real, sn: Real) -> Body:
    """Return the motion seen from a car frame turned by the angle of ``cs`` and ``sn``."""
    return Body(body.vx * cs + body.vy * sn, body.vy * cs - body.vx * sn, body.r)


@device
def _at_rest(p: Reals, act: Acting, body: Body, contact: Contact, h: Real, real: Any) -> bool:
    """Tell whether friction stops the car in this substep, or keeps it where it stands."""
    room = h * (contact.resist - abs(contact.push + act.fx)) / act.mass
    energy = body.vx * body.vx + body.vy * body.vy + p[INERTIA] / act.mass * body.r * body.r
    side = abs(act.fy) + abs(act.mz) / (p[TO_FRONT] + p[TO_REAR])
    return (room > real(0.0)) & (energy <= room * room) & (side <= contact.hold)


@device
def _slip_loss(use: Real, force: Real, speed: Real, stiffness: Real, real: Any) -> Real:
    """Return the power [W] that drive or brakes lose to the slip they need.

    The slip is that of the lateral curve, inverted within 5 % by
    kappa = u / ((1 - u^2 / 2) B C) with u the share of the grip in use.
    """
    slip = use / ((real(1.0) - real(0.5) * use * use) * stiffness)
    return force * slip * abs(speed)


@device
def _ahead(body: Body, slope: Body, h: Real) -> Body:
    return Body(body.vx + h * slope.vx, body.vy + h * slope.vy, body.r + h * slope.r)


class Travelled(NamedTuple):
    """What a substep did, seen from the map; the first eight are those of ``Moved``."""

    vx: Real
    vy: Real
    r: Real
    gained_x: Real
    gained_y: Real
    by_tyres: Real
    lost_front: Real
    lost_rear: Real
    dx: Real  # [m] east
    dy: Real  # [m] north
    turn: Real  # [rad]
    cy: Real  # cosine and sine of the yaw at its end
    sy: Real


@device
def _to_map(body: Body, cy: Real, sy: Real) -> tuple[Real, Real]:
    """Return the velocity [m/s] in the map frame."""
    return body.vx * cy - body.vy * sy, body.vx * sy + body.vy * cy


@device
def _axes(cy: Real, sy: Real, ct: Real, st: Real) -> tuple[Real, Real]:
    """Return cosine and sine of the sum of two angles, given by theirs."""
    return cy * ct - sy * st, sy * ct + cy * st


def implicit(forces: Any) -> Any:
    """Return the device function that moves a car by the implicit step under ``forces``.

    Functions are made, not passed: a kernel that is handed a function can't be cached.
    """

    @device
    def implicit_step(
        p: Reals,
        act: Acting,
        posture: Posture,
        body: Body,
        h: Real,
        real: Any,
    ) -> Moved:
        """Apply the forces for ``h`` [s] by (1); the caller turns the car frame.

        Args:
            p: (PARAMETERS,) parameters of the car.
            act: what acts on it.
            posture: how its wheels stand and its load lies.
            body: its motion.
            h: [s].
            real: the precision.
        """
        zero, half = real(0.0), real(0.5)
        contact, total = forces(p, act, posture, body, h, real)
        mass, inertia = act.mass, p[INERTIA]

        # Rows of J: front along and across (., ., a3), (., ., b3); rear (1, 0, 0), (0, 1, d3).
        cs, sn = contact.cs, contact.sn
        to_front, to_rear = p[TO_FRONT], p[TO_REAR]
        a3, b3, d3 = to_front * sn, to_front * cs, -to_rear
        k_fl, k_ft, k_rl, k_rt = (
            contact.front_long,
            contact.front_lat,
            contact.rear_long,
            contact.rear_lat,
        )
        sum_front = k_fl + k_ft
        rotating = k_fl * a3 * a3 + k_ft * b3 * b3 + k_rt * d3 * d3
        moving = sum_front + k_rl + k_rt + contact.drag + contact.drag
        z = h * (moving / mass + rotating / inertia)
        theta = implicitness(z, real)
        w = h * theta

        # M + w J^T K J, of which the lower triangle is kept.
        m11 = mass + w * (k_fl * cs * cs + k_ft * sn * sn + k_rl + contact.drag)
        m21 = w * (k_fl - k_ft) * sn * cs
        m31 = w * (k_fl * a3 * cs - k_ft * b3 * sn)
        m22 = mass + w * (k_fl * sn * sn + k_ft * cs * cs + k_rt + contact.drag)
        m32 = w * (k_fl * a3 * sn + k_ft * b3 * cs + k_rt * d3)
        m33 = inertia + w * rotating

        # Solved as L D L^T.
        l21, l31 = m21 / m11, m31 / m11
        p22 = m22 - l21 * m21
        t32 = m32 - l31 * m21
        l32 = t32 / p22
        p33 = m33 - l31 * m31 - l32 * t32
        y1 = h * total.x
        y2 = h * total.y - l21 * y1
        y3 = h * total.mz - l31 * y1 - l32 * y2
        dr = y3 / p33
        dvy = y2 / p22 - l32 * dr
        dvx = y1 / m11 - l21 * dvy - l31 * dr

        by_tyres = dvx / h + (contact.drag * (body.vx + half * dvx) - act.fx) / mass
        # What the lateral forces took: K (v + theta D) (v + D / 2), at either contact.
        front = (body.vy + to_front * body.r) * cs - body.vx * sn
        front_gain = dvy * cs + b3 * dr - dvx * sn
        rear = body.vy + d3 * body.r
        rear_gain = dvy + d3 * dr
        lost_front = k_ft * (front + theta * front_gain) * (front + half * front_gain)
        lost_rear = k_rt * (rear + theta * rear_gain) * (rear + half * rear_gain)
        lost_front += _slip_loss(
            contact.use_front,
            contact.force_front,
            body.vx,
            act.stiffness_front * p[STIFFNESS_FRONT] * p[SHAPE_FRONT],
            real,
        )
        lost_rear += _slip_loss(
            contact.use_rear,
            contact.force_rear,
            body.vx,
            act.stiffness_rear * p[STIFFNESS_REAR] * p[SHAPE_REAR],
            real,
        )
        # A car that friction stops stands still; chosen, not branched to, for vector registers.
        rest = _at_rest(p, act, body, contact, h, real)
        return Moved(
            zero if rest else body.vx + dvx,
            zero if rest else body.vy + dvy,
            zero if rest else body.r + dr,
            -body.vx if rest else dvx,
            -body.vy if rest else dvy,
            -body.vx / h if rest else by_tyres,
            zero if rest else lost_front,
            zero if rest else lost_rear,
        )

    @device
    def travel(
        p: Reals,
        act: Acting,
        posture: Posture,
        body: Body,
        cy: Real,
        sy: Real,
        h: Real,
        real: Any,
    ) -> Travelled:
        """Advance motion and pose by ``h`` [s] with the implicit step between two half turns.

        Positions follow the trapezoidal rule in the map frame, in which the velocity does not
        turn with the car. ``cy`` and ``sy`` are cosine and sine of the yaw before; the other
        arguments are those of ``implicit_step``.
        """
        half = real(0.5) * h
        turn = half * body.r
        ct, st = rotation(turn, real)
        cy, sy = _axes(cy, sy, ct, st)
        body = turned(body, ct, st)
        u0, w0 = _to_map(body, cy, sy)
        moved = implicit_step(p, act, posture, body, h, real)
        after = Body(moved.vx, moved.vy, moved.r)
        u1, w1 = _to_map(after, cy, sy)
        turn += half * after.r
        ct, st = rotation(half * after.r, real)
        cy, sy = _axes(cy, sy, ct, st)
        after = turned(after, ct, st)
        return Travelled(
            after.vx, after.vy, after.r,
            moved.gained_x, moved.gained_y, moved.by_tyres, moved.lost_front, moved.lost_rear,
            half * (u0 + u1), half * (w0 + w1), turn, cy, sy,
        )  # fmt: skip

    return travel


def runge_kutta(forces: Any) -> Any:
    """Return the device function that moves a car by the Runge-Kutta step, for validation."""
    derivatives = derivatives_of(forces)

    @device
    def runge_kutta_step(
        p: Reals,
        act: Acting,
        posture: Posture,
        body: Body,
        h: Real,
        real: Any,
    ) -> Moved:
        """Advance the motion, frame included, by one classical Runge-Kutta step of ``h`` [s].

        For validation: it is stable only for small ``h``, knows no standstill and reports no
        power lost. Arguments as in ``implicit_step``.
        """
        zero, half = real(0.0), real(0.5)
        third, sixth = real(1.0 / 3.0), real(1.0 / 6.0)
        at, slope = body, Body(zero, zero, zero)
        gained_x, gained_y, gained_r = zero, zero, zero
        for stage in range(4):
            slope = derivatives(p, act, posture, at, real)
            weight = sixth if stage == 0 or stage == 3 else third
            gained_x += weight * h * slope.vx
            gained_y += weight * h * slope.vy
            gained_r += weight * h * slope.r
            at = _ahead(body, slope, h if stage == 2 else half * h)
        after = Body(body.vx + gained_x, body.vy + gained_y, body.r + gained_r)
        # The forces are what is left of the change once the car frame's own turn is taken out.
        turn = half * h * (body.r + after.r)
        gained_x -= half * turn * (body.vy + after.vy)
        gained_y += half * turn * (body.vx + after.vx)
        drag = act.drag * p[DRAG] * sqrt(body.vx * body.vx + body.vy * body.vy) * body.vx
        by_tyres = gained_x / h + (drag - act.fx) / act.mass
        return Moved(after.vx, after.vy, after.r, gained_x, gained_y, by_tyres, zero, zero)

    @device
    def travel(
        p: Reals,
        act: Acting,
        posture: Posture,
        body: Body,
        cy: Real,
        sy: Real,
        h: Real,
        real: Any,
    ) -> Travelled:
        """Do the same with the Runge-Kutta step, for validation."""
        half = real(0.5) * h
        u0, w0 = _to_map(body, cy, sy)
        moved = runge_kutta_step(p, act, posture, body, h, real)
        after = Body(moved.vx, moved.vy, moved.r)
        turn = half * (body.r + after.r)
        ct, st = rotation(turn, real)
        cy, sy = _axes(cy, sy, ct, st)
        u1, w1 = _to_map(after, cy, sy)
        return Travelled(
            after.vx, after.vy, after.r,
            moved.gained_x, moved.gained_y, moved.by_tyres, moved.lost_front, moved.lost_rear,
            half * (u0 + u1), half * (w0 + w1), turn, cy, sy,
        )  # fmt: skip

    return travel
