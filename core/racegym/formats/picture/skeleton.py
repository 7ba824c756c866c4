"""The loop in a drivable area: its skeleton as a graph, and the way through crossings.

A closed track's skeleton is a ring once its dead ends are gone. Where the track passes over
itself, the skeleton has a junction of four ways, or two of three ways a short piece apart; the
way goes straight on there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from racegym.errors import MissingLibraryError

__all__ = ["Loop", "NoLoopError", "find_loop"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Pixel = tuple[int, int]

SHORT_PIECE = 3.5  # track widths between two junctions of three ways that are one crossing
STRAIGHT_ON = np.deg2rad(55.0)  # the way bends by less in a crossing
MOST_JUNCTIONS = 64  # more is no drawing of a track
_EIGHT = np.ones((3, 3), np.int64)
_AROUND = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))


class NoLoopError(ValueError):
    """An area has no loop, or more than one.

    Attributes:
        loops: how many; 0 if there is none.
        skeleton: (h, w) what is left of the skeleton without its dead ends, or all of it if
            nothing is left.
        junctions: (k, 2) x and y of each.
    """

    def __init__(self, loops: int, skeleton: Bools, junctions: Floats):
        super().__init__(f"{loops} loops")
        self.loops = loops
        self.skeleton = skeleton
        self.junctions = junctions


class Loop(NamedTuple):
    """The way round an area."""

    points: Floats  # (n, 2) x and y of pixels in their order; gaps at crossings
    crossings: Floats  # (k, 2) where it passes over itself
    width: float  # median, from the distance to the edge
    widest: float


@dataclass(eq=False)
class _Piece:
    """A chain of pixels between two junctions."""

    first: int
    last: int
    path: Floats  # (k, 2) from the first to the last

    @property
    def length(self) -> float:
        return float(np.hypot(*np.diff(self.path, axis=0).T).sum()) + 2.0


def find_loop(area: Bools, distance: Floats) -> Loop:
    """Return the one loop of an area.

    Args:
        area: (h, w), False along its border.
        distance: (h, w) from each pixel of it to the nearest outside.

    Raises:
        NoLoopError: it has none, or several.
        MissingLibraryError: scikit-image is not installed.
    """
    thin = _skeleton(area)
    core = _without_dead_ends(thin)
    if not core:
        raise NoLoopError(0, thin, np.empty((0, 2)))
    left = np.zeros_like(area)
    left[tuple(np.array(list(core)).T)] = True
    rows, columns = np.nonzero(left)
    width = 2.0 * float(np.median(distance[rows, columns]))
    widest = 2.0 * float(distance[rows, columns].max())
    junctions, pieces, rings = _graph(left, core, width)

    def fail(loops: int) -> NoLoopError:
        return NoLoopError(loops, left, np.array(list(junctions.values())).reshape(-1, 2))

    if not pieces and len(rings) == 1:
        return Loop(rings[0], np.empty((0, 2)), width, widest)
    loops = len(rings) + len(pieces) - len(junctions) + _parts(junctions, pieces)
    if rings or not pieces or len(junctions) > MOST_JUNCTIONS:
        raise fail(max(loops, 0))
    _join_crossings(junctions, pieces, width)
    points = _straight_through(junctions, pieces, width)
    if points is None:
        raise fail(loops)
    return Loop(points, np.array(list(junctions.values())), width, widest)


def _skeleton(area: Bools) -> Bools:
    try:
        from skimage.morphology import skeletonize
    except ImportError:
        raise MissingLibraryError(
            "finding a track in a picture needs scikit-image; install it with "
            "`pip install scikit-image`"
        ) from None
    thin: Bools = skeletonize(area)  # type: ignore[no-untyped-call]
    return thin


def _without_dead_ends(thin: Bools) -> dict[Pixel, list[Pixel]]:
    """Return the pixels of loops, and of what joins loops, each with its neighbours."""
    pixels = set(zip(*(axis.tolist() for axis in np.nonzero(thin)), strict=True))
    near = {
        (row, column): [
            (row + up, column + right)
            for up, right in _AROUND
            if (row + up, column + right) in pixels
        ]
        for row, column in pixels
    }
    # A pixel is a dead end too if its neighbours touch each other: a corner of a stair.
    ends = [pixel for pixel, others in near.items() if _is_end(others)]
    while ends:
        pixel = ends.pop()
        if pixel not in near or not _is_end(near[pixel]):
            continue
        for other in near.pop(pixel):
            near[other].remove(pixel)
            if _is_end(near[other]):
                ends.append(other)
    return near


def _is_end(others: list[Pixel]) -> bool:
    if len(others) < 2:
        return True
    if len(others) == 2:
        (a, b), (c, d) = others
        return abs(a - c) + abs(b - d) == 1
    return False


def _graph(
    left: Bools, near: dict[Pixel, list[Pixel]], width: float
) -> tuple[dict[int, Floats], list[_Piece], list[Floats]]:
    """Return junctions by number, the pieces between them, and rings without any."""
    busy = np.zeros_like(left)
    for (row, column), others in near.items():
        busy[row, column] = len(others) > 2
    number, count = ndimage.label(busy, _EIGHT)
    junctions = {
        k + 1: np.array(centre[::-1])
        for k, centre in enumerate(ndimage.center_of_mass(busy, number, range(1, count + 1)))
    }
    chain = {
        pixel: [other for other in others if not busy[other]]
        for pixel, others in near.items()
        if not busy[pixel]
    }
    touching = {
        pixel: list(dict.fromkeys(int(number[other]) for other in near[pixel] if busy[other]))
        for pixel in chain
    }
    pieces, rings = [], []
    seen: set[Pixel] = set()
    for pixel in sorted(chain, key=lambda each: (not touching[each], each)):
        if pixel in seen:
            continue
        path = _walk(pixel, chain, seen)
        line = np.array(path, float)[:, ::-1]
        if not touching[pixel]:
            rings.append(line)
            continue
        first = touching[pixel][0]
        ends = touching[path[-1]] if len(path) > 1 else touching[pixel][1:]
        piece = _Piece(first, ends[-1] if ends else first, line)
        # A pixel that a junction has on two sides is no way round: that would be longer.
        if piece.first != piece.last or piece.length > width:
            pieces.append(piece)
    _drop_passes(junctions, pieces, rings)
    return junctions, pieces, rings


def _walk(pixel: Pixel, chain: dict[Pixel, list[Pixel]], seen: set[Pixel]) -> list[Pixel]:
    path = [pixel]
    seen.add(pixel)
    while True:
        onward = [other for other in chain[path[-1]] if other not in seen]
        if not onward:
            return path
        path.append(onward[0])
        seen.add(onward[0])


def _drop_passes(junctions: dict[int, Floats], pieces: list[_Piece], rings: list[Floats]) -> None:
    """Join the two pieces that meet where a junction has no third, in place."""
    for k in list(junctions):
        at = [piece for piece in pieces for end in (piece.first, piece.last) if end == k]
        if len(at) == 0:
            del junctions[k]
        elif len(at) == 2:
            centre = junctions.pop(k)[None]
            one, other = at
            if one is other:
                pieces.remove(one)
                rings.append(np.concatenate([one.path, centre]))
                continue
            a, b = _ending_at(one, k), _starting_at(other, k)
            pieces.remove(one)
            pieces.remove(other)
            pieces.append(_Piece(a.first, b.last, np.concatenate([a.path, centre, b.path])))


def _ending_at(piece: _Piece, junction: int) -> _Piece:
    return piece if piece.last == junction else _turned(piece)


def _starting_at(piece: _Piece, junction: int) -> _Piece:
    return piece if piece.first == junction else _turned(piece)


def _turned(piece: _Piece) -> _Piece:
    return _Piece(piece.last, piece.first, piece.path[::-1])


def _parts(junctions: dict[int, Floats], pieces: list[_Piece]) -> int:
    """Return how many separate parts the graph has."""
    root = {k: k for k in junctions}

    def find(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    for piece in pieces:
        root[find(piece.first)] = find(piece.last)
    return sum(k == root[k] for k in root)


def _join_crossings(junctions: dict[int, Floats], pieces: list[_Piece], width: float) -> None:
    """Make one of each two junctions of three ways that are a crossing, in place."""
    for piece in sorted(pieces, key=lambda each: each.length):
        a, b = piece.first, piece.last
        if piece.length > SHORT_PIECE * width:
            break
        if a == b or any(_ways(pieces, k) != 3 for k in (a, b)):
            continue
        pieces.remove(piece)
        junctions[a] = 0.5 * (junctions[a] + junctions.pop(b))
        for other in pieces:
            other.first = a if other.first == b else other.first
            other.last = a if other.last == b else other.last


def _ways(pieces: list[_Piece], junction: int) -> int:
    return sum((piece.first == junction) + (piece.last == junction) for piece in pieces)


def _straight_through(
    junctions: dict[int, Floats], pieces: list[_Piece], width: float
) -> Floats | None:
    """Return the points of the one way that uses every piece once; None if there is none."""
    across = {}
    for k, centre in junctions.items():
        pairs = _opposite(k, centre, pieces, width)
        if pairs is None:
            return None
        across.update(pairs)
    parts = []
    piece, forward = 0, True
    for _ in range(len(pieces)):
        path = pieces[piece].path
        ends = junctions[pieces[piece].first], junctions[pieces[piece].last]
        clear = np.ones(len(path), bool)
        for centre in ends:  # the skeleton bends towards the crossing's corners there
            clear &= np.hypot(*(path - centre).T) > width
        parts.append((path if forward else path[::-1])[clear if forward else clear[::-1]])
        piece, at_start = across[piece, not forward]
        forward = at_start
        if piece == 0:
            break
    if len(parts) < len(pieces) or not forward or min(len(part) for part in parts) < 2:
        return None
    return np.concatenate(parts)


def _opposite(
    junction: int, centre: Floats, pieces: list[_Piece], width: float
) -> dict[tuple[int, bool], tuple[int, bool]] | None:
    """Return, for each way into a junction of four, the way that leads straight on.

    A way is the index of a piece and whether the junction is at its start.
    """
    ways, headings = [], []
    for k, piece in enumerate(pieces):
        for start in (True, False):
            if (piece.first if start else piece.last) != junction:
                continue
            path = piece.path if start else piece.path[::-1]
            away = np.hypot(*(path - centre).T)
            k_out = int(np.argmax(away > 1.5 * width)) or len(path) // 2
            ways.append((k, start))
            headings.append(np.arctan2(*(path[k_out] - centre)[::-1]))
    if len(ways) != 4:
        return None

    def bend(a: int, b: int) -> float:
        turn = headings[a] - headings[b] + np.pi
        return float(abs(np.arctan2(np.sin(turn), np.cos(turn))))

    pairings = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
    best = min(pairings, key=lambda pairing: max(bend(*pair) for pair in pairing))
    if max(bend(*pair) for pair in best) > STRAIGHT_ON:
        return None
    return {ways[x]: ways[y] for a, b in best for x, y in ((a, b), (b, a))}
