"""Pieces of a line joined end to end into loops."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Piece", "Step", "rings"]


class Piece(NamedTuple):
    """A piece by its ends; pieces that belong together share one."""

    start: Hashable
    end: Hashable


class Step(NamedTuple):
    """One piece on the way round a loop."""

    piece: int
    backwards: bool


def rings(pieces: Sequence[Piece]) -> list[list[Step]]:
    """Return the loops that pieces make when dead ends are left out.

    Each loop begins with the piece of it that comes first, in that piece's direction. Where
    three or more pieces meet that are no dead ends, nobody knows which way the loop goes, and
    what hangs together there is no loop.
    """
    alive = _without_dead_ends(pieces)
    ends: dict[Hashable, list[int]] = defaultdict(list)
    for k in sorted(alive):
        ends[pieces[k].start].append(k)
        ends[pieces[k].end].append(k)
    found = []
    left = set(alive)
    for first in sorted(alive):
        if first not in left:
            continue
        together = _together(first, pieces, ends)
        left -= together
        if all(len(ends[end]) == 2 for k in together for end in pieces[k]):
            found.append(_round(first, pieces, ends))
    return found


def _without_dead_ends(pieces: Sequence[Piece]) -> set[int]:
    alive = set(range(len(pieces)))
    degree = Counter(end for piece in pieces for end in piece)
    loose = [k for k in alive if min(degree[end] for end in pieces[k]) < 2]
    at: dict[Hashable, list[int]] = defaultdict(list)
    for k, piece in enumerate(pieces):
        at[piece.start].append(k)
        at[piece.end].append(k)
    while loose:
        k = loose.pop()
        if k not in alive:
            continue
        alive.discard(k)
        for end in pieces[k]:
            degree[end] -= 1
            if degree[end] == 1:
                loose += [other for other in at[end] if other in alive]
    return alive


def _together(first: int, pieces: Sequence[Piece], ends: dict[Hashable, list[int]]) -> set[int]:
    """Return every piece that hangs together with ``first``."""
    found, waiting = {first}, [first]
    while waiting:
        for end in pieces[waiting.pop()]:
            for other in ends[end]:
                if other not in found:
                    found.add(other)
                    waiting.append(other)
    return found


def _round(first: int, pieces: Sequence[Piece], ends: dict[Hashable, list[int]]) -> list[Step]:
    steps = [Step(first, False)]
    here = pieces[first].end
    while here != pieces[first].start:
        one, two = ends[here]
        k = two if one == steps[-1].piece else one
        backwards = pieces[k].start != here
        steps.append(Step(k, backwards))
        here = pieces[k].start if backwards else pieces[k].end
    return steps
