"""Small scalar functions that many kernels share: angles, and arc lengths on a loop.

All compute in float64. Values that need no wrapping, which is nearly all of them, take a
path without a division.
"""

from __future__ import annotations

from math import atan2, floor, pi

from racegym.kernels.compile import device

__all__ = ["turn_angle", "wrap_angle", "wrap_difference", "wrap_length"]

TWO_PI = 2.0 * pi
GENTLE = 0.2  # tangent of an angle, below which six terms of the series are exact to 2e-10


@device
def wrap_angle(angle: float) -> float:
    """Return ``angle`` [rad] wrapped into [-pi, pi)."""
    if -pi <= angle < pi:
        return angle
    wrapped = angle - TWO_PI * floor((angle + pi) / TWO_PI)
    return wrapped - TWO_PI if wrapped >= pi else wrapped


@device
def wrap_length(s: float, length: float) -> float:
    """Return the arc length ``s`` [m] on a loop of ``length`` [m], wrapped into [0, length)."""
    if 0.0 <= s < length:
        return s
    wrapped = s - length * floor(s / length)
    return wrapped - length if wrapped >= length else wrapped


@device
def wrap_difference(ds: float, length: float) -> float:
    """Return the difference ``ds`` [m] of two arc lengths the short way round.

    The result lies in (-length/2, length/2].
    """
    half = 0.5 * length
    if -half < ds <= half:
        return ds
    wrapped = ds - length * floor(ds / length)
    return wrapped - length if wrapped > half else wrapped


@device
def turn_angle(dx: float, dy: float) -> float:
    """Return the direction [rad] of (dx, dy) from the x axis: atan2, quick if it is small."""
    if abs(dy) < GENTLE * dx:
        q = dy / dx
        r = q * q
        series = 1.0 / 7.0 - r * (1.0 / 9.0 - r / 11.0)
        return q * (1.0 - r * (1.0 / 3.0 - r * (1.0 / 5.0 - r * series)))
    return atan2(dy, dx)
