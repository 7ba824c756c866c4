"""``checkpoints.json`` beside a picture: reading it within bounds, and its gates on the track."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, nearest
from racegym.formats.picture.drawn import Drawn
from racegym.formats.picture.names import CHECKPOINTS

__all__ = ["Gates", "along", "read_gates"]

Floats = NDArray[np.float64]

MAX_BYTES = 1_000_000
MOST_GATES = 1000
LARGEST = 1e7  # of a coordinate, in pixels
LENGTHENED = 0.15  # of a gate's length, either end: a gate may end short of the edge
KEYS = (
    "checkpoints", "gates", "start_position", "start_angle", "start", "direction",
    "resolution", "origin", "pit",
)  # fmt: skip


class Gates(NamedTuple):
    """What ``checkpoints.json`` says of one picture; pixels with y down, as it stands there."""

    gates: Floats  # (k, 2, 2) both ends of each; k is 0 if it has none
    start: tuple[float, float] | None
    angle: float | None  # [degrees] of the start
    against: bool  # the lap goes against the order of the gates
    scale: float | None  # [m] of a pixel
    origin: tuple[float, float, float] | None  # [m, m, rad] of the lower left corner
    notes: tuple[str, ...]


def read_gates(picture: Path) -> Gates | None:
    """Return what the ``checkpoints.json`` beside a picture says of it; None if there is none.

    Raises:
        TrackError: it is wrong, or tells of other pictures only; names the key.
    """
    path = picture.with_name(CHECKPOINTS)
    if not path.exists():
        return None
    data = _loaded(path)
    if not isinstance(data, dict):
        raise TrackError(f"holds {_kind(data)}; it must be a mapping", file=path)
    if picture.name in data:
        return _gates(data[picture.name], f"{picture.name!r}", path)
    if any(key in data for key in KEYS):
        return _gates(data, "", path)
    names = [name for name in data if isinstance(name, str)][:20]
    raise TrackError(
        f"says nothing of {picture.name!r}; {nearest(picture.name, names)}. "
        "Rename one of them, or read the picture alone by the option gates=false",
        file=path,
    )


def _loaded(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TrackError(f"can't be read: {error.strerror}", file=path) from None
    if len(content) > MAX_BYTES:
        raise TrackError(f"is larger than {MAX_BYTES / 1e6:g} MB", file=path)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise TrackError("is no UTF-8 text", file=path) from None
    except json.JSONDecodeError as error:
        raise TrackError(f"is no JSON: {error.msg}", file=path, line=error.lineno) from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise TrackError("is no JSON that can be read: too deep, or too large a number",
                         file=path) from None  # fmt: skip


def _gates(entry: Any, at: str, path: Path) -> Gates:
    if not isinstance(entry, dict):
        raise TrackError(f"{at} is {_kind(entry)}; it must be a mapping", file=path)
    for key in entry:
        if key not in KEYS:
            raise TrackError(f"{_join(at, key)} is no known key; {nearest(key, KEYS)}", file=path)
    if "checkpoints" in entry and "gates" in entry:
        raise TrackError(
            f"{_join(at, 'gates')} and {_join(at, 'checkpoints')} are the same; give one of them",
            file=path,
        )
    name = "gates" if "gates" in entry else "checkpoints"
    notes = [f"the pit lane in {CHECKPOINTS} was not read"] if "pit" in entry else []
    start, angle = None, None
    if "start_position" in entry:
        x, y = _numbers(entry["start_position"], _join(at, "start_position"), 2, path)
        start = (x, y)
    if "start_angle" in entry:
        angle = _number(entry["start_angle"], _join(at, "start_angle"), path)
    if "start" in entry:
        x, y, psi = _numbers(entry["start"], _join(at, "start"), 3, path)
        start, angle = (x, y), float(np.rad2deg(psi))
    direction = entry.get("direction", 1)
    if direction not in (1, -1) or isinstance(direction, bool):
        raise TrackError(
            f"{_join(at, 'direction')} is {_short(direction)}; it must be 1, in the order of the "
            "gates, or -1",
            file=path,
        )
    scale, origin = None, None
    if "resolution" in entry:
        scale = _number(entry["resolution"], _join(at, "resolution"), path)
        if not 0.0 < scale <= 1000.0:
            raise TrackError(
                f"{_join(at, 'resolution')} is {scale:g}; it must be above 0, metres of a pixel",
                file=path,
            )
    if "origin" in entry:
        x, y, theta = _numbers(entry["origin"], _join(at, "origin"), 3, path)
        origin = (x, y, theta)
    return Gates(
        _ends(entry.get(name, []), _join(at, name), path),
        start, angle, direction == -1, scale, origin, tuple(notes),
    )  # fmt: skip


def _ends(gates: Any, at: str, path: Path) -> Floats:
    """Return the ends (k, 2, 2) of a list of gates."""
    if not isinstance(gates, list):
        raise TrackError(f"{at} is {_kind(gates)}; it must be a list of gates", file=path)
    if len(gates) > MOST_GATES:
        raise TrackError(f"{at} holds {len(gates)} gates; {MOST_GATES} are possible", file=path)
    ends = np.zeros((len(gates), 2, 2))
    for k, gate in enumerate(gates):
        if not isinstance(gate, list) or len(gate) != 2:
            raise TrackError(
                f"{at}[{k}] is {_kind(gate)}; a gate is [[x1, y1], [x2, y2]]", file=path
            )
        for end in range(2):
            ends[k, end] = _numbers(gate[end], f"{at}[{k}][{end}]", 2, path)
        if np.hypot(*(ends[k, 1] - ends[k, 0])) < 1.0:
            raise TrackError(f"{at}[{k}] has both ends at the same pixel", file=path)
    return ends


def _numbers(values: Any, at: str, count: int, path: Path) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise TrackError(f"{at} is {_kind(values)}; it must be {count} numbers", file=path)
    return [_number(value, f"{at}[{k}]", path) for k, value in enumerate(values)]


def _number(value: Any, at: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TrackError(f"{at} is {_kind(value)}; it must be a number", file=path)
    # A whole number may be too large for a float, so it is compared first.
    if abs(value) > LARGEST or not isfinite(value):
        raise TrackError(f"{at} is {_short(value)}; that is no place in a picture", file=path)
    return float(value)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    return _short(value)


def _short(value: Any) -> str:
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number of many digits"
    text = json.dumps(value, default=str)
    return text if len(text) <= 40 else text[:37] + "..."


def _join(at: str, key: Any) -> str:
    text = key if isinstance(key, str) and len(key) <= 40 else _short(key)
    return f"{at}.{text}" if at else text


def along(drawn: Drawn, gates: Floats, start: int | None, path: Path) -> tuple[Floats, bool]:
    """Return where gates lie along a track, and whether their order runs against its points.

    Args:
        drawn: the track.
        gates: (k, 2, 2) their ends, as ``drawn`` measures; in the order of driving.
        start: index of the point of the start line, if it is known apart from the gates.
        path: for messages.

    Returns:
        (k,) distance from the first point of ``drawn`` [pixels], in the order of the gates.

    Raises:
        TrackError: a gate is off the track, they are too few to tell a direction, or out of
            order.
    """
    least = 3 if start is None else 2
    if len(gates) < least:
        raise TrackError(
            f"has {len(gates)} gates; {least} are needed to tell which way the lap goes", file=path
        )
    steps = drawn.steps
    place = np.concatenate([[0.0], np.cumsum(steps)])
    lap = float(place[-1])
    options = [_meetings(drawn, gate, place) for gate in gates]
    for k, found in enumerate(options):
        if not len(found):
            middle = gates[k].mean(axis=0)
            apart = drawn.nearest(middle)[1]
            raise TrackError(
                f"checkpoints[{k}] is off the track: no part of the middle line runs through it, "
                f"and its middle is {apart:.0f} pixels away from that",
                file=path,
            )
    first = [place[start]] if start is not None else []
    orders = []
    for sign in (1.0, -1.0):
        best = min(
            (_in_order(options, origin, sign, lap) for origin in (first or options[0].tolist())),
            key=lambda each: each[0],
        )
        orders.append((*best, sign < 0.0))
    faults, where, backwards = min(orders, key=lambda each: each[0])
    if faults:
        k = _first_fault(where, first[0] if first else where[0], -1.0 if backwards else 1.0, lap)
        raise TrackError(
            f"checkpoints[{k}] is out of order: on the lap it does not lie between "
            f"checkpoints[{k - 1}] and the ones after it; gates stand in the order of driving",
            file=path,
        )
    return where, backwards


def _in_order(options: list[Floats], origin: float, sign: float, lap: float) -> tuple[int, Floats]:
    """Return how often gates go back, choosing where a gate meets the track twice, and places."""
    last, faults = -1e-6 * lap, 0
    chosen = []
    for found in options:
        progress = np.mod(sign * (found - origin), lap)
        # A gate on the start line itself is the first, not the last.
        progress = np.where((last < 0.0) & (progress > lap - 0.01 * lap), 0.0, progress)
        onward = progress > last
        pick = (
            int(np.argmin(np.where(onward, progress, np.inf)))
            if onward.any()
            else int(np.argmax(progress))
        )
        faults += not onward.any()
        last = float(progress[pick]) if onward.any() else last
        chosen.append(found[pick])
    return faults, np.array(chosen)


def _first_fault(where: Floats, origin: float, sign: float, lap: float) -> int:
    last = -1.0
    for k, place in enumerate(where):
        progress = float(np.mod(sign * (place - origin), lap))
        if k == 0 and progress > 0.99 * lap:
            progress = 0.0
        if progress <= last:
            return k
        last = progress
    return len(where) - 1


def _meetings(drawn: Drawn, gate: Floats, place: Floats) -> Floats:
    """Return the places along the track at which the middle line runs through a gate."""
    start, end = gate
    reach = LENGTHENED * (end - start)
    start, way = start - reach, (end - start) + 2.0 * reach
    points = drawn.points
    along_track = np.roll(points, -1, axis=0) - points
    apart = start - points
    cross = along_track[:, 0] * way[1] - along_track[:, 1] * way[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (apart[:, 0] * way[1] - apart[:, 1] * way[0]) / cross
        u = (apart[:, 0] * along_track[:, 1] - apart[:, 1] * along_track[:, 0]) / cross
        meets = (cross != 0.0) & (t >= 0.0) & (t < 1.0) & (u >= 0.0) & (u <= 1.0)
    return np.asarray(place[:-1][meets] + t[meets] * np.diff(place)[meets])
