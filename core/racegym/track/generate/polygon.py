"""Corners from the vertices of a simple polygon: a short tour through scattered points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.tracing import round_vertices, scatter_apart, untangle
from racegym.track.generate.corners import EXTENT, LEAN, Corners, before, tangent_length

__all__ = [
    "LONGER",
    "Manner",
    "draw_cramped",
    "draw_polygon",
    "fitted",
    "round_corners",
    "round_off",
    "scattered_tour",
]

Floats = NDArray[np.float64]

SHARPEST = np.deg2rad(150.0)  # turn at one vertex
SLIGHTEST = np.deg2rad(12.0)  # below it a vertex is a bent straight, not a corner
MOST_VERTICES = 48
OFFERS = 4  # places that each point is chosen from
CRAMPED_STRETCH = 2.2  # of the area that the vertices of a very short lap lie in
CRAMPED_LONGEST = 0.3  # of the length that its corners leave, for the longest straight
LONGER = 1.08  # the polygon over the circuit that is made of it, as a rule


class Manner(NamedTuple):
    """How corners are drawn."""

    radii: float  # lap length over smallest radius, for each vertex: more gives fewer corners
    wide: float  # corners have up to this many times the smallest radius
    stretch: float  # longest side over the other of the area that points are scattered in
    winding: float  # all turning of a lap, left and right, over a full circle: an egg has 1
    longest: float = 0.09  # share of the lap that the longest straight has at least


def draw_polygon(
    rng: np.random.Generator, length: float, radius: float, manner: Manner, ease: float
) -> Corners | None:
    """Return corners for one trial, or None if its polygon can't be rounded.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m].
        manner: of the style.
        ease: 0 at the first trial, 1 at the last: fewer corners, and less is asked of them.
    """
    usual = length / (radius * manner.radii) * rng.uniform(0.8, 1.3) * (1.0 - 0.8 * ease)
    count = int(np.clip(round(usual), 4, MOST_VERTICES))
    vertices = scattered_tour(rng, count, manner.stretch)
    return round_corners(rng, vertices, length, radius, manner, ease)


def draw_cramped(rng: np.random.Generator, length: float, radius: float) -> Corners | None:
    """Return corners of a lap too short for any manner: an egg, a bean, or None in vain.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m].
    """
    vertices = scattered_tour(rng, int(rng.integers(3, 7)), CRAMPED_STRETCH)
    edge, turn, reach = round_off(vertices, length, radius)
    if len(edge) < 3:
        return None
    r = radius * np.maximum(reach / radius, 1.0) ** rng.uniform(0.0, 0.9, len(edge))
    corners = fitted(edge, turn, r, length)
    spare = length - 2.0 * np.pi * EXTENT * radius
    if corners is None or corners.straight.max() < CRAMPED_LONGEST * spare:
        return None
    return corners


def scattered_tour(rng: np.random.Generator, count: int, stretch: float) -> Floats:
    """Return points (count, 2) of a rectangle in the order of a tour that doesn't cross itself.

    Each is the farthest of some from those before. The shortest tour of all would be plain,
    this one folds as circuits in small places do.
    """
    size = np.array([rng.uniform(1.0, stretch), 1.0])
    first = rng.uniform(size=2) * size
    points = np.empty((count, 2))
    scatter_apart(points, first, rng.uniform(size=(count - 1, OFFERS, 2)) * size)
    order = np.arange(count)
    untangle(order, points)
    return points[order]


def round_corners(
    rng: np.random.Generator,
    vertices: Floats,
    length: float,
    radius: float,
    manner: Manner,
    ease: float,
) -> Corners | None:
    """Return the corners of a polygon, or None if it makes no circuit of the manner."""
    edge, turn, reach = round_off(vertices, length, radius)
    if len(edge) < 3:
        return None
    # Radii between the least and the most that the edges leave room for: hairpins are tight,
    # slight bends are wide.
    gentle = 1.0 - np.abs(turn) / np.pi
    most = np.maximum(np.minimum(reach, manner.wide * radius * (1.0 + 4.0 * gentle**2)), radius)
    r = radius * (most / radius) ** rng.uniform(gentle**1.5, 1.0)
    corners = fitted(edge, turn, r, length)
    winding = np.abs(turn).sum() / (2.0 * np.pi)
    if corners is None or corners.straight.max() < manner.longest * length * (1.0 - ease):
        return None
    if winding < 1.0 + (manner.winding - 1.0) * (1.0 - ease) ** 2:
        return None  # an egg
    return corners


def fitted(edge: Floats, turn: Floats, radius: Floats, length: float) -> Corners | None:
    """Return corners of these radii, of a polygon scaled to the lap, or None if it is too small.

    Args:
        edge: (m,) [m] before each vertex.
        turn: (m,) [rad] at each.
        radius: (m,) [m] of each corner.
        length: of the lap [m].
    """
    ahead = tangent_length(turn) * radius
    straight = edge - ahead - before(ahead)  # before corner i
    # The polygon's scale is settled last, when the corners are known.
    scale = 1.0 + (length - straight.sum() - EXTENT * (np.abs(turn) * radius).sum()) / edge.sum()
    straight += (scale - 1.0) * edge
    return None if straight.min() < 0.0 else Corners(straight, turn, radius)


def round_off(vertices: Floats, length: float, radius: float) -> tuple[Floats, Floats, Floats]:
    """Drop vertices that leave no room for a corner, one by one, the worst first.

    Returns:
        For each vertex left, the length of the edge before it [m], its turn [rad], and the
        largest radius [m] with which its corner takes no more than half of either edge.
    """
    # Rounded corners are shorter than the polygon's.
    out, kept = np.empty((len(vertices), 3)), np.zeros(1, np.int64)
    round_vertices(
        out, vertices.copy(), LONGER * length, radius, LEAN, EXTENT, SLIGHTEST, SHARPEST, kept
    )
    edge, turn, reach = out[: kept[0]].T.copy()
    return edge, turn, reach
