"""The g-g-v envelope of a vehicle, from the steady states of the single-track model."""

from __future__ import annotations

from functools import lru_cache
from math import pi, tan

import numpy as np
from numpy.typing import NDArray

from racegym.errors import ScenarioError
from racegym.interfaces import GGV
from racegym_kart2d.kernels import columns
from racegym_kart2d.kernels.equilibrium import fill_equilibria, fill_top_speed
from racegym_kart2d.kernels.single_track import GOVERNOR
from racegym_kart2d.parameters import SingleTrackVehicle

__all__ = ["SOURCE", "envelope", "forget_envelopes"]

SOURCE = "kart2d, steady states of the single-track model"

SPEEDS = 30
SHARES = 15
CROWDED = 1.5  # power that crowds the speeds at the low end, where drive falls fastest
LEAST_TOP = 0.05  # [m/s] of a vehicle that moves
KEPT = 64  # envelopes in memory


def envelope(vehicle: SingleTrackVehicle, *, speeds: int = SPEEDS, shares: int = SHARES) -> GGV:
    """Return what a vehicle can do on dry asphalt, without effects.

    Args:
        vehicle: its parameters.
        speeds, shares: nodes of the envelope.

    Raises:
        ScenarioError: its engine can't move it.
    """
    return _envelope(vehicle.row().tobytes(), speeds, shares)


def forget_envelopes() -> None:
    """Drop the envelopes that are kept in memory, so that the next ones are computed."""
    _envelope.cache_clear()


@lru_cache(KEPT)
def _envelope(content: bytes, speeds: int, shares: int) -> GGV:
    row = np.frombuffer(content)
    rows, top = row[None].copy(), np.empty(1)
    fill_top_speed(top, rows)
    if top[0] < LEAST_TOP:
        raise ScenarioError(
            f"the vehicle does not move: its drive_force of {row[columns.DRIVE_FORCE]:g} N and "
            f"power of {row[columns.POWER]:g} W do not overcome its rolling_resistance"
        )
    speed = _nodes(row, float(top[0]), speeds)
    # Crowded where all grip is used sideways and drive and brake fall off like a circle's edge.
    share = np.sin(np.linspace(0.0, 0.5 * pi, shares))
    share[-1] = 1.0
    lateral = np.empty(len(speed))
    drive, brake, slip, understeer = (np.empty((len(speed), shares)) for _ in range(4))
    fill_equilibria(speed, share, rows, lateral, drive, brake, slip, understeer)
    for array in (speed, share, lateral, drive, brake, slip, understeer):
        array.flags.writeable = False
    reach = row[columns.TO_FRONT] + row[columns.TO_REAR]
    return GGV(
        speed=speed,
        lateral=lateral,
        share=share,
        drive=drive,
        brake=brake,
        source=SOURCE,
        slip=slip,
        understeer=understeer,
        tightest=tan(row[columns.STEER_LIMIT]) / reach,
    )


def _nodes(row: NDArray[np.float64], top: float, count: int) -> NDArray[np.float64]:
    """Return speeds [m/s] from 0 to ``top``, and where drive has a kink."""
    evenly = top * np.linspace(0.0, 1.0, count) ** CROWDED
    kinks = np.array(
        [row[columns.POWER] / row[columns.DRIVE_FORCE], row[columns.TOP_SPEED] - GOVERNOR]
    )
    kinks = kinks[(kinks > 0.01 * top) & (kinks < 0.999 * top)]
    away = np.abs(evenly[:, None] - kinks).min(axis=1, initial=np.inf) > 0.002 * top
    away[[0, -1]] = True
    return np.unique(np.concatenate([evenly[away], kinks]))
