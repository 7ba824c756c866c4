"""Polygons with the pieces that circuits are composed of: hairpins, chicanes, esses and kinks.

A plain polygon is drawn first, a little small. Then pieces take the place of parts of its
edges, so it stays closed whatever they are, until it is as long as the circuit is to be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.track.generate.corners import Corners, before, following, signed_area
from racegym.track.generate.polygon import LONGER, Manner, round_corners, scattered_tour

__all__ = ["Composition", "compose"]

Floats = NDArray[np.float64]
Piece = Callable[[np.random.Generator, float], Floats]

FIT = 1.25  # radii from a corner's vertex to its end, for a right angle
SHARP = np.deg2rad(105.0)  # turn beyond which the tip of a vertex is cut off
INWARD = 0.7  # of pieces
ROOM = 2.6  # radii that an edge goes on before and after a piece, for the corners at its ends


class Composition(NamedTuple):
    """What circuits of a style are composed of."""

    manner: Manner
    vertices: tuple[int, int]  # of the plain polygon, the fewest and the most
    small: float  # the plain polygon's share of the lap
    pieces: dict[str, float]  # by name, how often each is taken compared with the others
    most: int  # pieces of a circuit
    untouched: int  # longest edges that get no piece
    large: float = 1.0  # pieces are up to this many times the smallest that fits


def compose(
    rng: np.random.Generator, length: float, radius: float, style: Composition, ease: float
) -> Corners | None:
    """Return corners for one trial, or None if it makes no circuit.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m].
        style: what to compose.
        ease: 0 at the first trial, 1 at the last: fewer corners, and less is asked of them.
    """
    low, high = style.vertices
    room = length / (9.0 * radius)  # vertices that a lap of this length has room for
    count = int(min(float(rng.integers(low, high + 1)), max(room, 3.0)) * (1.0 - 0.5 * ease))
    vertices = scattered_tour(rng, max(count, 4), style.manner.stretch)
    whole = LONGER * length
    vertices = vertices * (style.small * whole / _perimeter(vertices))
    vertices = _blunted(rng, vertices, radius)
    names = list(style.pieces)
    weights = np.array([style.pieces[name] for name in names])
    chosen = rng.choice(len(names), size=style.most, p=weights / weights.sum())
    wanted = round(style.most * (1.0 - ease))
    edges = _Edges(vertices)
    for name in (names[k] for k in chosen[:wanted].tolist()):
        if edges.perimeter > 0.97 * whole:
            break
        piece = PIECES[name](rng, radius * rng.uniform(1.0, style.large))
        edges.insert(rng, piece, radius, style.untouched)
    vertices = edges.vertices * (whole / edges.perimeter)
    return round_corners(rng, vertices, length, radius, style.manner, ease)


def _perimeter(vertices: Floats) -> float:
    return float(np.hypot(*(following(vertices) - vertices).T).sum())


def _blunted(rng: np.random.Generator, vertices: Floats, radius: float) -> Floats:
    """Return the polygon with the tips of its sharp vertices cut off: hairpins, not spikes."""
    behind, ahead = vertices - before(vertices), following(vertices) - vertices
    shorter = np.minimum(np.hypot(*behind.T), np.hypot(*ahead.T))
    behind /= np.hypot(behind[:, 0], behind[:, 1])[:, None]
    ahead /= np.hypot(ahead[:, 0], ahead[:, 1])[:, None]
    turn = np.arctan2(
        behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0], (behind * ahead).sum(axis=1)
    )
    cut = 2.0 * FIT * radius * rng.uniform(1.0, 2.2, len(turn))
    back = np.minimum(cut / (2.0 * np.cos(0.5 * turn)), 0.45 * shorter)
    pairs = np.stack([vertices - back[:, None] * behind, vertices + back[:, None] * ahead], axis=1)
    sharp = np.abs(turn) > SHARP
    return np.concatenate(
        [
            pair if tip else place[None]
            for pair, place, tip in zip(pairs, vertices, sharp, strict=True)
        ]
    )


class _Edges:
    """A polygon whose edges are replaced by pieces, each by one at most.

    Attributes:
        vertices: (m, 2) [m].
        perimeter: [m].
    """

    def __init__(self, vertices: Floats):
        self._taken: list[int] = []  # edges that have a piece, or get none
        self._measure(vertices)

    def _measure(self, vertices: Floats) -> None:
        self.vertices = vertices
        self._along = following(vertices) - vertices
        self._size = np.hypot(self._along[:, 0], self._along[:, 1])
        self.perimeter = float(self._size.sum())
        self._longest: list[int] = np.argsort(-self._size).tolist()

    def insert(
        self, rng: np.random.Generator, piece: Floats, radius: float, untouched: int
    ) -> None:
        """Put a piece into one of the edges, if one is long enough.

        Args:
            rng: the draws.
            piece: (k, 2) [m] along and beside an edge.
            radius: [m].
            untouched: so many of the longest edges stay plain.
        """
        size, vertices = self._size, self.vertices
        span = float(piece[:, 0].max()) + 2.0 * ROOM * radius
        free = [k for k in self._longest[untouched:] if size[k] >= span and k not in self._taken]
        if not free:
            return
        k = free[int(rng.integers(len(free)))]
        along = self._along[k] / size[k]
        # Into the circuit more often than out of it: space inside costs nothing.
        inside = 1.0 if signed_area(vertices) > 0.0 else -1.0
        beside = np.array([-along[1], along[0]]) * (inside if rng.random() < INWARD else -inside)
        begin = ROOM * radius + (size[k] - span) * rng.uniform(0.15, 0.85)
        inner = vertices[k] + (begin + piece[:, :1]) * along + piece[:, 1:] * beside
        more = len(piece)
        self._taken = [e + more if e > k else e for e in self._taken] + [*range(k, k + more + 1)]
        self._measure(np.concatenate((vertices[: k + 1], inner, vertices[k + 1 :])))


def _hairpin(rng: np.random.Generator, radius: float) -> Floats:
    """Return a way out and back, with a turn of nearly half a circle at its end."""
    lean = np.deg2rad(rng.uniform(66.0, 86.0))
    deep = radius * rng.uniform(5.0, 10.0)
    tip = 2.0 * FIT * radius * rng.uniform(1.02, 1.25)
    foot = deep / np.tan(lean)
    return np.array([[0.0, 0.0], [foot, deep], [foot + tip, deep], [2.0 * foot + tip, 0.0]])


def _chicane(rng: np.random.Generator, radius: float) -> Floats:
    """Return a quick change of direction and back: left and right, or right and left."""
    turn = np.deg2rad(rng.uniform(32.0, 58.0))
    step = radius * rng.uniform(2.2, 3.0)
    return np.array([[0.0, 0.0], [step * np.cos(turn), step * np.sin(turn)]])


def _bus_stop(rng: np.random.Generator, radius: float) -> Floats:
    """Return two changes of direction, back onto the same straight."""
    (_, first) = _chicane(rng, radius)
    on = radius * rng.uniform(2.2, 3.5)
    return np.array(
        [[0.0, 0.0], first, [first[0] + on, first[1]], [2.0 * first[0] + on, 0.0]]
    )  # fmt: skip


def _esses(rng: np.random.Generator, radius: float) -> Floats:
    """Return three to five bends from side to side."""
    count = int(rng.integers(3, 6))
    gap = radius * rng.uniform(4.0, 6.5)
    slope = np.deg2rad(rng.uniform(16.0, 30.0))
    across = 0.5 * gap * np.tan(slope) * np.where(np.arange(count) % 2, 1.0, -1.0)
    across[[0, -1]] *= 0.6
    return np.column_stack([gap * np.arange(count), across])


def _kink(rng: np.random.Generator, radius: float) -> Floats:
    """Return one slight bend."""
    return np.array([[0.0, radius * rng.uniform(1.5, 3.5)]])


PIECES: dict[str, Piece] = {
    "hairpin": _hairpin,
    "chicane": _chicane,
    "bus_stop": _bus_stop,
    "esses": _esses,
    "kink": _kink,
}
