"""Lines of a map: what a file tells of them, and which of them are a track's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, nearest
from racegym.formats.content import MAX_POINTS
from racegym.formats.rings import Piece, rings

__all__ = ["WIDEST", "GeoLine", "chosen", "listed", "merged", "metres", "side_of", "turned"]

Floats = NDArray[np.float64]
Side = Literal["", "left", "right", "outer", "inner"]

WIDEST = 200.0  # [m] of a track
MOST_LINES = 2_000
SAME_END = 1.0  # [m] between the ends of pieces that belong together
OPEN = 0.05  # of the length: a line with a wider gap is no loop
ALIKE = 0.5  # two edges of one track are no more different in length
NAMED = 12  # lines in one message
METRES_PER_DEGREE = 111_195.0  # near enough to compare lengths

_SIDES: dict[str, Side] = {
    "left": "left", "right": "right", "outer": "outer", "outside": "outer",
    "inner": "inner", "inside": "inner",
}  # fmt: skip


@dataclass
class GeoLine:
    """One line of a file."""

    name: str  # for people, and to be chosen by; "" if it has none
    places: Floats  # (n, 3) longitude, latitude [deg], elevation [m] or nan
    where: str  # in the file, such as "line 12" or "features[3]"
    side: Side = ""
    width: Floats | None = None  # (n,) [m], nan where unknown
    lines: Sequence[int] | None = None  # line of the file that each point stands in
    id: str = ""

    def label(self, k: int) -> str:
        """Return what point ``k`` is called in messages."""
        if self.lines is not None:
            return f"line {self.lines[k]}"
        return f"point {k + 1} of {self.where}"

    @property
    def called(self) -> str:
        """What the line is called in messages."""
        return f"the line {self.name!r} ({self.where})" if self.name else f"the line ({self.where})"


def side_of(name: str) -> Side:
    """Return which edge a line of that name is, "" if it says nothing of it."""
    for word in re.findall(r"[a-z]+", name.lower()):
        if word in _SIDES:
            return _SIDES[word]
    return ""


def metres(value: object) -> float:
    """Return the width that a file tells: a number, or a text such as "12 m"; nan without."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return np.nan
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,9})?)\s*m?\s*", value)
        value = float(found[1]) if found else np.nan
    return float(value) if 0.0 < value <= WIDEST else np.nan


def chosen(
    lines: Sequence[GeoLine], line: str | None, edges: tuple[str, str] | None, path: Path
) -> list[GeoLine]:
    """Return the centerline, or both edges, of the track that the lines of a file make.

    Args:
        lines: all that the file has.
        line: name or id of the centerline, if somebody chose.
        edges: names or ids of the two edges, if somebody chose.
        path: of the file.

    Raises:
        TrackError: a place is not on the Earth, the file leaves open which lines are meant, or
            it lacks what was chosen.
    """
    if not lines:
        raise TrackError("holds no line that a track could be made of", file=path)
    if len(lines) > MOST_LINES:
        raise TrackError(f"holds more than {MOST_LINES:,} lines", file=path)
    for each in lines:
        _check(each, path)
    if line is not None:
        return [_named(lines, line, path)]
    if edges is not None:
        return [_named(lines, name, path) for name in edges]
    for one, two in (("left", "right"), ("outer", "inner")):
        firsts = [line for line in lines if line.side == one]
        seconds = [line for line in lines if line.side == two]
        if len(firsts) == len(seconds) == 1:
            return [firsts[0], seconds[0]]
    if len(lines) == 1:
        return [lines[0]]
    longest = max(_length(each) for each in lines)
    loops = [each for each in lines if _is_loop(each)]
    if len(loops) in (1, 2) and min(map(_length, loops)) > ALIKE * longest:
        return loops
    joined = _joined(lines)
    if len(joined) == 1:
        return joined
    raise TrackError(
        f"holds {len(lines)} lines, and not just one or two of them are circuits: choose by name "
        f"or id, with the option line=... or edges=[..., ...]. It has {listed(lines)}",
        file=path,
    )


