"""Reading a track or route of GPX [1] that goes round a circuit once.

What was recorded over many laps is a log, which another reader takes apart into laps.

[1] https://www.topografix.com/GPX/1/1/
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from racegym.errors import TrackError
from racegym.formats.content import number
from racegym.formats.geo_lines import GeoLine, side_of
from racegym.formats.geographic import LineOptions as Options
from racegym.formats.geographic import track_from
from racegym.formats.xml_tree import Element, read_xml, root_tag
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the root element is <gpx>."""
    del path
    return root_tag(head) == "gpx"


def read(path: Path, options: Options) -> Track:
    """Return the track that the tracks and routes of a GPX file make.

    Raises:
        TrackError: naming the file and the line at fault, or if it goes round several times.
    """
    lines = []
    for each in read_xml(path, "gpx").all("trk", "rte"):
        points = list(each.all("trkpt", "rtept"))
        if not points:
            continue
        name = each.said("name")
        lines.append(
            GeoLine(
                name=name,
                places=np.array([_place(point, path) for point in points]),
                where=f"line {each.line}",
                side=side_of(name),
                lines=[point.line for point in points],
            )
        )
    return track_from(lines, options, path)


def _place(point: Element, path: Path) -> list[float]:
    values = []
    for key, what in (("lon", "longitude"), ("lat", "latitude")):
        if key not in point.attributes:
            raise TrackError(f"a <{point.tag}> has no {key}", file=path, line=point.line)
        values.append(number(point.attributes[key], what, path, point.line))
    height = point.child("ele")
    if height is None or not height.text.strip():
        return [*values, np.nan]
    return [*values, number(height.text.strip(), "elevation", path, height.line)]
