"""What a vehicle can do at each speed: the g-g-v envelope."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

__all__ = ["GGV"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class GGV:
    """The accelerations that a vehicle can hold, by speed and by use of its grip sideways.

    Between the nodes all is linear. Symmetric: left turns as right.

    Attributes:
        speed: (n_speeds,) [m/s] increasing from 0 to the top speed.
        lateral: (n_speeds,) [m/s^2] the most sideways, whatever it then does along its path.
        share: (n_shares,) increasing from 0 to 1: lateral acceleration over ``lateral``.
        drive: (n_speeds, n_shares) [m/s^2] the most forward, resistances deducted; negative
            where the vehicle slows down whatever it does.
        brake: (n_speeds, n_shares) [m/s^2] the greatest deceleration, resistances included;
            never below ``-drive``.
        source: how it was found, such as "kart2d, equilibrium of the single-track model".
        slip: (n_speeds, n_shares) [rad] how far to the left of where it points the vehicle goes,
            in a left turn, at a pedal that about holds the speed; None where nothing is known.
        understeer: (n_speeds, n_shares) [rad] how much more than the turn's radius asks its
            wheels are steered then; None where nothing is known.
        tightest: [1/m] greatest curvature that it can steer at walking pace; infinite where
            nothing is known. No other field takes account of it.
        relief: the model feels slope and banking of the road, so a lap's limit counts them.
            Its figures are those of a flat road all the same.
    """

    speed: Floats
    lateral: Floats
    share: Floats
    drive: Floats
    brake: Floats
    source: str
    slip: Floats | None = None
    understeer: Floats | None = None
    tightest: float = inf
    relief: bool = False
