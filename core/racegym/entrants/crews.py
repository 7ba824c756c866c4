"""Who asks an entrant's objects: in this process, or in processes of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.entrants.failure import FailureError
from racegym.entrants.instances import Instances
from racegym.entrants.link import Log
from racegym.entrants.process import EntrantProcess
from racegym.entrants.settings import EntrantOptions
from racegym.entrants.source import Source
from racegym.entrants.wire import Answer, Layout, Row
from racegym.interfaces import Cars, Keys, Races

__all__ = ["Crew", "InsideCrew", "OutsideCrew"]

_SPREAD = 0x9E3779B97F4A7C15  # keeps the seeds of a race's cars apart


class Crew(ABC):
    """Objects of one class at work, one a race and car.

    Args:
        n_races, n_cars: of the world.
    """

    def __init__(self, n_races: int, n_cars: int):
        self.n_cars = n_cars
        self._fresh = np.ones((n_races, n_cars), np.bool_)
        self._keys = np.zeros(n_races, np.uint64)

    def reset(self, races: Races, keys: Keys) -> None:
        """Let the objects of these races start afresh when they are next asked."""
        self._fresh[races] = True
        self._keys[races] = keys

    def _row(self, car: int) -> Row:
        race, slot = divmod(car, self.n_cars)
        seed = (int(self._keys[race]) ^ (slot + 1) * _SPREAD) % 2**63
        return Row(race, bool(self._fresh[race, slot]), seed)

    @abstractmethod
    def decide(self, cars: Cars, told: Any, rows: NDArray[np.int64]) -> list[Answer | None]:
        """Return what is decided for each car: an action, a failure, or None for too late.

        Args:
            cars: (k,) flat indices.
            told: observations.
            rows: (k,) the cars' rows in them.
        """

    def log_to(self, path: Path) -> None:
        """Write there what processes print; what is printed in this process goes its way."""

    def close(self) -> None:
        """Release everything. May be called twice."""


class InsideCrew(Crew):
    """Objects of this process.

    Args:
        source, options: what they are made of.
        n_races, n_cars: of the world.
    """

    def __init__(self, source: Source, options: Mapping[str, Any], n_races: int, n_cars: int):
        super().__init__(n_races, n_cars)
        self._instances = Instances(source, options)

    def decide(self, cars: Cars, told: Any, rows: NDArray[np.int64]) -> list[Answer | None]:
        """Ask one after the other."""
        return [
            self._ask(car, _observation(told, row))
            for car, row in zip(cars.tolist(), rows.tolist(), strict=True)
        ]

    def _ask(self, car: int, observation: Any) -> Answer:
        row = self._row(car)
        try:
            if row.fresh:
                self._instances.reset(car, row.seed)
                self._fresh.reshape(-1)[car] = False
            return self._instances.act(car, observation)
        except FailureError as failure:
            return failure


class OutsideCrew(Crew):
    """Objects of other processes, one for each slot of a race.

    Args:
        source, settings, options: what they are made of.
        layout: of what they are told.
        n_races, n_cars: of the world.
    """

    def __init__(
        self,
        source: Source,
        settings: EntrantOptions,
        options: Mapping[str, Any],
        layout: Layout,
        n_races: int,
        n_cars: int,
    ):
        super().__init__(n_races, n_cars)
        self._made_of = source, settings, options, layout
        self._processes: dict[int, EntrantProcess] = {}
        self._spare: EntrantProcess | None = None
        self._log = Log(None)

    def log_to(self, path: Path) -> None:
        """Write there what processes that are yet to start print."""
        self._log.close()
        self._log = Log(path)

    def reset(self, races: Races, keys: Keys) -> None:
        """Start a process ahead of time, so that those of several drivers start side by side."""
        super().reset(races, keys)
        if not self._processes and self._spare is None:
            with suppress(FailureError):  # it is tried again, and told, when it is needed
                self._spare = self._start()

    def _start(self) -> EntrantProcess:
        return EntrantProcess(*self._made_of, self._log)

    def decide(self, cars: Cars, told: Any, rows: NDArray[np.int64]) -> list[Answer | None]:
        """Ask all processes at once, then hear them one after the other."""
        slots = cars % self.n_cars
        answers: list[Answer | None] = [None] * len(cars)
        asked: dict[int, NDArray[np.int64]] = {}
        for slot in np.unique(slots).tolist():
            mine = np.flatnonzero(slots == slot)
            try:
                if self._ask(slot, cars[mine], told, rows[mine]):
                    asked[slot] = mine
            except FailureError as failure:
                self._fail(slot, mine, failure, answers)
        for slot, mine in asked.items():
            try:
                found = self._processes[slot].answers(len(mine))
            except FailureError as failure:
                self._fail(slot, mine, failure, answers)
                continue
            for index, answer in zip(mine.tolist(), found or (), strict=bool(found)):
                answers[index] = answer
        return answers

    def _ask(self, slot: int, cars: Cars, told: Any, rows: NDArray[np.int64]) -> bool:
        if slot not in self._processes:
            self._fresh[:, slot] = True
            process, self._spare = self._spare, None
            self._processes[slot] = process or self._start()
        asked = [self._row(car) for car in cars.tolist()]
        sent = self._processes[slot].ask(asked, told, rows)
        if sent:
            self._fresh.reshape(-1)[cars] = False
        return sent

    def _fail(
        self,
        slot: int,
        mine: NDArray[np.int64],
        failure: FailureError,
        answers: list[Answer | None],
    ) -> None:
        """Let a process go, and note why for all the cars that it was asked for."""
        process = self._processes.pop(slot, None)
        if process is not None:
            process.close()
        for index in mine.tolist():
            answers[index] = failure

    def close(self) -> None:
        """End all processes."""
        processes = [*self._processes.values(), *([self._spare] if self._spare else [])]
        self._processes, self._spare = {}, None
        for process in processes:
            process.close()
        self._log.close()


def _observation(told: Any, row: int) -> Any:
    if isinstance(told, dict):
        return {name: part[row].copy() for name, part in told.items()}
    return told[row].copy()
