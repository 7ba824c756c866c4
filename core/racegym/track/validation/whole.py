"""All checks of a track, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.track.check import (
    LARGEST_COORDINATE,
    LARGEST_WIDTH,
    as_points,
    per_point,
    point_faults,
)
from racegym.track.raw import RawTrack
from racegym.track.track import MIN_POINTS, Track
from racegym.track.validation import beside, scale, shape, start
from racegym.track.validation.report import MOST_PLACES, Problem, Report, VehicleLimits

__all__ = ["validate"]

Floats = NDArray[np.float64]

OPEN = 3.0  # times the longest other step from point to point
WIDE_OPEN = 0.1  # of the lap
DEGREES = 1.0  # a lap that measures less than that may be in degrees
FAR_OFF = np.deg2rad(60.0)  # between the start's heading and the track's


def validate(track: Track | RawTrack, vehicle: VehicleLimits | None = None) -> Report:
    """Return everything that is wrong or odd with a track.

    Args:
        track: a track, or points of which none could be made.
        vehicle: what it must suit; None leaves out what depends on that.
    """
    if isinstance(track, Track):
        problems = list(_checks(track, vehicle))
        return Report.of(track.name, track, vehicle, problems)
    made, problems = _from_raw(track)
    if made is not None:
        problems += _checks(made, vehicle)
        problems += _against(track, made)
    return Report.of(track.name, made, vehicle, problems)


def _checks(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    contradictions = list(scale.sound(track))
    yield from contradictions
    if contradictions:
        return
    yield from scale.size(track)
    yield from start.direction(track)
    yield from shape.bends(track, vehicle)
    yield from shape.contacts(track)
    yield from shape.bridges(track, vehicle)
    yield from shape.widths(track)
    yield from shape.heights(track)
    yield from beside.sides(track)
    yield from beside.line(track)
    yield from beside.pit_lane(track, vehicle)
    yield from beside.obstacles(track, vehicle)
    yield from start.start_line(track, vehicle)
    yield from start.gates(track)
    yield from start.grid(track, vehicle)
    if vehicle is not None:
        yield from scale.room(track, vehicle)


def _from_raw(raw: RawTrack) -> tuple[Track | None, list[Problem]]:
    """Return a track through all points that can be used, and what is wrong with the others."""
    try:
        xyz = as_points(raw.points, raw.name)
        columns = [
            per_point(values, len(xyz), what, raw.name)
            for what, values in (
                ("width_left", raw.width_left),
                ("width_right", raw.width_right),
                ("banking", raw.banking),
            )
        ]
    except TrackError as error:
        return None, [Problem(check="points", severity="error", what=error.what)]
    at = np.arange(len(xyz))
    if len(xyz) > 1 and np.array_equal(xyz[0, :2], xyz[-1, :2]):
        xyz, columns, at = xyz[:-1], [column[:-1] for column in columns], at[:-1]
    table = np.column_stack([xyz, *columns])
    found = list(_point_problems(table, raw))
    # What can't be used is left out; what is only absurd is brought to where it can be drawn.
    kept = np.isfinite(table).all(axis=1) & (np.abs(table[:, :3]) <= LARGEST_COORDINATE).all(axis=1)
    table, at = table[kept], at[kept]
    if len(table):
        ahead = np.roll(table[:, :2], -1, axis=0) - table[:, :2]
        step = np.hypot(*ahead.T)
        apart = step > 1e-9 * step.sum()
        table, at, step = table[apart], at[apart], step[apart]
    if len(table) < MIN_POINTS:
        what = f"only {len(table)} points can be used; a track needs at least {MIN_POINTS}"
        return None, [*found, Problem(check="points", severity="error", what=what)]
    found += _opening(step, raw, at)
    usual = np.median(table[:, 3:5])
    usual = usual if usual > 0.0 else 1.0
    table[:, 3:5] = np.clip(table[:, 3:5], min(0.05 * usual, 1.0), LARGEST_WIDTH)
    table[:, 5] = np.clip(table[:, 5], -1.4, 1.4)
    track, more = _made(raw, table)
    return track, [*found, *more]


def _made(raw: RawTrack, table: Floats) -> tuple[Track | None, list[Problem]]:
    """Return the track through usable points, without what it can't have, and what that is."""
    found: list[Problem] = []
    settings = {
        name: value
        for name in ("sectors", "checkpoints", "kerb_width", "runoff")
        if (value := getattr(raw, name)) is not None
    }
    while True:
        try:
            track = Track.from_points(
                table[:, :3], table[:, 3], table[:, 4], name=raw.name, banking=table[:, 5],
                shape="any", **settings,
            )  # fmt: skip
            break
        except TrackError as error:
            found.append(Problem(check="points", severity="error", what=error.what))
            if not settings:
                return None, found
            # One setting is at fault, and its name stands in the message.
            wrong = [name for name in settings if name in error.what] or list(settings)
            del settings[wrong[0]]
    return (shape.with_bridges(track) if raw.bridges else track), found


