"""What makes points a track: every check of its geometry, and what it says when one fails.

Functions that find something are shared with ``racegym.track.validation``, which reports all
that they find; those called ``check`` refuse the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.track.nearby import (
    MeetingPoints,
    TangledError,
    comes_near,
    crossings,
    pairs_within,
)

__all__ = [
    "FOLD",
    "MOST_CROSSINGS",
    "PointFault",
    "as_points",
    "check_crossings",
    "check_curvature",
    "check_points",
    "check_size",
    "folds",
    "overlaps",
    "per_point",
    "point_faults",
    "size_fault",
    "steep_crossings",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHORTEST_LAP, LONGEST_LAP = 5.0, 100_000.0  # [m]
LARGEST_COORDINATE = 1e9  # [m] beyond the Earth in any projection
LARGEST_WIDTH = 1000.0  # [m]
LARGEST_BANKING = 1.4  # [rad]
STEEP_CROSSING = np.deg2rad(20.0)  # a real crossing goes over or under, not along
CROSSING_WIDTHS = 4.0  # track widths of arc length between two passes of a crossing
MOST_CROSSINGS = 4
FOLD = 2.0  # inner half width times curvature, from which on the track is refused
SAMPLES_IN_REACH = 8  # are enough to see whether a track runs along its own asphalt
POINTS_NAMED = 4  # in one message


class PointFault(NamedTuple):
    """Points that are wrong in one way."""

    bad: Flags | np.bool_  # (m,) which
    what: str  # goes on after the name of a point


def check_points(
    points: ArrayLike,
    width_left: ArrayLike,
    width_right: ArrayLike,
    banking: ArrayLike,
    *,
    name: str,
    least: int,
    label: Callable[[int], str],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return points (m, 3), left and right widths and banking (m,), ready for a spline.

    Raises:
        TrackError: naming the first point at fault.
    """
    xyz = as_points(points, name)
    columns = [
        per_point(array, len(xyz), what, name)
        for what, array in (
            ("width_left", width_left),
            ("width_right", width_right),
            ("banking", banking),
        )
    ]
    if len(xyz) > 1 and np.array_equal(xyz[0, :2], xyz[-1, :2]):
        xyz, columns = xyz[:-1], [column[:-1] for column in columns]
    if len(xyz) < least:
        raise TrackError(f"track {name!r} has {len(xyz)} points; it needs at least {least}")

    left, right, bank = columns
    for fault in point_faults(xyz, left, right, bank):
        if fault.bad.any():
            at = label(int(np.argmax(fault.bad)))
            raise TrackError(f"track {name!r}: {at} {fault.what}")
    return xyz, left, right, bank


