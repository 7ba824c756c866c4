"""The racing lines of a track by the names that scenarios and the command line use."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from racegym.errors import UnknownNameError, nearest
from racegym.raceline.cache import cached_arrays, digest_of
from racegym.raceline.corridor import default_margin
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.shortest import shortest
from racegym.track import Track

__all__ = ["LINE_KINDS", "LineKind", "racing_line"]

LineKind = Literal["centerline", "own", "minimum_curvature", "shortest"]
LINE_KINDS: tuple[str, ...] = get_args(LineKind)

METHOD = 1  # version of what is computed here: a change of it makes all entries anew


def racing_line(track: Track, kind: str, *, width: float, margin: float | None = None) -> Line:
    """Return a line around ``track``, from the cache where it was computed before.

    Args:
        track: to drive on.
        kind: "centerline"; "own", the line that the track brings, else its centerline;
            "minimum_curvature" or "shortest".
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.

    Raises:
        UnknownNameError: there is no such kind of line.
        TrackError: width or margin make no sense.
    """
    if kind == "centerline":
        return Line.centerline(track)
    if kind == "own":
        return Line.of_track(track)
    if kind not in LINE_KINDS:
        raise UnknownNameError(f"no racing line {kind!r}; {nearest(kind, LINE_KINDS)}")
    margin = default_margin(width) if margin is None else margin
    compute = minimum_curvature if kind == "minimum_curvature" else shortest
    notes: tuple[str, ...]

    def make() -> dict[str, np.ndarray]:
        line = compute(track, width, margin)
        return {"offset": line.offset, "notes": np.array(line.notes, dtype=np.str_)}

    key = digest_of(kind, METHOD, track.shape_hash, float(width), float(margin))
    entry = cached_arrays("lines", key, ("offset", "notes"), make)
    notes = tuple(str(note) for note in entry["notes"])
    return Line(track=track, offset=entry["offset"], name=kind, notes=notes)
