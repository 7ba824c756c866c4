"""Reading and writing GeoJSON [1].

A LineString is a centerline or an edge, a Polygon with one hole both edges, and pieces are
joined end to end. Lines named left and right, or outer and inner, are the edges.

What is written is a map for every program that reads GeoJSON: centerline, edges, racing line,
start line, gates, pit lane and obstacles, each a feature with its ``role``. All coordinates are
degrees, as the standard has it. A track whose place on the Earth is known, from its notes, is
put there; any other is put where the equator meets the prime meridian, true to scale, and the
member ``racegym`` says so. This member holds what geometry does not (widths, gates, the place
of the origin), so that reading the file again gives back the track.

[1] RFC 7946 (2016), "The GeoJSON Format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from racegym.errors import TrackError
from racegym.formats.content import MAX_POINTS, SHOWN, read_text
from racegym.formats.geo_lines import MOST_LINES, GeoLine, Side, metres, side_of
from racegym.formats.geographic import LineOptions as Options
from racegym.formats.geographic import track_from
from racegym.formats.track_map import OWN, collection, restored
from racegym.formats.writing import write_whole
from racegym.track import Track

__all__ = ["Options", "read", "recognises", "write"]

MAX_BYTES = 16_000_000
MAX_DEPTH = 16
MOST_DIGITS = 400  # of a whole number
GEOMETRIES = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")
OURS_ALONE = ("racing_line", "start_line", "gate", "pit_lane", "obstacle")  # roles of no edge
_ROLES: dict[str, Side] = {"left_edge": "left", "right_edge": "right"}
_FIRST = b'"type"'


def recognises(path: Path, head: bytes) -> bool:
    """Return whether it is named .geojson, or begins like a GeoJSON object."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{"):
        return False
    known = (b'"FeatureCollection"', b'"Feature"', *(f'"{g}"'.encode() for g in GEOMETRIES))
    return path.suffix.lower() == ".geojson" or (
        _FIRST in head and any(each in head for each in known)
    )


def write(track: Track, path: Path) -> list[Path]:
    """Write ``track`` as a FeatureCollection.

    Raises:
        TrackError: if the file can't be written.
    """
    write_whole(path, json.dumps(collection(track), allow_nan=False) + "\n")
    return [path]


def read(path: Path, options: Options) -> Track:
    """Return the track that the lines of a GeoJSON file make.

    Raises:
        TrackError: naming the file and the place at fault.
    """
    text = read_text(path, MAX_BYTES, "GeoJSON")
    try:
        top = json.loads(text, parse_constant=_no_constant, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise TrackError(f"is no whole JSON: {error.msg}", file=path, line=error.lineno) from None
    except ValueError as error:  # NaN and Infinity, or a number of thousands of digits
        raise TrackError(f"is no JSON: {error}", file=path) from None
    except RecursionError:
        raise TrackError("nests its values too deep", file=path) from None
    if not isinstance(top, dict):
        raise TrackError("is no GeoJSON: it must be an object", file=path)
    alone = (options.width, options.line, options.edges, options.smoothing, options.gap)
    if isinstance(top.get(OWN), dict) and alone == (None,) * len(alone):
        track = restored(top, options.name, path)
        return replace(track.reversed(), name=track.name) if options.reverse else track
    lines = list(islice(_lines(top, {}, "", "the file", path, 0), MOST_LINES + 1))
    return track_from(lines, options, path)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits measures nothing")
    return int(text)


def _lines(
    thing: Any, properties: dict[str, Any], id_: str, where: str, path: Path, depth: int
) -> Iterator[GeoLine]:
    """Yield the lines of a collection, a feature or a geometry.

    Raises:
        TrackError: it is none of these.
    """
    if depth > MAX_DEPTH:
        raise TrackError(f"nests collections more than {MAX_DEPTH} deep", file=path)
    if thing is None:  # a feature without a geometry
        return
    kind = thing.get("type") if isinstance(thing, dict) else None
    if kind in ("FeatureCollection", "GeometryCollection"):
        key = "features" if kind == "FeatureCollection" else "geometries"
        for k, inner in enumerate(_list(thing.get(key), f"{key} of {where}", path)):
            yield from _lines(inner, properties, id_, f"{key}[{k}]", path, depth + 1)
    elif kind == "Feature":
        own = thing.get("properties") or {}
        own = own if isinstance(own, dict) else {}
        if own.get("role") in OURS_ALONE:
            return
        yield from _lines(
            thing.get("geometry"), own, str(thing.get("id", "")), where, path, depth + 1
        )
    elif kind in GEOMETRIES:
        coordinates = _list(thing.get("coordinates"), f"coordinates of {where}", path)
        yield from _shapes(kind, coordinates, properties, id_, where, path)
    elif kind not in ("Point", "MultiPoint"):
        raise TrackError(f"{where} is no GeoJSON object: its type is {_shown(kind)}", file=path)


def _shapes(
    kind: str, coordinates: list[Any], properties: dict[str, Any], id_: str, where: str, path: Path
) -> Iterator[GeoLine]:
    """Yield the lines of one geometry."""
    name = properties.get("name") or properties.get("role") or ""
    name = name if isinstance(name, str) else str(name)[:SHOWN]
    role = properties.get("role")
    named = _ROLES.get(role, "") if isinstance(role, str) else ""
    width = metres(properties.get("width"))
    groups = [coordinates] if kind in ("LineString", "Polygon") else coordinates
    for k, group in enumerate(groups):
        place = where if groups is not coordinates else f"part {k} of {where}"
        curves = [group] if "Line" in kind else _list(group, place, path)
        for j, curve in enumerate(curves):
            side: Side = named or side_of(name)
            if "Polygon" in kind and len(curves) > 1:
                side = "outer" if j == 0 else "inner"
            within = place if len(curves) == 1 else f"ring {j} of {place}"
            points = _points(curve, within, path)
            if len(points):
                widths = np.full(len(points), width)
                yield GeoLine(name, points, within, side, widths, id=id_)


def _points(curve: Any, where: str, path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the positions (n, 3) of a line; elevation is nan where there is none."""
    positions = _list(curve, where, path)
    if len(positions) > MAX_POINTS:
        raise TrackError(f"{where} has more than {MAX_POINTS:,} points", file=path)
    points = np.full((len(positions), 3), np.nan)
    for k, position in enumerate(positions):
        if not isinstance(position, list) or len(position) < 2:
            raise TrackError(
                f"point {k + 1} of {where} is {_shown(position)}; it must be [longitude, latitude]",
                file=path,
            )
        for column, value in enumerate(position[:3]):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TrackError(
                    f"point {k + 1} of {where} holds {_shown(value)}, which is no number", file=path
                )
            if not abs(value) < 1e9:
                raise TrackError(
                    f"point {k + 1} of {where} holds {_shown(value)}; it must be finite", file=path
                )
            points[k, column] = value
    return points


def _list(value: Any, what: str, path: Path) -> list[Any]:
    if not isinstance(value, list):
        raise TrackError(f"{what} is {_shown(value)}; it must be a list", file=path)
    return value


def _shown(value: Any) -> str:
    """Return the beginning of a value as it stands in the file."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) > 10**SHOWN:
        return "a huge number"
    return json.dumps(value)[:SHOWN]
