"""Reading circuits of fastest-lap's XML form [1].

Its frame has y to the right and z down, seen from a car that drives along x; mirrored here.
``nl`` and ``nr`` are the distances [m] from the centerline to the left and the right edge.
Banking is not read.

[1] https://github.com/juanmanzanero/fastest-lap
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.closed_line import closed
from racegym.formats.content import MAX_POINTS, number
from racegym.formats.edges import track_between
from racegym.formats.local_plane import LocalPlane
from racegym.formats.registry import FormatOptions as Options
from racegym.formats.xml_tree import Element, read_xml, root_tag
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]

Floats = NDArray[np.float64]


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the root element is <circuit>."""
    del path
    return root_tag(head) == "circuit"


def read(path: Path, options: Options) -> Track:
    """Return the track in ``path``.

    Raises:
        TrackError: naming the file and the line at fault.
    """
    top = read_xml(path, "circuit")
    if top.attributes.get("type", "closed") != "closed":
        raise TrackError("is an open track; a circuit closes", file=path, line=top.line)
    data = top.child("data")
    if data is None:
        raise TrackError("has no <data>", file=path, line=top.line)
    name = options.name if options.name is not None else path.stem
    center = _curve(data, "centerline", path)
    left, right = (_curve(data, f"{side}_boundary", path) for side in ("left", "right"))
    try:
        if center is not None and data.child("nl") is not None and data.child("nr") is not None:
            track = _with_widths(data, center, path, name)
        elif left is not None and right is not None:
            one = closed(left, path, "the left boundary")
            two = closed(right, path, "the right boundary")
            track = track_between(
                one.points, two.points, name=name, source=path.name, path=path, sides_known=True
            )
            track = replace(track, notes=(*one.notes, *two.notes, *track.notes))
        else:
            raise TrackError(
                "has neither a <centerline> with <nl> and <nr>, nor two boundaries",
                line=data.line,
            )
    except TrackError as error:
        raise TrackError(error.what, file=path, line=error.line) from None
    plane = _plane(top, path)
    return track if plane is None else replace(track, notes=(*track.notes, plane.note))


def _with_widths(data: Element, center: Floats, path: Path, name: str) -> Track:
    widths = {side: _numbers(data, side, path) for side in ("nl", "nr")}
    for side, values in widths.items():
        _same_count(values, len(center), side, data, path)
    line = closed(center, path, "the centerline")
    element = data.child("centerline")
    assert element is not None
    track = Track.from_points(
        line.points,
        width_left=widths["nl"][line.source],
        width_right=widths["nr"][line.source],
        name=name,
        crossings="allow",
        source=path.name,
        label=lambda k: f"point {line.source[k] + 1} of <centerline> in line {element.line}",
    )
    return replace(track, notes=line.notes)


def _curve(data: Element, tag: str, path: Path) -> Floats | None:
    """Return the points (n, 2 or 3) [m] of a curve, mirrored; None if there is none.

    Raises:
        TrackError: its columns are not of one length, or hold what is no number.
    """
    element = data.child(tag)
    if element is None:
        return None
    columns = [_numbers(element, axis, path) for axis in ("x", "y")]
    if element.child("z") is not None:
        columns.append(_numbers(element, "z", path))
    for axis, column in zip("xyz", columns, strict=False):
        _same_count(column, len(columns[0]), axis, element, path)
    points = np.column_stack(columns)
    points[:, 1:] *= -1.0
    return points


def _numbers(parent: Element, tag: str, path: Path) -> Floats:
    element = parent.child(tag)
    if element is None:
        raise TrackError(f"<{parent.tag}> has no <{tag}>", file=path, line=parent.line)
    fields = element.text.replace(",", " ").split()
    if len(fields) > MAX_POINTS:
        raise TrackError(
            f"<{tag}> holds more than {MAX_POINTS:,} numbers", file=path, line=element.line
        )
    return np.array([number(text, f"<{tag}>", path, element.line) for text in fields])


def _same_count(values: Floats, count: int, tag: str, parent: Element, path: Path) -> None:
    if len(values) != count:
        element = parent.child(tag)
        raise TrackError(
            f"<{tag}> holds {len(values)} numbers, and there are {count} points",
            file=path,
            line=parent.line if element is None else element.line,
        )


def _plane(top: Element, path: Path) -> LocalPlane | None:
    """Return where on the Earth the coordinates begin, if the file says so."""
    place = top.child("GPS_parameters")
    if place is None:
        return None
    elements = [place.child(f"origin_{axis}") for axis in ("latitude", "longitude")]
    values = [
        number(each.text, f"<{each.tag}>", path, each.line) for each in elements if each is not None
    ]
    if len(values) != 2 or abs(values[0]) > 90.0 or abs(values[1]) > 180.0:
        raise TrackError("has an origin that is no place on the Earth", file=path, line=place.line)
    return LocalPlane(round(values[0], 9), round(values[1], 9))
