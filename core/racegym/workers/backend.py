"""The backend that runs another one, which holds one race, in a process for each race.

A step wakes all workers before it waits for any. What an engine has left in its row is
copied into the world only when it says that it is done, so an engine that dies in the
middle of a step leaves its race as it was.

**When an engine fails** (its process ends, it raises, it takes too long) its process is
ended and a fresh one started. Until the race is reset it is not advanced and its cars are
gone; the reset starts an episode in the new process. After more failures in a row than
``retries`` the world hears of it. An episode that ran from one reset to the next without a
failure ends the row.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from racegym.errors import BackendError
from racegym.interfaces import (
    GGV,
    Array,
    Arrays,
    Backend,
    BackendSpec,
    Cars,
    Control,
    Effects,
    Keys,
    Races,
    Record,
    Setup,
    View,
    allocate,
    columns,
)
from racegym.track import Track
from racegym.workers.memory import Layout, Route, Segment, offsets
from racegym.workers.messages import SPIN, Order, Task, breathe
from racegym.workers.parcels import (
    OBSTACLE_BYTES,
    POINT_BYTES,
    Brief,
    decode_track,
    encode_poses,
    encode_track,
)
from racegym.workers.process import FAREWELL, EngineError, EngineProcess
from racegym.workers.settings import split

__all__ = ["WorkerBackend", "in_workers"]

PARCEL = 1 << 16  # [bytes] at least; memory that nobody touches costs nothing
CAR_BYTES = 64  # of the parcel, for a car to be placed

_log = logging.getLogger("racegym.workers")


@dataclass
class _Race:
    """What is known of one race.

    Attributes:
        process: runs its engine.
        failures: in a row.
        lost: its engine has failed since the last reset.
        stepped: it was stepped since the last reset.
        moved: cars were placed or removed since then.
        key: of its episode.
        start: (row_bytes,) its row as the engine was given it to reset.
        driven: the track that the engine was given; None for one with its own.
        track: the track that the engine has made.
    """

    process: EngineProcess
    failures: int = 0
    lost: bool = False
    stepped: bool = False
    moved: bool = False
    key: int = 0
    start: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    driven: Track | None = None
    track: Track | None = None


class WorkerBackend(Backend):
    """Base of what ``in_workers`` makes.

    Attributes:
        inner: the engine's class, which holds one race.
        called: what messages call it.
    """

    inner: ClassVar[type[Backend]]
    called: ClassVar[str]

    @classmethod
    def spec_for(cls, options: Mapping[str, Any]) -> BackendSpec:
        """Return the engine's spec, with as many races as there are workers.

        Raises:
            ScenarioError: the settings of the workers are wrong.
            BackendError: the engine has no use for workers.
        """
        who = f"backend {cls.called!r}"
        settings, rest = split(options, who)
        spec = cls.inner.spec_for(rest)
        if spec.max_races != 1:
            most = "any number of" if spec.max_races is None else f"up to {spec.max_races}"
            raise BackendError(f"{who} runs {most} races at once by itself: leave workers out")
        module, name = cls.inner.__module__, cls.inner.__qualname__
        if module == "__main__" or "<" in name:
            raise BackendError(
                f"{who} is {module}.{name}, which a worker can't import; put the class at the "
                "top of a module of its own"
            )
        return replace(spec, max_races=settings.count, snapshots="none")

    @classmethod
    def ggv(cls, vehicle: Mapping[str, Any], options: Mapping[str, Any]) -> GGV | None:
        """Return what the engine itself tells."""
        _, rest = split(options, f"backend {cls.called!r}")
        return cls.inner.ggv(vehicle, rest)

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._who = f"backend {self.called!r}"
        self._settings, self._options = split(setup.options, self._who)
        view = self.view
        self._spec = self.inner.spec_for(self._options)
        given = self._spec.tracks == "given"
        self._points = len(view.tracks.points) if given else self._spec.max_points
        briefs = [self._brief(view.tracks.track_of(race)) for race in range(view.n_races)]

        plan = Arrays(1, setup.arrays.real)
        View.allocate(plan, view.n_cars, view.dt, view.tracks, view.channel_specs)
        allocate(Effects, plan, view.n_cars, "effects")
        self._places, row_bytes = offsets(plan)
        track = OBSTACLE_BYTES + self._points * POINT_BYTES
        parcel = max(PARCEL + track, *(len(b) + PARCEL for b in briefs))
        parcel = -(-(parcel + view.n_cars * CAR_BYTES) // 4096) * 4096
        layout = Layout(view.n_races, row_bytes, parcel)
        segment = Segment(layout.size)
        assert segment.map is not None
        self._rows = layout.rows(segment.map)
        self._bind()

        longest = max(self._settings.start_timeout, self._settings.step_timeout)
        self._races = [
            _Race(
                EngineProcess(race, layout, segment, longest),
                driven=view.tracks.track_of(race) if given else None,
            )
            for race in range(view.n_races)
        ]
        self._numbers = count(1)  # of orders
        self._asked: list[int] | None = None  # races whose step has begun
        self._failed: dict[int, EngineError] = {}  # those that could not even begin
        self._broken_off = False  # somebody may still be at work
        self._end = weakref.finalize(self, _end, [one.process for one in self._races], segment)
        try:
            self._start(briefs)
        except BaseException:
            self.close()
            raise

    def _bind(self) -> None:
        """Decide which arrays go to the engines and which come back."""
        everything = _named(self.view)
        own = {f"channels.{channel.name}" for channel in self._spec.channels}
        written = {
            name
            for name in everything
            if name in own or name.startswith(("state.", "vehicle.", "clock.", "contacts."))
        }
        kept = {name for name in written if not name.startswith(("clock.", "contacts."))}
        self._afresh = Route(everything, self._places)
        self._inward = Route(
            {name: array for name, array in everything.items() if name not in kept}, self._places
        )
        self._outward = Route({name: everything[name] for name in sorted(written)}, self._places)
        self._orders: tuple[Control, Effects, Route] | None = None

    def _brief(self, track: Track) -> bytes:
        brief = Brief(
            engine=f"{self.inner.__module__}:{self.inner.__qualname__}",
            options=self._options,
            vehicles=[dict(vehicle) for vehicle in self.setup.vehicles],
            channels=list(self.view.channel_specs.values()),
            n_cars=self.view.n_cars,
            dt=self.view.dt,
            real=self.setup.arrays.real.name,
            max_points=self._points,
        )
        try:
            return brief.encode(track)
        except TypeError as error:
            raise BackendError(
                f"{self._who}: its options and vehicles go to workers as plain data: {error}"
            ) from error

    def _start(self, briefs: Sequence[bytes]) -> None:
        """Start all engines at once. One that does not start the first time never will."""
        try:
            for one, brief in zip(self._races, briefs, strict=True):
                one.process.start(brief)
            for one in self._races:
                one.process.answer(self._settings.start_timeout, "start")
        except EngineError as error:
            raise BackendError(f"{self._who} did not start in a worker: {error}") from None

    def reset(self, races: Races, keys: Keys) -> None:
        """Start episodes, in fresh processes where an engine has failed.

        Raises:
            BackendError: an engine fails again and again.
        """
        self._settle()
        self._afresh.gather(races, self._rows)
        for race, key in zip(races, keys, strict=True):
            one = self._races[race]
            if one.stepped and not one.lost:
                one.failures = 0
            one.key, one.start = int(key), self._rows[race].copy()
        self._begin_episodes([int(race) for race in races])

    def _begin_episodes(self, races: Sequence[int]) -> None:
        """Reset engines until each has done so."""
        left = list(races)
        while left:
            self._revive(left)
            self._tell_tracks(left)
            self._revive(left)  # with the right track, if telling it went wrong
            for race in left:
                one = self._races[race]
                self._rows[race] = one.start
                one.lost = one.stepped = one.moved = False
            left = self._ask(
                left,
                Task.RESET,
                lambda race: {"key": self._races[race].key},
                timeout=self._settings.start_timeout,
            )

    def _revive(self, races: Sequence[int]) -> None:
        """See to it that these races have engines that run."""
        while not all(self._races[race].process.ready for race in races):
            for race in races:
                process = self._races[race].process
                try:
                    if not process.running:
                        self._launch(race)
                    if not process.ready:
                        process.answer(self._settings.start_timeout, "start")
                except EngineError as error:
                    self._lose(race, error)

    def _launch(self, race: int) -> None:
        one = self._races[race]
        one.process.start(self._brief(self.view.tracks.track_of(race)))
        if one.driven is not None:
            one.driven = self.view.tracks.track_of(race)

    def _tell_tracks(self, races: Iterable[int]) -> None:
        """Send tracks that have changed to engines that drive given ones."""
        if self._spec.tracks != "given":
            return
        track_of = self.view.tracks.track_of
        changed = [race for race in races if self._races[race].driven is not track_of(race)]
        if changed:
            told = self._ask(
                changed, Task.TRACK, lambda race: {"content": encode_track(track_of(race))}
            )
            for race in set(changed) - set(told):
                self._races[race].driven = track_of(race)

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        """Put cars somewhere; see ``Backend.place``."""
        self._settle()
        race_of = cars // self.view.n_cars

        def poses(race: int) -> dict[str, Any]:
            mine = race_of == race
            here = cars[mine] - race * self.view.n_cars
            return {"content": encode_poses(here, pose[mine], speed[mine])}

        races = np.unique(race_of)
        left = self._send(races, Task.PLACE, poses)
        while again := [race for race in left if not self._has_begun(race)]:
            # Nothing has happened in these episodes yet, so they can begin once more.
            self._begin_episodes(again)
            left = self._send(np.array(again, np.int64), Task.PLACE, poses)
        self._note_moves(races)

    def remove(self, cars: Cars) -> None:
        """Take cars off the track."""
        self._settle()
        race_of = cars // self.view.n_cars
        self._send(
            np.unique(race_of),
            Task.REMOVE,
            lambda race: {"content": (cars[race_of == race] - race * self.view.n_cars).tobytes()},
        )
        self._note_moves(np.unique(race_of))

    def _has_begun(self, race: int) -> bool:
        return self._races[race].stepped or self._races[race].moved

    def _note_moves(self, races: Races) -> None:
        for race in races:
            self._races[race].moved = True

    def _send(self, races: Races, task: Task, parts: Callable[[int], dict[str, Any]]) -> list[int]:
        """Bring rows up to date and ask for something; return the races that failed at it."""
        live = [int(race) for race in races if not self._races[race].lost]
        self._inward.gather(np.array(live, np.int64), self._rows)
        return self._ask(live, task, parts)

    def _ask(
        self,
        races: Sequence[int],
        task: Task,
        parts: Callable[[int], dict[str, Any]],
        timeout: float | None = None,
    ) -> list[int]:
        """Have engines do something and wait; return the races whose engines failed at it."""
        failures: dict[int, EngineError] = {}
        for race in races:
            try:
                self._races[race].process.order(next(self._numbers), task, **parts(race))
            except EngineError as error:
                failures[race] = error
        asked = [race for race in races if race not in failures]
        return self._collect(asked, task, failures, timeout or self._settings.step_timeout)

    def _collect(
        self, asked: Sequence[int], task: Task, failures: dict[int, EngineError], timeout: float
    ) -> list[int]:
        """Wait for answers and fetch what the engines have written."""
        self._broken_off = True
        what = task.name.lower() if task != Task.TRACK else "change its track"
        done = []
        for race in asked:
            one = self._races[race]
            try:
                made = one.process.answer(timeout, what)
            except EngineError as error:
                failures[race] = error
                continue
            done.append(race)
            if made is not None:
                one.track = decode_track(made)
        self._broken_off = False
        if done:
            self._outward.scatter(np.array(done, np.int64), self._rows)
        for race, failure in failures.items():
            self._lose(race, failure)
        return list(failures)

    def _settle(self) -> None:
        """Wait for whatever was begun and never waited for, as after a Ctrl-C in a notebook."""
        self.finish()
        if not self._broken_off:
            return
        for race, one in enumerate(self._races):
            if one.process.ready and one.process.waiting:
                try:
                    one.process.answer(self._settings.start_timeout, "finish what was broken off")
                except EngineError as error:
                    self._lose(race, error)
        self._broken_off = False

    def _lose(self, race: int, error: EngineError) -> None:
        """Replace an engine that has failed.

        Raises:
            BackendError: it has done so too often.
        """
        one = self._races[race]
        one.process.end()
        one.lost = True
        while not one.process.running:
            one.failures += 1
            if one.failures > self._settings.retries:
                times = "" if one.failures == 1 else f" {one.failures} times in a row, at last"
                raise BackendError(f"{self._who} failed{times} in race {race}: {error}")
            _log.warning("%s failed in race %d and starts anew: %s", self._who, race, error)
            try:
                self._launch(race)
            except EngineError as again:
                error = again

    def begin(self, control: Control, effects: Effects, dt: float) -> None:
        """Wake all engines for a step of ``dt`` [s]."""
        self._settle()
        self._tell_tracks([race for race, one in enumerate(self._races) if not one.lost])
        live = [race for race, one in enumerate(self._races) if not one.lost]
        if self._orders is None or self._orders[0] is not control or self._orders[1] is not effects:
            self._orders = (control, effects, self._orders_route(control, effects))
        which = np.array(live, np.int64)
        self._inward.gather(which, self._rows)
        self._orders[2].gather(which, self._rows)
        self._failed, self._asked = {}, []
        number = next(self._numbers)
        message = Order(number, Task.STEP, dt=dt).pack()
        for race in live:
            one = self._races[race]
            one.stepped = True
            try:
                one.process.send(number, message)
            except EngineError as error:
                self._failed[race] = error
            else:
                self._asked.append(race)

    def _orders_route(self, control: Control, effects: Effects) -> Route:
        arrays = _columns_of("control", control) | _columns_of("effects", effects)
        return Route(arrays, self._places)

    def finish(self) -> None:
        """Wait for the step that ``begin`` has started, if it did.

        Raises:
            BackendError: an engine fails again and again.
        """
        asked, self._asked = self._asked, None
        if asked is None:
            return
        processes = [self._races[race].process for race in asked]
        until = perf_counter() + SPIN
        for process in processes:
            while not process.answered and perf_counter() < until:
                breathe()
        try:
            self._collect(asked, Task.STEP, self._failed, self._settings.step_timeout)
        finally:
            clock = self.view.clock
            for race, one in enumerate(self._races):
                if one.lost:
                    clock.advanced[race] = False
                    clock.gone[race] = True

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance all races by ``dt`` [s]."""
        self.begin(control, effects, dt)
        self.finish()

    def track(self, race: int) -> Track:
        """Return the track that the race's engine has made."""
        track = self._races[race].track
        if track is None:
            raise BackendError(f"{self._who} has no track before its first reset")
        return track

    def close(self) -> None:
        """End all engines. May be called twice."""
        self._end()
        self._rows = np.zeros((0, 0), np.uint8)


