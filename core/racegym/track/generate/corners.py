"""Straights and corners in a closed row, and the points along them.

The curvature of a corner ramps up, holds and ramps down, as roads are built (clothoid, arc,
clothoid). Rounding the vertices of a closed polygon leaves it closed, and its length grows
linearly with the polygon's scale, so the length asked for is met exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.tracing import trace_corners

__all__ = [
    "EXTENT",
    "LEAN",
    "STEP",
    "Corners",
    "Line",
    "before",
    "following",
    "rectangle",
    "signed_area",
    "tangent_length",
    "trace",
]

Floats = NDArray[np.float64]

RAMP = 0.4  # length of one clothoid over radius times angle of its corner
EXTENT = 1.0 + RAMP  # length of a corner over radius times angle
START = 2.0 / 3.0  # of the longest straight lies behind the start line: a grid needs room
STEP = 0.15  # of the smallest radius: spacing of the points handed to the spline


class Corners(NamedTuple):
    """A closed row of straights, each followed by a corner."""

    straight: Floats  # (m,) [m]
    turn: Floats  # (m,) [rad] positive to the left
    radius: Floats  # (m,) [m]


class Line(NamedTuple):
    """The centerline of a circuit to be."""

    points: Floats  # (k, 2) [m] evenly spaced, the first on the start line
    behind: float  # [m] of straight before the start line
    ahead: float  # [m] of straight after it


def following(values: Floats) -> Floats:
    """Return for each item the one after it; the first follows the last."""
    return np.concatenate((values[1:], values[:1]))


def before(values: Floats) -> Floats:
    """Return for each item the one before it; the last is before the first."""
    return np.concatenate((values[-1:], values[:-1]))


def signed_area(points: Floats) -> float:
    """Return twice the area that a closed line encloses, positive counter-clockwise."""
    after = following(points)
    return float((points[:, 0] * after[:, 1] - points[:, 1] * after[:, 0]).sum())


def _profile(u: Floats) -> Floats:
    """Return how much of its turn a corner has made after the share ``u`` of its length."""
    ramp = RAMP / EXTENT
    peak = 1.0 / (1.0 - ramp)
    v = np.minimum(u, 1.0 - u)
    made = np.where(v < ramp, 0.5 * peak * v * v / ramp, peak * (v - 0.5 * ramp))
    return np.where(u <= 0.5, made, 1.0 - made)


# Share of its turn that a corner has made at even places, less one half.
LEAN = _profile((np.arange(48, dtype=np.float64) + 0.5) / 48.0) - 0.5


def tangent_length(turn: Floats) -> Floats:
    """Return the distance from a vertex to its corner's ends, over the corner's radius."""
    angle = np.abs(turn)
    chord: Floats = EXTENT * angle * np.cos(angle[:, None] * LEAN).mean(axis=1)
    return chord / (2.0 * np.cos(0.5 * angle))


def rectangle(length: float, radius: float) -> Corners:
    """Return the last resort: four right angles of the least radius."""
    turn = np.full(4, 0.5 * np.pi)
    spare = length - EXTENT * turn.sum() * radius
    return Corners(spare * np.array([0.4, 0.1, 0.4, 0.1]), turn, np.full(4, radius))


def trace(corners: Corners, step: float, east: float, fine: int = 8) -> Line:
    """Return points along the corners, about ``step`` [m] apart.

    They begin two thirds down the longest straight, in the direction ``east`` [rad]. With
    ``fine`` steps between two points they are exact to about (step / radius / fine)^2 / 24 of a
    step.
    """
    first = int(np.argmax(corners.straight))
    straight, turn, radius = (np.roll(values, -first) for values in corners)
    lap = float(straight.sum() + EXTENT * (np.abs(turn) * radius).sum())
    behind = START * float(straight[0])
    points = np.empty((int(np.ceil(lap / step)), 2))
    trace_corners(points, straight, turn, radius, behind, east, EXTENT, RAMP / EXTENT, fine)
    return Line(points, behind, float(straight[0]) - behind)
