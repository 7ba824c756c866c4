"""How fast a car can lap a line: the forward-backward speed profile, for anyone.

The equations stand in ``racegym.kernels.pacing``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.kernels.pacing import fill_profiles
from racegym.kernels.projection import CURVATURE, POINT_COLUMNS

__all__ = ["Envelope", "lap_time", "speed_profile"]

Floats = NDArray[np.float64]


class Envelope(NamedTuple):
    """What a car can do as a point mass; the fields of ``VehicleTable`` by these names."""

    grip: float  # friction coefficient in a corner
    drive: float  # [m/s^2] greatest drive at low speed
    power: float  # [W/kg]
    brake: float  # [m/s^2]
    drag: float = 0.0  # [1/m] a = drag * v^2
    downforce: float = 0.0  # [1/m] a = downforce * v^2
    top_speed: float = float("inf")  # [m/s]


def speed_profile(
    curvature: ArrayLike, spacing: float, envelope: Envelope, pace: float = 100.0
) -> Floats:
    """Return the greatest speed [m/s] at each sample of a closed line.

    Args:
        curvature: (n,) [1/m], positive to the left; sample k lies at k * spacing.
        spacing: [m].
        envelope: what the car can do.
        pace: in percent: 100 is all the car can do; below, it is slower everywhere.

    Returns:
        (n,) float64 [m/s], at least 0.3.
    """
    bends = np.asarray(curvature, np.float64)
    points = np.zeros((len(bends), POINT_COLUMNS))
    points[:, CURVATURE] = bends
    speeds = np.empty(len(bends))
    zero = np.zeros(1, np.int64)
    fill_profiles(
        zero, zero, np.array([len(bends)]), np.array([float(spacing)]), points,
        np.array([envelope], np.float64), np.array([pace / 100.0]), speeds,
    )  # fmt: skip
    return speeds


def lap_time(speeds: Floats, spacing: float) -> float:
    """Return the time [s] around a closed line, at constant acceleration between samples."""
    return float(np.sum(2.0 * spacing / (speeds + np.roll(speeds, -1))))
