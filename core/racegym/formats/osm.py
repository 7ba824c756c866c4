"""Reading ways of OpenStreetMap XML [1]: those of a circuit, joined into its loop.

Ways are joined at nodes that they share as ends; what hangs on the loop at one end only, such
as a paddock road, is left out, and so is a pit lane that is tagged as one. The direction is that
of ``oneway``, the width that of ``width`` [2].

[1] https://wiki.openstreetmap.org/wiki/OSM_XML
[2] https://wiki.openstreetmap.org/wiki/Tag:highway%3Draceway
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from pydantic import Field

from racegym.errors import TrackError, nearest
from racegym.formats.content import number
from racegym.formats.geo_lines import MOST_LINES, GeoLine, listed, merged, metres, turned
from racegym.formats.geographic import LineOptions, track_from
from racegym.formats.rings import Piece, Step, rings
from racegym.formats.xml_tree import Element, read_xml, root_tag
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]

LICENCE = "ODbL-1.0"  # of all that OpenStreetMap gives out
ATTRIBUTION = "OpenStreetMap contributors"
MOST_NAMES = 50  # in one message
_PIT = re.compile(r"pit[ _-]?lane|boxengasse", re.IGNORECASE)


class Options(LineOptions):
    """What the reader may be told."""

    ways: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="ids or names of the ways that make the circuit; None: those tagged "
        "highway=raceway, but for pit lanes",
    )


@dataclass
class _Way:
    """One way of the file."""

    line: GeoLine
    start: str  # id of its first node
    end: str
    oneway: int  # 1: along the way, -1: against it, 0: not said


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the root element is <osm>."""
    del path
    return root_tag(head) == "osm"


def read(path: Path, options: Options) -> Track:
    """Return the track that the ways of an OpenStreetMap file make.

    Raises:
        TrackError: naming the file and the line at fault, or the ways to choose from.
    """
    top = read_xml(path, "osm")
    nodes = {node.attributes.get("id", ""): node for node in top.children if node.tag == "node"}
    elements = [way for way in top.children if way.tag == "way"]
    names = options.ways or options.edges or ((options.line,) if options.line else None)
    wanted = (
        [way for way in elements if _races(_tags(way))]
        if names is None
        else _named(elements, names, path)
    )
    if len(wanted) > MOST_LINES:
        raise TrackError(f"has more than {MOST_LINES:,} such ways; choose some", file=path)
    ways = [_way(each, nodes, path) for each in wanted]
    ways = [way for way in ways if len(way.line.places) > 1]
    if options.line is not None or options.edges is not None:
        return _credited(track_from([way.line for way in ways], options, path))
    if not ways:
        raise TrackError(
            f"has no way tagged highway=raceway among its {len(elements)}; choose ways by id or "
            "name, with the option ways=[...]",
            file=path,
        )
    loops = rings([Piece(way.start, way.end) for way in ways])
    if len(loops) != 1:
        raise TrackError(
            f"its ways make {len(loops) or 'no'} loop{'s' * (len(loops) != 1)}; choose those of "
            "the circuit by id or name, with the option ways=[...]. It has "
            f"{listed([way.line for way in ways])}",
            file=path,
        )
    line, notes = _joined(ways, loops[0])
    return _credited(track_from([line], options, path, notes))


def _credited(track: Track) -> Track:
    return replace(track, licence=LICENCE, attribution=ATTRIBUTION)


def _joined(ways: Sequence[_Way], ring: Sequence[Step]) -> tuple[GeoLine, list[str]]:
    """Return the loop as one line in the direction of driving, and what is to be noted."""
    parts = [turned(ways[s.piece].line) if s.backwards else ways[s.piece].line for s in ring]
    line = merged(parts)
    notes = []
    if len(ring) < len(ways):
        count = len(ways) - len(ring)
        notes.append(f"{count} way{'s' * (count > 1)} beside the loop left out")
    ahead = [-ways[s.piece].oneway if s.backwards else ways[s.piece].oneway for s in ring]
    balance = sum(ahead[k] * len(parts[k].places) for k in range(len(ring)))
    if 1 in ahead and -1 in ahead:
        notes.append("its ways are oneway against each other; most points decided the direction")
    if not any(ahead):
        notes.append("no way says oneway; it is driven in the direction in which it was drawn")
    return (turned(line) if balance < 0 else line), notes


def _named(elements: Sequence[Element], names: Sequence[str], path: Path) -> list[Element]:
    """Return the ways of these ids or names.

    Raises:
        TrackError: one of them is not there.
    """
    found = []
    called: set[str] = set()
    for way in elements:
        own = {way.attributes.get("id", ""), _tags(way).get("name", "")} - {""}
        called |= own
        if not own.isdisjoint(names):
            found.append(way)
    for name in names:
        if name not in called:
            close = get_close_matches(name, sorted(called), n=1)
            some = [*close, *sorted(called - {*close}, key=lambda each: (each.isdigit(), each))]
            raise TrackError(f"has no way {name!r}; {nearest(name, some[:MOST_NAMES])}", file=path)
    return found


def _way(element: Element, nodes: dict[str, Element], path: Path) -> _Way:
    """Return a way with the places of its nodes.

    Raises:
        TrackError: a node is missing, or a number is none.
    """
    places, lines = [], []
    refs = [child for child in element.children if child.tag == "nd"]
    for ref in refs:
        node = nodes.get(ref.attributes.get("ref", ""))
        # Overpass writes places into the way itself when asked for `out geom`.
        source = ref if node is None or "lat" not in node.attributes else node
        if "lat" not in source.attributes or "lon" not in source.attributes:
            raise TrackError(
                f"way {element.attributes.get('id', '')} has a node "
                f"{ref.attributes.get('ref', '')!r} whose place the file does not hold: export "
                "the ways with their nodes",
                file=path,
                line=ref.line,
            )
        height = _tags(source).get("ele", "")
        places.append(
            [
                number(source.attributes["lon"], "longitude", path, source.line),
                number(source.attributes["lat"], "latitude", path, source.line),
                number(height, "ele", path, source.line) if height else np.nan,
            ]
        )
        lines.append(source.line)
    tags = _tags(element)
    line = GeoLine(
        name=tags.get("name", ""),
        places=np.array(places).reshape(-1, 3),
        where=f"line {element.line}",
        width=np.full(len(places), metres(tags.get("width", ""))),
        lines=lines,
        id=element.attributes.get("id", ""),
    )
    oneway = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1}.get(tags.get("oneway", ""), 0)
    ends = [refs[k].attributes.get("ref", "") for k in (0, -1)] if refs else ["", ""]
    return _Way(line, ends[0], ends[1], oneway)


def _tags(element: Element) -> dict[str, str]:
    return {
        child.attributes.get("k", ""): child.attributes.get("v", "")
        for child in element.children
        if child.tag == "tag"
    }


def _races(tags: dict[str, str]) -> bool:
    return tags.get("highway") == "raceway" and not any(map(_PIT.search, tags.values()))
