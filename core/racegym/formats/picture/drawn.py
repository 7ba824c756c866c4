"""A track as it lies in a picture: where it starts, which way it goes, and how large it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackPictureError
from racegym.formats.picture.drivable import NotFoundError, Source, find_track
from racegym.formats.picture.edges import trace
from racegym.formats.picture.pixels import Pixels
from racegym.formats.picture.showing import shown
from racegym.track import Track

__all__ = ["Drawn", "drawn_in", "in_file", "in_picture"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

STRAIGHT_SHARE = 0.08  # of the lap: how long a stretch is judged for being straight
_CLEAR = 1.5  # widths that it keeps from a crossing


@dataclass(frozen=True)
class Drawn:
    """A closed track, in pixels of its file.

    x is measured from the picture's left side and y from its lower one, up; the middle of the
    lower left pixel is at (0.5, 0.5). The start line is at the first point.
    """

    points: Floats  # (n, 2) the centerline, evenly spaced
    left: Floats  # (n,) to the edge
    right: Floats
    crossings: Floats  # (k, 2) where it passes over itself
    notes: tuple[str, ...]  # what was assumed

    @property
    def length(self) -> float:
        """Return the length of a lap [pixels]."""
        return float(self.steps.sum())

    @property
    def steps(self) -> Floats:
        """Return the distance (n,) from each point to the next."""
        return np.asarray(np.hypot(*(np.roll(self.points, -1, axis=0) - self.points).T))

    @property
    def width(self) -> float:
        """Return the median width [pixels]."""
        return float(np.median(self.left + self.right))

    @property
    def is_clockwise(self) -> bool:
        """Return whether the lap goes clockwise; of a figure of eight, its larger part."""
        x, y = self.points.T
        return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) < 0.0

    def noting(self, *notes: str) -> Drawn:
        """Return the same with more notes."""
        return replace(self, notes=self.notes + notes)

    def reversed(self) -> Drawn:
        """Return the same driven the other way, from the same start line."""
        back = {
            name: np.roll(getattr(self, name)[::-1], 1, axis=0)
            for name in ("points", "left", "right")
        }
        return replace(self, points=back["points"], left=back["right"], right=back["left"])

    def started_at(self, index: int) -> Drawn:
        """Return the same with the start line at another point."""
        rolled = {
            name: np.roll(getattr(self, name), -index, axis=0)
            for name in ("points", "left", "right")
        }
        return replace(self, **rolled)

    def nearest(self, place: ArrayLike) -> tuple[int, float]:
        """Return the index of the point that is nearest to ``place`` (2,), and how far it is."""
        apart = np.hypot(*(self.points - np.asarray(place, float)).T)
        index = int(np.argmin(apart))
        return index, float(apart[index])

    def heading(self, index: int = 0) -> float:
        """Return the direction of driving [rad] at a point, counter-clockwise from x."""
        n = len(self.points)
        along = self.points[(index + 1) % n] - self.points[index - 1]
        return float(np.arctan2(along[1], along[0]))

    def straightest(self) -> int:
        """Return the index of the middle of the lap's straightest stretch, off its crossings."""
        along = np.roll(self.points, -1, axis=0) - self.points
        heading = np.arctan2(along[:, 1], along[:, 0])
        turn = heading - np.roll(heading, 1)
        bend = np.arctan2(np.sin(turn), np.cos(turn)) ** 2
        for centre in self.crossings:
            bend[np.hypot(*(self.points - centre).T) < _CLEAR * self.width] += 1.0
        n = len(bend)
        window = max(3, round(STRAIGHT_SHARE * n))
        total = np.concatenate([[0.0], np.cumsum(np.concatenate([bend, bend[:window]]))])
        return int(np.argmin(total[window : window + n] - total[:n]) + window // 2) % n

    def track(
        self, scale: float, origin: tuple[float, float, float] = (0.0, 0.0, 0.0), **more: Any
    ) -> Track:
        """Return the track.

        Args:
            scale: [m] of a pixel.
            origin: x and y [m] and heading [rad] of the picture's lower left corner.
            more: arguments of ``Track.from_points``.

        Raises:
            TrackError: its geometry is none of a track's.
        """
        cos, sin = np.cos(origin[2]), np.sin(origin[2])
        points = scale * self.points @ np.array([[cos, sin], [-sin, cos]]) + np.array(origin[:2])

        def label(k: int) -> str:
            x, y = self.points[k % len(self.points)]
            return f"pixel {x:.0f} from the left, {y:.0f} from below"

        track = Track.from_points(
            points,
            width_left=scale * self.left,
            width_right=scale * self.right,
            crossings="allow",
            label=label,
            **more,
        )
        return replace(track, notes=self.notes)


def in_file(pixels: Pixels, points: ArrayLike) -> Floats:
    """Return points (k, 2) of a paint program, y down, as ``Drawn`` measures them."""
    points = np.asarray(points, float).reshape(-1, 2)
    return np.column_stack([points[:, 0] + 0.5, pixels.height - points[:, 1] - 0.5])


def in_picture(pixels: Pixels, points: Floats) -> Floats:
    """Return points (k, 2) as ``Drawn`` measures them as columns and rows of ``pixels``."""
    below = pixels.colour.shape[0] * pixels.factor - pixels.height
    return np.asarray((points + np.array([0.0, below])) / pixels.factor - 0.5)


def drawn_in(
    pixels: Pixels,
    sources: Sequence[Source],
    file: Any,
    hints: Floats,
    smoothing: float,
    gates: Floats | None = None,
) -> Drawn:
    """Return the track in a picture.

    Args:
        pixels: of it.
        sources: what of it may be the track.
        file: for messages.
        hints: (k, 2) places on the track, as ``Drawn`` measures them.
        smoothing: [pixels] see ``edges.trace``.
        gates: (k, 2, 2) for the picture of what was found, as ``Drawn`` measures them.

    Raises:
        TrackPictureError: there is no loop, or several.
        MissingLibraryError: scikit-image is not installed.
    """
    try:
        found = find_track(sources, in_picture(pixels, hints))
    except NotFoundError as error:
        marks = None if gates is None else in_picture(pixels, gates.reshape(-1, 2))
        raise TrackPictureError(
            error.what,
            file=file,
            picture=shown(pixels.colour, error.area, error.skeleton, error.junctions, marks),
        ) from None
    ribbon = trace(found.field, found.area, found.loop, smoothing / pixels.factor)
    below = pixels.colour.shape[0] * pixels.factor - pixels.height

    def measured(points: Floats) -> Floats:
        placed = points + np.array(found.offset) + 0.5
        return np.asarray(placed * pixels.factor - np.array([0.0, below]))

    notes = [f"{found.source.title} was taken as the track", *found.notes]
    if pixels.factor > 1:
        notes.append(f"the picture was read at 1/{pixels.factor} of its size")
    if ribbon.tolerance * pixels.factor > 1.5 * smoothing:
        notes.append(
            f"the centerline was smoothed by {ribbon.tolerance * pixels.factor:.1f} pixels, for "
            "corners whose inside is a point"
        )
    return Drawn(
        measured(ribbon.points),
        ribbon.left * pixels.factor,
        ribbon.right * pixels.factor,
        measured(ribbon.crossings),
        tuple(notes),
    )
