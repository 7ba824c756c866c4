"""Where places are along a closed line: arc length and lateral offset of many at once.

The normals of the samples cut the plane into cells, and within a cell the arc length goes
evenly from normal to normal. A place is given to the sample that is nearest in position and in
direction, so that the right branch is found where a line crosses itself or turns back beside
itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from racegym.track.track import Track

__all__ = ["ClosedLine", "smooth_closed"]

Floats = NDArray[np.float64]

_HOPS = 32  # cells that a place may lie beside the one of its nearest sample


@dataclass(frozen=True, eq=False)
class ClosedLine:
    """A closed line of evenly spaced samples, the first at s = 0.

    Attributes:
        x, y: (n,) [m].
        tangent_x, tangent_y: (n,) unit vectors along it.
        spacing: [m] of arc length between samples.
    """

    x: Floats
    y: Floats
    tangent_x: Floats
    tangent_y: Floats
    spacing: float

    @classmethod
    def of(cls, track: Track) -> ClosedLine:
        """Return the centerline of a track."""
        return cls(track.x, track.y, track.tangent_x, track.tangent_y, track.spacing)

    @classmethod
    def through(cls, x: Floats, y: Floats, count: int | None = None) -> ClosedLine:
        """Return the line through points (m,), resampled evenly by the length of its chords.

        Args:
            x, y: [m] points in order, the first not repeated.
            count: of samples; as many as points by default.
        """
        step = np.hypot(np.diff(x, append=x[0]), np.diff(y, append=y[0]))
        along = np.concatenate([[0.0], np.cumsum(step)])
        n = len(x) if count is None else count
        s = along[-1] * np.arange(n) / n
        even_x = np.interp(s, along, np.append(x, x[0]))
        even_y = np.interp(s, along, np.append(y, y[0]))
        dx = np.roll(even_x, -1) - np.roll(even_x, 1)
        dy = np.roll(even_y, -1) - np.roll(even_y, 1)
        size = np.maximum(np.hypot(dx, dy), 1e-12)
        return cls(even_x, even_y, dx / size, dy / size, float(along[-1] / n))

    def __len__(self) -> int:
        return len(self.x)

    @property
    def length(self) -> float:
        """Return the length of a lap [m]."""
        return self.spacing * len(self)

    @cached_property
    def _reach(self) -> float:
        """Return what a reversal of direction counts for [m]."""
        size = max(float(np.ptp(self.x)), float(np.ptp(self.y)))
        return min(0.1 * size, 20.0)

    @cached_property
    def _tree(self) -> Any:
        turned = (self._reach * self.tangent_x, self._reach * self.tangent_y)
        return cKDTree(np.column_stack([self.x, self.y, *turned]))

    def locate(
        self, x: ArrayLike, y: ArrayLike, way_x: ArrayLike, way_y: ArrayLike
    ) -> tuple[Floats, Floats]:
        """Return arc length in [0, length) and lateral offset, left positive [m], of places.

        Args:
            x, y: (k,) [m].
            way_x, way_y: (k,) the direction of motion there, of any size; where it is zero the
                nearest sample counts alone.
        """
        x, y, way_x, way_y = (np.asarray(v, np.float64) for v in (x, y, way_x, way_y))
        size = np.maximum(np.hypot(way_x, way_y), 1e-9)
        turned = np.column_stack([self._reach * way_x / size, self._reach * way_y / size])
        _, nearest = self._tree.query(np.column_stack([x, y, turned]))
        n = len(self)
        cell = nearest.astype(np.int64)
        hopping = np.arange(len(cell))
        for _ in range(_HOPS):
            here = cell[hopping]
            behind = self._ahead(here, x[hopping], y[hopping]) < 0.0
            beyond = self._ahead((here + 1) % n, x[hopping], y[hopping]) >= 0.0
            cell[hopping] = (here - behind + (beyond & ~behind)) % n
            hopping = hopping[behind | beyond]
            if not len(hopping):
                break
        after = (cell + 1) % n
        a, b = self._ahead(cell, x, y), self._ahead(after, x, y)
        share = np.clip(a / np.maximum(a - b, 1e-12), 0.0, 1.0)
        foot_x = self.x[cell] + share * (self.x[after] - self.x[cell])
        foot_y = self.y[cell] + share * (self.y[after] - self.y[cell])
        tx = self.tangent_x[cell] + share * (self.tangent_x[after] - self.tangent_x[cell])
        ty = self.tangent_y[cell] + share * (self.tangent_y[after] - self.tangent_y[cell])
        norm = np.maximum(np.hypot(tx, ty), 1e-12)
        # The chord lies inside of the arc by what a circle of this bend rises above it.
        bend = self.tangent_x[cell] * self.tangent_y[after]
        bend -= self.tangent_y[cell] * self.tangent_x[after]
        rise = 0.5 * bend * self.spacing * share * (1.0 - share)
        d = ((y - foot_y) * tx - (x - foot_x) * ty) / norm + rise
        return ((cell + share) * self.spacing) % self.length, d

    def _ahead(self, k: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Return how far places are ahead of the normals of samples [m]."""
        away: Floats = (x - self.x[k]) * self.tangent_x[k] + (y - self.y[k]) * self.tangent_y[k]
        return away


def smooth_closed(values: Floats, spacing: float, shortest: float) -> Floats:
    """Return values along a closed line without what changes faster than a wavelength.

    Args:
        values: (n,) or (n, k), evenly spaced.
        spacing: [m] between them.
        shortest: [m] the wavelength of which half is left; of twice that wavelength 1.5 % goes.
    """
    n = len(values)
    share = 1.0 / (1.0 + (np.fft.rfftfreq(n, spacing) * shortest) ** 6)
    spectrum = np.fft.rfft(values, axis=0)
    spectrum *= share if values.ndim == 1 else share[:, None]
    smooth: Floats = np.fft.irfft(spectrum, n, axis=0)
    return smooth
