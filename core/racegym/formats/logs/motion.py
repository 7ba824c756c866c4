"""From noisy positions to a smooth motion: one least-squares fit of position, speed and course.

x(t) and y(t) are cubic B-splines on even knots. Their coefficients minimise

    sum |p(t_i) - z_i|^2 / sigma^2                        positions                      (1)
  + sum (v(t_i) . u_i - speed_i)^2 / sigma_v^2            speeds, along the way u_i      (2)
  + sum (v(t_i) x n_i)^2 / sigma_c(speed_i)^2             courses n_i, across            (3)
  + sum |third difference|^2 / (h^5 q)                    jerk, white of density q       (4)

The smoothing spline [1] is (1) and (4); (2) and (3) add what receivers measure by the Doppler
shift, far better than positions: between positions of 1 Hz the speeds tell when a line was
crossed. (2) is linearised about the way of the fit before. Residuals beyond 2 sigma count less
(Huber), so that a position that jumped bends nothing. The normal matrix is banded: the work
grows with the number of positions.

[1] Eilers, Marx (1996), "Flexible smoothing with B-splines and penalties", Statistical Science
    11(2):89-121.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, solveh_banded

from racegym.errors import TrackError
from racegym.formats.logs.log import Log

__all__ = ["Motion", "Piece", "fit_motion"]

Floats = NDArray[np.float64]

JERK = 300.0  # [m^2/s^5] q of (4): a kart's 20 m/s^3 in changes of a second or so
SPEED_NOISE = 0.15  # [m/s]
COURSE_NOISE = (0.3, 0.02)  # [m/s] across: at rest, and a share of the speed
COURSE_FROM = 3.0  # [m/s]
NOISE = (0.01, 2.0)  # [m] positions are taken to be no better and no worse
UNKNOWN_NOISE = 0.4  # [m] where positions are too far apart to tell
TELLING_STEP = 0.25  # [s] up to which they tell
ROUNDS = 4
HUBER = 2.0
FEWEST = 8  # positions of a piece
SHORTEST = 2.0  # [s]
KNOTS = (0.08, 0.25)  # [s] between them
_BAND = 7  # rows above the diagonal: x and y of four coefficients each, interleaved


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch without gaps.

    Attributes:
        start, end: [s] of the log's time.
        knot: [s] between knots.
        coefficients: (n, 2) [m] of the B-splines, x and y.
    """

    start: float
    end: float
    knot: float
    coefficients: Floats

    def at(self, t: ArrayLike, order: int = 0) -> tuple[Floats, Floats]:
        """Return x and y, or a derivative up to the second, at times within [s], (k,)."""
        t = np.asarray(t, np.float64)
        cell, weights = _basis((t - self.start) / self.knot, len(self.coefficients), order)
        around = self.coefficients[cell[:, None] + np.arange(4)]
        value = np.einsum("ka,kac->kc", weights, around) / self.knot**order
        return value[:, 0], value[:, 1]


@dataclass(frozen=True, eq=False)
class Motion:
    """How a car moved.

    Attributes:
        pieces: stretches without gaps, in order of time.
        gaps: (k, 2) [s] beginning and end of each gap between positions.
        noise: [m] of the positions, as estimated.
        step: [s] the usual time between them.
        source: the log's name.
    """

    pieces: tuple[Piece, ...]
    gaps: Floats
    noise: float
    step: float
    source: str

    def moved(self, turn: float, x: float, y: float) -> Motion:
        """Return the motion turned about the origin [rad], then shifted [m]."""
        c, s = np.cos(turn), np.sin(turn)
        turned = np.array([[c, s], [-s, c]])
        shift = np.array([x, y])
        return replace(
            self,
            pieces=tuple(
                replace(piece, coefficients=piece.coefficients @ turned + shift)
                for piece in self.pieces
            ),
        )

    def sampled(self, step: float) -> tuple[Floats, ...]:
        """Return t, x, y, vx and vy every so often [s], over all pieces."""
        parts = []
        for piece in self.pieces:
            t = np.arange(piece.start, piece.end, step)
            parts.append(np.stack([t, *piece.at(t), *piece.at(t, 1)]))
        return tuple(np.concatenate(parts, axis=1))


