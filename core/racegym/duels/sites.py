"""Where on a lap something can be won: braking points and changes of direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.raceline.reference import ReferenceLap
from racegym.scenario.overtaking import Site, Stand

__all__ = ["Corner", "Spot", "corners", "sites", "spot"]

Floats = NDArray[np.float64]

MOST = 3  # sites of a circuit
LEAST_DROP = 0.05  # of the speed, that a corner takes
NEXT = 6.0  # [s] within which an opposite corner still follows


@dataclass(frozen=True)
class Corner:
    """A place where the reference lap is slow.

    Attributes:
        braking: index of the sample from which on it slows down.
        apex: index of the slowest sample.
        side: 1 for a bend to the left, -1 for one to the right.
        drop: share of the speed that it takes.
    """

    braking: int
    apex: int
    side: float
    drop: float


@dataclass(frozen=True)
class Spot:
    """A place for a car on a track.

    Attributes:
        progress: [m] along the centerline; negative before the line.
        offset: [m] from the centerline, left positive.
        heading: [rad] to the left of the track's direction.
        speed: [m/s] of the reference lap there.
    """

    progress: float
    offset: float
    heading: float
    speed: float


def corners(reference: ReferenceLap) -> list[Corner]:
    """Return the corners of a lap in its order."""
    speed, bend = reference.speed, reference.lap.curvature
    n = len(speed)
    start = int(np.argmax(speed))
    order = (start + np.arange(n)) % n
    values = speed[order]
    found: list[Corner] = []
    top = low = 0
    falling = False
    for k in range(1, n + 1):
        value = values[k % n]
        if not falling:
            if value >= values[top]:
                top = k % n
            elif value < (1.0 - LEAST_DROP) * values[top]:
                falling, low = True, k % n
        elif value < values[low]:
            low = k % n
        elif value > values[low] / (1.0 - LEAST_DROP):
            apex = int(order[low])
            side = 1.0 if bend[apex] > 0.0 else -1.0
            found.append(Corner(int(order[top]), apex, side, 1.0 - values[low] / values[top]))
            falling, top = False, k % n
    return found


def sites(kind: Site, reference: ReferenceLap) -> list[Corner]:
    """Return the best places of a kind, the best first; none on a lap that has none."""
    every = corners(reference)
    if kind == "braking":
        return sorted(every, key=lambda corner: -corner.drop)[:MOST]
    times, lap = reference.lap.time, reference.lap_time
    pairs = [
        ((times[after.apex] - times[corner.apex]) % lap, corner)
        for corner, after in zip(every, every[1:] + every[:1], strict=True)
        if corner.side != after.side
    ]
    near = [pair for pair in pairs if pair[0] < NEXT]
    return [corner for _, corner in sorted(near, key=lambda pair: pair[0])[:MOST]]


def spot(reference: ReferenceLap, progress: float, stand: Stand, side: float, width: float) -> Spot:
    """Return where a car stands that is at a place on the lap.

    Args:
        reference: a lap of the track.
        progress: [m] along the centerline.
        stand: on which part of the road.
        side: of the corner to come.
        width: of the car [m].
    """
    line, track = reference.line, reference.line.track
    place = progress / track.spacing
    n = len(track)
    index, part = int(np.floor(place)) % n, place - np.floor(place)
    after = (index + 1) % n

    def between(values: Floats) -> float:
        return float((1.0 - part) * values[index] + part * values[after])

    speed = between(reference.speed)
    if stand == "line":
        slope = (line.offset[after] - line.offset[index]) / track.spacing
        bend = between(track.curvature)
        offset = between(line.offset)
        return Spot(progress, offset, float(np.arctan2(slope, 1.0 - bend * offset)), speed)
    towards = side if stand == "inside" else -side
    edge = between(track.width_left if towards > 0.0 else track.width_right)
    return Spot(progress, towards * max(edge - 0.8 * width, 0.0), 0.0, speed)
