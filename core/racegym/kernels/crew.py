"""How many threads work just now: fewer while other programs keep some cores busy.

OpenMP's threads wait for each other at the end of every parallel loop, and spin while they
do. When another program takes one's core, all of them wait until the operating system gives
it back, some milliseconds for a loop of microseconds: four threads are then a hundred times
slower than one. So launches are timed, and after a few that took longer than one thread alone
would, one thread less is used; from time to time it is asked for again. The bits never depend
on it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns

__all__ = ["Crew", "Pace"]

HELD_UP = 1_000_000  # [ns] the least that waiting for a lost core costs
SLOW = 2.0  # times the pace of one thread that a launch may take, as steps differ
FEW = 3  # launches held up among ...
MANY = 200  # ... so many, and a thread is given up
SETTLING = 30_000_000  # [ns] in which the system spreads a changed number of threads anew
FIRST_PAUSE, LAST_PAUSE = 1_000_000_000, 32_000_000_000  # [ns] until it is asked for again


class Pace:
    """How long one kernel takes with one thread, which waits for nobody.

    Attributes:
        alone: [ns] an item; None until it was measured.
    """

    def __init__(self) -> None:
        self.alone: float | None = None

    def learn(self, items: int, took: int) -> None:
        """Take note of a launch with one thread that took ``took`` [ns]."""
        self.alone = took / items

    def held_up(self, items: int, took: int) -> bool:
        """Say whether a launch with several threads took longer than one alone would."""
        return self.alone is not None and took > SLOW * self.alone * items + HELD_UP


class Crew:
    """The number of threads to use.

    Args:
        clock: [ns], rising.
    """

    def __init__(self, clock: Callable[[], int] = perf_counter_ns):
        self._clock = clock
        self._idle = 0  # threads given up
        self._launches = self._held_up = 0
        self._pause = self._last_pause = FIRST_PAUSE
        self._changed = 0

    def size(self, allowed: int) -> int:
        """Return how many of the ``allowed`` threads to use in the next launch."""
        if self._idle and self._clock() - self._changed > self._pause:
            self._idle -= 1
            self._changed = self._clock()
            # Once one is back for good, the next may follow soon.
            self._last_pause, self._pause = self._pause, FIRST_PAUSE
            self._launches = self._held_up = 0
        return max(1, allowed - self._idle)

    def note(self, allowed: int, *, held_up: bool) -> None:
        """Take note of a launch."""
        self._launches += 1
        if held_up and self._clock() - self._changed > SETTLING:
            self._held_up += 1
        if self._held_up >= FEW:
            self._give_up(allowed)
        elif self._launches >= MANY:
            self._launches = self._held_up = 0

    def _give_up(self, allowed: int) -> None:
        now = self._clock()
        # A thread that is lost again soon after it came back is left alone for longer.
        soon = now - self._changed < FIRST_PAUSE
        self._pause = min(2 * self._last_pause, LAST_PAUSE) if soon else FIRST_PAUSE
        self._last_pause = self._pause
        self._idle = min(self._idle + 1, allowed - 1)
        self._changed = now
        self._launches = self._held_up = 0
