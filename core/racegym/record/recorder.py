"""The watcher that writes a run folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import floor
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from racegym.errors import RunError
from racegym.interfaces import Array, Control, Event, EventKind, View, Watcher, columns
from racegym.locks import Lock
from racegym.record.digest import ControlDigest, MotionDigest, StateDigest
from racegym.record.finish import FORMAT, finalise
from racegym.record.folder import RunFolder, write_json
from racegym.record.journal import Journal
from racegym.record.limit import Limits
from racegym.record.stream import StepColumn, StepStream
from racegym.record.telemetry import essential_columns, telemetry_columns
from racegym.record.versions import machine, versions
from racegym.world import World

__all__ = ["About", "End", "Recorder", "bytes_per_step", "now"]

End = Literal["finished", "stopped", "failed"]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a run folder says of its run, beside what the world knows.

    Attributes:
        scenario: its name.
        scenario_yaml: all of it, to be run again; empty for a world made in code, which
            can't be verified.
        task: what was run.
        seed: of the first race.
        vehicles: what each car is called by its maker, by car; may be empty.
        drivers: who drives, by car; empty for the names of the drivers' stages.
    """

    scenario: str = "world"
    scenario_yaml: str = ""
    task: str = "race"
    seed: int | None = None
    vehicles: Sequence[str] = ()
    drivers: Sequence[str] = ()


@dataclass(kw_only=True)
class _Race:
    """What the recorder remembers of one race between steps."""

    index: int
    controls: ControlDigest
    motion: MotionDigest
    state: StateDigest
    second: int = 0
    lap_valid: Array = field(default_factory=lambda: np.zeros(0, np.bool_))


