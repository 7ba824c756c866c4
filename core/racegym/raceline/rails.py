"""The grid on which a line is optimised, and the quadratic programs solved on it.

A line is one offset d_k on each of m normals, an even step h apart, so that

    P_k = C_k + d_k N_k,   lower_k <= d_k <= upper_k.                                     (1)

Programs min |J u + r|^2 with few entries in each row of J are handed to OSQP [1], sparse, in
units of the corridor's half width. Its settings are fixed and it never looks at the clock, so
that the same program gives the same bits.

[1] Stellato et al. (2020), "OSQP: an operator splitting solver for quadratic programs",
    Mathematical Programming Computation 12:637-672, doi:10.1007/s12532-020-00179-2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from racegym.raceline.corridor import Corridor
from racegym.track import Track
from racegym.track.track import default_spacing

__all__ = ["Programs", "Rails", "descend", "onto_samples", "rails_of"]

Floats = NDArray[np.float64]
Linearised = TypeVar("Linearised")

FINEST = 0.6  # of a track's usual spacing: finer samples are solved for on a coarser grid
INSIDE = 2e-4  # of the unit: how far the bounds are drawn in, for what the solver leaves open
ACCURACY = 2e-5  # of OSQP, absolute and relative
WEIGHT = 1e4  # of the sum of squares, so that this accuracy holds for its long waves too
MOST_STEPS = 4_000
LEAST_RHO = 1e-6  # of its step size, from which the next program begins
MOST_HALVINGS = 5  # of a step between programs


class Rails(NamedTuple):
    """Normals of a track at an even step, with the corridor on each."""

    x: Floats  # (m,) [m] of the centerline
    y: Floats
    normal_x: Floats  # (m,) unit vector to the left
    normal_y: Floats
    lower: Floats  # (m,) [m]
    upper: Floats
    step: float  # [m]

    @property
    def unit(self) -> float:
        """Return half the mean width of the corridor [m], and never nothing."""
        wide = 0.5 * float((self.upper - self.lower).mean())
        return max(wide, 0.05 * self.step)

    def places(self, d: Floats) -> tuple[Floats, Floats]:
        """Return x and y (m,) [m] of the line at offsets ``d``, by (1)."""
        return self.x + d * self.normal_x, self.y + d * self.normal_y


def rails_of(track: Track, bounds: Corridor) -> Rails:
    """Return the normals of ``track``: its samples, or fewer where those are very fine."""
    usual = default_spacing(track.length)
    if track.spacing >= FINEST * usual:
        return Rails(
            track.x, track.y, -track.tangent_y, track.tangent_x,
            bounds.lower, bounds.upper, track.spacing,
        )  # fmt: skip
    count = round(track.length / usual)
    s = track.length * np.arange(count) / count
    x, y, heading = track.at(s)
    # The tightest bound of the samples around, so that none is missed in between.
    window = int(np.ceil(usual / track.spacing))
    rows = (np.round(s / track.spacing).astype(int)[:, None] + np.arange(-window, window + 1)) % (
        len(track)
    )
    # And a little less than that: between its normals a line bulges by h^2 / 8 of its bend.
    bulge = 0.25 * usual**2 * float(np.abs(track.curvature).max())
    lower, upper = bounds.lower[rows].max(axis=1) + bulge, bounds.upper[rows].min(axis=1) - bulge
    middle = 0.5 * (lower + upper)
    lower, upper = np.minimum(lower, middle), np.maximum(upper, middle)
    return Rails(x, y, -np.sin(heading), np.cos(heading), lower, upper, track.length / count)


def onto_samples(track: Track, bounds: Corridor, rails: Rails, d: Floats) -> Floats:
    """Return the offsets (n,) at the track's samples of a line on ``rails``, within bounds."""
    if len(d) != len(track):
        from scipy.interpolate import CubicSpline

        s = rails.step * np.arange(len(d) + 1)
        curve = CubicSpline(s, np.append(d, d[0]), bc_type="periodic")
        d = curve(track.spacing * np.arange(len(track)))
    return np.clip(d, bounds.lower, bounds.upper)


def descend(
    d: Floats,
    cost: Callable[[Floats], tuple[float, Linearised]],
    solve: Callable[[Floats, Linearised], Floats | None],
    *,
    rounds: int,
    settled: float,
) -> Floats:
    """Return offsets (m,) that lower a cost, by programs posed anew around their solutions.

    A step that does not lower the cost is halved.

    Args:
        d: (m,) [m] to begin with.
        cost: of offsets, with what a program around them needs.
        solve: such a program; returns its solution, or None if there is none.
        rounds: programs at most.
        settled: share of the cost: a round that lowers it by less is the last.
    """
    value, linearised = cost(d)
    for _ in range(rounds):
        goal = solve(d, linearised)
        if goal is None:
            break
        share = 1.0
        for _ in range(MOST_HALVINGS):
            tried = d + share * (goal - d)
            reached, linearised = cost(tried)
            if reached < value:
                break
            share *= 0.5
        else:
            break
        d, gain, value = tried, value - reached, reached
        if gain < settled * value:
            break
    return d


class Programs:
    """Solves one quadratic program after the other on some rails, each from the one before."""

    def __init__(self, rails: Rails) -> None:
        self.rails = rails
        self._duals: Floats | None = None
        self._rho = 0.1

    def least_squares(
        self,
        rows: Any,
        aim: Floats,
        start: Floats,
        most: tuple[Any, Floats, Floats] | None = None,
    ) -> Floats | None:
        """Return the offsets d (m,) [m] that minimise |rows d / unit + aim|^2 within bounds.

        Args:
            rows: (k, m) scipy sparse matrix; entries near 1.
            aim: (k,).
            start: (m,) [m] where to begin.
            most: matrix and bounds of further rows in d / unit, or None.

        Returns:
            The offsets, or None where the further rows leave no way.
        """
        import osqp
        from scipy import sparse

        rails, unit = self.rails, self.rails.unit
        inside = np.minimum(INSIDE * unit, 0.5 * (rails.upper - rails.lower))
        matrix = sparse.identity(len(start), format="csc")
        lower, upper = (rails.lower + inside) / unit, (rails.upper - inside) / unit
        if most is not None:
            matrix = sparse.vstack([matrix, most[0]], format="csc")
            lower, upper = np.concatenate([lower, most[1]]), np.concatenate([upper, most[2]])
        solver = osqp.OSQP(algebra="builtin")
        solver.setup(
            WEIGHT * sparse.triu(rows.T @ rows, format="csc"), WEIGHT * (rows.T @ aim),
            matrix, lower, upper,
            verbose=False, eps_abs=ACCURACY, eps_rel=ACCURACY, max_iter=MOST_STEPS, rho=self._rho,
            adaptive_rho=1, adaptive_rho_interval=50, check_termination=25, polishing=False,
            check_dualgap=False,  # it takes ten times the steps and moves no line
        )  # fmt: skip
        duals = self._duals
        if duals is not None and len(duals) == len(lower):
            solver.warm_start(x=start / unit, y=duals)
        else:
            solver.warm_start(x=start / unit)
        found = solver.solve(raise_error=False)
        if not found.info.status.startswith(("solved", "maximum iterations")):
            return None
        self._duals = np.array(found.y)
        self._rho = float(np.clip(found.info.rho_estimate, LEAST_RHO, 1.0 / LEAST_RHO))
        return np.clip(np.asarray(found.x) * unit, rails.lower, rails.upper)