def as_points(points: ArrayLike, name: str) -> Floats:
    """Return points (m, 3), at height 0 where none is given.

    Raises:
        TrackError: if they are no numbers of such a shape.
    """
    try:
        xyz = np.array(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise TrackError(f"track {name!r}: points must be numbers of shape (m, 2 or 3)") from None
    if xyz.ndim != 2 or xyz.shape[1] not in (2, 3):
        raise TrackError(f"track {name!r}: points have shape {xyz.shape}, not (m, 2) or (m, 3)")
    return xyz if xyz.shape[1] == 3 else np.column_stack([xyz, np.zeros(len(xyz))])


def point_faults(xyz: Floats, left: Floats, right: Floats, bank: Floats) -> Iterator[PointFault]:
    """Yield every check of single points, in the order in which they are refused.

    Args:
        xyz: (m, 3) [m], the last not equal to the first.
        left, right: (m,) [m] widths.
        bank: (m,) [rad].
    """
    everything = np.column_stack([xyz, left, right, bank])
    yield PointFault(~np.isfinite(everything).all(axis=1), "holds a value that is not finite")
    yield PointFault(
        (np.abs(xyz) > LARGEST_COORDINATE).any(axis=1),
        f"lies more than {LARGEST_COORDINATE:g} m from the origin: are these metres?",
    )
    for side, width in (("left", left), ("right", right)):
        yield PointFault(width <= 0.0, f"has a {side} width that is not above 0 m")
        yield PointFault(
            width > LARGEST_WIDTH,
            f"has a {side} width of more than {LARGEST_WIDTH:g} m",
        )
    yield PointFault(
        np.abs(bank) > LARGEST_BANKING,
        f"has a banking beyond {LARGEST_BANKING} rad: is it in degrees?",
    )
    ahead = np.roll(xyz, -1, axis=0) - xyz
    step = np.hypot(ahead[:, 0], ahead[:, 1])
    lap = step[np.isfinite(step)].sum()
    yield PointFault(
        step <= 1e-9 * lap, "is at the same place as the one after it: remove one of them"
    )


def check_size(lap: float, name: str) -> None:
    """Refuse a lap [m] of absurd length.

    Raises:
        TrackError: if it is below 5 m or above 100 km.
    """
    fault = size_fault(lap)
    if fault is not None:
        raise TrackError(f"track {name!r} {fault}")


def size_fault(lap: float) -> str | None:
    """Return what is wrong with the length of a lap [m], if anything."""
    if SHORTEST_LAP <= lap <= LONGEST_LAP:
        return None
    return (
        f"is {lap:.4g} m long; a lap has {SHORTEST_LAP:g} m to "
        f"{LONGEST_LAP / 1000:g} km: are its points in metres?"
    )


def folds(curvature: Floats, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return (n,) inner half width times curvature, and (n,) [m] that width.

    Above 1 the inner edge folds over; above ``FOLD`` the track is refused.
    """
    inner = np.where(curvature > 0.0, left, right)
    return np.abs(curvature) * inner, inner


def check_curvature(
    curvature: Floats,
    left: Floats,
    right: Floats,
    spacing: float,
    *,
    name: str,
    near: Callable[[float], str],
) -> list[str]:
    """Return what is odd about the corners: places where the inner edge folds over itself.

    It folds where the radius is smaller than the inner half width. Measured circuits have
    such places by a little, so only a radius below half of that is refused.

    Raises:
        TrackError: naming the place.
    """
    fold, inner = folds(curvature, left, right)
    k = int(np.argmax(fold))
    if fold[k] <= 1.0:
        return []
    text = (
        f"the corner at s = {k * spacing:.1f} m ({near(k * spacing)}) has a radius of "
        f"{1.0 / abs(curvature[k]):.2f} m, and the asphalt reaches {inner[k]:.2f} m to its inside"
    )
    if fold[k] > FOLD:
        raise TrackError(
            f"track {name!r}: {text}, so its edge folds over: smooth the points or narrow it there"
        )
    return [text]


def check_crossings(
    x: Floats,
    y: Floats,
    tangent_x: Floats,
    tangent_y: Floats,
    left: Floats,
    right: Floats,
    spacing: float,
    *,
    allow: bool,
    name: str,
    near: Callable[[float], str],
) -> list[tuple[float, float]]:
    """Return the arc lengths of both passes of each place where the track crosses itself.

    Args:
        x, y, tangent_x, tangent_y, left, right: (n,) the samples.
        spacing: [m].
        allow: whether steep crossings, far apart along the track, are admitted.
        name: of the track.
        near: names the input point near an arc length.

    Raises:
        TrackError: if it crosses itself otherwise, or runs along its own asphalt.
    """
    try:
        found = crossings(x, y)
        beside = overlaps(x, y, tangent_x, tangent_y, left, right, spacing)
    except TangledError:
        raise TrackError(
            f"track {name!r}: its points lie on top of each other all over; are they in the "
            "order of driving?"
        ) from None
    if len(beside[0]):
        a, b = beside[0][0] * spacing, beside[1][0] * spacing
        raise TrackError(
            f"track {name!r} runs along its own asphalt: {near(a)} (s = {a:.1f} m) is beside "
            f"{near(b)} (s = {b:.1f} m); does it hold more than one lap?"
        )
    s1, s2 = found.first * spacing, found.second * spacing
    steep = steep_crossings(found, len(x), spacing, float((left + right).mean()))
    if len(s1) and (not allow or not steep.all() or len(s1) > MOST_CROSSINGS):
        bad = np.flatnonzero(~steep) if allow and not steep.all() else np.arange(len(s1))
        places = ", ".join(f"{near(s1[k])} with {near(s2[k])}" for k in bad[:POINTS_NAMED])
        more = f" and {len(bad) - POINTS_NAMED} more" if len(bad) > POINTS_NAMED else ""
        advice = (
            "are the points in the order of driving?"
            if allow or not steep.all() or len(s1) > MOST_CROSSINGS
            else "if a bridge is meant, pass crossings='allow'"
        )
        raise TrackError(
            f"track {name!r} crosses itself in {len(s1)} place{'s' * (len(s1) > 1)}: "
            f"{places}{more}; {advice}"
        )
    return list(zip(s1.tolist(), s2.tolist(), strict=True))


def steep_crossings(found: MeetingPoints, n: int, spacing: float, width: float) -> Flags:
    """Return which of the places where a centerline crosses itself may be bridges.

    Args:
        found: those places.
        n: samples of the centerline.
        spacing: [m] between them.
        width: [m] of the track, its mean.
    """
    s1, s2 = found.first * spacing, found.second * spacing
    apart = np.minimum(s2 - s1, n * spacing - (s2 - s1))
    steep: Flags = (found.angle > STEEP_CROSSING) & (apart > CROSSING_WIDTHS * width)
    return steep


def overlaps(
    x: Floats,
    y: Floats,
    tangent_x: Floats,
    tangent_y: Floats,
    left: Floats,
    right: Floats,
    spacing: float,
) -> tuple[Indices, Indices]:
    """Return pairs of samples where a centerline runs along asphalt of its own.

    So it is where a file holds two laps, for instance.

    Raises:
        TangledError: if its parts lie on top of each other all over.
    """
    n = len(x)
    reach = float(np.minimum(left, right).min())
    far_along = CROSSING_WIDTHS * float((left + right).mean())
    if not comes_near(x, y, reach, far_along / spacing):
        none = np.zeros(0, np.int64)
        return none, none
    # Where samples are much closer than that, some of them will do: pairs grow with the square.
    step = max(1, int(reach / (SAMPLES_IN_REACH * spacing)))
    i, j = (step * k for k in pairs_within(x[::step], y[::step], max(reach, 1.5 * spacing)))
    arc = np.minimum(j - i, n - (j - i)) * spacing
    # A tight hairpin is near itself too, but not for longer than its arc.
    shallow = np.abs(tangent_x[i] * tangent_y[j] - tangent_y[i] * tangent_x[j]) < np.sin(
        STEEP_CROSSING
    )
    far = arc > far_along
    near_by = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 < reach * reach
    bad = shallow & far & near_by
    return i[bad], j[bad]


def per_point(array: ArrayLike, count: int, what: str, name: str) -> Floats:
    """Return one value for each of ``count`` points.

    Raises:
        TrackError: if it is neither one number nor as many.
    """
    try:
        values = np.array(array, dtype=np.float64)
        return np.array(np.broadcast_to(values, (count,)))
    except (TypeError, ValueError):
        raise TrackError(
            f"track {name!r}: {what} must be one number, or {count} of them, one a point"
        ) from None