@cache
def in_workers(inner: type[Backend], called: str | None = None) -> type[WorkerBackend]:
    """Return the backend that runs ``inner`` in worker processes, one race in each.

    Its options are those of ``inner`` and ``workers``; see ``WorkerSettings``.

    Args:
        inner: a backend with ``max_races=1`` that can be imported by its name.
        called: what messages call it; None for the class's name.
    """
    name = called or inner.__name__
    kept = {
        attribute: getattr(inner, attribute)
        for attribute in ("spec", "Vehicle", "default_vehicle")
        if hasattr(inner, attribute)
    }
    return type(
        f"{inner.__name__}InWorkers",
        (WorkerBackend,),
        {"inner": inner, "called": name, "__doc__": WorkerBackend.__doc__, **kept},
    )


def _end(processes: Sequence[EngineProcess], segment: Segment) -> None:
    """End all processes together, and let go of the memory."""
    for process in processes:
        process.leave()
    for process in processes:
        process.close(FAREWELL)
    segment.close()


def _columns_of(prefix: str, record: Record) -> dict[str, Array]:
    return {f"{prefix}.{name}": getattr(record, name) for name in columns(type(record))}


def _named(view: View) -> dict[str, Array]:
    """Return every array of a view by the name under which ``View.allocate`` made it."""
    found: dict[str, Array] = {}
    for prefix in (
        "state", "control", "previous_control", "frame", "previous_frame", "race", "clock",
        "vehicle",
    ):  # fmt: skip
        found |= _columns_of(prefix, getattr(view, prefix))
    for prefix in ("contacts", "events"):
        for name, value in vars(getattr(view, prefix)).items():
            if isinstance(value, np.ndarray):
                found[f"{prefix}.{name}"] = value
    return found | {f"channels.{name}": array for name, array in view.channels.items()}
