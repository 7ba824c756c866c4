"""Shapes of pixels: distances, opening and closing by any radius, small holes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["closed", "distance_inside", "framed", "opened", "without_small_holes"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

EIGHT = np.ones((3, 3), np.int64)  # pixels that touch by a corner hang together


def framed(area: Bools, by: int) -> Bools:
    """Return an area with so many pixels of outside around it."""
    return np.pad(area, by)


def distance_inside(area: Bools) -> Floats:
    """Return the distance of each pixel of an area to its edge, half a pixel before the outside."""
    distance: Floats = ndimage.distance_transform_edt(area)
    return np.maximum(distance - 0.5, 0.0)


def opened(area: Bools, radius: float) -> Bools:
    """Return an area without what is thinner than twice the radius."""
    core = ndimage.distance_transform_edt(area) > radius
    if not core.any():
        return np.zeros_like(area)
    grown: Bools = ndimage.distance_transform_edt(~core) <= radius
    return grown & area


def closed(area: Bools, radius: float) -> Bools:
    """Return an area with gaps and notches filled that are thinner than twice the radius."""
    if not area.any():
        return area
    grown = ndimage.distance_transform_edt(~area) <= radius
    shrunk: Bools = ndimage.distance_transform_edt(grown) > radius
    return shrunk | area


def without_small_holes(area: Bools, width: float) -> tuple[Bools, int]:
    """Return an area with its small holes filled, and how many were.

    A hole is small if it is smaller than a square of ``width``, or than a fiftieth of the
    largest hole; that one stays whatever its size.
    """
    number, count = ndimage.label(~area)  # four neighbours: an eight-way area parts them
    if count < 2:
        return area, 0
    sizes = np.bincount(number.ravel(), minlength=count + 1)
    outside = np.unique(np.concatenate([number[0], number[-1], number[:, 0], number[:, -1]]))
    holes = np.setdiff1d(np.arange(1, count + 1), outside)
    if len(holes) < 2:
        return area, 0
    largest = sizes[holes].max()
    small = holes[(sizes[holes] < max(width * width, 0.02 * largest)) & (sizes[holes] < largest)]
    filled: Bools = area | np.isin(number, small)
    return filled, len(small)
