"""Where a race begins: the line, the way it is driven, the gates, the grid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from racegym.track.track import Track
from racegym.track.validation.report import MOST_PLACES, Problem, VehicleLimits

__all__ = ["direction", "gates", "grid", "start_line"]

Floats = NDArray[np.float64]

GRID_WIDTHS = 4.0  # of the track: the stretch before the line that cars stand on, or
GRID_LENGTHS = 6.0  # of the car
MOST_TURN = np.deg2rad(30.0)  # along it
LONGEST_GAP = 0.34  # of the lap, without a checkpoint
TRUE_TANGENT = 0.7  # cosine between the tangent and the way to the next sample
USUAL_LENGTH, USUAL_WIDTH = 0.4, 0.2  # of the track's width: a car, where none is named


def direction(track: Track) -> Iterator[Problem]:
    """Yield tangents that do not point to where the samples go."""
    ahead_x, ahead_y = np.roll(track.x, -1) - track.x, np.roll(track.y, -1) - track.y
    step = np.maximum(np.hypot(ahead_x, ahead_y), 1e-12)
    cosine = (ahead_x * track.tangent_x + ahead_y * track.tangent_y) / step
    bend = np.maximum(np.abs(track.curvature), np.abs(np.roll(track.curvature, -1)))
    against = np.flatnonzero((cosine < TRUE_TANGENT) & (bend * track.spacing < 0.5))
    if len(against) > 0.5 * len(track):
        yield Problem(
            check="direction",
            severity="error",
            what="samples run against the direction of driving: turn the track round",
        )
    elif len(against):
        k = int(against[np.argmin(cosine[against])])
        yield Problem(
            check="direction",
            severity="error",
            what="the line turns back on itself from one sample to the next",
            s=k * track.spacing,
        )
    off = np.abs(np.sin(track.heading - np.arctan2(track.tangent_y, track.tangent_x)))
    if off.max() > 1e-3:
        yield Problem(
            check="direction",
            severity="error",
            what="heading and tangent do not agree",
            s=int(np.argmax(off)) * track.spacing,
        )


def start_line(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield what is wrong with where the start line lies."""
    wide = float(track.width_left[0] + track.width_right[0])
    long = GRID_WIDTHS * wide if vehicle is None else GRID_LENGTHS * vehicle.length
    long = min(long, 0.25 * track.length)
    count = max(1, round(long / track.spacing))
    before = track.curvature[-count:] * track.spacing
    turn = float(np.abs(np.cumsum(before[::-1])).max())
    if turn > MOST_TURN:
        yield Problem(
            check="start",
            severity="warning",
            what=(
                f"the track turns by {np.rad2deg(turn):.0f} degrees in the last {long:.0f} m "
                "before the start line, where cars stand: move the line to a straighter place"
            ),
            s=0.0,
            since=track.length - long,
            until=track.length - track.spacing,
        )
    for one, other in track.crossings:
        for s in (one, other):
            if (track.length - s) % track.length < long or s < 0.5 * wide:
                yield Problem(
                    check="start",
                    severity="warning",
                    what="the grid stands where the track passes over itself",
                    s=s,
                )
    if vehicle is not None and wide < vehicle.width:
        yield Problem(
            check="start",
            severity="error",
            what=f"{vehicle.name} is wider than the start line, {wide:.2f} m",
            s=0.0,
        )


def gates(track: Track) -> Iterator[Problem]:
    """Yield parts of the lap that no checkpoint guards."""
    ends = [*track.checkpoints.tolist(), track.length]
    for low, high in pairwise(ends):
        if high - low > LONGEST_GAP * track.length:
            yield Problem(
                check="gates",
                severity="warning",
                what=(
                    f"no checkpoint lies in {high - low:.0f} m of {track.length:.0f} m: a short "
                    "cut there would count as a lap"
                ),
                s=0.5 * (low + high),
                since=low,
                until=high,
            )


def grid(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield slots of the track's own grid that a car can't stand in."""
    if track.grid is None:
        return
    wide = float((track.width_left + track.width_right).mean())
    length = USUAL_LENGTH * wide if vehicle is None else vehicle.length
    width = USUAL_WIDTH * wide if vehicle is None else vehicle.width
    found = [*_on_asphalt(track, width), *_apart(track, length, width), *_order(track)]
    yield from found[: 3 * MOST_PLACES]


def _on_asphalt(track: Track, width: float) -> Iterator[Problem]:
    assert track.grid is not None
    for number, (s, d) in enumerate(track.grid.tolist(), start=1):
        k = round(s / track.spacing) % len(track)
        edge = track.width_left[k] if d >= 0.0 else track.width_right[k]
        if abs(d) > edge:
            yield Problem(
                check="grid",
                severity="error",
                what=f"slot {number} is {abs(d) - edge:.2f} m off the asphalt",
                s=s % track.length,
                d=d,
            )
        elif abs(d) + 0.5 * width > edge + 1e-9:
            yield Problem(
                check="grid",
                severity="warning",
                what=f"a car in slot {number} stands with a side over the edge",
                s=s % track.length,
                d=d,
            )


def _apart(track: Track, length: float, width: float) -> Iterator[Problem]:
    assert track.grid is not None
    s, d = track.grid.T
    for a in range(len(s)):
        along = np.abs(np.mod(s[a + 1 :] - s[a] + 0.5 * track.length, track.length))
        along = np.abs(along - 0.5 * track.length)
        close = np.flatnonzero((along < length) & (np.abs(d[a + 1 :] - d[a]) < width))
        if len(close):
            yield Problem(
                check="grid",
                severity="error",
                what=(
                    f"slots {a + 1} and {a + 2 + int(close[0])} overlap: a car takes "
                    f"{length:.2f} m by {width:.2f} m"
                ),
                s=float(s[a]) % track.length,
                d=float(d[a]),
            )


def _order(track: Track) -> Iterator[Problem]:
    """Yield slots before the line, and slots ahead of one that is better."""
    assert track.grid is not None
    behind = np.mod(-track.grid[:, 0], track.length)
    for number, back in enumerate(behind.tolist(), start=1):
        s, d = float(track.grid[number - 1, 0]) % track.length, float(track.grid[number - 1, 1])
        if back > 0.5 * track.length or back == 0.0:
            yield Problem(
                check="grid",
                severity="warning",
                what=f"slot {number} is not behind the start line",
                s=s,
                d=d,
            )
        elif number > 1 and back < behind[number - 2] <= 0.5 * track.length:
            yield Problem(
                check="grid",
                severity="warning",
                what=f"slot {number} is ahead of slot {number - 1}: the pole comes first",
                s=s,
                d=d,
            )