def listed(lines: Sequence[GeoLine]) -> str:
    """Return names, places and lengths of lines, for messages."""
    told = "; ".join(
        f"{line.name or line.id or 'one without a name'} ({line.where}, {_length(line):.0f} m)"
        for line in lines[:NAMED]
    )
    return told + (f"; and {len(lines) - NAMED} more" if len(lines) > NAMED else "")


def _check(line: GeoLine, path: Path) -> None:
    """Refuse places that are not on the Earth.

    Raises:
        TrackError: naming the first of them.
    """
    if len(line.places) > MAX_POINTS:
        raise TrackError(f"{line.called} has more than {MAX_POINTS:,} points", file=path)
    for column, name, most in ((1, "latitude", 90.0), (0, "longitude", 180.0)):
        bad = np.flatnonzero(~(np.abs(line.places[:, column]) <= most))
        if len(bad):
            k = int(bad[0])
            hint = ": are latitude and longitude exchanged?" if column == 1 else ""
            raise TrackError(
                f"{line.label(k)} has the {name} {line.places[k, column]:g}, which is beyond "
                f"{most:g} degrees{hint}",
                file=path,
                line=None if line.lines is None else line.lines[k],
            )


def _named(lines: Sequence[GeoLine], name: str, path: Path) -> GeoLine:
    found = [line for line in lines if name in (line.name, line.id)]
    if not found:
        names = {each for line in lines for each in (line.name, line.id) if each}
        raise TrackError(f"has no line {name!r}; {nearest(name, names)}", file=path)
    if len(found) > 1:
        joined = _joined(found)
        if len(joined) == 1:
            return joined[0]
        raise TrackError(f"has {len(found)} lines {name!r}, which don't make one loop", file=path)
    return found[0]


def _joined(lines: Sequence[GeoLine]) -> list[GeoLine]:
    """Return the loops that lines make, joined where their ends are at one place."""
    ends = np.concatenate([line.places[[0, -1], :2] for line in lines])
    scale = _scale(ends)
    keys: list[int] = []
    for k, place in enumerate(ends):
        near = np.hypot(*((ends[:k] - place) * scale).T) < SAME_END
        keys.append(keys[int(np.argmax(near))] if near.any() else k)
    pieces = [Piece(keys[2 * k], keys[2 * k + 1]) for k in range(len(lines))]
    found = []
    for ring in rings(pieces):
        parts = [(lines[step.piece], step.backwards) for step in ring]
        found.append(merged([turned(line) if backwards else line for line, backwards in parts]))
    return found


def turned(line: GeoLine) -> GeoLine:
    """Return the line from its end to its start."""
    return replace(
        line,
        places=line.places[::-1],
        width=None if line.width is None else line.width[::-1],
        lines=None if line.lines is None else line.lines[::-1],
    )


def merged(parts: Sequence[GeoLine]) -> GeoLine:
    """Return lines, each of which begins where the one before ends, as one."""
    if len(parts) == 1:
        return parts[0]
    widths = [np.full(len(p.places), np.nan) if p.width is None else p.width for p in parts]
    lines = [p.lines for p in parts if p.lines is not None]
    names = list(dict.fromkeys(p.name for p in parts if p.name))
    return GeoLine(
        name=names[0] if len(names) == 1 else "",
        places=np.concatenate([p.places[:-1] for p in parts]),
        where=f"{parts[0].where} and {len(parts) - 1} more",
        width=np.concatenate([w[:-1] for w in widths]),
        lines=[n for own in lines for n in own[:-1]] if len(lines) == len(parts) else None,
    )


def _is_loop(line: GeoLine) -> bool:
    gap = (line.places[-1, :2] - line.places[0, :2]) * _scale(line.places)
    return len(line.places) > 3 and float(np.hypot(*gap)) <= OPEN * _length(line)


def _length(line: GeoLine) -> float:
    """Return about how long a line is [m]."""
    step = np.diff(line.places[:, :2], axis=0) * _scale(line.places)
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def _scale(places: Floats) -> Floats:
    """Return about how many metres a degree of longitude and latitude has (2,)."""
    return METRES_PER_DEGREE * np.array([np.cos(np.deg2rad(places[:, 1].mean())), 1.0])
