"""Noise around a loop: one flowing line without a straight, seen from a point inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from racegym.track.generate.corners import Line

__all__ = ["draw_loop"]

Floats = NDArray[np.float64]

WAVES = np.arange(2, 10)  # round the loop, of the noise
DAMPED = 1.5  # power of the wave number by which waves get lower
STRONGEST = 0.75  # all waves together over the loop's radius
STRETCH = 1.8  # longest side over the other
FINE = 8  # points between two of the line, while it is drawn
CALM = 0.03  # of the lap, before and after the start line, is as straight as any


def draw_loop(
    rng: np.random.Generator, length: float, radius: float, step: float, ease: float
) -> Line:
    """Return a line for one trial; at an ``ease`` of 1 it is a circle.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m]; the noise is lowered until it is kept.
        step: [m] between points.
        ease: 0 at the first trial, 1 at the last: less and less noise.
    """
    size = rng.normal(size=len(WAVES)) / WAVES**DAMPED
    phase = rng.uniform(0.0, 2.0 * np.pi, len(WAVES))
    stretch = rng.uniform(1.0, STRETCH)
    strength = rng.uniform(0.55, 1.0) * STRONGEST / np.abs(size).sum()
    count = int(np.ceil(length / step))
    angle = 2.0 * np.pi * np.arange(FINE * count) / (FINE * count)
    wave = (size[:, None] * np.cos(WAVES[:, None] * angle + phase[:, None])).sum(axis=0)
    calm = (1.0 - ease) ** 2
    points = _closed(angle, strength * calm * wave, 1.0 + (stretch - 1.0) * calm)
    for _ in range(24):
        points = points * (length / _lengths(points)[-1])
        if _tightest(points) >= radius:
            break
        calm *= 0.85
        points = _closed(angle, strength * calm * wave, 1.0 + (stretch - 1.0) * calm)
    return _from_calmest(points, count, length)


def _closed(angle: Floats, wave: Floats, stretch: float) -> Floats:
    # The exponential keeps the radius above zero, so the line never meets itself.
    distance = np.exp(wave)
    return np.column_stack([stretch * distance * np.cos(angle), distance * np.sin(angle)])


def _lengths(points: Floats) -> Floats:
    """Return the arc length (n + 1,) at each point; the last is the lap."""
    ahead = np.diff(points, axis=0, append=points[:1])
    return np.concatenate(([0.0], np.cumsum(np.hypot(ahead[:, 0], ahead[:, 1]))))


def _bends(points: Floats) -> Floats:
    """Return the curvature [1/m] at each point."""
    ahead = np.diff(points, axis=0, append=points[:1])
    size = np.hypot(ahead[:, 0], ahead[:, 1])
    back, late = np.roll(ahead, 1, axis=0), np.roll(size, 1)
    cross = back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]
    curvature: Floats = 2.0 * cross / (size * late * (size + late))
    return curvature


def _tightest(points: Floats) -> float:
    return float(1.0 / np.abs(_bends(points)).max())


def _from_calmest(points: Floats, count: int, length: float) -> Line:
    """Return evenly spaced points that begin where the line is straightest for a while."""
    at, bends = _lengths(points), np.abs(_bends(points))
    even = length * np.arange(count) / count
    bend = np.interp(even, at[:-1], bends)
    reach = max(1, round(CALM * count))
    padded = np.concatenate((bend[-reach:], bend, bend[:reach]))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    first = int(np.argmin(windows.max(axis=1)))
    closed = np.concatenate((points, points[:1]))
    s = (even + even[first]) % length
    there = np.column_stack([np.interp(s, at, closed[:, 0]), np.interp(s, at, closed[:, 1])])
    return Line(there, CALM * length, CALM * length)
