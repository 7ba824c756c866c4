"""A real-time engine as one meets it: late, lossy, on its own track, from its own start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from racegym.interfaces import (
    BackendSpec,
    CarState,
    Control,
    Effects,
    Keys,
    Races,
    Setup,
    columns,
)
from racegym.testing.parts import Bicycle
from racegym.track import Track

__all__ = ["LateBackend"]

LOSS = 0.15  # share of the steps that a race loses


def oval() -> Track:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    points = np.column_stack([120 * np.cos(angle), 80 * np.sin(angle)])
    return Track.from_points(points, 8.0, 8.0, name="late-oval", runoff=np.inf)


class LateBackend(Bicycle):
    """Loses a step now and then and makes up for it in the next; can't place cars."""

    spec: ClassVar[BackendSpec] = replace(
        Bicycle.spec,
        max_races=4,
        max_cars=2,
        deterministic=False,
        real_time=True,
        tracks="fixed",
        placement="start",
        snapshots="none",
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._oval = oval()
        self._owed = np.zeros(self.view.n_races)
        self._rng = np.random.default_rng(7)  # never reset: a network knows no race's seed
        self._asked: tuple[Control, Effects, float] | None = None

    def track(self, race: int) -> Track:
        return self._oval

    def reset(self, races: Races, keys: Keys) -> None:
        super().reset(races, keys)
        self._owed[races] = 0
        state = self.view.state
        for car in range(self.view.n_cars):
            x, y, yaw = self._oval.at(self._oval.length - 5.0 - 8.0 * car, 1.5 * (-1) ** car)
            state.x[races, car], state.y[races, car] = x, y
            state.yaw[races, car] = (yaw + np.pi) % (2 * np.pi) - np.pi

    def begin(self, control: Control, effects: Effects, dt: float) -> None:
        self._asked = (control, effects, dt)

    def finish(self) -> None:
        assert self._asked is not None
        self.step(*self._asked)
        self._asked = None

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        clock = self.view.clock
        before = clock.elapsed.copy()
        lost = self._rng.random(self.view.n_races) < LOSS
        late = self._owed > 0
        self._some(~lost, control, effects, dt)
        self._some(~lost & late, control, effects, dt)
        self._owed[lost] += dt
        passed = np.where(lost, 0.0, dt + np.where(late, dt, 0.0))
        self._owed[~lost] = 0
        clock.elapsed[:] = before + passed
        np.greater(clock.elapsed, 0, out=clock.advanced)

    def _some(self, races: Any, control: Control, effects: Effects, dt: float) -> None:
        names = list(columns(CarState))
        kept = {name: getattr(self.view.state, name)[~races].copy() for name in names}
        super().step(control, effects, dt)
        for name, rows in kept.items():
            getattr(self.view.state, name)[~races] = rows
