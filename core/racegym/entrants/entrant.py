"""The stage that drives cars with a class from a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.entrants.crews import Crew, InsideCrew, OutsideCrew
from racegym.entrants.failure import FailureError, Fault
from racegym.entrants.instances import as_numbers, read_action
from racegym.entrants.link import Log
from racegym.entrants.settings import EntrantOptions
from racegym.entrants.source import Source
from racegym.entrants.wire import Layout
from racegym.errors import ScenarioError
from racegym.interfaces import (
    Array,
    Cars,
    Control,
    Driver,
    Keys,
    Races,
    Request,
    Setup,
    Status,
    View,
    options,
)
from racegym.kernels.dropping import draw_losses
from racegym.kernels.randomness import purpose

__all__ = ["Entrant"]

_LOSS = purpose("entrant.loss")
_PIT = np.int8(Status.PIT)  # numpy compares with an enum far more slowly


class Entrant(Driver):
    """Asks objects of a class from a file, each for one car, and sees that the race goes on.

    A decision may come late, get lost or take effect some steps later; the last one that took
    effect holds meanwhile. A car whose driver has nothing to say, has missed too much or has
    failed coasts: no pedal, the wheels straight.

    Args:
        setup: its options are those of ``EntrantOptions``, ``file`` for the class, and those
            of the class itself.
    """

    Options = EntrantOptions

    def __init__(self, setup: Setup):
        super().__init__(setup)
        given = dict(setup.options)
        own = {key: given.pop(key) for key in EntrantOptions.model_fields if key in given}
        self._source = Source.of(str(given.pop("file")), Path.cwd())
        self._options = given
        self.options = options.read(EntrantOptions, own, f"driver {self._source.name!r}")
        assert setup.action_map is not None and setup.observation_space is not None
        self._action_map = setup.action_map
        view, space = setup.view, setup.action_map.space
        self.faults: list[tuple[int, int, int]] = []
        self._log = Log(None)
        self._crew = self._make_crew()
        arrays, n_cars = setup.arrays, view.n_cars
        shape, delay = space.shape or (), self.options.latency_steps
        self._n_cars = n_cars
        self._held = _by_car(arrays.new("held", (n_cars, *shape), space.dtype), shape)
        self._acts = arrays.new("acts", (n_cars,), "bool").reshape(-1)  # something is held
        self._missed = arrays.new("missed", (n_cars,), "int32").reshape(-1)
        self._failed = arrays.new("failed", (n_cars,), "uint8").reshape(-1)
        if delay:
            under_way = arrays.new("under_way", (n_cars, delay, *shape), space.dtype)
            self._under_way = _by_car(under_way, (delay, *shape))
            self._counts = _by_car(arrays.new("counts", (n_cars, delay), "bool"), (delay,))

    def _make_crew(self) -> Crew:
        view = self.setup.view
        if not self.options.process:
            return InsideCrew(self._source, self._options, view.n_races, view.n_cars)
        layout = Layout.of(self.setup.observation_space)
        return OutsideCrew(
            self._source, self.options, self._options, layout, view.n_races, view.n_cars
        )

    def log_to(self, path: Path) -> None:
        """Write there how entrants fail, and what those of processes yet to start print."""
        self._log = Log(path)
        self._crew.log_to(path)

    def reset(self, races: Races, keys: Keys) -> None:
        """Let the objects of these races start afresh."""
        self._crew.reset(races, keys)

    def rehearse(self, cars: Cars, observations: Any) -> None:
        """Ask an object that is thrown away, so that what can't work is told before a race.

        Only where a failure would stop the race: else the rules see to it.

        Args:
            cars: (k,) flat indices; the first is asked for.
            observations: what these cars see at the start.

        Raises:
            ScenarioError: it raises, or its action is none.
        """
        if self.options.failure != "stop" or not len(cars):
            return
        crew = self._make_crew()
        try:
            (answer,) = crew.decide(cars[:1], observations, np.zeros(1, np.int64))
        finally:
            crew.close()
        failure = None if answer is None else self._read(answer)[1]  # to be late is no failure
        if failure is not None:
            raise self._stopped("at its first decision", failure)

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Drive ``cars`` as their objects decide.

        Raises:
            ScenarioError: one has failed, and the rule for that is to stop.
        """
        racing = view.race.status.reshape(-1)[cars] <= _PIT
        rows = np.flatnonzero(racing & (self._failed[cars] == 0))
        if len(rows):
            self._ask(view, cars[rows], observations, rows)
        for array in (control.steer, control.throttle, control.brake, control.gear):
            array.reshape(-1)[cars] = 0
        whole = self._failed[cars] == 0
        willing = self._acts[cars] & (self._missed[cars] < self.options.patience)
        driven = cars[racing & whole & willing]
        if len(driven):
            self._action_map.apply(self._held[driven], driven, control)
        if self.options.failure == "retire":
            control.request.reshape(-1)[cars[~whole]] |= np.uint8(Request.RETIRE)

    def _ask(self, view: View, cars: Cars, observations: Any, rows: NDArray[np.int64]) -> None:
        """Hear the objects of cars that race, and settle what is in force for these."""
        space = self._action_map.space
        actions = np.zeros((len(cars), *(space.shape or ())), space.dtype)
        decided = np.zeros(len(cars), np.bool_)
        answers = self._crew.decide(cars, observations, rows)
        for k, answer in enumerate(answers):
            if answer is None:
                continue
            action, failure = self._read(answer)
            if failure is not None:
                self._fail(view, int(cars[k]), failure)
            else:
                actions[k], decided[k] = action, True
        if self.options.drop:
            lost = np.zeros(len(cars), np.bool_)
            race = view.race
            draw_losses(
                cars, self._n_cars, race.key, race.step, _LOSS, float(self.options.drop), lost
            )
            decided &= ~lost
        self._count_misses(view, cars, decided)
        if self.options.latency_steps:
            actions, decided = self._delayed(view, cars, actions, decided)
        self._held[cars[decided]] = actions[decided]
        self._acts[cars[decided]] = True

    def _read(self, answer: Any) -> tuple[Array | None, FailureError | None]:
        """Return an answer as an action, or as the failure that it is."""
        if isinstance(answer, FailureError):
            return None, answer
        try:
            return read_action(as_numbers(answer), self._action_map.space), None
        except FailureError as failure:
            return None, failure

    def _count_misses(self, view: View, cars: Cars, decided: NDArray[np.bool_]) -> None:
        self._missed[cars[decided]] = 0
        missing = cars[~decided & (self._failed[cars] == 0)]
        self._missed[missing] += 1
        for car in missing[self._missed[missing] == self.options.patience].tolist():
            patience = self.options.patience
            self._tell(view, car, Fault.LATE, f"missed {patience} decisions in a row, coasts")

    def _delayed(
        self, view: View, cars: Cars, actions: Array, decided: NDArray[np.bool_]
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Put decisions on their way, and return those that arrive in this step."""
        place = view.race.step[cars // self._n_cars] % self.options.latency_steps
        arrived = self._under_way[cars, place], self._counts[cars, place]
        self._under_way[cars, place], self._counts[cars, place] = actions, decided
        return arrived

    def _fail(self, view: View, car: int, failure: FailureError) -> None:
        self._failed[car] = failure.fault
        place = "" if failure.line is None else f"{self._source.file.name}:{failure.line}: "
        self._tell(view, car, failure.fault, f"{place}{failure.what}")
        if self.options.failure == "stop":
            time = float(view.race.time[car // self._n_cars])
            raise self._stopped(f"of car {car % self._n_cars + 1} at {time:.2f} s", failure)

    def _stopped(self, where: str, failure: FailureError) -> ScenarioError:
        what = (
            f"driver {self._source.name!r} {where}: {failure.what}. To race on when it fails, "
            "write on_failure: coast or on_failure: retire beside its file"
        )
        return ScenarioError(what, file=self._source.file, line=failure.line)

    def _tell(self, view: View, car: int, fault: Fault, what: str) -> None:
        race, slot = divmod(car, self._n_cars)
        self.faults.append((race, slot, int(fault)))
        self._log.write(f"[car {slot + 1}, {float(view.race.time[race]):.2f} s] {what}")

    def close(self) -> None:
        """End its processes. May be called twice."""
        self._crew.close()
        self._log.close()


def _by_car(array: Array, rest: tuple[int, ...]) -> Array:
    """Return an array of (n_races, n_cars, *rest) as (n_races * n_cars, *rest)."""
    return array.reshape((math.prod(array.shape[:2]), *rest))