def fit_motion(log: Log, max_gap: float | None = None) -> Motion:
    """Return the smooth motion of a log.

    Args:
        log: the positions.
        max_gap: [s] without positions that is bridged. Default: 2, or 3 samples.

    Raises:
        TrackError: no stretch without gaps is long enough.
    """
    usual = log.step
    bridged = max(2.0, 3.0 * usual) if max_gap is None else max(max_gap, 1.5 * usual)
    cuts = np.flatnonzero(np.diff(log.t) > bridged) + 1
    noise = _noise(log, cuts)
    bounds = [0, *cuts.tolist(), len(log)]
    pieces = []
    for first, last in pairwise(bounds):
        if last - first >= FEWEST and log.t[last - 1] - log.t[first] >= SHORTEST:
            pieces.append(_fit(log, slice(first, last), noise, usual))
    if not pieces:
        raise TrackError(
            f"{log.source} has no stretch of {FEWEST} positions without a gap of {bridged:.3g} s"
        )
    gaps = np.column_stack([log.t[cuts - 1], log.t[cuts]]) if len(cuts) else np.empty((0, 2))
    return Motion(tuple(pieces), gaps, noise, usual, log.source)


def _noise(log: Log, cuts: NDArray[np.int64]) -> float:
    """Return the standard deviation of a coordinate [m], from its third differences."""
    if log.step > TELLING_STEP:
        return UNKNOWN_NOISE
    third = np.diff(np.stack([log.x, log.y]), 3)
    whole = np.ones(third.shape[1], np.bool_)
    for cut in cuts:
        whole[max(cut - 3, 0) : cut] = False
    even = np.diff(log.t)
    whole &= (
        (even[:-2] < 1.5 * log.step) & (even[1:-1] < 1.5 * log.step) & (even[2:] < 1.5 * log.step)
    )
    if whole.sum() < FEWEST:
        return UNKNOWN_NOISE
    # Of white noise a third difference has 1 + 9 + 9 + 1 times the variance.
    spread = 1.4826 * float(np.median(np.abs(third[:, whole]))) / np.sqrt(20.0)
    return float(np.clip(spread, *NOISE))


def _basis(u: Floats, count: int, order: int) -> tuple[NDArray[np.int64], Floats]:
    """Return the first of four coefficients at each parameter, and their weights (k, 4)."""
    cell = np.clip(np.floor(u), 0, count - 4).astype(np.int64)
    f = u - cell
    g = 1.0 - f
    if order == 0:
        parts = (g**3, 3.0 * f**3 - 6.0 * f**2 + 4.0, 3.0 * g**3 - 6.0 * g**2 + 4.0, f**3)
        return cell, np.stack(parts, axis=1) / 6.0
    if order == 1:
        parts = (-(g**2), 3.0 * f**2 - 4.0 * f, -3.0 * g**2 + 4.0 * g, f**2)
        return cell, np.stack(parts, axis=1) / 2.0
    return cell, np.stack((g, 3.0 * f - 2.0, 3.0 * g - 2.0, f), axis=1)


