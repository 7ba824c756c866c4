"""What pictures show of the past: where cars came from, and their best sectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Event, EventKind
from racegym.race_control.telling import is_news
from racegym.render.scene import Scene
from racegym.track import Track

__all__ = ["History", "SectorMark"]

Floats = NDArray[np.float64]

TRAIL = 600  # places that are kept of each car
FRESH = 5.0  # [s] of race time for which news are shown
TRAIL_EVERY = 0.08  # [s] of race time between two of them


@dataclass(frozen=True)
class SectorMark:
    """The latest time of a car in one sector.

    Attributes:
        time: [s].
        delta: [s] to its best before; NaN for the first.
    """

    time: float
    delta: float


class History:
    """Remembers one race; shown every scene of it, in order.

    Trails begin anew with each race. Best times are kept as long as the track stays the same,
    also over a restart, so that somebody who practises can see what he gained.
    """

    def __init__(self) -> None:
        self._track: Track | None = None
        self._step = -1
        self._trail: Floats = np.full((0, TRAIL, 3), np.nan)
        self._next = 0.0
        self._count = 0
        self._marks: list[dict[int, SectorMark]] = []
        self._best: list[dict[int, float]] = []
        self._best_lap: Floats = np.zeros(0)
        self._news: tuple[float, Event] | None = None

    def add(self, scene: Scene, events: Iterable[Event] = ()) -> None:
        """Take the next scene.

        Args:
            scene: of the race.
            events: what race control saw since the scene before, in this race.
        """
        n_cars = len(scene.x)
        if scene.track is not self._track or n_cars != len(self._marks):
            self._track = scene.track
            self._best = [{} for _ in range(n_cars)]
            self._best_lap = np.full(n_cars, np.nan)
            self._step = scene.step + 1
        if scene.step < self._step or not len(self._trail):
            self._trail = np.full((n_cars, TRAIL, 3), np.nan)
            self._marks = [{} for _ in range(n_cars)]
            self._count, self._next = 0, scene.time
            self._news = None
        self._step = scene.step
        if scene.time >= self._next - 1e-9:
            place = self._trail[:, self._count % TRAIL]
            place[:, 0], place[:, 1], place[:, 2] = scene.x, scene.y, scene.speed
            place[~scene.present] = np.nan
            self._count += 1
            self._next = max(self._next + TRAIL_EVERY, scene.time)
        for event in events:
            if event.kind is EventKind.SECTOR:
                self._note(scene, event)
            if is_news(event.kind, event.value, event.details):
                self._news = scene.time, event
        self._best_lap = np.fmin(self._best_lap, scene.best_lap)

    def _note(self, scene: Scene, event: Event) -> None:
        car, count = event.car, len(scene.track.sectors)
        sector = (int(scene.sector[car]) - 1) % count
        if sector == 0:
            self._marks[car].clear()
        best = self._best[car].get(sector, np.nan)
        self._marks[car][sector] = SectorMark(event.value, event.value - best)
        # A lap that ends here is not yet known not to count once the next one has begun.
        if event.value > 0.0 and (scene.lap_valid[car] or sector == count - 1):
            self._best[car][sector] = float(np.fmin(best, event.value))

    def trail(self, car: int) -> Floats:
        """Return where a car has been, (k, 3) [m, m, m/s], the oldest first."""
        if self._track is None:
            return np.empty((0, 3))
        if self._count <= TRAIL:
            return self._trail[car, : self._count]
        return np.roll(self._trail[car], -(self._count % TRAIL), axis=0)

    def news(self, time: float) -> Event | None:
        """Return the latest that somebody who watches wants to hear of, while it is fresh.

        Args:
            time: [s] race time now.
        """
        if self._news is None or not 0.0 <= time - self._news[0] <= FRESH:
            return None
        return self._news[1]

    def sectors(self, car: int) -> dict[int, SectorMark]:
        """Return the latest time of each sector of this lap, or of the lap before it."""
        return self._marks[car] if self._track is not None else {}

    def best_lap(self, car: int) -> float:
        """Return the best valid lap [s] on this track; NaN before there is one."""
        return float(self._best_lap[car]) if self._track is not None else float("nan")
