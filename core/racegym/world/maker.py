"""A process that makes circuits ahead of time: seeds come in, tracks go out.

Started by ``racegym.world.makers`` alone, which reads what is written here: for each order, a
line of seeds, the length of an answer and the answer, a pickled list with an item for each seed.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from contextlib import suppress
from struct import Struct
from typing import Any, NamedTuple

from racegym.errors import TrackError
from racegym.track import Track, generate
from racegym.track.cells import Cells, cells_of

__all__ = ["LONG", "Made", "main", "make"]

LONG = Struct("<Q")  # bytes that follow
PROTOCOL = pickle.HIGHEST_PROTOCOL
MEEK = 5  # how much less important than the simulation this is to the system


class Made(NamedTuple):
    """A circuit, with what takes longest to pack it."""

    track: Track
    cells: Cells


def make(seed: int, recipe: dict[str, Any]) -> Made:
    """Return the circuit of a seed; ``recipe`` holds the other arguments of ``generate``."""
    track = generate(seed, **recipe)
    track.hash  # noqa: B018  kept with the track: whoever packs it need not work it out
    return Made(track, cells_of(track))


def main() -> None:
    """Make circuits until no more orders come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the world ends it
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(MEEK)
    recipe = json.loads(sys.argv[1])
    answers = sys.stdout.buffer
    for order in sys.stdin:
        # Each by itself, so that the world can leave it packed until it is wanted.
        made = pickle.dumps([_packed(int(seed), recipe) for seed in order.split()], PROTOCOL)
        answers.write(LONG.pack(len(made)) + made)
        answers.flush()


def _packed(seed: int, recipe: dict[str, Any]) -> bytes | None:
    try:
        # As a plain tuple: here its class is one of ``__main__``.
        return pickle.dumps(tuple(make(seed, recipe)), PROTOCOL)
    except TrackError:
        return None  # the world tries it again, and tells


if __name__ == "__main__":
    main()