def _fit(log: Log, part: slice, noise: float, usual: float) -> Piece:
    """Return the fit of a stretch."""
    t, x, y = log.t[part], log.x[part], log.y[part]
    knot = float(np.clip(usual, *KNOTS))
    start, end = float(t[0]), float(t[-1])
    count = int(np.ceil((end - start) / knot)) + 3
    u = (t - start) / knot
    system = _System(count, knot)
    at = _basis(u, count, 0)
    rate_cell, rate = _basis(u, count, 1)
    rate = rate / knot
    speed = None if log.speed is None else log.speed[part]
    heading = None if log.heading is None else log.heading[part]
    weight = np.ones(len(t))
    slow = np.ones((2, len(t)))
    coefficients = np.empty((count, 2))
    for turn in range(ROUNDS):
        system.clear()
        system.add_positions(*at, x, y, weight / noise**2)
        if turn and speed is not None:
            around = coefficients[rate_cell[:, None] + np.arange(4)]
            v = np.einsum("ka,kac->kc", rate, around)
            known = np.isfinite(speed)
            told = np.where(known, speed, 0.0)
            size = np.maximum(np.hypot(*v.T), 1e-3)
            way = v / size[:, None]
            if turn > 1:
                slow[0] = _huber((size - told) / SPEED_NOISE)
            sure = known & (size > 0.5)  # the way of a car that stands is noise
            system.add_rates(rate_cell, rate, way, told, sure * slow[0] / SPEED_NOISE**2)
            if heading is not None:
                course = np.stack([np.cos(heading), np.sin(heading)], axis=1)
                across = np.stack([-course[:, 1], course[:, 0]], axis=1)
                sigma = COURSE_NOISE[0] + COURSE_NOISE[1] * told
                if turn > 1:
                    slow[1] = _huber(np.einsum("kc,kc->k", np.nan_to_num(across), v) / sigma)
                sure = sure & np.isfinite(heading) & (told > COURSE_FROM)
                system.add_rates(
                    rate_cell, rate, np.nan_to_num(across), np.zeros(len(t)),
                    sure * slow[1] / sigma**2,
                )  # fmt: skip
        coefficients = system.solve(log.source)
        piece = Piece(start, end, knot, coefficients)
        at_x, at_y = piece.at(t)
        weight = _huber(np.hypot(at_x - x, at_y - y) / (np.sqrt(2.0) * noise))
        if turn:  # by now what jumped is known, and hardly counts any more
            weight = weight**3
    return piece


def _huber(residual: Floats) -> Floats:
    """Return weights: 1 within ``HUBER`` standard deviations, falling beyond."""
    return np.asarray(HUBER / np.maximum(np.abs(residual), HUBER))


class _System:
    """Normal equations of the coefficients, x and y interleaved, as an upper band."""

    def __init__(self, count: int, knot: float):
        self._size = 2 * count
        self._jerk = np.zeros((_BAND + 1, self._size))
        third = np.array([-1.0, 3.0, -3.0, 1.0])
        stiff = 1.0 / (JERK * knot**5)
        rows = np.arange(count - 3)
        for a in range(4):
            for b in range(a, 4):
                for axis in range(2):
                    np.add.at(
                        self._jerk[_BAND - 2 * (b - a)],
                        2 * (rows + b) + axis,
                        stiff * third[a] * third[b],
                    )
        self._matrix = self._jerk.copy()
        self._right = np.zeros(self._size)

    def clear(self) -> None:
        """Leave the jerk alone."""
        self._matrix[:] = self._jerk
        self._right[:] = 0.0

    def add_positions(
        self, cell: NDArray[np.int64], basis: Floats, x: Floats, y: Floats, weight: Floats
    ) -> None:
        """Add (1)."""
        for a in range(4):
            for axis, value in enumerate((x, y)):
                self._add_right(2 * (cell + a) + axis, weight * basis[:, a] * value)
            for b in range(a, 4):
                product = weight * basis[:, a] * basis[:, b]
                for axis in range(2):
                    self._add(2 * (b - a), 2 * (cell + b) + axis, product)

    def add_rates(
        self, cell: NDArray[np.int64], rate: Floats, way: Floats, value: Floats, weight: Floats
    ) -> None:
        """Add squares of ``way . v - value``, as in (2) and (3)."""
        gradient = (rate[:, :, None] * way[:, None, :]).reshape(len(rate), 8)
        for r in range(8):
            self._add_right(2 * cell + r, weight * gradient[:, r] * value)
            for c in range(r, 8):
                self._add(c - r, 2 * cell + c, weight * gradient[:, r] * gradient[:, c])

    def _add(self, above: int, column: NDArray[np.int64], value: Floats) -> None:
        self._matrix[_BAND - above] += np.bincount(column, value, self._size)

    def _add_right(self, row: NDArray[np.int64], value: Floats) -> None:
        self._right += np.bincount(row, value, self._size)

    def solve(self, source: str) -> Floats:
        """Return the coefficients, (count, 2)."""
        try:
            found = solveh_banded(self._matrix, self._right, check_finite=False)
        except LinAlgError:
            raise TrackError(f"{source}: its positions make no motion; are they all one place?") \
                from None  # fmt: skip
        return np.asarray(found, np.float64).reshape(-1, 2)
