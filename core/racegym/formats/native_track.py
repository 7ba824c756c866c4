"""From the head and the geometry of a native track to the track.

A table with all the columns of samples, below a head with their ``spacing``, is taken as it is:
what ``racegym`` wrote gives the very track back. Any other table is points, through which a
track is laid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.native_head import SURFACES, Head
from racegym.formats.native_table import SAMPLE_COLUMNS, SURFACE_COLUMNS, Table
from racegym.track import Crossing, PitLane, Track
from racegym.track.check import check_crossings, check_points, check_size
from racegym.track.spline import PeriodicSpline
from racegym.track.track import MIN_POINTS, MIN_SAMPLES, default_spacing

__all__ = ["build"]

Floats = NDArray[np.float64]

_UNIT = 1e-6  # how far tangents may be from what they should be
_LENGTH_TOLD = 0.01  # part by which the length of the head may be off without a note
_BRIDGE_WIDTHS = 4.0  # track widths by which a bridge may be off the place that is told


def build(head: Head, table: Table, name: str) -> Track:
    """Return the track that a head and a table describe.

    Args:
        head: of it.
        table: its points or samples.
        name: of it.

    Raises:
        TrackError: naming the file, and the place in it where it is known.
    """
    try:
        if _holds_samples(head, table):
            track = _from_samples(head, table, name)
        else:
            track = _from_points(head, table, name)
        track = _with_obstacles(track, head)
        track = _described(track, head, name)
    except TrackError as error:
        if error.file is not None:
            raise
        raise TrackError(error.what, file=table.file) from None
    return _noted(track, head)


def _holds_samples(head: Head, table: Table) -> bool:
    missing = [name for name in SAMPLE_COLUMNS if name not in table.columns]
    if len(missing) == len(SAMPLE_COLUMNS):
        return False
    needed = ("z", "width_left", "width_right", "banking")
    missing += [name for name in needed if name not in table.columns]
    if missing:
        raise TrackError(
            f"has samples without {', '.join(missing)}; leave out {', '.join(SAMPLE_COLUMNS)} to "
            "have a track laid through the points"
        )
    if head.spacing is None:
        raise TrackError("has samples, and no `spacing` in its head")
    if head.start:
        raise TrackError(
            "has samples, which begin at the start line; leave out "
            f"{', '.join(SAMPLE_COLUMNS)} to move it with `start`"
        )
    return True


def _from_samples(head: Head, table: Table, name: str) -> Track:
    assert head.spacing is not None
    n, given = len(table), table.columns
    if n < MIN_SAMPLES:
        raise TrackError(f"has {n} samples; a track has at least {MIN_SAMPLES}")
    lap = n * head.spacing
    check_size(lap, name)
    check_points(
        np.column_stack([given["x"], given["y"], given["z"]]),
        given["width_left"], given["width_right"], given["banking"],
        name=name, least=MIN_SAMPLES, label=table.place,
    )  # fmt: skip
    _check_samples(head.spacing, table)
    bridges = () if isinstance(head.crossings, str) else head.crossings

    def near(place: float) -> str:
        return table.place(int(place % lap / lap * n) % n)

    found = check_crossings(
        given["x"], given["y"], given["tangent_x"], given["tangent_y"], given["width_left"],
        given["width_right"], head.spacing, allow=head.crossings not in ("refuse", ()),
        name=name, near=near,
    )  # fmt: skip
    if bridges:
        _check_bridges(found, bridges, lap, _width(table), name, near)
    beside = ("width", "line", *SURFACE_COLUMNS)
    arrays: dict[str, Any] = {key: given[key] for key in given if key not in beside}
    surfaces: dict[str, Any] = {
        key: _surface(key, head, table, np.arange(n)) for key in SURFACE_COLUMNS
    }
    return Track(
        name=name,
        **arrays,
        spacing=head.spacing,
        length=lap,
        sectors=_gates(head.sectors, lap, 3),
        checkpoints=_gates(head.checkpoints, lap, int(np.clip(round(lap / 25.0), 8, 64))),
        kerb_width=min(1.0, _width(table) / 8.0) if head.kerb_width is None else head.kerb_width,
        runoff=min(8.0, _width(table)) if head.runoff is None else head.runoff,
        origin=head.origin or (0.0, 0.0),
        crossings=tuple(Crossing(*pair) for pair in bridges or found),
        problems=head.problems,
        line=given.get("line"),
        **surfaces,
    )


def _check_samples(spacing: float, table: Table) -> None:
    """Refuse samples that do not go together, as after an edit of some columns."""
    given = table.columns
    tangent_x, tangent_y = given["tangent_x"], given["tangent_y"]
    turned = np.arctan2(tangent_y, tangent_x) - given["heading"]
    step = np.hypot(np.roll(given["x"], -1) - given["x"], np.roll(given["y"], -1) - given["y"])
    faults = {
        "its tangent is no unit vector": np.abs(np.hypot(tangent_x, tangent_y) - 1.0) > _UNIT,
        "its heading is not that of its tangent": np.abs(np.sin(0.5 * turned)) > _UNIT,
        "its heading is not in [-pi, pi)": (given["heading"] < -np.pi)
        | (given["heading"] >= np.pi),
        f"the next one is farther than the spacing of {spacing:g} m": step
        > spacing * (1.0 + _UNIT),
        "its curvature is beyond reason": np.abs(given["curvature"]) * spacing > 1e3,
        "its slope is beyond reason": np.abs(given["slope"]) > 1e3,
    }
    for what, bad in faults.items():
        if bad.any():
            raise TrackError(
                f"{table.place(int(np.argmax(bad)))}: {what}. Samples go together; leave out "
                f"{', '.join(SAMPLE_COLUMNS)} to have a track laid through the points"
            )


def _from_points(head: Head, table: Table, name: str) -> Track:
    columns, points, fractions = _from_start(_point_columns(head, table), table, head, name)
    crossings = head.crossings
    track = Track.from_points(
        np.column_stack([columns["x"], columns["y"], columns["z"]]),
        columns["width_left"],
        columns["width_right"],
        name=name,
        spacing=head.spacing,
        banking=columns["banking"],
        sectors=head.sectors,
        checkpoints=head.checkpoints,
        kerb_width=head.kerb_width,
        runoff=head.runoff,
        crossings="allow" if crossings not in ("refuse", ()) else "refuse",
        label=points.place,
    )
    if crossings and not isinstance(crossings, str):
        width = float((track.width_left + track.width_right).mean())
        _check_bridges(
            track.crossings, crossings, track.length, width, name, lambda s: f"s = {s:.1f} m"
        )
    x, y = head.origin or (0.0, 0.0)
    return replace(
        track,
        origin=(track.origin[0] + x, track.origin[1] + y),
        **_beside(head, points, track, fractions),
    )


def _point_columns(head: Head, table: Table) -> dict[str, Floats]:
    """Return x, y, z, both widths and the banking of every point."""
    given, n = table.columns, len(table)
    columns = {key: given[key] for key in ("x", "y")}
    columns["z"] = given.get("z", np.zeros(n))
    banking = 0.0 if head.banking is None else head.banking
    columns["banking"] = given.get("banking", np.full(n, banking))
    for side in ("width_left", "width_right"):
        told = getattr(head, side)
        if side in given:
            columns[side] = given[side]
        elif "width" in given:
            columns[side] = 0.5 * given["width"]
        elif told is not None or head.width is not None:
            columns[side] = np.full(n, told if told is not None else 0.5 * (head.width or 0.0))
        else:
            raise TrackError(
                f"says nothing of its {side}: give `width: 8` in the head, or a column width, or "
                "columns width_left and width_right"
            )
    return columns


def _from_start(
    columns: dict[str, Floats], table: Table, head: Head, name: str
) -> tuple[dict[str, Floats], Table, Floats]:
    """Return columns that begin at the start line, where they come from, and how far along.

    The curve through the points is followed from ``start`` on and read off closely. Without a
    start, the points stay as they are.

    Returns:
        The columns, a table whose places are those of the file, and each row's part of the lap.
    """
    xyz, left, right, bank = check_points(
        np.column_stack([columns["x"], columns["y"], columns["z"]]),
        columns["width_left"], columns["width_right"], columns["banking"],
        name=name, least=MIN_POINTS, label=table.place,
    )  # fmt: skip
    n = len(xyz)
    origin = np.array([xyz[:, 0].mean(), xyz[:, 1].mean(), 0.0])
    spline = PeriodicSpline.through(xyz - origin)
    ends = spline.knot_lengths()
    lap = float(ends[-1])
    check_size(lap, name)
    if not abs(head.start) <= lap:
        raise TrackError(f"start is {head.start:g} m; a lap is {lap:.1f} m long")
    if not head.start:
        return columns, table, ends[:n] / lap
    count = int(min(max(n, 4 * MIN_POINTS, round(2.0 * lap / default_spacing(lap))), 100_000))
    s = np.mod(head.start + lap * np.arange(count) / count, lap)
    position = spline.evaluate(spline.at_arc_length(s, ends))[0] + origin
    row = np.clip(np.searchsorted(ends, s, side="right") - 1, 0, n - 1)

    def beside(values: Floats) -> Floats:
        return np.asarray(np.interp(s, ends, np.append(values, values[0])))

    moved = {
        "x": position[:, 0], "y": position[:, 1], "z": position[:, 2],
        "width_left": beside(left), "width_right": beside(right), "banking": beside(bank),
    }  # fmt: skip
    kept = {key: table.columns[key][row] for key in SURFACE_COLUMNS if key in table.columns}
    if "line" in table.columns:
        kept["line"] = beside(table.columns["line"][:n])
    lines = [table.lines[k] for k in row] if table.lines else ()
    places = Table(columns={**moved, **kept}, file=table.file, lines=lines)
    return moved, places, np.arange(count) / count


def _beside(head: Head, points: Table, track: Track, fractions: Floats) -> dict[str, Any]:
    """Return the racing line and the surfaces at the samples of a track laid through points."""
    at = np.arange(len(track)) / len(track)
    parts: dict[str, Any] = {}
    row = np.clip(np.searchsorted(fractions, at, side="right") - 1, 0, len(fractions) - 1)
    if "line" in points.columns:
        line = points.columns["line"][: len(fractions)]
        parts["line"] = np.interp(at, np.append(fractions, 1.0), np.append(line, line[0]))
    for key in SURFACE_COLUMNS:
        parts[key] = _surface(key, head, points, row)
    return parts


def _surface(
    key: str, head: Head, table: Table, row: NDArray[np.int64]
) -> NDArray[np.uint8] | None:
    """Return the codes of one side, from its column or from the head."""
    if key in table.columns:
        codes: NDArray[np.uint8] = table.columns[key][row]
        return codes
    told = getattr(head, key)
    return None if told is None else np.full(len(row), SURFACES.index(told), np.uint8)


def _gates(told: tuple[float, ...] | None, lap: float, count: int) -> Floats:
    return lap * np.arange(count) / count if told is None else np.array(told)


def _width(table: Table) -> float:
    return float((table.columns["width_left"] + table.columns["width_right"]).mean())


def _check_bridges(
    found: Any,
    told: tuple[tuple[float, float], ...],
    lap: float,
    width: float,
    name: str,
    near: Callable[[float], str],
) -> None:
    """Refuse a place where the track crosses itself that is not told to be a bridge."""

    def off(s: float, other: float) -> float:
        return abs((s - other + 0.5 * lap) % lap - 0.5 * lap)

    for one, other in found:
        reach = [
            min(max(off(one, a), off(other, b)), max(off(one, b), off(other, a))) for a, b in told
        ]
        if min(reach) > _BRIDGE_WIDTHS * width:
            raise TrackError(
                f"track {name!r} crosses itself at s = {one:.1f} and {other:.1f} m "
                f"({near(one)}), and `crossings` names no bridge there"
            )


def _with_obstacles(track: Track, head: Head) -> Track:
    rows, segments = [], []
    x0, y0 = head.origin or (0.0, 0.0)
    shift = (track.origin[0] - x0, track.origin[1] - y0)  # of recentring; 0 for samples
    for obstacle in head.obstacles:
        near = np.nan
        if obstacle.s is not None:
            x, y = (float(value) for value in track.at(obstacle.s, obstacle.d or 0.0)[:2])
            near = obstacle.s
        else:
            assert obstacle.x is not None and obstacle.y is not None
            x, y = obstacle.x - shift[0], obstacle.y - shift[1]
        row = np.array([[x, y, obstacle.radius]])
        segment = obstacle.segment
        if segment is None:
            segment = int(track.with_obstacles(row, near=near).obstacle_segment[0])
        rows.append(row)
        segments.append(segment)
    if not rows:
        return track
    return replace(
        track, obstacles=np.concatenate(rows), obstacle_segment=np.array(segments, np.int64)
    )


def _described(track: Track, head: Head, name: str) -> Track:
    """Return the track with what its head tells beside its shape, in the direction of driving."""
    pit = None if head.pit is None else PitLane(**head.pit.model_dump())
    grid = None if head.grid is None else np.array(head.grid)
    notes = list(head.notes)
    track = replace(
        track, grid=grid, pit=pit, source=head.source, licence=head.licence,
        attribution=head.attribution,
        line_name=track.line_name if track.line is None else head.line_name,
    )  # fmt: skip
    if head.reverse:
        track = replace(track.reversed(), name=name)
        if grid is not None:
            notes.append("its grid is for the other direction; slots are those of the rule")
    return replace(track, notes=tuple(notes))


def _noted(track: Track, head: Head) -> Track:
    notes = list(track.notes)
    if head.hash is not None and head.hash != track.hash:
        notes.append(
            f"it was edited since it was written: its content has the hash {track.hash}, and "
            f"{head.hash} stands in it"
        )
    if head.length is not None and abs(head.length - track.length) > _LENGTH_TOLD * track.length:
        notes.append(f"it is {track.length:.1f} m long, and {head.length:g} m stands in it")
    return replace(track, notes=tuple(notes))
