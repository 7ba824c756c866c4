"""What a car's state says of its wheels and its engine."""

from __future__ import annotations

from typing import Any

from racegym.kernels import device
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
from racegym_kart2d.kernels.functions import arctangent, cosine, sine
from racegym_kart2d.kernels.ground import Wheels
from racegym_kart2d.kernels.records import Motion
from racegym_kart2d.kernels.single_track import Acting, Body, axle_loads, slip_tangents

__all__ = ["report_wheels"]

Real = Any  # a float of either precision
Array = Any


@device
def _shared(axle: Real, transfer: Real, real: Any) -> tuple[Real, Real]:
    """Return the loads [N] of the left and right wheel of an axle, neither below zero."""
    half = real(0.5) * axle
    shift = min(max(transfer, -half), half)
    return half - shift, half + shift


@device
def report_wheels(
    race: int,
    car: int,
    p: Array,
    act: Acting,
    body: Body,
    steer: Real,
    shift: Real,
    ay: Real,
    lost_front: Real,
    lost_rear: Real,
    wheels: Wheels,
    motion: Motion,
    real: Any,
) -> None:
    """Write what is known of each wheel, and of the engine.

    The tyre model knows axles alone: the loads of their two wheels differ by the lateral
    transfer of a stiff car in a steady corner, and share the axle's power lost by load.

    Args:
        race, car: whose row is written.
        p: parameters of the car.
        act: what acts on it.
        body: its motion.
        steer: [rad] angle of the front wheels.
        shift: [m/s^2] acceleration by the tyres, low-passed.
        ay: [m/s^2] specific force to the left.
        lost_front, lost_rear: [W] in the contact patches of the axles.
        wheels: what they stand on.
        motion: written.
        real: the precision.
    """
    half, tiny = real(0.5), real(1e-6)
    cs, sn = cosine(steer, real), sine(steer, real)
    front, rear = axle_loads(p, act, body.vx, shift, real)
    lean = act.mass * ay * p[CG_HEIGHT] / (p[TO_FRONT] + p[TO_REAR])
    fl, fr = _shared(front, lean * p[TO_REAR] / p[TRACK_FRONT], real)
    rl, rr = _shared(rear, lean * p[TO_FRONT] / p[TRACK_REAR], real)
    load, power = motion.load[race, car], motion.slip_power[race, car]
    load[0], load[1], load[2], load[3] = fl, fr, rl, rr
    by_front, by_rear = lost_front / max(front, tiny), lost_rear / max(rear, tiny)
    power[0], power[1], power[2], power[3] = (
        by_front * fl,
        by_front * fr,
        by_rear * rl,
        by_rear * rr,
    )

    front_l, _, slip_front, rear_l, _, slip_rear = slip_tangents(p, body, cs, sn)
    alpha_front, alpha_rear = -arctangent(slip_front, real), -arctangent(slip_rear, real)
    slip, turning = motion.slip_angle[race, car], motion.wheel_speed[race, car]
    slip[0], slip[1], slip[2], slip[3] = alpha_front, alpha_front, alpha_rear, alpha_rear
    radius = p[WHEEL_RADIUS]
    wide_front = half * p[TRACK_FRONT] * body.r * cs
    wide_rear = half * p[TRACK_REAR] * body.r
    turning[0], turning[1] = (front_l - wide_front) / radius, (front_l + wide_front) / radius
    turning[2], turning[3] = (rear_l - wide_rear) / radius, (rear_l + wide_rear) / radius
    motion.engine_speed[race, car] = max(p[IDLE_SPEED], p[GEAR_RATIO] * abs(rear_l) / radius)
    under = motion.surface[race, car]
    under[0], under[1], under[2], under[3] = wheels.fl, wheels.fr, wheels.rl, wheels.rr
