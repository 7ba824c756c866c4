"""Tracks from lines in latitude and longitude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from racegym.errors import TrackError
from racegym.formats.across import filled
from racegym.formats.closed_line import ClosedLine, closed, even, labelled, softened
from racegym.formats.edges import track_between
from racegym.formats.geo_lines import WIDEST, GeoLine, chosen, turned
from racegym.formats.local_plane import LocalPlane
from racegym.formats.registry import FormatOptions
from racegym.track import Track

__all__ = ["LineOptions", "track_from"]

Floats = NDArray[np.float64]

DEFAULT_WIDTH = 10.0  # [m]
SOFT_HEIGHT = 20.0  # [m] along the lap, over which elevations are smoothed
STEEPEST = 0.35  # dz/ds; no circuit climbs like that, so the elevations are noise
FARTHEST = 2.0  # [deg] from one end of a file's lines to the other


class LineOptions(FormatOptions):
    """What the reader of lines on a map may be told."""

    width: float | None = Field(
        None,
        gt=0.0,
        le=WIDEST,
        description="of the asphalt [m], for a centerline; None: what the file says, "
        f"otherwise {DEFAULT_WIDTH:g} m, which is noted",
    )
    line: str | None = Field(
        None, min_length=1, description="name or id of the centerline, among several lines"
    )
    edges: tuple[str, str] | None = Field(
        None, description="names or ids of the two edges, among several lines"
    )
    reverse: bool = Field(False, description="drive against the direction of the line")
    smoothing: float | None = Field(
        None,
        ge=0.0,
        le=100.0,
        description="a centerline is smoothed over this [m]; None: half the usual distance of "
        "its points",
    )
    elevation: bool = Field(True, description="use the elevations that the file has")
    gap: float | None = Field(
        None,
        gt=0.0,
        description="widest gap between end and start that is closed by a straight [m]; None: "
        "5 % of the length, or twice the longest step",
    )

    @model_validator(mode="after")
    def _one_choice(self) -> LineOptions:
        if self.line is not None and self.edges is not None:
            raise ValueError("choose either line or edges")
        return self


def track_from(
    lines: Sequence[GeoLine], options: LineOptions, path: Path, notes: Sequence[str] = ()
) -> Track:
    """Return the track that the lines of a file, or the chosen ones, make.

    Args:
        lines: all that the file has.
        options: of the reader.
        path: of the file.
        notes: what the reader has to say.

    Raises:
        TrackError: they make none; names the line and says what could be chosen.
    """
    own = chosen(lines, options.line, options.edges, path)
    places = np.concatenate([each.places for each in own])
    longitude, latitude = np.unwrap(places[:, 0], period=360.0), places[:, 1]
    if max(np.ptp(longitude), np.ptp(latitude)) > FARTHEST:
        raise TrackError(
            f"its lines reach over {np.ptp(latitude):.1f} degrees of latitude and "
            f"{np.ptp(longitude):.1f} of longitude; no circuit does",
            file=path,
        )
    plane = LocalPlane.amid(latitude, longitude)
    told = [plane.note, *notes]
    if all(any(each is line for line in lines) for each in own) and len(own) < len(lines):
        told.append(f"of {len(lines)} lines, {' and '.join(each.called for each in own)} taken")
    if options.reverse:
        own = [turned(each) for each in own]
    make = _along if len(own) == 1 else _between
    try:
        track = make(own, options, plane, path)
    except TrackError as error:
        hint = ""
        if len(own) == 2 and options.edges is None:
            hint = "; if one of them is the centerline, choose it with the option line=..."
        raise TrackError(error.what + hint, file=path, line=error.line) from None
    return replace(track, notes=(*told, *track.notes))


def _along(own: Sequence[GeoLine], options: LineOptions, plane: LocalPlane, path: Path) -> Track:
    """Return the track along a centerline."""
    (line,) = own
    loop = closed(_placed(line, plane), path, line.called, options.gap)
    points, place = even(loop.points)
    step = float(np.hypot(*(points[1] - points[0])))
    usual = float(np.median(np.hypot(*np.diff(loop.points, axis=0).T)))
    smoothing = 0.5 * usual if options.smoothing is None else options.smoothing
    points = softened(points, smoothing / step)
    width, said = _width(line, loop, options.width)
    notes = [*loop.notes, *said]
    if options.elevation:
        heights, said = _heights(line, loop, place, step)
        notes += said
        points = np.column_stack([points, heights])
    half = 0.5 * np.interp(place, np.arange(len(width)), width, period=len(width))
    track = Track.from_points(
        points,
        half,
        half,
        name=options.name if options.name is not None else path.stem,
        crossings="allow",
        source=path.name,
        label=labelled(loop.source, place, line.label).__getitem__,
    )
    return replace(track, notes=tuple(notes))


def _between(own: Sequence[GeoLine], options: LineOptions, plane: LocalPlane, path: Path) -> Track:
    """Return the track between two edges."""
    edges: list[Floats] = []
    notes: list[str] = []
    for line in own:
        loop = closed(_placed(line, plane), path, line.called, options.gap)
        points, place = even(loop.points)
        notes += loop.notes
        if options.elevation:
            step = float(np.hypot(*(points[1] - points[0])))
            heights, said = _heights(line, loop, place, step)
            notes += said
            points = np.column_stack([points, heights])
        edges.append(points)
    track = track_between(
        edges[0],
        edges[1],
        name=options.name if options.name is not None else path.stem,
        source=path.name,
        path=path,
        sides_known=own[0].side == "left" and not options.reverse,
        banked=False,
        places=f"{own[0].called} and {own[1].called}",
    )
    return replace(track, notes=(*notes, *track.notes))


def _placed(line: GeoLine, plane: LocalPlane) -> Floats:
    return np.column_stack(plane.to_plane(line.places[:, 1], line.places[:, 0]))


def _width(line: GeoLine, loop: ClosedLine, given: float | None) -> tuple[Floats, list[str]]:
    """Return the width (m,) [m] at each point of the loop, and what is to be noted of it."""
    n = len(loop.source)
    if given is not None:
        return np.full(n, given), [f"its width of {given:g} m was given, not measured"]
    known = np.full(n, np.nan) if line.width is None else line.width[loop.source]
    share = float(np.isfinite(known).mean())
    if share == 0.0:
        return np.full(n, DEFAULT_WIDTH), [f"its width of {DEFAULT_WIDTH:g} m is assumed"]
    if share == 1.0:
        return known, []
    return np.where(np.isfinite(known), known, DEFAULT_WIDTH), [
        f"its width of {DEFAULT_WIDTH:g} m is assumed on {100 * (1 - share):.0f} % of its points"
    ]


def _heights(
    line: GeoLine, loop: ClosedLine, place: Floats, step: float
) -> tuple[Floats, list[str]]:
    """Return the elevation (n,) [m] of even points, smoothed, and what is to be noted of it."""
    known = line.places[loop.source, 2]
    share = float(np.isfinite(known).mean())
    if share == 0.0:
        return np.zeros(len(place)), []
    notes = []
    if share < 1.0:
        notes.append(f"{line.called} has elevations at {100 * share:.0f} % of its points only")
    around = np.interp(place, np.arange(len(known)), filled(known), period=len(known))
    heights = softened(around[:, None], SOFT_HEIGHT / step)[:, 0]
    climb = float(np.abs(np.diff(heights, append=heights[:1])).max()) / step
    if climb > STEEPEST:
        notes.append(
            f"its elevations were left out: they climb by {100 * climb:.0f} %, which no circuit "
            "does"
        )
        return np.zeros(len(place)), notes
    return heights, notes
