"""Reading lines and polygons of KML, as map programs draw them [1].

A LineString, LinearRing or gx:Track is a centerline or an edge; a polygon with one hole is both
edges. A zipped KMZ is refused: the KML is inside.

[1] OGC 12-007r2 (2015), "OGC KML 2.3".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from racegym.errors import TrackError
from racegym.formats.content import MAX_POINTS, SHOWN, number
from racegym.formats.geo_lines import MOST_LINES, GeoLine, Side, metres, side_of
from racegym.formats.geographic import LineOptions as Options
from racegym.formats.geographic import track_from
from racegym.formats.xml_tree import Element, read_xml, root_tag
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]

ZIP = b"PK\x03\x04"


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the root element is <kml>, or the file is a KMZ."""
    return root_tag(head) == "kml" or (path.suffix.lower() == ".kmz" and head.startswith(ZIP))


def read(path: Path, options: Options) -> Track:
    """Return the track that the lines of a KML file make.

    Raises:
        TrackError: naming the file and the line at fault.
    """
    if path.suffix.lower() == ".kmz":
        raise TrackError("is a zipped KMZ: unpack it, and import the .kml inside", file=path)
    marks = read_xml(path, "kml").all("Placemark")
    lines = (line for mark in marks for line in _lines(mark, path))
    return track_from(list(islice(lines, MOST_LINES + 1)), options, path)


def _lines(mark: Element, path: Path) -> Iterator[GeoLine]:
    """Yield the lines of a placemark."""
    name = mark.said("name")
    width = np.nan
    for data in mark.all("Data", "SimpleData"):
        if data.attributes.get("name") == "width":
            width = metres(data.said("value") or data.text.strip())
    rings: dict[int, Side] = {}
    for polygon in mark.all("Polygon"):
        outer = list(polygon.all("outerBoundaryIs"))
        inner = list(polygon.all("innerBoundaryIs"))
        sides: tuple[tuple[Side, list[Element]], ...] = (("outer", outer), ("inner", inner))
        for side, boundaries in sides:
            for ring in (ring for each in boundaries for ring in each.all("LinearRing")):
                if inner:
                    rings[id(ring)] = side
    for shape in mark.all("LineString", "LinearRing", "Track"):
        places, lines = _track(shape, path) if shape.tag == "Track" else _places(shape, path)
        if places:
            yield GeoLine(
                name=name,
                places=np.array(places),
                where=f"line {shape.line}",
                side=rings.get(id(shape), side_of(name)),
                width=np.full(len(places), width),
                lines=lines,
                id=mark.attributes.get("id", ""),
            )


def _places(shape: Element, path: Path) -> tuple[list[list[float]], list[int]]:
    """Return the tuples of <coordinates>, and the line of the file that each stands in."""
    element = shape.child("coordinates")
    if element is None:
        raise TrackError(f"a <{shape.tag}> has no <coordinates>", file=path, line=shape.line)
    if len(element.text.split(None, MAX_POINTS)) > MAX_POINTS:
        raise TrackError(f"has more than {MAX_POINTS:,} points", file=path, line=element.line)
    places, lines = [], []
    for k, text in enumerate(element.text.split("\n")):
        for place in text.split():
            line = element.line + k
            places.append(_place(place.split(","), path, line))
            lines.append(line)
    return places, lines


def _track(shape: Element, path: Path) -> tuple[list[list[float]], list[int]]:
    coords = list(shape.all("coord"))
    return [_place(each.text.split(), path, each.line) for each in coords], [
        each.line for each in coords
    ]


def _place(fields: list[str], path: Path, line: int) -> list[float]:
    if len(fields) not in (2, 3):
        raise TrackError(
            f"a place is {','.join(fields)[:SHOWN]!r}; it must be longitude,latitude or "
            "longitude,latitude,altitude",
            file=path,
            line=line,
        )
    values = [
        number(text, what, path, line)
        for what, text in zip(("longitude", "latitude", "altitude"), fields, strict=False)
    ]
    return values if len(values) == 3 else [*values, np.nan]
