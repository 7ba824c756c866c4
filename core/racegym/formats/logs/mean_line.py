"""The line in the middle of many laps, which single laps and single jumps don't move.

All laps are laid over a closed line to begin with, the one of the median lap. At each of its
samples the offsets of the laps along the normal are averaged robustly, the line is moved there,
smoothed and sampled anew, until it rests. What a lap drifts from its beginning to its end is
taken out of it evenly, so that it closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.formats.logs.laps import Lap
from racegym.formats.logs.start import StartLine
from racegym.track.locating import ClosedLine, smooth_closed
from racegym.track.track import default_spacing

__all__ = ["MeanLine", "mean_line"]

Floats = NDArray[np.float64]

ROUNDS = 5
WAVE = 12.0  # times the track's usual spacing: 12 m on a lap of 1 km, 24 m on long circuits
HUBER = 1.5  # standard deviations from which on a lap counts less
STEP = 0.05  # [s] in which laps are sampled
MOST = 4000  # samples of the line
MOST_LAPS = 200  # that take part, evenly chosen; more make it no better


@dataclass(frozen=True, eq=False)
class MeanLine:
    """A closed line, and how the laps lie beside it.

    Attributes:
        line: its first sample is on the start line.
        offsets: (n_laps, n) [m] of each lap at each sample, left positive.
    """

    line: ClosedLine
    offsets: Floats


def mean_line(laps: Sequence[Lap], start: StartLine, smoothing: float | None = None) -> MeanLine:
    """Return the line in the middle of laps.

    Args:
        laps: that count; one at least, each within a piece.
        start: the start line.
        smoothing: [m] the shortest wave that is kept. Default: by the length of the lap.
    """
    laps = sorted(laps, key=lambda lap: lap.time)
    if len(laps) > MOST_LAPS:
        laps = [laps[k] for k in np.linspace(0, len(laps) - 1, MOST_LAPS).astype(int)]
    driven = [_driven(lap) for lap in laps]
    x, y = _closed(*driven[len(driven) // 2][:2])
    length = float(np.hypot(np.diff(x, append=x[0]), np.diff(y, append=y[0])).sum())
    spacing = default_spacing(length)
    wave = WAVE * spacing if smoothing is None else smoothing
    count = int(np.clip(round(length / spacing), 64, MOST))
    line = _smoothed(ClosedLine.through(x, y, count), wave, start)
    offsets = np.zeros((len(driven), count))
    for _ in range(ROUNDS):
        offsets = np.stack([_offsets(line, *lap) for lap in driven])
        middle = _robust_mean(offsets)
        line = ClosedLine.through(
            line.x - middle * line.tangent_y, line.y + middle * line.tangent_x, count
        )
        line = _smoothed(line, wave, start)
    return MeanLine(line, np.stack([_offsets(line, *lap) for lap in driven]))


def _driven(lap: Lap) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x, y, vx, vy along a lap, from the start line to it."""
    assert lap.piece is not None
    t = np.linspace(lap.start, lap.end, max(100, int(lap.time / STEP)))
    return (*lap.piece.at(t), *lap.piece.at(t, 1))


def _closed(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return a lap without its last point, its drift taken out evenly."""
    share = np.linspace(-0.5, 0.5, len(x))
    closed_x, closed_y = x - share * (x[-1] - x[0]), y - share * (y[-1] - y[0])
    moved = np.hypot(np.diff(closed_x), np.diff(closed_y)) > 1e-6
    return closed_x[:-1][moved], closed_y[:-1][moved]


def _smoothed(line: ClosedLine, wave: float, start: StartLine) -> ClosedLine:
    """Return the line without short waves, evenly sampled from the start line on."""
    both = smooth_closed(np.column_stack([line.x, line.y]), line.spacing, wave)
    return ClosedLine.through(*_from_start(both[:, 0], both[:, 1], start), len(line))


def _from_start(x: Floats, y: Floats, start: StartLine) -> tuple[Floats, Floats]:
    """Return the points of a closed line, the first on the start line."""
    c, s = np.cos(start.heading), np.sin(start.heading)
    ahead = (x - start.x) * c + (y - start.y) * s
    following = np.roll(ahead, -1)
    off = np.hypot(x - start.x, y - start.y)
    up = np.flatnonzero((ahead < 0.0) & (following >= 0.0))
    if not len(up):
        return x, y
    k = int(up[np.argmin(off[up])])
    share = ahead[k] / (ahead[k] - following[k])
    after = (k + 1) % len(x)
    first_x, first_y = x[k] + share * (x[after] - x[k]), y[k] + share * (y[after] - y[k])
    x, y = np.roll(x, -after), np.roll(y, -after)
    if share > 0.999:  # the next point is on the line
        return x, y
    return np.concatenate([[first_x], x]), np.concatenate([[first_y], y])


def _offsets(line: ClosedLine, x: Floats, y: Floats, vx: Floats, vy: Floats) -> Floats:
    """Return how far a lap is to the left of the line at each of its samples [m]."""
    s, d = line.locate(x, y, vx, vy)
    length = line.length
    # Unwrapped from the start line on; what does not lead onward is left out.
    s = np.unwrap(s, period=length)
    s -= length * np.round(s[0] / length)
    furthest = np.concatenate([[-np.inf], np.maximum.accumulate(s)[:-1]])
    onward = s > furthest + 1e-9
    s, d = s[onward], d[onward]
    d = d - (s / length - 0.5) * (d[-1] - d[0])
    stations = line.spacing * np.arange(len(line))
    found: Floats = np.interp(stations, s, d)
    return found


def _robust_mean(offsets: Floats) -> Floats:
    """Return a mean over laps (n_laps, n) that far ones hardly move."""
    middle = np.median(offsets, axis=0)
    if len(offsets) < 3:
        return np.asarray(offsets.mean(axis=0))
    for _ in range(3):
        off = np.abs(offsets - middle)
        spread = np.maximum(1.4826 * np.median(off, axis=0), 0.05)
        weight = HUBER * spread / np.maximum(off, HUBER * spread)
        middle = (weight * offsets).sum(axis=0) / weight.sum(axis=0)
    return np.asarray(middle)
