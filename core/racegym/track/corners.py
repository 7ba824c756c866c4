"""Where a track has its corners."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.track.track import Track

__all__ = ["Corner", "find_corners"]

Floats = NDArray[np.float64]

WIDEST = 1.0 / 7.0  # radius over lap; a circle's is 1 / 6.3, and has no corner
LEAST_TURN = np.deg2rad(20.0)  # less is a kink of a straight
SHORTEST_GAP = 2.0  # mean widths between two corners the same way round, else they are one


class Corner(NamedTuple):
    """A stretch of a track that turns one way."""

    start: float  # [m] s
    apex: float  # [m] s of the tightest place
    end: float  # [m] s; less than the start where the line lies between
    radius: float  # [m] at the apex, averaged over a width of the track
    turn: float  # [rad] in all, positive to the left


def find_corners(track: Track) -> list[Corner]:
    """Return the corners of ``track`` in the order in which they begin.

    A corner is a stretch whose radius, averaged over a width of the track, is below a seventh of
    the lap, and which turns by 20 degrees or more.
    """
    n, h = len(track), track.spacing
    width = float((track.width_left + track.width_right).mean())
    bend = _averaged(track.curvature, min(max(1, round(width / h)), n))
    side = np.where(np.abs(bend) * WIDEST * track.length > 1.0, np.sign(bend), 0.0)
    first = _longest_straight(side)
    if first is None:
        return []
    side, bend = np.roll(side, -first), np.roll(bend, -first)
    corners = []
    for start, end in _joined(side, SHORTEST_GAP * width / h):
        turn = float(bend[start:end].sum() * h)
        if abs(turn) < LEAST_TURN:
            continue
        apex = start + int(np.argmax(np.abs(bend[start:end])))
        entry, tightest, exit_ = ((first + k) % n * h for k in (start, apex, end))
        corners.append(Corner(entry, tightest, exit_, 1.0 / abs(float(bend[apex])), turn))
    return sorted(corners)


def _averaged(values: Floats, window: int) -> Floats:
    """Return the mean around each of ``values``, which are closed, over ``window`` of them."""
    before, after = window // 2, (window - 1) // 2
    closed = np.concatenate([[0.0], values[len(values) - before :], values, values[:after]])
    sums = np.cumsum(closed)
    mean: Floats = (sums[window:] - sums[:-window]) / window
    return mean


def _longest_straight(side: Floats) -> int | None:
    """Return where the longest row of zeros begins, around the lap; None without any.

    Counted from there, no two corners with little between them are the first and the last.
    """
    straight = np.flatnonzero(side == 0.0)
    if not len(straight):
        return None
    ends = np.flatnonzero(np.diff(straight) > 1)
    starts = straight[np.concatenate([[0], ends + 1])]
    lasts = straight[np.append(ends, -1)]
    if starts[0] == 0 and lasts[-1] == len(side) - 1 and len(starts) > 1:  # over the start line
        starts, lasts = starts[1:], np.append(lasts[1:-1], lasts[0] + len(side))
    return int(starts[np.argmax(lasts - starts)])


def _joined(side: Floats, gap: float) -> list[tuple[int, int]]:
    """Return first and end of each stretch of one side; near ones of one side are one."""
    edges = np.flatnonzero(np.diff(side, append=0.0)) + 1
    stretches: list[tuple[int, int]] = []
    start = 0
    for end in edges.tolist():
        if side[start] != 0.0:
            last = stretches[-1] if stretches else None
            if last is not None and side[last[0]] == side[start] and start - last[1] < gap:
                stretches[-1] = last[0], end
            else:
                stretches.append((start, end))
        start = end
    return stretches
