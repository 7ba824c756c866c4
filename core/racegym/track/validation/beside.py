"""What lies on and beside the asphalt: kerbs, run-off, the racing line, pit lane, obstacles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from racegym.track.lane import PitLane
from racegym.track.track import Track
from racegym.track.validation.report import MOST_PLACES, Problem, VehicleLimits, places
from racegym.track.verges import pit_samples

__all__ = ["line", "obstacles", "pit_lane", "sides"]

Floats = NDArray[np.float64]

WIDE_KERB = 0.5  # of the mean width
USUAL_WIDTH = 0.2  # of the track's width: a car, where none is named
ROOM_IN_PITS, ROOM_PAST = 1.5, 1.5  # widths of the car
SLOWEST_PIT, FASTEST_PIT = 0.05, 0.7  # of the vehicle's top speed


def sides(track: Track) -> Iterator[Problem]:
    """Yield kerbs and run-off that make no sense."""
    wide = float((track.width_left + track.width_right).mean())
    if track.kerb_width > track.runoff:
        yield Problem(
            check="kerbs",
            severity="warning",
            what=(
                f"kerbs are {track.kerb_width:.2f} m wide, and the wall stands "
                f"{track.runoff:.2f} m beyond the edge: it stands on the kerb"
            ),
        )
    if track.kerb_width > WIDE_KERB * wide:
        yield Problem(
            check="kerbs",
            severity="warning",
            what=f"kerbs are {track.kerb_width:.2f} m wide on a track of {wide:.2f} m",
        )
    if np.isfinite(track.runoff) and track.runoff > track.length / np.pi:
        yield Problem(
            check="runoff",
            severity="warning",
            what=f"the walls stand {track.runoff:.0f} m beyond the edges of a lap of "
            f"{track.length:.0f} m; inf means that there are none",
        )


def line(track: Track) -> Iterator[Problem]:
    """Yield stretches where the racing line leaves the asphalt."""
    if track.line is None:
        return
    beyond = np.maximum(track.line - track.width_left, -track.line - track.width_right)
    for k, where in places(track, beyond > 1e-6, beyond):
        yield Problem(
            check="line",
            severity="error",
            what=f"the racing line runs {beyond[k]:.2f} m off the asphalt",
            d=float(track.line[k]),
            **where,
        )


def pit_lane(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield what is wrong with the pit lane."""
    pit = track.pit
    if pit is None:
        return
    on = pit_samples(track, pit)
    edge = track.width_left if pit.offset > 0.0 else track.width_right
    near, far = abs(pit.offset) - 0.5 * pit.width, abs(pit.offset) + 0.5 * pit.width
    for bad, worth, what in (
        (on & (edge > near), edge - near, "overlaps the asphalt of the track by {:.2f} m"),
        (on & (edge + track.runoff < far), far - edge - track.runoff,
         "reaches {:.2f} m beyond the wall"),
    ):  # fmt: skip
        for k, where in places(track, bad, worth):
            yield Problem(
                check="pit",
                severity="error",
                what=f"the pit lane {what.format(float(worth[k]))}",
                d=pit.offset,
                **where,
            )
    yield from _folds(track, pit, on)
    yield from _over_asphalt(track, pit, on)
    yield from _boxes(track, pit, vehicle)
    if pit.long(track.length) > 0.5 * track.length:
        yield Problem(
            check="pit",
            severity="warning",
            what=(
                f"the pit lane is {pit.long(track.length):.0f} m long, more than half a lap: are "
                "entry and exit the wrong way round?"
            ),
            s=pit.entry,
            d=pit.offset,
        )
    if vehicle is not None:
        share = pit.speed_limit / vehicle.top_speed
        if not SLOWEST_PIT <= share <= FASTEST_PIT:
            yield Problem(
                check="pit",
                severity="warning",
                what=(
                    f"the pit lane's limit is {pit.speed_limit:.1f} m/s, and {vehicle.name} does "
                    f"{vehicle.top_speed:.0f} m/s: is it in m/s?"
                ),
                s=pit.entry,
                d=pit.offset,
            )


def _folds(track: Track, pit: PitLane, on: NDArray[np.bool_]) -> Iterator[Problem]:
    """Yield corners in which the far edge of the pit lane passes their centre."""
    far = pit.offset + 0.5 * pit.width * float(np.sign(pit.offset))
    share = track.curvature * far
    for k, where in places(track, on & (share >= 1.0), share):
        yield Problem(
            check="pit",
            severity="error",
            what=f"the pit lane lies inside of a corner of {1 / abs(track.curvature[k]):.1f} m "
            "radius, and reaches past its centre",
            d=pit.offset,
            **where,
        )