def _point_problems(table: Floats, raw: RawTrack) -> Iterator[Problem]:
    """Yield what ``racegym.track.check`` says of each point."""
    usable = (np.abs(table[:, :2]) <= LARGEST_COORDINATE).all(axis=1)
    step = np.hypot(*np.diff(table[usable, :2], axis=0).T) if usable.any() else np.zeros(0)
    along = np.concatenate([[0.0], np.cumsum(step)])
    s = along[np.maximum(np.cumsum(usable) - 1, 0)]  # of one that can't be used, that before it
    with np.errstate(all="ignore"):
        for fault in point_faults(table[:, :3], *table[:, 3:].T):
            which = np.flatnonzero(fault.bad)
            for k in which[:MOST_PLACES]:
                yield Problem(
                    check="points",
                    severity="error",
                    what=f"{raw.label(int(k))} {fault.what}",
                    s=float(s[k]),
                )
            if len(which) > MOST_PLACES:
                more = len(which) - MOST_PLACES
                what = f"{more} more points: each {fault.what}"
                yield Problem(check="points", severity="error", what=what)
    lap = float(step.sum())
    if len(table) >= MIN_POINTS and 0.0 < lap < DEGREES and (table[:, 3:5] > lap).any():
        yield Problem(
            check="scale",
            severity="error",
            what="the points look like degrees of longitude and latitude, not metres: import them "
            "as such",
        )


def _opening(step: Floats, raw: RawTrack, at: NDArray[np.int64]) -> Iterator[Problem]:
    """Yield a gap between the last point and the first."""
    gap, longest = float(step[-1]), float(step[:-1].max())
    if gap > OPEN * longest:
        yield Problem(
            check="closed",
            severity="error" if gap > WIDE_OPEN * step.sum() else "warning",
            what=(
                f"the path is open: from its last point ({raw.label(int(at[-1]))}) to its first "
                f"are {gap:.1f} m, and no other two that follow are more than {longest:.1f} m apart"
            ),
            s=float(step[:-1].sum()),
        )


def _against(raw: RawTrack, track: Track) -> Iterator[Problem]:
    """Yield where the start and the gates that were given do not agree with the track."""
    origin = np.array(track.origin)
    if raw.start is not None:
        x, y, heading = raw.start
        k, d = _nearest(track, np.array([x, y]) - origin)
        edge = track.width_left[k] if d > 0.0 else track.width_right[k]
        if abs(d) > edge:
            yield Problem(
                check="start",
                severity="error",
                what=f"the start position lies {abs(d) - edge:.2f} m off the track",
                s=k * track.spacing,
                d=d,
            )
        turn = abs((heading - track.heading[k] + np.pi) % (2 * np.pi) - np.pi)
        if turn > FAR_OFF:
            back = turn > np.pi - FAR_OFF
            yield Problem(
                check="direction",
                severity="error",
                what=(
                    "the start points against the order of the points: turn one of them round"
                    if back
                    else f"the start points {np.rad2deg(turn):.0f} degrees away from the track"
                ),
                s=k * track.spacing,
            )
    if raw.gates is not None:
        yield from _gates(np.asarray(raw.gates, np.float64) - origin, track)


def _gates(ends: Floats, track: Track) -> Iterator[Problem]:
    """Yield gates (k, 2, 2) [m] that are off the track, or out of order."""
    middles = ends.mean(axis=1)
    at = []
    for number, middle in enumerate(middles, start=1):
        k, d = _nearest(track, middle)
        at.append(k * track.spacing)
        edge = track.width_left[k] if d > 0.0 else track.width_right[k]
        if abs(d) > edge:
            yield Problem(
                check="gates",
                severity="error",
                what=f"gate {number} lies {abs(d) - edge:.2f} m off the track",
                s=k * track.spacing,
                d=d,
            )
    if len(at) < 2:
        return
    ahead = np.mod(np.roll(at, -1) - np.array(at), track.length)
    laps = round(float(ahead.sum()) / track.length)
    if laps == len(at) - 1 and len(at) > 2:
        yield Problem(
            check="direction",
            severity="error",
            what="the gates come in the opposite order of the points: turn one of them round",
            s=at[0],
        )
        return
    for number, gap in enumerate(ahead.tolist(), start=1):
        if gap > 0.5 * track.length and len(at) > 2:
            after = number % len(at) + 1
            yield Problem(
                check="gates",
                severity="error",
                what=f"gate {after} does not come after gate {number} along the track",
                s=at[after - 1],
            )


def _nearest(track: Track, place: Floats) -> tuple[int, float]:
    """Return the sample nearest to a place (2,) [m], and the offset from it to the left."""
    dx, dy = place[0] - track.x, place[1] - track.y
    k = int(np.argmin(dx * dx + dy * dy))
    return k, float(dy[k] * track.tangent_x[k] - dx[k] * track.tangent_y[k])
