"""The line of least curvature: the one that bends as little as the track lets it.

It minimises the integral of curvature squared along the line, in the manner of [1]: the
curvature is linearised in the offsets, which leaves a quadratic program, and the program is
posed anew around its own solution until the integral settles. The offsets stay on the normals
of the centerline throughout. At each normal k, with central differences over the step h,

    v = (P_(k+1) - P_(k-1)) / 2h,   a = (P_(k+1) - 2 P_k + P_(k-1)) / h^2,                (1)
    r = (v x a) / |v|^(5/2),   integral of curvature^2 = sum of h r^2,                    (2)

and r, with its derivatives in d_(k-1), d_k and d_(k+1), makes the rows of the program. A step
that does not lower (2) is halved. Where a bound on the curvature is given, rows of it join.

[1] Heilmeier et al. (2020), "Minimum curvature trajectory planning and control for an
    autonomous race car", Vehicle System Dynamics 58(10):1497-1527,
    doi:10.1080/00423114.2019.1631455.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.raceline.corridor import corridor, default_margin
from racegym.raceline.line import Line
from racegym.raceline.rails import Programs, Rails, descend, onto_samples, rails_of
from racegym.track import Track

__all__ = ["linearised_bends", "minimum_curvature", "straightened"]

Floats = NDArray[np.float64]

MOST_ROUNDS = 15  # of linearising; 4 or 5 are usual, hairpins on wide asphalt take more
SETTLED = 3e-5  # share of the integral: a round that lowers it by less is the last
ROUNDS_BENT = 6  # further ones, where the curvature is bounded
BENT = 1e-3  # share by which the curvature may be over its bound


def minimum_curvature(
    track: Track,
    width: float,
    margin: float | None = None,
    *,
    max_curvature: float | None = None,
) -> Line:
    """Return the line of least curvature around ``track``.

    Args:
        track: to drive on.
        width: of the vehicle [m].
        margin: kept on either side of it to the edge and to obstacles [m]. Default: a tenth
            of the width.
        max_curvature: that the vehicle can steer [1/m]. Default: any.

    Raises:
        TrackError: if width, margin or curvature make no sense.
    """
    if max_curvature is not None and not max_curvature > 0.0:
        raise TrackError(f"max_curvature is {max_curvature}; it must be above 0 1/m")
    bounds = corridor(track, width, default_margin(width) if margin is None else margin)
    rails = rails_of(track, bounds)
    d, notes = straightened(rails), bounds.notes
    if max_curvature is not None and _sharpest(rails, d) > max_curvature * (1.0 + BENT):
        gentler = _unbend(rails, d, max_curvature)
        if gentler is None:
            notes += (f"it bends more than the {max_curvature:.4g} 1/m that was allowed",)
        else:
            d = gentler
    offset = onto_samples(track, bounds, rails, d)
    return Line(track=track, offset=offset, name="minimum_curvature", notes=notes)


def straightened(rails: Rails) -> Floats:
    """Return the offsets (m,) [m] that minimise (2) on ``rails``, from the centerline on."""
    programs = Programs(rails)

    def cost(d: Floats) -> tuple[float, tuple[Floats, Any]]:
        residual, slopes = linearised_bends(rails, d)
        return float(residual @ residual), (residual, slopes)

    def solve(d: Floats, bends: tuple[Floats, Any]) -> Floats | None:
        return _solved(programs, d, *bends, None)

    begun: Floats = np.clip(0.0, rails.lower, rails.upper)
    return descend(begun, cost, solve, rounds=MOST_ROUNDS, settled=SETTLED)


def _unbend(rails: Rails, d: Floats, most: float) -> Floats | None:
    """Return offsets near the optimum whose curvature stays below ``most`` [1/m], if any."""
    programs = Programs(rails)
    for _ in range(ROUNDS_BENT):
        residual, slopes = linearised_bends(rails, d)
        x, y = rails.places(d)
        speed = np.hypot(np.roll(x, -1) - np.roll(x, 1), np.roll(y, -1) - np.roll(y, 1))
        limit = most * np.sqrt(speed / (2.0 * rails.step))
        goal = _solved(programs, d, residual, slopes, limit)
        if goal is None:
            return None
        d = goal
        if _sharpest(rails, d) <= most * (1.0 + BENT):
            return d
    return None


def _solved(
    programs: Programs, d: Floats, residual: Floats, slopes: Any, limit: Floats | None
) -> Floats | None:
    """Return the solution of the program linearised at ``d``; ``limit`` (m,) bounds |r|."""
    rails = programs.rails
    unit = rails.unit / rails.step**2
    rows = slopes * rails.step**2
    aim = residual / unit - rows @ (d / rails.unit)
    most = None if limit is None else (rows, -limit / unit - aim, limit / unit - aim)
    return programs.least_squares(rows, aim, d, most)


def linearised_bends(rails: Rails, d: Floats) -> tuple[Floats, Any]:
    """Return r of (2), (m,), and its derivatives by the offsets, sparse (m, m)."""
    from scipy import sparse

    h, m = rails.step, len(d)
    x, y = rails.places(d)
    vx, vy = _centred(x, h), _centred(y, h)
    ax, ay = _second(x, h), _second(y, h)
    cross, squared = vx * ay - vy * ax, vx * vx + vy * vy
    scale = squared**-1.25

    def slope(shift: int, first: float, second: float) -> Floats:
        nx, ny = np.roll(rails.normal_x, shift), np.roll(rails.normal_y, shift)
        turned = first * (nx * ay - ny * ax) + second * (vx * ny - vy * nx)
        faster = 2.0 * first * (vx * nx + vy * ny)
        return np.asarray(scale * (turned - 1.25 * cross / squared * faster))

    k = np.arange(m)
    values = np.concatenate(
        [slope(1, -0.5 / h, 1.0 / h**2), slope(0, 0.0, -2.0 / h**2), slope(-1, 0.5 / h, 1.0 / h**2)]
    )
    places = (np.tile(k, 3), np.concatenate([(k - 1) % m, k, (k + 1) % m]))
    return cross * scale, sparse.csc_matrix((values, places), shape=(m, m))


def _sharpest(rails: Rails, d: Floats) -> float:
    """Return the greatest curvature [1/m] of the line, by the differences of (1)."""
    x, y = rails.places(d)
    h = rails.step
    vx, vy = _centred(x, h), _centred(y, h)
    cross = vx * _second(y, h) - vy * _second(x, h)
    return float(np.abs(cross / np.hypot(vx, vy) ** 3).max())


def _centred(values: Floats, step: float) -> Floats:
    return (np.roll(values, -1) - np.roll(values, 1)) / (2.0 * step)


def _second(values: Floats, step: float) -> Floats:
    return (np.roll(values, -1) - 2.0 * values + np.roll(values, 1)) / step**2