class Recorder(Watcher):
    """Writes telemetry, controls, digests, laps and events of some races as they run.

    Its memory is bounded, and everything up to half a second ago can be read at any time,
    whatever becomes of this process.

    Args:
        world: the world to be watched; append the recorder to ``world.watchers``.
        folder: the run's folder; a path is made when absent.
        about: what the folder says of the run.
        races: which races to record.
        telemetry: keep every car's state; without, only laps, events and what a replay needs.
        csv: also write telemetry as text at the end.
        limit: tell lap times in percent of the limit as well.

    Raises:
        RunError: the folder can't be written, or another process writes it.
    """

    every = 1

    def __init__(
        self,
        world: World,
        folder: RunFolder | str | Path,
        about: About | None = None,
        *,
        races: ArrayLike = (0,),
        telemetry: bool = True,
        csv: bool = False,
        limit: bool = True,
    ):
        self.folder = folder if isinstance(folder, RunFolder) else RunFolder(Path(folder))
        self._about = about or About()
        self._world = world
        self._limits = Limits(world, enabled=limit)
        self._csv = csv
        self._steps = 0
        self._started = perf_counter()
        self._end: End | None = None
        which = np.asarray(races, np.int64)
        try:
            self.folder.path.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.folder.lock)
            self._open(which, telemetry)
        except BlockingIOError as error:
            raise RunError("another process writes this run", file=self.folder.path) from error
        except OSError as error:
            raise RunError(
                f"can't write a run there: {error.strerror or error}", file=self.folder.path
            ) from error

    def _open(self, which: Array, telemetry: bool) -> None:
        world, view = self._world, self._world.view
        self._state = self._description(which, telemetry)
        if self._about.scenario_yaml:
            self.folder.scenario.write_text(
                self._about.scenario_yaml, encoding="utf-8", newline="\n"
            )
        write_json(self.folder.state, self._state)
        self._episode = np.full(world.n_races, -1, np.int32)
        self._chain, self._motion, self._hash = np.zeros((3, world.n_races), np.uint64)
        self._races = [
            _Race(
                index=int(race),
                controls=ControlDigest(world.control, race),
                motion=MotionDigest(view, race),
                state=StateDigest(world.arrays, race),
            )
            for race in which
        ]
        self._journal = Journal(self.folder, [car.name for car in world.config.cars], world.n_races)
        chosen = telemetry_columns if telemetry else essential_columns
        self._telemetry = StepStream(
            self.folder.stream,
            chosen(view, world.spec.fills, self._episode),
            which,
            world.n_cars,
            {"racegym": str(FORMAT)},
        )
        self._controls = StepStream(
            self.folder.controls, self._control_columns(), which, world.n_cars,
            {"racegym": str(FORMAT)},
        )  # fmt: skip

    def _description(self, which: Array, telemetry: bool) -> dict[str, Any]:
        config, about = self._world.config, self._about
        stages = [car.driver.name if car.driver else "agent" for car in config.cars]
        drivers = about.drivers or stages
        cars = [
            {
                "name": car.name,
                "driver": drivers[index],
                "vehicle": about.vehicles[index] if about.vehicles else "",
            }
            for index, car in enumerate(config.cars)
        ]
        return {
            "format": FORMAT,
            "state": "running",
            "scenario": about.scenario,
            "task": about.task,
            "seed": about.seed,
            "backend": config.backend.name,
            "deterministic": self._world.spec.deterministic,
            "collides": self._world.spec.collides,
            "dt": self._world.dt,
            "laps": config.rules.laps,
            "classified_share": config.rules.classified_share,
            "tracks": [{"name": track.name, "hash": track.hash} for track in config.tracks],
            "races": which.tolist(),
            "telemetry": telemetry,
            "csv": self._csv,
            "cars": cars,
            "versions": versions(),
            "machine": machine(),
            "wall": {"started": now(), "process": os.getpid()},
        }

    def _control_columns(self) -> list[StepColumn]:
        view, control = self._world.view, self._world.control
        numbers = np.arange(view.n_races, dtype=np.int32)
        own = (
            ("race", numbers, "index of the race"),
            ("episode", self._episode, "starts of the race, from 0"),
            ("step", view.race.step, "steps since the start"),
            ("seed", view.race.seed, "the race's seed"),
            ("seed_episode", view.race.episode, "episodes since that seed was given"),
            ("chain", self._chain, "digest of the control of this step and all before"),
            ("motion", self._motion, "digest of how the cars move after the step"),
            ("state", self._hash, "digest of the whole state, once a second; else 0"),
        )
        return [
            *(StepColumn(name=n, source=array, layout="race", doc=doc) for n, array, doc in own),
            *(
                StepColumn(
                    name=name, source=getattr(control, name), layout="cars", unit=spec.unit,
                    doc=spec.doc,
                )
                for name, spec in columns(Control).items()
            ),
        ]  # fmt: skip

    @property
    def steps(self) -> int:
        """How many steps it has seen."""
        return self._steps

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Record a step.

        Raises:
            RunError: it can't be written; what was written before stays readable.
        """
        try:
            for race in self._races:
                self._see_race(race, view, events)
            self._telemetry.add()
            self._controls.add()
        except OSError as error:
            raise RunError(
                f"can't record step {self._steps + 1}: {error.strerror or error}; what was "
                "recorded before stays readable",
                file=self.folder.path,
            ) from error
        self._steps += 1

    def _see_race(self, race: _Race, view: View, events: Sequence[Event]) -> None:
        index, state = race.index, view.race
        if state.step[index] == 1:
            self._episode[index] += 1
            self._chain[index] = 0
            race.second = 0
            race.lap_valid = np.ones(view.n_cars, np.bool_)
            variation = self._world.variation
            drawn = None if variation is None else variation.told(index)
            self._journal.start(view, index, int(self._episode[index]), drawn)
        episode = int(self._episode[index])
        for command in self._world.applied:
            if command.race == index:
                self._journal.command(command, index, episode, int(state.step[index]))
        for event in events:
            if event.race == index:
                # Crossing the line makes the next lap valid; the lap that ended here was so
                # if it had been after the step before, and nothing happened in this one.
                spoilt = state.off_track[index, event.car] or view.frame.jumped[index, event.car]
                valid = bool(race.lap_valid[event.car]) and not spoilt
                lap = int(state.laps_done[index, event.car])
                self._journal.event(event, episode, lap=lap, valid=valid)
                if event.kind is EventKind.LAP:
                    self._limits.lap(index, episode, event.car)
        race.lap_valid = state.lap_valid[index].copy()

        named = int(state.step[index]), int(state.seed[index]), int(state.episode[index])
        self._chain[index] = race.controls(int(self._chain[index]), named)
        self._motion[index] = race.motion()
        second = floor(state.time[index] + 1e-9)
        self._hash[index] = race.state() if second > race.second else 0
        race.second = second

    def finish(self, end: End, *, seconds: float | None = None) -> dict[str, Any]:
        """Complete the folder and return the result. Later calls change nothing.

        Args:
            end: how the run ended.
            seconds: [s] of wall time that the race took; by default, since the recorder was
                made.

        Raises:
            RunError: something can't be written; what was written before stays readable.
        """
        if self._end is not None:
            return {}
        self._end = end
        took = perf_counter() - self._started if seconds is None else seconds
        wall = {**self._state["wall"], "ended": now(), "seconds": round(took, 6)}
        try:
            with ExitStack() as parts:
                for part in (self._telemetry, self._controls, self._journal):
                    parts.callback(part.close)
            limit = self._limits.found() if end != "failed" else None
            return finalise(
                self.folder, {**self._state, "state": end, "limit": limit, "wall": wall}
            )
        except OSError as error:
            raise RunError(
                f"can't complete the run: {error.strerror or error}; `racegym runs list` "
                "completes it once it can be written",
                file=self.folder.path,
            ) from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Complete the folder, unless ``finish`` has."""
        self.finish("finished")


def bytes_per_step(world: World, *, telemetry: bool = True) -> int:
    """Return about how much of the disk one step of one race takes while it is recorded."""
    view = world.view
    chosen = telemetry_columns if telemetry else essential_columns
    row = sum(
        column.source.itemsize * (4 if column.layout == "wheel" else 1)
        for column in chosen(view, world.spec.fills, np.zeros(world.n_races, np.int32))
    )
    control = sum(getattr(world.control, name).itemsize for name in columns(Control))
    # The stream, and beside it, until it is removed, the Parquet file made of it.
    return int(world.n_cars * (1.6 * row + control) + 64)


def now() -> str:
    """Return the time of day, as run folders tell it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
