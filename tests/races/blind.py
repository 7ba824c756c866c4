"""A driver that sees the road and nobody on it, so that it runs into whoever is slower."""

from __future__ import annotations

from math import sqrt

import numpy as np

AHEAD = (0, 4, 8, 12, 18, 25, 35, 45, 60, 80, 100, 130)  # [m]
GRIP, BRAKE = 8.0, 2.0  # [m/s^2]


class Blind:
    """Follows the middle as fast as bends allow."""

    observation = ("state", "lookahead")
    action = "steer_accel"

    def act(self, observation):
        speed, offset, angle = 20 * observation[0], observation[3], observation[4]
        bends = observation[11:23]
        safe = min(
            sqrt(GRIP / max(abs(bend) / 10, 0.001) + 2 * BRAKE * distance)
            for distance, bend in zip(AHEAD, bends, strict=True)
        )
        return np.array([0.15 * bends[2] - 0.6 * angle - 0.1 * offset, safe - speed])
