"""What acts on a car: its pedals, the effects of realism within their bounds, its surfaces."""

from __future__ import annotations

from typing import Any, NamedTuple

from racegym.kernels import device
from racegym_kart2d.kernels.columns import BRAKE_FORCE, MASS, ROLLING, TOP_SPEED
from racegym_kart2d.kernels.ground import Wheels, surface_grip, surface_rolling
from racegym_kart2d.kernels.single_track import Acting

__all__ = [
    "Given",
    "Wheelwise",
    "acting",
    "all_within",
    "mass_with",
    "neutral",
    "on_surface",
    "within",
]

Real = Any  # a float of either precision
Array = Any

LEAST_MASS = 0.1  # of the vehicle's own, whatever effects take from it


class Wheelwise(NamedTuple):
    """A value for each wheel."""

    fl: Real
    fr: Real
    rl: Real
    rr: Real


class Given(NamedTuple):
    """The effects that are one number a car, as realism gave them."""

    power: Real
    drag: Real
    brake: Real
    downforce_front: Real
    downforce_rear: Real
    mass: Real
    fx: Real
    fy: Real
    mz: Real
    speed_limit: Real


@device
def within(x: Real, low: float, high: float, real: Any) -> Real:
    """Return ``x`` cut to [low, high]."""
    return min(max(x, real(low)), real(high))


@device
def all_within(values: Wheelwise, low: float, high: float, real: Any) -> Wheelwise:
    """Return ``values`` cut to [low, high]."""
    return Wheelwise(
        within(values.fl, low, high, real),
        within(values.fr, low, high, real),
        within(values.rl, low, high, real),
        within(values.rr, low, high, real),
    )


@device
def mass_with(p: Array, added: Real, real: Any) -> Real:
    """Return the mass [kg] of a car to which realism ``added`` some."""
    mass = p[MASS] + within(added, -500.0, 2000.0, real)
    return max(mass, real(LEAST_MASS) * p[MASS])


@device
def neutral(p: Array, real: Any) -> Acting:
    """Return what acts on a car whose driver does nothing, on asphalt, without effects."""
    zero, one = real(0.0), real(1.0)
    return Acting(
        zero, zero, p[TOP_SPEED], one, p[MASS], one, one, one, one,
        p[ROLLING], p[ROLLING], one, one, one, zero, zero, zero,
    )  # fmt: skip


@device
def acting(
    p: Array,
    throttle: Real,
    brake: Real,
    gear: Real,
    given: Given,
    stiffness: Wheelwise,
    real: Any,
) -> Acting:
    """Return what acts on a car on asphalt, grip and rolling resistance left neutral.

    Args:
        p: parameters of the car.
        throttle, brake, gear: what the driver asks.
        given: effects, as they are; cut to the bounds that ``Effects`` states.
        stiffness: factors of each wheel, within their bounds.
        real: the precision.
    """
    half, one = real(0.5), real(1.0)
    throttle = within(throttle, 0.0, 1.0, real)
    brake = within(brake, 0.0, 1.0, real) * p[BRAKE_FORCE]
    return Acting(
        -throttle if gear < real(0.0) else throttle,
        brake * within(given.brake, 0.0, 2.0, real),
        min(p[TOP_SPEED], max(given.speed_limit, real(0.0))),
        within(given.power, 0.0, 2.0, real),
        mass_with(p, given.mass, real),
        one,
        one,
        half * (stiffness.fl + stiffness.fr),
        half * (stiffness.rl + stiffness.rr),
        p[ROLLING],
        p[ROLLING],
        within(given.drag, 0.0, 5.0, real),
        within(given.downforce_front, 0.0, 2.0, real),
        within(given.downforce_rear, 0.0, 2.0, real),
        within(given.fx, -1e5, 1e5, real),
        within(given.fy, -1e5, 1e5, real),
        within(given.mz, -1e5, 1e5, real),
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
