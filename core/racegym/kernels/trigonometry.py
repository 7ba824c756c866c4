"""Arctangent, sine, cosine and rotations in the precision of their argument.

They use the four basic operations alone, so they give the same bits on every machine, and
they cost a third of the C library's. ``real`` is ``float32`` or ``float64``: the type of
all numbers here. Polynomials are minimax in relative error; the bounds are those of exact
arithmetic, to which float32 adds its rounding of some 1e-7.
"""

from __future__ import annotations

from math import pi
from typing import Any

from racegym.kernels.compile import device

__all__ = ["arctangent", "cosine", "rotation", "sine"]

Real = Any  # a float of either precision

HALF_PI = 0.5 * pi
TAN_22_5 = 0.41421356237309503  # tan(pi / 8)
TAN_67_5 = 2.414213562373095  # tan(3 pi / 8)
# atan(x) = x + x^3 (A1 + A2 x^2 + ...) for |x| <= tan(pi / 8), within 7e-10
A1, A2, A3, A4, A5 = (
    -0.333333151886,
    0.199984715167,
    -0.142435333645,
    0.105938138629,
    -0.0607822171955,
)
# sin(x) = x + x^3 (S1 + S2 x^2 + ...) for |x| <= pi / 2, within 3e-11
S1, S2, S3, S4, S5 = (
    -0.166666666261,
    0.0083333311086,
    -0.000198408682092,
    2.75253843868e-06,
    -2.38889086014e-08,
)


@device
def arctangent(x: Real, real: Any) -> Real:
    """Return atan(x) [rad], within 1e-9 of it relatively; odd in x to the last bit."""
    size = abs(x)
    one = real(1.0)
    base = real(0.0)
    z = size
    if size > real(TAN_67_5):
        base = real(HALF_PI)
        z = -one / size
    elif size > real(TAN_22_5):
        base = real(0.25 * pi)
        z = (size - one) / (size + one)
    zz = z * z
    series = real(A1) + zz * (real(A2) + zz * (real(A3) + zz * (real(A4) + zz * real(A5))))
    value = base + (z + z * zz * series)
    return value if x >= real(0.0) else -value


@device
def sine(x: Real, real: Any) -> Real:
    """Return sin(x) for x [rad] in [-pi, pi], within 3e-11; odd in x to the last bit."""
    size = abs(x)
    size = real(pi) - size if size > real(HALF_PI) else size
    zz = size * size
    series = real(S1) + zz * (real(S2) + zz * (real(S3) + zz * (real(S4) + zz * real(S5))))
    value = size + size * zz * series
    return value if x >= real(0.0) else -value


@device
def cosine(x: Real, real: Any) -> Real:
    """Return cos(x) for x [rad] in [-pi, pi], within 3e-11; even in x to the last bit."""
    y = real(HALF_PI) - abs(x)
    zz = y * y
    series = real(S1) + zz * (real(S2) + zz * (real(S3) + zz * (real(S4) + zz * real(S5))))
    return y + y * zz * series


@device
def rotation(angle: Real, real: Any) -> tuple[Real, Real]:
    """Return (cos, sin) of an angle close to ``angle`` [rad], on the unit circle exactly.

    With t = tan(angle / 2) by its series, (1 - t^2, 2 t) / (1 + t^2) has length 1 whatever
    t is, so turning a velocity by it keeps its energy. The angle is right within
    1e-4 |angle|^9, below 1e-10 rad where it is at most 0.2 rad.
    """
    one = real(1.0)
    square = angle * angle
    series = real(1.0 / 12.0) + square * (real(1.0 / 120.0) + square * real(17.0 / 20160.0))
    t = real(0.5) * angle * (one + square * series)
    scale = one / (one + t * t)
    return (one - t * t) * scale, (t + t) * scale
