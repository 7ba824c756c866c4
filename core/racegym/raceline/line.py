"""A line around a track: what to follow, as lateral offsets at the track's samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.track import Track
from racegym.track.line_shape import line_places, line_shape

__all__ = ["Line", "curvature_squared"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A closed line around a track: the C2 spline through one place on each normal.

    Attributes:
        track: that it lies on.
        offset: (n,) [m] where it crosses the normal of each of the track's samples, left
            positive. Read-only.
        name: what kind of line it is, such as "minimum_curvature".
        notes: what had to be assumed, in plain sentences.

    Raises:
        TrackError: if the offsets are not finite or not one for each sample.
    """

    track: Track
    offset: Floats
    name: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        offset = np.array(self.offset, dtype=np.float64)
        if offset.shape != (len(self.track),) or not np.isfinite(offset).all():
            raise TrackError(
                f"line {self.name!r} on track {self.track.name!r}: offsets must be "
                f"({len(self.track)},) finite numbers"
            )
        offset.flags.writeable = False
        object.__setattr__(self, "offset", offset)

    @classmethod
    def of_track(cls, track: Track) -> Line:
        """Return the line that ``track`` brings, or its centerline."""
        offset = np.zeros(len(track)) if track.line is None else track.line
        return cls(track=track, offset=offset, name=track.line_name)

    @classmethod
    def centerline(cls, track: Track) -> Line:
        """Return the centerline of ``track`` as a line."""
        return cls(track=track, offset=np.zeros(len(track)), name="centerline")

    @property
    def x(self) -> Floats:
        """Return (n,) [m] east."""
        return line_places(self.track, self.offset)[0]

    @property
    def y(self) -> Floats:
        """Return (n,) [m] north."""
        return line_places(self.track, self.offset)[1]

    @cached_property
    def _shape(self) -> tuple[Floats, Floats]:
        return line_shape(self.track, self.offset)

    @property
    def curvature(self) -> Floats:
        """Return (n,) [1/m], positive to the left."""
        return self._shape[0]

    @property
    def step(self) -> Floats:
        """Return (n,) [m] of the line from each sample to the next."""
        return self._shape[1]

    @cached_property
    def s(self) -> Floats:
        """Return (n,) [m] arc length of the line itself at each sample, from 0."""
        return np.concatenate([[0.0], np.cumsum(self.step)[:-1]])

    @property
    def length(self) -> float:
        """Return the length of a lap [m]."""
        return float(self.step.sum())

    @property
    def curvature_squared(self) -> float:
        """Return the integral of curvature squared around a lap [1/m]."""
        bend = self.curvature
        between = bend * bend + bend * np.roll(bend, -1) + np.roll(bend, -1) ** 2
        return float((between * self.step).sum() / 3.0)

    def clearance(self, width: float) -> Floats:
        """Return (n,) [m]: what is left beside a vehicle of ``width`` [m], on the nearer side."""
        left = self.track.width_left - self.offset
        right = self.track.width_right + self.offset
        return np.minimum(left, right) - 0.5 * width


def curvature_squared(track: Track, offset: ArrayLike) -> float:
    """Return the integral of curvature squared [1/m] of the line at ``offset`` (n,) [m]."""
    return Line(track=track, offset=np.asarray(offset, float), name="").curvature_squared
