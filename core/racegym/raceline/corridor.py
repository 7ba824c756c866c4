"""Where the middle of a vehicle may be, on each normal of a track."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.track import Track
from racegym.track.borders import room_to_fold

__all__ = ["Corridor", "corridor", "default_margin"]

Floats = NDArray[np.float64]

SHORT_OF_FOLD = 0.8  # of the way to where normals cross: beyond, offsets say little of a line
MARGIN = 0.1  # of a vehicle's width, on either side, unless told otherwise


class Corridor(NamedTuple):
    """Bounds of a line's offset at each sample, both reached by the vehicle's middle."""

    lower: Floats  # (n,) [m]
    upper: Floats  # (n,) [m] nowhere below ``lower``
    notes: tuple[str, ...]  # what had to be given up, in plain sentences


def default_margin(width: float) -> float:
    """Return the margin [m] to either edge that suits a vehicle of ``width`` [m]."""
    return MARGIN * width


def corridor(track: Track, width: float, margin: float) -> Corridor:
    """Return where the middle of a vehicle may be.

    That is within the asphalt, less half the vehicle's width and the margin on either side;
    where the track is narrower than that, only its middle. Beside an obstacle it is the wider
    of the two ways past. On the inside of a corner it ends before the normals meet.

    Args:
        track: to drive on.
        width: of the vehicle [m].
        margin: beside it [m].

    Raises:
        TrackError: if width or margin is negative or not finite.
    """
    for value, what in ((width, "width"), (margin, "margin")):
        if not (np.isfinite(value) and value >= 0.0):
            raise TrackError(f"a line's vehicle {what} is {value}; it must be 0 m or more")
    beside = 0.5 * width + margin
    notes = []
    upper = track.width_left - beside
    lower = beside - track.width_right
    narrow = lower > upper
    if narrow.any():
        middle = 0.5 * (upper + lower)
        upper, lower = np.where(narrow, middle, upper), np.where(narrow, middle, lower)
        notes.append(
            f"the track is narrower than the vehicle and its margins, {2.0 * beside:.2f} m, from "
            f"s = {np.argmax(narrow) * track.spacing:.1f} m on, over {narrow.sum()} of "
            f"{len(track)} samples: the line is its middle there"
        )
    bend = np.abs(track.curvature)
    radius = 1.0 / np.maximum(bend, 1e-9)
    left = SHORT_OF_FOLD * np.minimum(
        room_to_fold(track, 1.0), np.where(track.curvature > 0.0, radius, np.inf)
    )
    right = SHORT_OF_FOLD * np.minimum(
        room_to_fold(track, -1.0), np.where(track.curvature < 0.0, radius, np.inf)
    )
    upper, lower = np.clip(upper, -right, left), np.clip(lower, -right, left)
    blocked = _pass_obstacles(track, beside, lower, upper)
    if blocked:
        notes.append(f"there is no way past {blocked} of its obstacles for this vehicle")
    return Corridor(lower, upper, tuple(notes))


def _pass_obstacles(track: Track, beside: float, lower: Floats, upper: Floats) -> int:
    """Narrow the bounds, in place, to one side of each obstacle; count those without a way."""
    n, blocked = len(track), 0
    for (x, y, radius), segment in zip(track.obstacles, track.obstacle_segment, strict=True):
        reach = radius + beside
        window = min(int(np.ceil(2.0 * reach / track.spacing)) + 2, (n - 1) // 2)
        k = (segment + np.arange(-window, window + 1)) % n
        dx, dy = x - track.x[k], y - track.y[k]
        ahead = dx * track.tangent_x[k] + dy * track.tangent_y[k]
        middle = track.tangent_x[k] * dy - track.tangent_y[k] * dx
        half = np.sqrt(np.maximum(reach**2 - ahead**2, 0.0))
        k, middle, half = k[half > 0.0], middle[half > 0.0], half[half > 0.0]
        room_left = float((upper[k] - np.maximum(middle + half, lower[k])).min(initial=np.inf))
        room_right = float((np.minimum(middle - half, upper[k]) - lower[k]).min(initial=np.inf))
        if max(room_left, room_right) < 0.0:
            blocked += 1
        elif room_left >= room_right:
            lower[k] = np.maximum(lower[k], middle + half)
        else:
            upper[k] = np.minimum(upper[k], middle - half)
    return blocked
