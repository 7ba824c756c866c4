"""A process that makes circuits ahead of time: seeds come in, tracks go out.

Started by ``racegym.world.makers`` alone, which reads what is written here.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from racegym.errors import TrackError
from racegym.track import Track, generate
from racegym.track.cells import Cells, cells_of

__all__ = ["Made", "main", "make"]

MEEK = 5  # how much less important than the simulation this is to the system


class Made(NamedTuple):
    """A circuit, with what takes longest to pack it."""

    track: Track
    cells: Cells


def make(seed: int, recipe: dict[str, Any]) -> Made:
    """Return the circuit of a seed; ``recipe`` holds the other arguments of ``generate``."""
    track = generate(seed, **recipe)
    return Made(track, cells_of(track))


def main() -> None:
    """Make circuits until no more seeds come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the world ends it
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(MEEK)
    recipe = json.loads(sys.argv[1])
    answers = sys.stdout.buffer
    for line in sys.stdin:
        try:
            made: Made | None = make(int(line), recipe)
        except TrackError:
            made = None  # the world tries it again, and tells
        # As a plain tuple: here its class is one of ``__main__``.
        answer = None if made is None else tuple(made)
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()
