"""Where the start line is: told, or found as the place that is passed most often and fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from racegym.errors import TrackError
from racegym.formats.logs.motion import Motion

__all__ = ["StartLine", "find_start", "start_at"]

Floats = NDArray[np.float64]

REACH = (2.0, 20.0)  # [m] half the start line at least and at most
REACH_TIME = 0.6  # [s] at full speed
STEP = 0.1  # [s] between places that are looked at
MOST_PLACES = 400_000  # eleven hours of them
CANDIDATES = 400
FAST = 0.5  # of the speed that only 5 % exceed
SAME_WAY = 0.5  # cosine, as what crosses the line must have
MOVES = 0.3  # of the speed there, that a car which passes has at least
APART = 5.0  # [s] between two passes


@dataclass(frozen=True)
class StartLine:
    """A line across the track.

    Attributes:
        x, y: [m] its middle.
        heading: [rad] in which it is crossed, counter-clockwise from x.
        reach: [m] from its middle to either end.
        found: how it was found, for people.
    """

    x: float
    y: float
    heading: float
    reach: float
    found: str


def find_start(motion: Motion) -> StartLine:
    """Return a start line where the log passes most often, of those places the fastest.

    A fast place gives the best times: an error of position costs the less time.

    Raises:
        TrackError: the car never moved.
    """
    t, x, y, vx, vy, top = _places(motion)
    speed = np.hypot(vx, vy)
    fast = np.flatnonzero(speed > FAST * top)
    candidates = fast[np.linspace(0, len(fast) - 1, min(CANDIDATES, len(fast))).astype(int)]
    reach = float(np.clip(REACH_TIME * top, *REACH))
    points = np.column_stack([x, y])
    tree = cKDTree(points)
    scores = np.zeros((len(candidates), 2))
    for row, k in enumerate(candidates.tolist()):
        here = np.asarray(tree.query_ball_point(points[k], reach, return_sorted=True))
        along = (vx[here] * vx[k] + vy[here] * vy[k]) > SAME_WAY * speed[here] * speed[k]
        # A car that stands there passes whenever its positions are noisy.
        here = here[along & (speed[here] > MOVES * speed[k])]
        first = np.flatnonzero(np.diff(t[here], prepend=-np.inf) > APART)
        last = np.append(first[1:], len(here)) - 1
        ahead = (x[here] - x[k]) * vx[k] + (y[here] - y[k]) * vy[k]
        passes = (ahead[first] <= 0.0) & (ahead[last] >= 0.0)
        slowest = np.minimum.reduceat(speed[here], first)[passes]
        if len(slowest):
            scores[row] = len(slowest), np.quantile(slowest, 0.2)
    # Where the track comes by twice a lap, crossing itself or beside itself, a lap would be two.
    once = scores[:, 0] <= np.median(scores[:, 0]) + 1.0
    often, _, chosen = max(
        (*score, -k)
        for score, k in zip(scores[once].tolist(), candidates[once].tolist(), strict=True)
    )
    times = "once" if often <= 1.0 else f"{often:.0f} times"
    return _settled(x, y, vx, vy, -chosen, reach, f"the place passed most often, {times}")


def start_at(
    motion: Motion, x: float, y: float, heading: float | None, reach: float | None, found: str
) -> StartLine:
    """Return the start line at a place that is known.

    Args:
        motion: the log's.
        x, y: [m].
        heading: [rad]; None: as the log goes there.
        reach: [m] to either end; None: by the speed.
        found: who told it.

    Raises:
        TrackError: the log does not pass there.
    """
    _, px, py, vx, vy, top = _places(motion)
    own = float(np.clip(REACH_TIME * top, *REACH)) if reach is None else reach
    if heading is not None:
        return StartLine(x, y, heading, own, found)
    k = int(np.argmin(np.hypot(px - x, py - y)))
    off = float(np.hypot(px[k] - x, py[k] - y))
    if off > 2.0 * own:
        raise TrackError(
            f"{motion.source}: the start line ({found}) is {off:.0f} m from the nearest position "
            "of the log"
        )
    line = _settled(px, py, vx, vy, k, own, found)
    return StartLine(x, y, line.heading, own, found)


def _places(motion: Motion) -> tuple[Floats, Floats, Floats, Floats, Floats, float]:
    """Return t, x, y, vx, vy along the log, and the speed that only 5 % exceed."""
    long = sum(piece.end - piece.start for piece in motion.pieces)
    t, x, y, vx, vy = motion.sampled(max(STEP, long / MOST_PLACES))
    top = float(np.quantile(np.hypot(vx, vy), 0.95))
    if top < 0.5:
        raise TrackError(f"{motion.source}: the car hardly moves, at {top:.2g} m/s")
    return t, x, y, vx, vy, top


def _settled(
    x: Floats, y: Floats, vx: Floats, vy: Floats, k: int, reach: float, found: str
) -> StartLine:
    """Return the line through place ``k``, in the middle of all that pass there."""
    speed = np.maximum(np.hypot(vx, vy), 1e-9)
    near = np.hypot(x - x[k], y - y[k]) < reach
    near &= (vx * vx[k] + vy * vy[k]) > SAME_WAY * speed * speed[k]
    way = float(np.arctan2((vy[near] / speed[near]).mean(), (vx[near] / speed[near]).mean()))
    across = -(x[near] - x[k]) * np.sin(way) + (y[near] - y[k]) * np.cos(way)
    off = float(np.median(across))
    return StartLine(
        float(x[k] - off * np.sin(way)), float(y[k] + off * np.cos(way)), way, reach, found
    )
