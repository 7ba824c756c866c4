"""What a car's state says of its wheels and its engine."""

from __future__ import annotations

from typing import Any, NamedTuple

from racegym.kernels import device
from racegym.kernels.trigonometry import arctangent, cosine, sine
from racegym_kart2d.kernels.acting import Wheelwise
from racegym_kart2d.kernels.columns import (
    CG_HEIGHT,
    GEAR_RATIO,
    IDLE_SPEED,
    TO_FRONT,
    TO_REAR,
    TRACK_FRONT,
    TRACK_REAR,
    WHEEL_RADIUS,
)
from racegym_kart2d.kernels.single_track import Acting, Body, axle_loads, slip_tangents

__all__ = ["Report", "report"]

Real = Any  # a float of either precision
Array = Any


class Report(NamedTuple):
    """The wheels and the engine at the end of a step."""

    load: Wheelwise  # [N]
    slip_angle: Wheelwise  # [rad]
    wheel_speed: Wheelwise  # [rad/s]
    slip_power: Wheelwise  # [W]
    engine_speed: Real  # [rad/s]


@device
def _shared(axle: Real, transfer: Real, real: Any) -> tuple[Real, Real]:
    """Return the loads [N] of the left and right wheel of an axle, neither below zero."""
    half = real(0.5) * axle
    shift = min(max(transfer, -half), half)
    return half - shift, half + shift


@device
def report(
    p: Array,
    act: Acting,
    body: Body,
    steer: Real,
    shift: Real,
    ay: Real,
    lost_front: Real,
    lost_rear: Real,
    real: Any,
) -> Report:
    """Return what is known of each wheel, and of the engine.

    The tyre model knows axles alone: the loads of their two wheels differ by the lateral
    transfer of a stiff car in a steady corner, and share the axle's power lost by load.

    Args:
        p: parameters of the car.
        act: what acts on it.
        body: its motion.
        steer: [rad] angle of the front wheels.
        shift: [m/s^2] acceleration by the tyres, low-passed.
        ay: [m/s^2] specific force to the left.
        lost_front, lost_rear: [W] in the contact patches of the axles.
        real: the precision.
    """
    half, tiny = real(0.5), real(1e-6)
    cs, sn = cosine(steer, real), sine(steer, real)
    front, rear = axle_loads(p, act, body.vx, shift, real)
    lean = act.mass * ay * p[CG_HEIGHT] / (p[TO_FRONT] + p[TO_REAR])
    fl, fr = _shared(front, lean * p[TO_REAR] / p[TRACK_FRONT], real)
    rl, rr = _shared(rear, lean * p[TO_FRONT] / p[TRACK_REAR], real)
    by_front, by_rear = lost_front / max(front, tiny), lost_rear / max(rear, tiny)

    front_l, _, slip_front, rear_l, _, slip_rear = slip_tangents(p, body, cs, sn)
    alpha_front, alpha_rear = -arctangent(slip_front, real), -arctangent(slip_rear, real)
    radius = p[WHEEL_RADIUS]
    wide_front = half * p[TRACK_FRONT] * body.r * cs
    wide_rear = half * p[TRACK_REAR] * body.r
    return Report(
        Wheelwise(fl, fr, rl, rr),
        Wheelwise(alpha_front, alpha_front, alpha_rear, alpha_rear),
        Wheelwise(
            (front_l - wide_front) / radius,
            (front_l + wide_front) / radius,
            (rear_l - wide_rear) / radius,
            (rear_l + wide_rear) / radius,
        ),
        Wheelwise(by_front * fl, by_front * fr, by_rear * rl, by_rear * rr),
        max(p[IDLE_SPEED], p[GEAR_RATIO] * abs(rear_l) / radius),
    )
