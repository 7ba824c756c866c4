"""Ovals: straights that one sees to the end of, and a few wide corners the same way round."""

from __future__ import annotations

import numpy as np

from racegym.track.generate.corners import EXTENT, Corners, following
from racegym.track.generate.polygon import fitted, round_off

__all__ = ["draw_oval"]

SIMPLE = 0.4  # of all ovals have two straights and two corners, no more
LONGEST = 0.14  # of the lap is the longest straight, at least
SHARE = 0.55  # of the lap is corners, at most, where there are two of them


def draw_oval(
    rng: np.random.Generator, length: float, radius: float, ease: float
) -> Corners | None:
    """Return the corners of an oval for one trial, or None if they don't fit.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m].
        ease: 0 at the first trial, 1 at the last.
    """
    kind, share, aspect, bend, taper, wide = rng.uniform(size=6)
    if kind < SIMPLE or ease > 0.5:
        most = SHARE * length / (2.0 * np.pi * EXTENT)
        r = max(radius, most * (0.65 + 0.35 * share))
        straight = 0.5 * length - np.pi * EXTENT * r
        if straight < 0.0:
            return None
        return Corners(np.full(2, straight), np.full(2, np.pi), np.full(2, r))
    # A rectangle, whose back straight may be shorter, and whose front may bend out.
    long = 1.9 + 1.3 * aspect
    narrow = 0.5 * long * (1.0 - 0.35 * taper * (taper > 0.5))
    front = -0.3 * bend * (bend > 0.5)
    corners = [[-0.5 * long, 0.0], [0.5 * long, 0.0], [narrow, 1.0], [-narrow, 1.0]]
    if front:
        corners.insert(1, [0.0, front])
    vertices = np.array(corners)
    perimeter = np.hypot(*(following(vertices) - vertices).T).sum()
    edge, turn, reach = round_off(vertices * (length / perimeter), length, radius)
    if len(edge) < 4:
        return None
    found = fitted(edge, turn, np.maximum(reach * (0.6 + 0.36 * wide), radius), length)
    return None if found is None or found.straight.max() < LONGEST * length else found
