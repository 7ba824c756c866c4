"""One process compiles a function at a time, and those that need it, too, wait for its cache.

Processes that start together, as workers and tests do, need the same kernels at the same time;
each would spend minutes on what one of them needs to do. A process that dies gives its turn back.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep

from racegym.locks import Lock

__all__ = ["end", "give_back", "take"]

PATIENCE = 120.0  # [s]; whoever still waits then compiles it, too
TICK = 0.02  # [s]

_held: dict[Path, Lock | None] = {}  # none where a lock can't be had
_paused = False  # whether the collector of garbage was stopped here


def take(path: Path) -> bool:
    """Wait for the turn to compile what is cached beside ``path``; return whether others had it.

    Compiling leaves hardly any garbage before its end, and looking for it over and over is a
    tenth of its time, so nobody looks until this process has given all its turns back.
    """
    global _paused
    if path in _held:
        return False  # it failed before, and is tried in another way
    if not _held and gc.isenabled():
        gc.disable()
        _paused = True
    _held[path] = None
    limit = perf_counter() + PATIENCE
    waited = False
    while perf_counter() < limit:
        try:
            _held[path] = Lock(path)
        except BlockingIOError:
            waited = True
            sleep(TICK)
        except OSError:
            break  # this folder has no locks, or can't be written
        else:
            break
    return waited


def give_back(path: Path) -> None:
    """Give a turn back, if this process has it."""
    global _paused
    lock = _held.pop(path, None)
    if lock is not None:
        with suppress(OSError):  # Windows removes no file that somebody else looks at
            lock.release()
    if not _held and _paused:
        gc.enable()
        _paused = False


def end() -> None:
    """Give all turns back, after compiling has failed."""
    for path in list(_held):
        give_back(path)
