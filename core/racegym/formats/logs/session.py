"""A log from file to track: motion, start line, laps, mean line, width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.logs.laps import Laps, find_laps
from racegym.formats.logs.log import Log
from racegym.formats.logs.mean_line import MeanLine, mean_line
from racegym.formats.logs.motion import Motion, fit_motion
from racegym.formats.logs.options import LogOptions
from racegym.formats.logs.reading import read_log
from racegym.formats.logs.start import StartLine, find_start, start_at
from racegym.track import Track
from racegym.track.locating import smooth_closed

__all__ = ["Session", "read_session", "start_of", "track_of"]

Floats = NDArray[np.float64]

SPREAD = (0.05, 0.95)  # quantiles of the laps' offsets that a width is drawn from
CAR = 0.7  # [m] half a car beyond the outermost positions
NARROWEST = 1.5  # [m] to a side, where the laps tell
EVEN = 40.0  # [m] over which such a width is evened
EVERY = 2  # samples of the mean line that make a point of the track's spline


@dataclass(frozen=True, eq=False)
class Session:
    """What a log tells.

    Attributes:
        log: the positions.
        motion: the car's.
        laps: all of them, and which count.
        middle: the mean line of those that count.
    """

    log: Log
    motion: Motion
    laps: Laps
    middle: MeanLine


def read_session(path: str | Path, options: LogOptions | None = None) -> Session:
    """Return the laps of a log and their mean line.

    Raises:
        TrackError: the file is wrong, or holds no lap that counts.
    """
    path, options = Path(path), options or LogOptions()
    try:
        log = read_log(path, options)
        motion = fit_motion(log, options.max_gap)
        laps = find_laps(motion, start_of(log, motion, options), options.tolerance)
    except TrackError as error:
        if error.file is not None:
            raise
        what = error.what.removeprefix(f"{path.name} ").removeprefix(f"{path.name}: ")
        raise TrackError(what, file=path) from None
    return Session(log, motion, laps, mean_line(laps.kept, laps.line, options.smoothing))


def start_of(log: Log, motion: Motion, options: LogOptions) -> StartLine:
    """Return the start line: as told by the options, by the log, or found.

    Raises:
        TrackError: it is told in other terms than the log's, or the log does not pass there.
    """
    heading = None
    if options.start_heading is not None:
        heading = float(np.deg2rad(90.0 - options.start_heading))
    if options.start_lat is not None and options.start_lon is not None:
        if log.plane is None:
            raise TrackError(f"{log.source} is in metres; tell its start by start_x and start_y")
        east, north = log.plane.to_plane(options.start_lat, options.start_lon)
        return start_at(motion, float(east), float(north), heading, None, "as told")
    if options.start_x is not None and options.start_y is not None:
        if log.plane is not None:
            raise TrackError(
                f"{log.source} is in degrees; tell its start by start_lat and start_lon"
            )
        return start_at(motion, options.start_x, options.start_y, heading, None, "as told")
    if log.start is not None:
        x, y, way = log.start
        way = way if heading is None else heading
        return start_at(motion, x, y, way, None, "as the file tells")
    found = find_start(motion)
    return found if heading is None else replace(found, heading=heading)


def track_of(session: Session, options: LogOptions, name: str) -> Track:
    """Return the track of a log, its mean line with a width.

    Raises:
        TrackError: the line makes no track.
    """
    line = session.middle.line
    left, right, said = _widths(session.middle, options.width)
    x, y = line.x[::EVERY], line.y[::EVERY]
    try:
        track = Track.from_points(
            np.column_stack([x, y]),
            left[::EVERY],
            right[::EVERY],
            name=name,
            crossings="allow",
            source=session.log.source,
            label=lambda k: f"the line at {k * EVERY * line.spacing:.0f} m",
        )
    except TrackError as error:
        raise TrackError(
            f"{session.log.source}: its mean line makes no track: {error.what}. A smaller width, "
            "a larger smoothing or another start line may help"
        ) from None
    return replace(track, notes=tuple(_notes(session, said)))


def _widths(middle: MeanLine, width: float | str | None) -> tuple[Floats, Floats, str]:
    """Return the widths to the left and right of each sample [m], and where they come from."""
    length = middle.line.length
    if width == "spread":
        low, high = np.quantile(middle.offsets, SPREAD, axis=0)
        left, right = (
            np.maximum(
                smooth_closed(np.maximum(side, 0.0), middle.line.spacing, EVEN) + CAR, NARROWEST
            )
            for side in (high, -low)
        )
        mean = float((left + right).mean())
        said = (
            f"the width, {mean:.1f} m in the mean, is as far as the laps lie apart: a lower bound"
        )
        return left, right, said
    if isinstance(width, float | int):
        wide, said = float(width), f"the width of {width:g} m was told"
    else:
        wide = 12.0 if length > 2000.0 else 8.0 if length > 300.0 else length / 40.0
        said = f"nothing tells the width: {wide:.3g} m is assumed, width=... tells another"
    half = np.full(len(middle.line), 0.5 * wide)
    return half, half, said


def _notes(session: Session, width: str) -> Iterator[str]:
    laps, log = session.laps, session.log
    yield f"the line is the middle of {len(laps.kept)} laps of {len(laps.laps)}"
    yield f"the start line is {laps.line.found}"
    yield width
    if log.plane is not None:
        yield log.plane.note
    for each in laps.dropped:
        yield f"{each.what} dropped: {each.reason}"
    yield from log.notes
