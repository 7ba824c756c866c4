"""What makes points a track: every check of its geometry, and what it says when one fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.track.nearby import TangledError, comes_near, crossings, pairs_within

__all__ = ["check_crossings", "check_curvature", "check_points", "check_size"]

Floats = NDArray[np.float64]

SHORTEST_LAP, LONGEST_LAP = 5.0, 100_000.0  # [m]
LARGEST_COORDINATE = 1e9  # [m] beyond the Earth in any projection
LARGEST_WIDTH = 1000.0  # [m]
LARGEST_BANKING = 1.4  # [rad]
STEEP_CROSSING = np.deg2rad(20.0)  # a real crossing goes over or under, not along
CROSSING_WIDTHS = 4.0  # track widths of arc length between two passes of a crossing
MOST_CROSSINGS = 4
FOLD = 2.0  # inner half width times curvature, from which on the track is refused
POINTS_NAMED = 4  # in one message


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
    try:
        xyz = np.array(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise TrackError(f"track {name!r}: points must be numbers of shape (m, 2 or 3)") from None
    if xyz.ndim != 2 or xyz.shape[1] not in (2, 3):
        raise TrackError(f"track {name!r}: points have shape {xyz.shape}, not (m, 2) or (m, 3)")
    if xyz.shape[1] == 2:
        xyz = np.column_stack([xyz, np.zeros(len(xyz))])
    columns = [
        _per_point(array, len(xyz), what, name)
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
    everything = np.column_stack([xyz, left, right, bank])
    _refuse(~np.isfinite(everything).all(axis=1), "holds a value that is not finite", name, label)
    _refuse(
        (np.abs(xyz) > LARGEST_COORDINATE).any(axis=1),
        f"lies more than {LARGEST_COORDINATE:g} m from the origin: are these metres?",
        name,
        label,
    )
    for side, width in (("left", left), ("right", right)):
        _refuse(width <= 0.0, f"has a {side} width that is not above 0 m", name, label)
        _refuse(
            width > LARGEST_WIDTH,
            f"has a {side} width of more than {LARGEST_WIDTH:g} m",
            name,
            label,
        )
    _refuse(
        np.abs(bank) > LARGEST_BANKING,
        f"has a banking beyond {LARGEST_BANKING} rad: is it in degrees?",
        name,
        label,
    )
    ahead = np.roll(xyz, -1, axis=0) - xyz
    step = np.hypot(ahead[:, 0], ahead[:, 1])
    _refuse(
        step <= 1e-9 * step.sum(),
        "is at the same place as the one after it: remove one of them",
        name,
        label,
    )
    return xyz, left, right, bank


def check_size(lap: float, name: str) -> None:
    """Refuse a lap [m] of absurd length.

    Raises:
        TrackError: if it is below 5 m or above 100 km.
    """
    if not SHORTEST_LAP <= lap <= LONGEST_LAP:
        raise TrackError(
            f"track {name!r} is {lap:.4g} m long; a lap has {SHORTEST_LAP:g} m to "
            f"{LONGEST_LAP / 1000:g} km: are its points in metres?"
        )


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
    inner = np.where(curvature > 0.0, left, right)
    fold = np.abs(curvature) * inner
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
        _refuse_overlap(x, y, tangent_x, tangent_y, left, right, spacing, name, near)
    except TangledError:
        raise TrackError(
            f"track {name!r}: its points lie on top of each other all over; are they in the "
            "order of driving?"
        ) from None
    s1, s2 = found.first * spacing, found.second * spacing
    lap = len(x) * spacing
    apart = np.minimum(s2 - s1, lap - (s2 - s1))
    width = float((left + right).mean())
    steep = (found.angle > STEEP_CROSSING) & (apart > CROSSING_WIDTHS * width)
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


def _refuse_overlap(
    x: Floats,
    y: Floats,
    tangent_x: Floats,
    tangent_y: Floats,
    left: Floats,
    right: Floats,
    spacing: float,
    name: str,
    near: Callable[[float], str],
) -> None:
    """Refuse a centerline that runs along asphalt of its own, e.g. two laps in one file."""
    n = len(x)
    reach = float(np.minimum(left, right).min())
    far_along = CROSSING_WIDTHS * float((left + right).mean())
    if not comes_near(x, y, reach, far_along / spacing):
        return
    i, j = pairs_within(x, y, max(reach, 1.5 * spacing))
    arc = np.minimum(j - i, n - (j - i)) * spacing
    # A tight hairpin is near itself too, but not for longer than its arc.
    shallow = np.abs(tangent_x[i] * tangent_y[j] - tangent_y[i] * tangent_x[j]) < np.sin(
        STEEP_CROSSING
    )
    far = arc > far_along
    near_by = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 < reach * reach
    bad = np.flatnonzero(shallow & far & near_by)
    if len(bad):
        a, b = i[bad[0]] * spacing, j[bad[0]] * spacing
        raise TrackError(
            f"track {name!r} runs along its own asphalt: {near(a)} (s = {a:.1f} m) is beside "
            f"{near(b)} (s = {b:.1f} m); does it hold more than one lap?"
        )


def _per_point(array: ArrayLike, count: int, what: str, name: str) -> Floats:
    try:
        values = np.array(array, dtype=np.float64)
        return np.array(np.broadcast_to(values, (count,)))
    except (TypeError, ValueError):
        raise TrackError(
            f"track {name!r}: {what} must be one number, or {count} of them, one a point"
        ) from None


def _refuse(
    bad: NDArray[np.bool_] | np.bool_, what: str, name: str, label: Callable[[int], str]
) -> None:
    if np.any(bad):
        raise TrackError(f"track {name!r}: {label(int(np.argmax(bad)))} {what}")
