"""What acts on a car: its pedals, the effects of realism within their bounds, its surfaces."""

from __future__ import annotations

from typing import Any, NamedTuple

from racegym.kernels import device
from racegym_kart2d.kernels.columns import BRAKE_FORCE, MASS, ROLLING, TOP_SPEED
from racegym_kart2d.kernels.ground import Wheels, surface_grip, surface_rolling
from racegym_kart2d.kernels.records import Orders, Outside
from racegym_kart2d.kernels.single_track import Acting

__all__ = ["Wheelwise", "acting", "neutral", "on_surface", "wheelwise", "within"]

Real = Any  # a float of either precision
Array = Any

LEAST_MASS = 0.1  # of the vehicle's own, whatever effects take from it


class Wheelwise(NamedTuple):
    """A value for each wheel."""

    fl: Real
    fr: Real
    rl: Real
    rr: Real


@device
def within(x: Real, low: float, high: float, real: Any) -> Real:
    """Return ``x`` cut to [low, high]."""
    return min(max(x, real(low)), real(high))


@device
def wheelwise(values: Array, low: float, high: float, real: Any) -> Wheelwise:
    """Return the four ``values`` (4,), cut to [low, high]."""
    return Wheelwise(
        within(values[0], low, high, real),
        within(values[1], low, high, real),
        within(values[2], low, high, real),
        within(values[3], low, high, real),
    )


@device
def neutral(p: Array, real: Any) -> Acting:
    """Return what acts on a car whose driver does nothing, on asphalt, without effects."""
    zero, one = real(0.0), real(1.0)
    return Acting(
        zero, zero, p[TOP_SPEED], one, p[MASS], one, one, one, one,
        p[ROLLING], p[ROLLING], one, one, one, zero, zero, zero,
    )  # fmt: skip


@device
def acting(race: int, car: int, p: Array, orders: Orders, outside: Outside, real: Any) -> Acting:
    """Return what acts on a car on asphalt, grip and rolling resistance left neutral.

    The bounds of effects are those that ``racegym.interfaces.Effects`` states.
    """
    half, one = real(0.5), real(1.0)
    throttle = within(orders.throttle[race, car], 0.0, 1.0, real)
    brake = within(orders.brake[race, car], 0.0, 1.0, real) * p[BRAKE_FORCE]
    mass = p[MASS] + within(outside.mass[race, car], -500.0, 2000.0, real)
    stiffness = wheelwise(outside.tyre_stiffness[race, car], 0.05, 5.0, real)
    return Acting(
        -throttle if orders.gear[race, car] < 0 else throttle,
        brake * within(outside.brake[race, car], 0.0, 2.0, real),
        min(p[TOP_SPEED], max(outside.speed_limit[race, car], real(0.0))),
        within(outside.power[race, car], 0.0, 2.0, real),
        max(mass, real(LEAST_MASS) * p[MASS]),
        one,
        one,
        half * (stiffness.fl + stiffness.fr),
        half * (stiffness.rl + stiffness.rr),
        p[ROLLING],
        p[ROLLING],
        within(outside.drag[race, car], 0.0, 5.0, real),
        within(outside.downforce_front[race, car], 0.0, 2.0, real),
        within(outside.downforce_rear[race, car], 0.0, 2.0, real),
        within(outside.fx[race, car], -1e5, 1e5, real),
        within(outside.fy[race, car], -1e5, 1e5, real),
        within(outside.mz[race, car], -1e5, 1e5, real),
    )


@device
def on_surface(
    p: Array, act: Acting, grip: Wheelwise, rolling: Wheelwise, wheels: Wheels, real: Any
) -> Acting:
    """Return ``act`` with the grip and rolling resistance that the axles have where they are.

    Args:
        p: parameters of the car.
        act: what acts on it.
        grip, rolling: factors of each wheel.
        wheels: what they stand on.
        real: the precision.
    """
    half, own = real(0.5), p[ROLLING]
    grip_fl = grip.fl * surface_grip(wheels.fl, real)
    grip_fr = grip.fr * surface_grip(wheels.fr, real)
    grip_rl = grip.rl * surface_grip(wheels.rl, real)
    grip_rr = grip.rr * surface_grip(wheels.rr, real)
    rolling_fl = rolling.fl * (own + surface_rolling(wheels.fl, real))
    rolling_fr = rolling.fr * (own + surface_rolling(wheels.fr, real))
    rolling_rl = rolling.rl * (own + surface_rolling(wheels.rl, real))
    rolling_rr = rolling.rr * (own + surface_rolling(wheels.rr, real))
    return Acting(
        act.throttle,
        act.brake,
        act.limit,
        act.power,
        act.mass,
        half * (grip_fl + grip_fr),
        half * (grip_rl + grip_rr),
        act.stiffness_front,
        act.stiffness_rear,
        half * (rolling_fl + rolling_fr),
        half * (rolling_rl + rolling_rr),
        act.drag,
        act.downforce_front,
        act.downforce_rear,
        act.fx,
        act.fy,
        act.mz,
    )
