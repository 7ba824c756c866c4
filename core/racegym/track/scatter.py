"""Obstacles scattered over a track, so that it can still be raced on.

The usable part of the lap is cut into equal pieces, one for each obstacle, and each stands
somewhere in its piece, on one side of the track or the other. Nobody knows a racing line here,
so what is kept free is a corridor along the centerline.
"""

from __future__ import annotations

import numpy as np

from racegym.errors import TrackError
from racegym.track.obstacles import MAX_OBSTACLES
from racegym.track.track import Track

__all__ = ["check_scatter", "most_scattered", "scatter"]

CORRIDOR = 0.5  # of the track's width, half of it on either side of the centerline, stays free
SMALLEST, LARGEST = 1.0 / 24.0, 1.0 / 12.0  # radius over the track's width
APART = 1.0  # track widths between two of them along the centerline
ROOM = 1.5  # track widths of the lap that each needs to have some choice
# Either side of the line stays free for the grid, and for those who leave it: whichever is more
# of a share of the lap and of some track widths, but never more of the lap than the last.
START_SHARE, START_WIDTHS, START_MOST = 0.1, 8.0, 0.3

_PURPOSE = 0x6F62_7374  # keeps these draws apart from those of the circuit


def most_scattered(length: float, width: float) -> int:
    """Return how many obstacles a lap [m] of this width [m] has room for."""
    return min(int((length - 2.0 * _start(length, width)) / (ROOM * width)), MAX_OBSTACLES)


def _start(length: float, width: float) -> float:
    """Return how far [m] from the start line nothing stands."""
    return min(max(START_SHARE * length, START_WIDTHS * width), START_MOST * length)


def check_scatter(count: int, length: float, width: float) -> None:
    """Refuse a number of obstacles that can't be scattered.

    Raises:
        TrackError: it is negative, or there is no room for so many.
    """
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
        raise TrackError(f"obstacles must be a whole number, 0 or more, not {count!r}")
    most = most_scattered(length, width)
    if count > most:
        raise TrackError(
            f"{count} obstacles do not fit on a lap of {length:g} m that is {width:g} m wide; "
            f"the most is {most}"
        )


def scatter(track: Track, seed: int, count: int) -> Track:
    """Return ``track`` with ``count`` obstacles more, the same for the same seed.

    All of each obstacle keeps clear of the middle half of the track's width, and none stands
    within a tenth of a lap of the start line, or eight widths on a short one. Along the
    centerline two are at least one width apart.

    Args:
        track: of one width; otherwise its mean counts for radius and distances.
        seed: 0 or more.
        count: how many; ``check_scatter`` says whether there is room.
    """
    wide = track.width_left + track.width_right
    width = float(wide.mean())
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_PURPOSE, seed])))
    free = _start(track.length, width)
    piece = (track.length - 2.0 * free) / max(count, 1)
    choice = piece - APART * width
    s = free + piece * np.arange(count)
    s = s + 0.5 * APART * width + choice * rng.uniform(size=count)
    left = rng.uniform(size=count) < 0.5
    radius = width * rng.uniform(SMALLEST, LARGEST, count)
    k = np.minimum((s / track.spacing).astype(np.int64), len(track) - 1)
    inner = 0.5 * CORRIDOR * wide[k] + radius
    edge = np.where(left, track.width_left[k], track.width_right[k])
    d = inner + rng.uniform(size=count) * np.maximum(edge - inner, 0.0)
    x, y, _ = track.at(s, np.where(left, d, -d))
    return track.with_obstacles(np.column_stack([x, y, radius]), near=s)
