"""The racing lines of a track by the names that scenarios and the command line use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, UnknownNameError, nearest
from racegym.interfaces import GGV
from racegym.raceline.cache import cached_arrays, digest_of, kept_arrays
from racegym.raceline.corridor import default_margin
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.minimum_time import Progress, minimum_time
from racegym.raceline.shortest import shortest
from racegym.raceline.weighted import weighted
from racegym.track import Track

__all__ = ["FOR_ONE_VEHICLE", "LINE_KINDS", "METHOD", "LineKind", "kept_line", "racing_line"]

LineKind = Literal["centerline", "own", "shortest", "minimum_curvature", "weighted", "minimum_time"]
LINE_KINDS: tuple[str, ...] = get_args(LineKind)
FOR_ONE_VEHICLE = ("weighted", "minimum_time")  # the kinds that depend on the g-g-v envelope

ARRAYS = ("offset", "name", "notes")  # of an entry
METHOD = 2  # version of what is computed here: a change of it makes all entries anew


def racing_line(
    track: Track,
    kind: str,
    *,
    width: float,
    margin: float | None = None,
    ggv: GGV | None = None,
    progress: Progress | None = None,
) -> Line:
    """Return a line around ``track``, from the cache where it was computed before.

    Args:
        track: to drive on.
        kind: "centerline"; "own", the line that the track brings, else its centerline;
            "minimum_curvature", "shortest", "weighted" or "minimum_time".
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.
        ggv: what the vehicle can do, for the kinds in ``FOR_ONE_VEHICLE``.
        progress: as in ``minimum_time``.

    Raises:
        UnknownNameError: there is no such kind of line.
        TrackError: width or margin make no sense, or there is no ``ggv`` and one is needed.
        MissingLibraryError: "minimum_time" is to be computed and CasADi is not installed.
    """
    if kind == "centerline":
        return Line.centerline(track)
    if kind == "own":
        return Line.of_track(track)
    if kind not in LINE_KINDS:
        raise UnknownNameError(f"no racing line {kind!r}; {nearest(kind, LINE_KINDS)}")
    margin = default_margin(width) if margin is None else margin
    key = _key(track, kind, width, margin, ggv)

    def make() -> dict[str, NDArray[Any]]:
        if kind == "minimum_curvature":
            line = minimum_curvature(track, width, margin)
        elif kind == "shortest":
            line = shortest(track, width, margin)
        elif kind == "weighted":
            assert ggv is not None
            line = weighted(track, ggv, width, margin)
        else:
            assert ggv is not None
            line = minimum_time(track, ggv, width, margin, progress=progress).line
        return {
            "offset": line.offset,
            "name": np.array(line.name),
            "notes": np.array(line.notes, dtype=np.str_),
        }

    return _line(track, cached_arrays("lines", key, ARRAYS, make))


def kept_line(
    track: Track, kind: str, *, width: float, margin: float | None = None, ggv: GGV | None = None
) -> Line | None:
    """Return what ``racing_line`` would, if that is in the cache; else None.

    Args:
        track, kind, width, margin, ggv: as for ``racing_line``; a kind that is computed.

    Raises:
        TrackError: there is no ``ggv`` and one is needed.
    """
    margin = default_margin(width) if margin is None else margin
    entry = kept_arrays("lines", _key(track, kind, width, margin, ggv), ARRAYS)
    return None if entry is None else _line(track, entry)


def _key(track: Track, kind: str, width: float, margin: float, ggv: GGV | None) -> str:
    parts: list[Any] = [kind, METHOD, track.shape_hash, float(width), float(margin)]
    if kind in FOR_ONE_VEHICLE:
        if ggv is None:
            raise TrackError(f"a line {kind!r} needs the g-g-v envelope of a vehicle")
        parts += [*_numbers(ggv), float(ggv.tightest)]
    return digest_of(*parts)


def _line(track: Track, entry: Mapping[str, NDArray[Any]]) -> Line:
    notes = tuple(str(note) for note in entry["notes"])
    return Line(track=track, offset=entry["offset"], name=str(entry["name"]), notes=notes)


def _numbers(ggv: GGV) -> list[Any]:
    return [ggv.speed, ggv.lateral, ggv.share, ggv.drive, ggv.brake]