def _over_asphalt(track: Track, pit: PitLane, on: NDArray[np.bool_]) -> Iterator[Problem]:
    """Yield places where the pit lane lies on another part of the track."""
    k = np.flatnonzero(on)
    x, y, _ = track.at(k * track.spacing, pit.offset)
    away, nearest = cKDTree(np.column_stack([track.x, track.y])).query(np.column_stack([x, y]))
    apart = np.abs(k - nearest)
    apart = np.minimum(apart, len(track) - apart) * track.spacing
    own = abs(pit.offset) + 2.0 * track.spacing
    room = np.minimum(track.width_left, track.width_right)[nearest] + 0.5 * pit.width
    other = (apart > 3.0 * own) & (away < room)
    for one, two in track.crossings:
        for s in (one, two):
            around = np.abs(k * track.spacing - s)
            other &= np.minimum(around, track.length - around) > 3.0 * own
    bad = np.zeros(len(track), np.bool_)
    bad[k[other]] = True
    worth = np.zeros(len(track))
    worth[k] = -away
    for _, where in places(track, bad, worth):
        yield Problem(
            check="pit",
            severity="error",
            what="the pit lane lies on the asphalt of another part of the track",
            d=pit.offset,
            s=where["s"],
        )


def _boxes(track: Track, pit: PitLane, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    wide = float((track.width_left + track.width_right).mean())
    width = USUAL_WIDTH * wide if vehicle is None else vehicle.width
    if pit.width < ROOM_IN_PITS * width:
        yield Problem(
            check="pit",
            severity="warning",
            what=f"the pit lane is {pit.width:.2f} m wide, and a car {width:.2f} m",
            s=pit.entry,
            d=pit.offset,
        )
    after = [(s - pit.entry) % track.length for s in pit.boxes]
    for number in range(1, len(after)):
        gap = after[number] - after[number - 1]
        if gap <= 0.0:
            yield Problem(
                check="pit",
                severity="error",
                what=f"box {number + 1} does not come after box {number}",
                s=pit.boxes[number],
                d=pit.offset,
            )
        elif vehicle is not None and gap < vehicle.length:
            yield Problem(
                check="pit",
                severity="warning",
                what=(
                    f"boxes {number} and {number + 1} are {gap:.2f} m apart, and "
                    f"{vehicle.name} is {vehicle.length:.2f} m long"
                ),
                s=pit.boxes[number],
                d=pit.offset,
            )


def obstacles(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield places where obstacles leave no room to pass, on the grid or in the pits."""
    if not len(track.obstacles):
        return
    wide = float((track.width_left + track.width_right).mean())
    width = USUAL_WIDTH * wide if vehicle is None else vehicle.width
    length = 2.0 * width if vehicle is None else vehicle.length
    s, d = _along(track)
    radius = track.obstacles[:, 2]
    told = np.zeros(len(s), np.bool_)  # a row across the track is one problem
    for k in range(len(s)):
        at = track.obstacle_segment[k]
        left, right = float(track.width_left[at]), float(track.width_right[at])
        around = np.abs(np.mod(s - s[k] + 0.5 * track.length, track.length) - 0.5 * track.length)
        near = around < radius + radius[k] + length
        gap = _widest_gap(d[near], radius[near], left, right)
        on_track = -right - radius[k] < d[k] < left + radius[k]
        if gap < ROOM_PAST * width and on_track and not told[near].any():
            told[k] = True
            yield Problem(
                check="obstacle",
                severity="error" if gap < width else "warning",
                what=f"obstacles leave {gap:.2f} m of asphalt, and a car is {width:.2f} m wide",
                s=float(s[k]),
                d=float(d[k]),
            )
        yield from _in_the_way(track, float(s[k]), float(d[k]), float(radius[k]), width, length)


def _along(track: Track) -> tuple[Floats, Floats]:
    """Return s and d [m] of every obstacle."""
    k = track.obstacle_segment
    dx, dy = track.obstacles[:, 0] - track.x[k], track.obstacles[:, 1] - track.y[k]
    ahead = dx * track.tangent_x[k] + dy * track.tangent_y[k]
    return np.mod(k * track.spacing + ahead, track.length), (
        dy * track.tangent_x[k] - dx * track.tangent_y[k]
    )


def _widest_gap(d: Floats, radius: Floats, left: float, right: float) -> float:
    """Return the widest part [m] of the asphalt that no obstacle is on."""
    widest, reached = 0.0, -right
    for low, high in sorted(zip(d - radius, d + radius, strict=True)):
        widest = max(widest, min(float(low), left) - reached)
        reached = max(reached, float(high))
    return max(widest, left - reached)


def _in_the_way(
    track: Track, s: float, d: float, radius: float, width: float, length: float
) -> Iterator[Problem]:
    """Yield a slot of the grid or a pit lane that an obstacle at (s, d) stands in."""
    slots = np.zeros((0, 2)) if track.grid is None else track.grid
    for number, (slot, offset) in enumerate(slots[: 4 * MOST_PLACES].tolist(), start=1):
        along = abs((slot - s + 0.5 * track.length) % track.length - 0.5 * track.length)
        if along < radius + 0.5 * length and abs(offset - d) < radius + 0.5 * width:
            yield Problem(
                check="obstacle",
                severity="error",
                what=f"an obstacle stands in slot {number} of the grid",
                s=s,
                d=d,
            )
    pit = track.pit
    if pit is None or not pit.covers(s, track.length):
        return
    if abs(d - pit.offset) < radius + 0.5 * pit.width:
        yield Problem(
            check="obstacle",
            severity="warning",
            what="an obstacle stands in the pit lane",
            s=s,
            d=d,
        )
