"""The fastest lap of a line under a g-g-v envelope, by quasi-steady states.

The equations stand in ``racegym.kernels.qss``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.interfaces import GGV
from racegym.kernels.qss import BANK, LIFT, ROAD_COLUMNS, SLOPE, Envelope, fill_speeds
from racegym.raceline.line import Line

__all__ = ["QuasiSteadyLap", "lap_of_line", "quasi_steady_lap"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class QuasiSteadyLap:
    """A lap at the limit. Arrays are (n,), at the samples of the line.

    Attributes:
        speed: [m/s].
        corner_speed: [m/s] what the corner alone allows there.
        curvature: [1/m].
        step: [m] from each sample to the next.
    """

    speed: Floats
    corner_speed: Floats
    curvature: Floats
    step: Floats

    @cached_property
    def time(self) -> Floats:
        """Return (n + 1,) [s]: when each sample is passed, and the end of the lap.

        The acceleration is constant between samples.
        """
        taken = 2.0 * self.step / (self.speed + np.roll(self.speed, -1))
        return np.concatenate([[0.0], np.cumsum(taken)])

    @property
    def lap_time(self) -> float:
        """Return the time of a lap [s]."""
        return float(self.time[-1])

    @property
    def ax(self) -> Floats:
        """Return [m/s^2] along the line, from each sample to the next."""
        after = np.roll(self.speed, -1)
        return np.asarray((after**2 - self.speed**2) / (2.0 * self.step))

    @property
    def ay(self) -> Floats:
        """Return [m/s^2] across the line, to the left positive."""
        return np.asarray(self.speed**2 * self.curvature)

    def times_between(self, places: ArrayLike) -> Floats:
        """Return the times [s] from each of some places to the next, the last to the first.

        Args:
            places: (k,) in samples, rising, from 0; may lie between samples.
        """
        at = np.interp(np.asarray(places, float), np.arange(len(self.time)), self.time)
        return np.diff(np.append(at, at[0] + self.lap_time))


def quasi_steady_lap(
    curvature: ArrayLike,
    step: ArrayLike,
    ggv: GGV,
    *,
    slope: ArrayLike = 0.0,
    banking: ArrayLike = 0.0,
) -> QuasiSteadyLap:
    """Return the fastest lap of a closed line.

    Args:
        curvature: (n,) [1/m], positive to the left.
        step: (n,) or one number [m], from each sample to the next.
        ggv: what the vehicle can do.
        slope: (n,) or one number, dz/ds.
        banking: (n,) or one number [rad], positive where the left edge is higher.

    Raises:
        TrackError: an array is not finite or has the wrong shape, or a step is not above 0.
    """
    bends = np.ascontiguousarray(curvature, np.float64)
    given = {"step": step, "slope": slope, "banking": banking}
    if np.ndim(curvature) != 1 or not bends.size:
        raise TrackError(f"a line's curvature must be (n,), n above 0; it is {np.shape(curvature)}")
    n = len(bends)
    for name, values in given.items():
        if np.shape(values) not in ((), (1,), (n,)):
            raise TrackError(
                f"a line's {name} must be ({n},) or one number; it is {np.shape(values)}"
            )
    steps, rise, bank = (
        np.ascontiguousarray(np.broadcast_to(np.asarray(values, np.float64), n))
        for values in given.values()
    )
    if not all(np.isfinite(values).all() for values in (bends, steps, rise, bank)):
        raise TrackError("a line of which curvature, steps, slope or banking are not finite")
    if not (steps > 0.0).all():
        raise TrackError("a line needs steps above 0 m")
    road = np.empty((n, ROAD_COLUMNS))
    road[:, SLOPE] = np.arctan(rise)
    road[:, BANK] = bank
    road[:, LIFT] = (np.roll(rise, -1) - np.roll(rise, 1)) / (steps + np.roll(steps, 1))
    speed, most = np.empty(n), np.empty(n)
    names = ("speed", "lateral", "share", "drive", "brake")
    envelope = Envelope(*(np.ascontiguousarray(getattr(ggv, name), np.float64) for name in names))
    fill_speeds(speed, most, bends, steps, road, envelope)
    return QuasiSteadyLap(speed=speed, corner_speed=most, curvature=bends, step=steps)


def lap_of_line(line: Line, ggv: GGV, *, relief: bool | None = None) -> QuasiSteadyLap:
    """Return the fastest lap of a line around a track.

    Args:
        line: to follow.
        ggv: what the vehicle can do.
        relief: whether slope and banking of the track count; by default as ``ggv`` says.
    """
    track = line.track
    felt = ggv.relief if relief is None else relief
    return quasi_steady_lap(
        line.curvature,
        line.step,
        ggv,
        slope=track.slope if felt else 0.0,
        banking=track.banking if felt else 0.0,
    )
