"""The shortest way round: for comparison, as it is no fast line.

It minimises the sum of the distances between the places on neighbouring normals. Each is
written as its square over its length at the solution before, which makes a quadratic program
whose solutions draw near to the shortest path [1]; the first program, with even lengths, is
that of [2].

[1] Weiszfeld, Plastria (2009), "On the point for which the sum of the distances to n given
    points is minimum", Annals of Operations Research 167:7-41, doi:10.1007/s10479-008-0352-z.
[2] Heilmeier et al. (2020), "Minimum curvature trajectory planning and control for an
    autonomous race car", Vehicle System Dynamics 58(10):1497-1527,
    doi:10.1080/00423114.2019.1631455.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.raceline.corridor import corridor, default_margin
from racegym.raceline.line import Line
from racegym.raceline.rails import Programs, Rails, onto_samples, rails_of
from racegym.track import Track

__all__ = ["gap_rows", "gaps_between", "shortest"]

Floats = NDArray[np.float64]

MOST_ROUNDS = 8
SETTLED = 1e-6  # share of the length: a round that saves less is the last


def shortest(track: Track, width: float, margin: float | None = None) -> Line:
    """Return the shortest line around ``track``.

    Args:
        track: to drive on.
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.

    Raises:
        TrackError: if width or margin make no sense.
    """
    bounds = corridor(track, width, default_margin(width) if margin is None else margin)
    rails = rails_of(track, bounds)
    d = np.clip(0.0, rails.lower, rails.upper)
    gaps, length = np.full(len(d), rails.step), np.inf
    programs = Programs(rails)
    for _ in range(MOST_ROUNDS):
        goal = _shortened(programs, d, gaps)
        if goal is None:
            break
        gaps = gaps_between(rails, goal)
        gain, length = length - float(gaps.sum()), float(gaps.sum())
        if gain < 0.0:
            break
        d = goal
        if gain < SETTLED * length:
            break
    offset = onto_samples(track, bounds, rails, d)
    return Line(track=track, offset=offset, name="shortest", notes=bounds.notes)


def _shortened(programs: Programs, d: Floats, gaps: Floats) -> Floats | None:
    """Return the offsets of the shortest line where each gap is weighed by its length before."""
    from scipy import sparse

    rows, aim = gap_rows(programs.rails, np.sqrt(programs.rails.step / gaps))
    return programs.least_squares(sparse.vstack(rows, format="csc"), np.concatenate(aim), d)


def gap_rows(rails: Rails, weight: Floats) -> tuple[list[Any], list[Floats]]:
    """Return the gaps of a line, east and north, as rows of a program and what is aimed at.

    Args:
        rails: that the line lies on.
        weight: (m,) of the gap from each normal to the next.
    """
    from scipy import sparse

    m = len(rails.x)
    k = np.arange(m)
    there, here = (k + 1) % m, k
    rows = [
        sparse.csc_matrix(
            (
                np.concatenate([weight * np.roll(normal, -1), -weight * normal]),
                (np.tile(k, 2), np.concatenate([there, here])),
            ),
            shape=(m, m),
        )
        for normal in (rails.normal_x, rails.normal_y)
    ]
    return rows, [weight * (np.roll(c, -1) - c) / rails.unit for c in (rails.x, rails.y)]


def gaps_between(rails: Rails, d: Floats) -> Floats:
    """Return (m,) [m] the distance from the place on each normal to that on the next."""
    x, y = rails.places(d)
    return np.hypot(np.roll(x, -1) - x, np.roll(y, -1) - y)
