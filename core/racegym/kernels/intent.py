"""What a control law is told beside its line and its speeds: the columns of an intent.

An intent is float64, (n_races, n_cars, INTENT_COLUMNS). ``racegym.kernels.racecraft`` writes
what the other cars ask for, ``racegym.kernels.mistakes`` what a driver gets wrong.
"""

from __future__ import annotations

from math import inf

__all__ = ["ASIDE", "FACTOR", "INTENT_COLUMNS", "LIMIT", "NEUTRAL", "SWAY"]

ASIDE = 0  # [m] to the left of the line
SWAY = 1  # how much that grows for each metre of the line
FACTOR = 2  # on the speed of the line
LIMIT = 3  # [m/s]; below 0, it is to drive backwards so fast
INTENT_COLUMNS = 4
NEUTRAL = (0.0, 0.0, 1.0, inf)
