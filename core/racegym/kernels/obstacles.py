"""Static obstacles: upright cylinders that stand on a track, packed for kernels.

``obstacles`` (n_tracks * most, OBSTACLE_COLUMNS) float64 holds those of every track, sorted
by segment; which rows are a track's own stands in its ``table``. ``obstacle_spans``
(n_points, 2) int32 says for every sample which of them a car beside it can touch: the first,
counted from the track's first, and how many from there on, cyclic. An obstacle belongs to its
segment, so that where a track crosses itself it stands on one level only.
"""

from __future__ import annotations

from racegym.kernels.compile import device

__all__ = ["first_obstacle"]

# Columns of ``obstacles``; whole numbers are exact in float64.
OBSTACLE_X, OBSTACLE_Y, OBSTACLE_Z = 0, 1, 2  # [m] its middle, on the ground
RADIUS = 3  # [m]
SEGMENT = 4
BACK, ON = 5, 6  # segments before its own, and after it, into which it reaches
OBSTACLE_COLUMNS = 7

# Columns of ``obstacle_spans``.
SPAN_FIRST, SPAN_COUNT = 0, 1


@device
def first_obstacle(obstacles, first, number, segment):
    """Return how many of a track's obstacles stand before ``segment``.

    Args:
        obstacles: of all tracks.
        first, number: rows of the track.
        segment: from 0.
    """
    low, high = 0, number
    while low < high:
        middle = (low + high) // 2
        if obstacles[first + middle, SEGMENT] < segment:
            low = middle + 1
        else:
            high = middle
    return low
