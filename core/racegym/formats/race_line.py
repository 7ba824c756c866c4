"""Race lines: read from the files that others keep them in, and laid onto a track."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.across import Beside, filled, offsets
from racegym.formats.closed_line import closed
from racegym.formats.csv_rows import Layout, Rows, read_rows
from racegym.track import Track
from racegym.track.spline import PeriodicSpline

__all__ = [
    "LINES",
    "TRAJECTORY",
    "XY",
    "beside_track",
    "laid",
    "read_line",
    "refuse_line_of_another",
]

Floats = NDArray[np.float64]

XY = Layout(("x_m", "y_m"))
TRAJECTORY = Layout(("s_m", "x_m", "y_m", "psi_rad", "kappa_radpm", "vx_mps", "ax_mps2"))
GAME = Layout(("pos_x", "pos_y", "curvature", "target_speed"), optional=2, headed=True)
LINES: Sequence[Layout] = (XY, TRAJECTORY, GAME)

ALIKE = 0.6  # of ``Beside.likeness``
UNLIKE = 2.0  # times as long or as short as the track: no line of it is
MOST_MISSING = 0.05  # of the samples may not see the line along their normal
FAR = 1.0  # widths beyond the edge: a line that far off belongs to another track
NEWTON = 3


def read_line(path: Path) -> tuple[Floats, Rows]:
    """Return the points (m, 2) [m] of a race line, and the rows that they stand in.

    Raises:
        TrackError: it is none; names the line of the file.
    """
    rows = read_rows(path, LINES)
    first = rows.layout.columns.index("x_m" if "x_m" in rows.layout.columns else "pos_x")
    return rows.table[:, first : first + 2], rows


def laid(track: Track, path: Path, name: str = "imported") -> Track:
    """Return the track with the race line of a file laid onto it.

    The line's points are those of the file that the track came from, before it was recentred.
    Where the line leaves the asphalt by no more than a width, that is noted.

    Args:
        track: the track.
        path: of the line: ``x_m, y_m``, TUM's trajectories or AssettoCorsaGym's lines.
        name: what kind of line it is.

    Raises:
        TrackError: the file is wrong, or the line is not one of this track.
    """
    points, _ = read_line(path)
    try:
        return beside_track(track, closed(points, path, "the race line").points, name)
    except TrackError as error:
        raise TrackError(error.what, file=path) from None


def refuse_line_of_another(line: Path, path: Path) -> None:
    """Refuse to write a track without a race line where one would be found beside it.

    Raises:
        TrackError: the file ``line`` is there.
    """
    if os.path.lexists(line):
        raise TrackError(
            f"is there, and would be read as the race line of {path.name}, which has none: "
            "remove it, or write to another name",
            file=line,
        )


def beside_track(track: Track, points: Floats, name: str) -> Track:
    """Return the track with the race line through points, see ``laid``.

    Args:
        track: the track.
        points: (m, 2) [m] a loop, the last point not the first; before recentring.
        name: what kind of line it is.

    Raises:
        TrackError: the line is not one of this track, or leaves it widely; tells where.
    """
    xyz = np.column_stack([points - np.array(track.origin), np.zeros(len(points))])
    spline = PeriodicSpline.through(xyz)
    if not 1.0 / UNLIKE < spline.knots[-1] / track.length < UNLIKE:
        raise TrackError(
            f"the race line is {spline.knots[-1]:,.0f} m long, and track {track.name!r} "
            f"{track.length:,.0f} m: is it of this track, in the same coordinates?"
        )
    m = int(np.ceil(2.0 * spline.knots[-1] / track.spacing))
    parameter = np.linspace(0.0, spline.knots[-1], m, endpoint=False)
    curve = np.column_stack([spline.evaluate(parameter)[0][:, :2], parameter])
    places = np.column_stack([track.x, track.y])
    tangent = np.column_stack([track.tangent_x, track.tangent_y])
    beside = Beside(curve, places)
    if beside.likeness < ALIKE:
        raise TrackError(
            f"the race line does not go round with track {track.name!r}: is it of this track, "
            "in the same coordinates?"
        )
    seen = offsets(places, tangent, beside.points, beside.near(places))
    missing = np.isnan(seen.d)
    if missing.mean() > MOST_MISSING:
        raise TrackError(
            f"the race line is not beside track {track.name!r} at s = "
            f"{np.argmax(missing) * track.spacing:.1f} m"
        )
    u = beside.points[np.minimum(np.rint(np.nan_to_num(seen.place)), m - 1).astype(int), 2]
    d = filled(np.where(missing, np.nan, _on_normals(spline, u, places, tangent)))
    over = np.maximum(d - track.width_left, -d - track.width_right)
    worst = int(np.argmax(over))
    if over[worst] > FAR * (track.width_left + track.width_right)[worst]:
        raise TrackError(
            f"the race line is {over[worst]:.1f} m beyond the edge of track {track.name!r} at "
            f"s = {worst * track.spacing:.1f} m: is it of this track, in the same coordinates?"
        )
    notes = list(track.notes)
    if beside.turned:
        notes.append("the race line ran against the track; it was turned round")
    out = over > 0.0
    if out.any():
        parts = np.flatnonzero(out & ~np.roll(out, 1))
        where = ", ".join(f"{k * track.spacing:.1f}" for k in parts[:4])
        more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
        notes.append(
            f"the race line leaves the asphalt at s = {where} m{more}, by at most "
            f"{over[worst]:.2f} m at s = {worst * track.spacing:.1f} m"
        )
    return replace(track.with_line(d, name), notes=tuple(notes))


def _on_normals(spline: PeriodicSpline, u: Floats, places: Floats, tangent: Floats) -> Floats:
    """Return the offsets (n,) [m] at which the spline, near ``u``, meets the normals."""
    lap = spline.knots[-1]
    for _ in range(NEWTON):
        position, first, _ = spline.evaluate(np.mod(u, lap))
        along = ((position[:, :2] - places) * tangent).sum(axis=1)
        rate = (first[:, :2] * tangent).sum(axis=1)
        u = u - np.clip(along / np.where(np.abs(rate) > 0.1, rate, np.inf), -0.01 * lap, 0.01 * lap)
    position, _, _ = spline.evaluate(np.mod(u, lap))
    away = position[:, :2] - places
    return np.asarray(away[:, 1] * tangent[:, 0] - away[:, 0] * tangent[:, 1])
