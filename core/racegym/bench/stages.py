"""Where the time of a step goes: a world whose stages are timed from outside."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from numpy.typing import ArrayLike

from racegym.interfaces import Races
from racegym.world import World, WorldConfig

__all__ = ["STAGES", "StagedWorld"]

ACTIONS, REALISM, BACKEND, PROJECTION = "drivers, actions", "realism", "backend", "projection"
CONTROL, REWARDS, SENSORS, RESET = "race control", "rewards, endings", "sensors", "reset"
STAGES = (ACTIONS, REALISM, BACKEND, PROJECTION, CONTROL, REWARDS, SENSORS, RESET)


class StagedWorld(World):
    """A world that puts every moment of a step down to one stage.

    The time since the last mark goes to the stage that was at work until then, so that the
    stages add up to the whole, and calls that nobody marks are not lost.

    Args:
        config: what to build.

    Attributes:
        seconds: [s] by stage.
    """

    def __init__(self, config: WorldConfig):
        super().__init__(config)
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._marked = perf_counter()
        self._wrap(self.race_control, "order", before=ACTIONS, during=CONTROL)
        self._wrap(self.backend, "begin", before=REALISM, during=BACKEND)
        self._wrap(self.backend, "finish", before=BACKEND, during=BACKEND)
        self._wrap(self.race_control, "observe", before=PROJECTION, during=CONTROL)
        before = CONTROL
        for group in self.groups:
            self._wrap(group, "score", before=before, during=REWARDS)
            before = REWARDS

    def _wrap(self, owner: Any, method: str, *, before: str, during: str) -> None:
        inner: Callable[..., Any] = getattr(owner, method)

        def timed(*arguments: Any) -> None:
            self._mark(before)
            inner(*arguments)
            self._mark(during)

        setattr(owner, method, timed)

    def _mark(self, stage: str) -> None:
        now = perf_counter()
        self.seconds[stage] += now - self._marked
        self._marked = now

    def start_clock(self) -> None:
        """Forget what was measured so far."""
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self._marked = perf_counter()

    def observe(self, races: Races | None = None) -> None:
        """Fill observations, timed."""
        self._mark(REWARDS)
        super().observe(races)
        self._mark(SENSORS)

    def reset(
        self,
        seeds: ArrayLike | None = None,
        races: ArrayLike | None = None,
        *,
        observe: bool = True,
    ) -> None:
        """Start races afresh, timed."""
        if hasattr(self, "_marked"):
            self._mark(REWARDS)
        super().reset(seeds, races, observe=observe)
        self._mark(RESET)
