"""The line between the one that bends least and the shortest, chosen by its lap time.

A vehicle of much grip and power gains by bending less; one of little power, such as a rental
kart, pays for every metre. So the integral of curvature squared and the length are minimised
together [1],

    integral of k^2 ds + w L,                                                             (1)

for some weights w from 0 on, each from the line before, and of these lines the one with the least
quasi-steady lap time is taken. With w = 0 it is that of least curvature, which is therefore never
faster. The curvature is linearised as in ``minimum_curvature``, the length as in ``shortest``.

[1] Braghin, Cheli, Melzi, Sabbioni (2008), "Race driver model", Computers and Structures
    86(13-14):1503-1516, doi:10.1016/j.compstruc.2007.04.028.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import GGV
from racegym.raceline.corridor import corridor, default_margin
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import linearised_bends, straightened
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.rails import Programs, Rails, descend, onto_samples, rails_of
from racegym.raceline.shortest import gap_rows, gaps_between
from racegym.track import Track

__all__ = ["weighted"]

Floats = NDArray[np.float64]

WEIGHTS = (0.01, 0.03, 0.06, 0.1, 0.17, 0.28)  # w of (1), over the squared width of the corridor
HOPELESS = 1.02  # of the best lap time: once a weight is slower than that, none above is tried
MOST_ROUNDS = 8
SETTLED = 1e-4  # share of (1): a round that lowers it by less is the last


def weighted(track: Track, ggv: GGV, width: float, margin: float | None = None) -> Line:
    """Return the fastest of the lines that minimise (1).

    Args:
        track: to drive on.
        ggv: what the vehicle can do.
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.

    Raises:
        TrackError: if width or margin make no sense.
    """
    bounds = corridor(track, width, default_margin(width) if margin is None else margin)
    rails = rails_of(track, bounds)
    d = straightened(rails)
    best, fastest = d, np.inf
    for weight in (0.0, *WEIGHTS):
        if weight:
            d = _shortened(rails, d, weight / (2.0 * rails.unit) ** 2)
        offset = onto_samples(track, bounds, rails, d)
        time = lap_of_line(Line(track=track, offset=offset, name="weighted"), ggv).lap_time
        if time < fastest:
            best, fastest = d, time
        elif time > HOPELESS * fastest:
            break
    offset = onto_samples(track, bounds, rails, best)
    return Line(track=track, offset=offset, name="weighted", notes=bounds.notes)


def _shortened(rails: Rails, begun: Floats, weight: float) -> Floats:
    """Return the offsets (m,) [m] that minimise (1), from ``begun`` on."""
    from scipy import sparse

    programs = Programs(rails)

    def cost(d: Floats) -> tuple[float, tuple[Floats, Any, Floats]]:
        residual, slopes = linearised_bends(rails, d)
        gaps = gaps_between(rails, d)
        value = float(residual @ residual) * rails.step + weight * float(gaps.sum())
        return value, (residual, slopes, gaps)

    def solve(d: Floats, linearised: tuple[Floats, Any, Floats]) -> Floats | None:
        residual, slopes, gaps = linearised
        unit = rails.unit / rails.step**2
        bends = slopes * rails.step**2
        # Each gap is its square over its length before, over twice that; in the unit of bends.
        share = np.sqrt(weight / (2.0 * gaps * rails.step)) * rails.unit / unit
        rows, aim = gap_rows(rails, share)
        return programs.least_squares(
            sparse.vstack([bends, *rows], format="csc"),
            np.concatenate([residual / unit - bends @ (d / rails.unit), *aim]),
            d,
        )

    return descend(begun, cost, solve, rounds=MOST_ROUNDS, settled=SETTLED)
