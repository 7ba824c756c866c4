"""Filling convex quadrilaterals in an image of colour codes.

An image is (height, width) uint8, row 0 at the top; pixel (r, c) is sampled at its middle,
(c + 0.5, r + 0.5). Shapes that share an edge meet without a gap or an overlap: where an edge
is in a row is computed from its upper end, whichever shape it belongs to.
"""

from __future__ import annotations

from math import ceil, inf

import numpy as np

from racegym.kernels.compile import device, outlined

__all__ = ["fill_quad"]


@device
def first_middle(place, most):
    """Return the first pixel whose middle is not before ``place``, within [0, most]."""
    return int(ceil(min(max(place - 0.5, 0.0), float(most))))


@device
def upper_first(ax, ay, bx, by):
    """Return (x, y, end y, slope) of an edge from its upper end."""
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    return ax, ay, by, (bx - ax) / (by - ay) if by > ay else 0.0


@device
def widened(low, high, middle, edge):
    """Return the span of a row, made to reach an edge if that crosses the row's middle."""
    x, y, end, slope = edge
    if y <= middle < end:
        at = x + (middle - y) * slope
        return min(low, at), max(high, at)
    return low, high


@outlined
def fill_quad(image, ax, ay, bx, by, cx, cy, dx, dy, code):
    """Write ``code`` into the pixels of the convex quadrilateral a, b, c, d.

    Args:
        image: (height, width) uint8; written.
        ax ... dy: its corners in order [pixels], right and down; two may be one.
        code: uint8.
    """
    height, width = image.shape
    start = first_middle(min(min(ay, by), min(cy, dy)), height)
    stop = first_middle(max(max(ay, by), max(cy, dy)), height)
    if start >= stop:
        return
    if max(max(ax, bx), max(cx, dx)) < 0.5 or min(min(ax, bx), min(cx, dx)) > width:
        return
    ab, bc = upper_first(ax, ay, bx, by), upper_first(bx, by, cx, cy)
    cd, da = upper_first(cx, cy, dx, dy), upper_first(dx, dy, ax, ay)
    for row in range(start, stop):
        middle = row + 0.5
        low, high = inf, -inf
        low, high = widened(low, high, middle, ab)
        low, high = widened(low, high, middle, bc)
        low, high = widened(low, high, middle, cd)
        low, high = widened(low, high, middle, da)
        line = image[np.uintp(row)]
        for column in range(first_middle(low, width), first_middle(high, width)):
            line[np.uintp(column)] = code
