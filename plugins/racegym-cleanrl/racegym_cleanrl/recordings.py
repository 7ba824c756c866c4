"""Drives that were recorded, told again as whoever learns from them is told.

A run that can be driven again is: its controls are re-simulated in a world in which the
demonstrator's car is an agent of the learner's profile. So the observations are those that the
learner's environment tells, bit for bit, whatever sensors it has, and whoever drove, a person or
a script. Each control becomes the action nearest to it, by the inverse of the action map.

A run that can't, such as one of an engine that is not deterministic, is read from its
telemetry. What the car was told then must have been stored beside it, in ``observations.npz``;
``ObservationLog`` does that.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from racegym.errors import RunError, ScenarioError, nearest
from racegym.interfaces import (
    Array,
    Arrays,
    Control,
    Event,
    View,
    Watcher,
    allocate,
    columns,
)
from racegym.record import RunFolder, find_run
from racegym.record.folder import read_json
from racegym.record.result import Lap, read_laps
from racegym.record.runs import LOGGED, check_raced, find_runs, is_training, read_state, repair
from racegym.record.telemetry_table import read_telemetry
from racegym.run.resimulation import Resimulation
from racegym.run.verify import RecordedStep
from racegym.world import World, WorldConfig
from racegym.world.agents import AgentGroup
from racegym_cleanrl.cleaning import MOTION, Motion
from racegym_cleanrl.networks import ONLY

__all__ = ["STORED", "Drive", "ObservationLog", "drives_of", "runs_named", "scratch_control"]

STORED = "observations.npz"  # beside a run's telemetry
_SAID = ("task", "dt", "cars", "races", "deterministic", "steps")  # of a run's state
_UNREADABLE = OSError, ValueError, TypeError, EOFError, BadZipFile, zlib.error  # of numpy's files
_STEERED = ("steer", "throttle", "brake")


@dataclass(frozen=True, kw_only=True, eq=False)
class Drive:
    """One car's drive in one race, of T decisions of ``repeat`` control intervals each.

    Attributes:
        name: the run's folder, and which of its races.
        told: by sensor, (T + 1, ...): before each decision, and at the end.
        actions: (T, *shape), what an agent would have had to say.
        rewards: (T,) float64; NaN where they are not known.
        terminated, truncated: (T,) bool.
        misfit: (T,) by how much the control of an action misses the one that was recorded: the
            largest difference of steer and pedals. NaN where that was no number.
        motion: by name, a row before the first control interval and one after each.
        laps: those that the car completed.
        dt: [s] control interval.
        repeat: control intervals of a decision.
    """

    name: str
    told: dict[str, Array]
    actions: Array
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    misfit: NDArray[np.float64]
    motion: Motion
    laps: Sequence[Lap]
    dt: float
    repeat: int = 1

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.actions)

    def lost(self) -> NDArray[np.bool_]:
        """Return (T,) the decisions of which something that was told or done is no number."""
        odd: NDArray[np.bool_] = _odd(self.misfit) | _odd(self.actions)
        for values in self.told.values():
            beside = _odd(values)
            odd |= beside[:-1] | beside[1:]
        return odd

    def decisions(self, intervals: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return (T,) the decisions all of whose control intervals are marked."""
        n = len(self) * self.repeat
        kept: NDArray[np.bool_] = np.logical_and.reduce(
            intervals[:n].reshape(-1, self.repeat), axis=1
        )
        return kept


def _odd(values: Array) -> NDArray[np.bool_]:
    """Return (n,) of (n, ...): whether any of it is no number."""
    if values.dtype.kind != "f":
        return np.zeros(len(values), np.bool_)
    numbers = np.isfinite(values).reshape(len(values), -1)
    found: NDArray[np.bool_] = ~np.logical_and.reduce(numbers, axis=1)
    return found


def runs_named(names: Sequence[str], runs_dir: Path = Path("runs")) -> list[RunFolder]:
    """Return runs by their folders, by folders that hold such, or as commands name them.

    Each is there once, however often it is named.

    Raises:
        RunError: there is none of that name.
    """
    found: list[RunFolder] = []
    for name in names:
        folder = Path(name)
        if not (folder / "state.json").is_file() and folder.is_dir():
            below = find_runs(folder) or find_runs(folder.parent)
            inside = [run for run in below if folder in run.path.parents]
            raced = [run for run in inside if not is_training(read_state(run))]
            if inside and not raced:
                raise RunError("holds trainings, and no race to learn from", file=folder)
            found += raced
            if raced:
                continue
        found.append(find_run(name, runs_dir))
    return list({run.path.resolve(): run for run in found}.values())


def drives_of(run: RunFolder, world: World, car: str | None = None) -> Iterator[Drive]:
    """Yield what one car of a run drove, race by race, as the agent of ``world`` is told.

    Args:
        run: that is over.
        world: the learner's, with one agent a race.
        car: who demonstrates; None: the car that is called like the agent's, or the only one.

    Raises:
        RunError: the run holds no such car, or nothing can be learned from it; says why.
        ScenarioError: it was driven at another control interval.
        ActionError: the action map can't be inverted.
    """
    state = repair(run)
    missing = [key for key in _SAID if key not in state]
    if missing:
        raise RunError(f"does not say {', '.join(missing)}", file=run.state)
    check_raced(run, state, "learn from")
    if state["state"] == "running":
        raise RunError("the run is not over; learn from it once it is", file=run.path)
    if state["task"] == LOGGED:
        raise RunError(
            "is an imported log: it tells where the car was, and not what was done with steer "
            "and pedals, so that nothing can be cloned; drive the lap again with `racegym drive`",
            file=run.path,
        )
    if abs(float(state["dt"]) - world.dt) > 1e-9:
        raise ScenarioError(
            f"was driven at a dt of {state['dt']:g} s, and the scenario to learn in has "
            f"{world.dt:g} s; write dt: {state['dt']:g} there, or record again",
            file=run.path,
        )
    index = _demonstrator(run, state, world, car)
    if state["deterministic"] and run.controls.exists() and run.scenario.exists():
        yield from _resimulated(run, world, index)
    elif (run.path / STORED).exists():
        yield from _stored(run, state, world, index)
    else:
        why = "its controls are missing" if state["deterministic"] else "its engine is not exact"
        raise RunError(
            f"can't be driven again, since {why}, and holds no {STORED} with what the car was "
            "told then; racegym_cleanrl.recordings.ObservationLog writes that while it is driven",
            file=run.path,
        )


def _demonstrator(run: RunFolder, state: Mapping[str, Any], world: World, car: str | None) -> int:
    names = [str(entry["name"]) for entry in state["cars"]]
    agent = world.config.cars[int(world.groups[0].cars[0]) % world.n_cars].name
    if car is None:
        if len(names) == 1:
            return 0
        if agent not in names:
            raise RunError(
                f"has {len(names)} cars, and none is called {agent!r} like the one that learns; "
                f"say which demonstrates, with demonstrator: {names[0]}",
                file=run.path,
            )
        car = agent
    if car not in names:
        raise RunError(f"no car is called {car!r}; {nearest(car, names)}", file=run.path)
    return names.index(car)


def scratch_control(world: World) -> Control:
    """Return control that nobody drives by."""
    return allocate(Control, Arrays(world.n_races, world.config.real), world.n_cars, "scratch")


def _with_agent(config: WorldConfig, learner: World, car: int) -> WorldConfig:
    """Return a run's configuration with the learner's profile for one of its cars."""
    group = learner.groups[0]
    cars = list(config.cars)
    cars[car] = replace(cars[car], driver=None, profile=group.profile)
    # Of the same name, since noise of sensors is drawn by it.
    profiles = {**config.profiles, group.profile: learner.config.profiles[group.profile]}
    return replace(config, cars=cars, profiles=profiles)


@dataclass
class _Taken:
    """What has been seen of a drive so far."""

    told: dict[str, list[Array]] = field(default_factory=dict)
    actions: list[Array] = field(default_factory=list)
    misfit: list[float] = field(default_factory=list)
    paid: list[tuple[float, bool, bool]] = field(default_factory=list)
    motion: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in MOTION})


class _Taker:
    """Turns a race that is driven again into a drive.

    Args:
        resimulation: of the run.
        car: who demonstrates.
    """

    def __init__(self, resimulation: Resimulation, car: int):
        self._simulated = resimulation
        self._world = resimulation.world
        self._car = car
        self._group = _group_of(self._world, car)
        self._row = int(np.flatnonzero(self._group.cars == car)[0])
        self._asked, self._given = (scratch_control(self._world) for _ in range(2))
        self._repeat = self._group.action_repeat
        self._taken = _Taken()

    def drives(self, race: int) -> Iterator[tuple[int, _Taken]]:
        """Yield the races that followed each other in one place of the batch, and their numbers."""
        episode = -1
        for row in self._simulated.steps(race):
            if row.step == 1:
                if self._taken.actions:
                    yield episode, self._taken
                self._taken, episode = _Taken(), row.episode
                self._tell()  # its reset has looked already
                self._see()
            self._step(row)
        if self._taken.actions:
            yield episode, self._taken
        self._taken = _Taken()

    def _step(self, row: RecordedStep) -> None:
        self._act(row)
        self._simulated.drive(row)
        group, k = self._group, self._row
        self._taken.paid.append(
            (float(group.reward[k]), bool(group.terminated[k]), bool(group.truncated[k]))
        )
        self._see()
        if row.step % self._repeat == 0:
            self._world.observe()
            self._tell()

    def _tell(self) -> None:
        for name, values in _by_sensor(self._group.observations).items():
            self._taken.told.setdefault(name, []).append(values[self._row].copy())

    def _act(self, row: RecordedStep) -> None:
        """Note the action of a control, and by how much it misses that."""
        for name in columns(Control):
            getattr(self._asked, name)[...] = row.control[name]
        cars = self._group.cars
        actions = self._group.action_map.invert(self._asked, cars)
        self._group.action_map.apply(actions, cars, self._given)  # so that it remembers
        off = [
            abs(float(getattr(self._given, name)[0, self._car] - row.control[name][0, self._car]))
            for name in _STEERED
        ]
        self._taken.actions.append(actions[self._row].copy())
        self._taken.misfit.append(max(off))

    def _see(self) -> None:
        view, car, motion = self._world.view, self._car, self._taken.motion
        motion["time"].append(float(view.race.time[0]))
        motion["heading_error"].append(float(view.frame.heading_error[0, car]))
        motion["off_track"].append(bool(view.race.off_track[0, car]))
        motion["status"].append(int(view.race.status[0, car]))
        for name in ("x", "y", "yaw", "vx", "vy", "yaw_rate"):
            motion[name].append(float(getattr(view.state, name)[0, car]))


def _resimulated(run: RunFolder, learner: World, car: int) -> Iterator[Drive]:
    laps = read_laps(run.laps)
    with Resimulation(run, lambda config: _with_agent(config, learner, car)) as simulated:
        repeat = learner.groups[0].action_repeat
        _check_spaces(run, learner, _group_of(simulated.world, car))
        taker = _Taker(simulated, car)
        races: list[int] = read_json(run.state)["races"]
        for place, race in enumerate(races):
            for episode, taken in taker.drives(place):
                n = len(taken.actions) // repeat
                if n:
                    name, own = _name(run, races, race, episode), _own(laps, race, episode, car)
                    yield _drive(name, taken, n, repeat, own, learner.dt)


def _own(laps: Sequence[Lap], *whose: int) -> list[Lap]:
    return [lap for lap in laps if (lap.race, lap.episode, lap.car) == whose]


def _drive(name: str, taken: _Taken, n: int, repeat: int, laps: Sequence[Lap], dt: float) -> Drive:
    rewards, terminated, truncated = (
        np.array(values[: n * repeat]).reshape(n, repeat)
        for values in zip(*taken.paid, strict=True)
    )
    actions = np.stack(taken.actions[: n * repeat])
    return Drive(
        name=name,
        told={part: np.stack(values[: n + 1]) for part, values in taken.told.items()},
        actions=_held(actions.reshape(n, repeat, *actions.shape[1:])),
        rewards=rewards.sum(axis=1),
        terminated=np.logical_or.reduce(terminated, axis=1),
        truncated=np.logical_or.reduce(truncated, axis=1),
        misfit=np.array(taken.misfit[: n * repeat]).reshape(n, repeat).max(axis=1),
        motion={key: np.array(values[: n * repeat + 1]) for key, values in taken.motion.items()},
        laps=laps,
        dt=dt,
        repeat=repeat,
    )


def _held(actions: Array) -> Array:
    """Return (n, *shape) of (n, repeat, *shape): the mean, or of choices the most frequent."""
    if actions.shape[1] == 1:
        return actions[:, 0]
    if actions.dtype.kind == "f":
        return actions.mean(axis=1, dtype=actions.dtype)  # type: ignore[no-any-return]
    choices = np.arange(actions.max() + 1)
    counts = (actions[:, :, None] == choices).sum(axis=1)
    most: Array = counts.argmax(axis=1)
    return most


def _check_spaces(run: RunFolder, learner: World, group: AgentGroup) -> None:
    """Refuse a run in which the learner's sensors tell something of another shape."""
    wanted = learner.groups[0].observation_space
    if group.observation_space != wanted:
        raise RunError(
            "with the car and the track of this run the sensors of the scenario to learn in tell "
            f"{group.observation_space}, not {wanted}; learn in a scenario with such a car",
            file=run.path,
        )


def _group_of(world: World, car: int) -> AgentGroup:
    return next(group for group in world.groups if car in group.cars)


def _by_sensor(values: Any) -> dict[str, Array]:
    return values if isinstance(values, dict) else {ONLY: values}


def _name(run: RunFolder, races: Sequence[int], race: int, episode: int) -> str:
    """Return the name of a drive; of several races beside each other, with which of them."""
    number = f"{race + 1}.{episode + 1}" if len(races) > 1 else f"{episode + 1}"
    return f"{run.path.parent.name}/{run.path.name} race {number}"


def _stored(run: RunFolder, state: Mapping[str, Any], learner: World, car: int) -> Iterator[Drive]:
    """Yield drives of telemetry and of what was told and stored then."""
    group = learner.groups[0]
    if group.action_repeat != 1:
        raise ScenarioError(
            "can't be driven again, so that each of its steps must be a decision; write "
            "action_repeat: 1 in the scenario to learn in",
            file=run.path,
        )
    parts = _by_sensor(group.observations)
    keys, told = _told_then(run.path / STORED, parts)
    laps = read_laps(run.laps)
    for entry in read_json(run.result)["episodes"]:
        race, episode = entry["race"], entry["episode"]
        found = _telemetry(run, entry, len(state["cars"]))
        rows = np.flatnonzero((keys["race"] == race) & (keys["episode"] == episode))
        rows = rows[keys["step"][rows] > 0]  # in a step 0 it was started anew
        common, here, there = np.intersect1d(
            found["step"][:, car], keys["step"][rows], return_indices=True
        )
        if len(common) < 2:
            continue
        series = {name: values[here, car] for name, values in found.items()}
        unknown = np.full(len(common), np.nan)
        motion = {name: series.get(name, unknown) for name in MOTION}
        # A row tells what was seen after its step, so before that of the next row.
        actions, misfit = _inverted(learner, {k: v[1:] for k, v in series.items()})
        n = len(actions)
        ended = np.zeros(n, np.bool_)
        yield Drive(
            name=_name(run, state["races"], race, episode),
            told={name: told[name][rows[there]] for name in parts},
            actions=actions, rewards=np.full(n, np.nan), terminated=ended, truncated=ended.copy(),
            misfit=misfit, motion=motion, laps=_own(laps, race, episode, car), dt=learner.dt,
        )  # fmt: skip


def _told_then(file: Path, parts: Mapping[str, Array]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return race, episode and step of each row that was stored, and what was told then.

    Args:
        file: that ``ObservationLog`` wrote.
        parts: by sensor, such values as are wanted.

    Raises:
        RunError: it can't be read, or holds something else.
    """
    try:
        with file.open("rb") as raw, np.load(raw, allow_pickle=False) as opened:
            stored: dict[str, Array] = {name: opened[name] for name in opened.files}
    except _UNREADABLE as error:
        raise RunError(
            f"is damaged, or was not written by ObservationLog: {error}", file=file
        ) from error
    keys = {name: stored.get(name) for name in ("race", "episode", "step")}
    n = None if keys["step"] is None else keys["step"].size
    odd = [k for k, v in keys.items() if v is None or v.shape != (n,) or v.dtype.kind not in "iu"]
    for name, wanted in parts.items():
        values = stored.get(name)
        if (
            values is None
            or values.shape != (n, *wanted.shape[1:])
            or not np.can_cast(values.dtype, wanted.dtype, "same_kind")
        ):
            odd.append(name)
    if odd:
        raise RunError(
            f"does not hold {', '.join(odd)} as the scenario to learn in tells it", file=file
        )
    told = {name: stored[name].astype(part.dtype) for name, part in parts.items()}
    return {name: stored[name] for name in keys}, told


def _telemetry(run: RunFolder, episode: Mapping[str, Any], n_cars: int) -> dict[str, Array]:
    """Return what telemetry tells of motion and control, (n, n_cars) by column.

    Raises:
        RunError: it can't be read, or lacks something.
    """
    needed = ("step", "time", *(f"control_{name}" for name in columns(Control)))
    found = read_telemetry(run, episode, (*MOTION, *needed[:1], *needed[2:]), n_cars)
    odd = [name for name in needed if name not in found]
    odd += [name for name, values in found.items() if values.dtype.kind not in "iufb"]
    if odd:
        raise RunError(f"does not hold {', '.join(odd)} as numbers", file=run.telemetry)
    return found


def _inverted(learner: World, series: Mapping[str, Array]) -> tuple[Array, NDArray[np.float64]]:
    """Return the actions of recorded controls (n,), and by how much each misses its control.

    Where a control is no number, neither is that.
    """
    names = columns(Control)
    asked_for = np.stack([series[f"control_{name}"].astype(np.float64) for name in names])
    lost = ~np.isfinite(asked_for).all(axis=0)
    asked_for[:, lost] = 0.0
    world = World(learner.with_races(1))
    try:
        world.reset(seeds=[0])
        action_map, car = world.groups[0].action_map, world.groups[0].cars
        asked, given = scratch_control(world), scratch_control(world)
        actions, misfit = [], []
        for row in asked_for.T:
            for name, value in zip(names, row, strict=True):
                getattr(asked, name).reshape(-1)[car] = value
            actions.append(action_map.invert(asked, car)[0])
            action_map.apply(np.stack(actions[-1:]), car, given)
            misfit.append(
                max(
                    abs(float((getattr(given, n) - getattr(asked, n)).reshape(-1)[car[0]]))
                    for n in _STEERED
                )
            )
    finally:
        world.close()
    return np.stack(actions), np.where(lost, np.nan, misfit)


class ObservationLog(Watcher):
    """Keeps what an agent is told, beside a run that can't be driven again later.

    Append it to ``world.watchers`` behind the run's recorder; ``close`` writes the file. Until
    then everything is kept in memory, pictures as they are.

    Args:
        world: that is recorded.
        folder: of the run.
        group: which group of agents; of each race its first car is kept.
    """

    every = 1

    def __init__(self, world: World, folder: RunFolder | Path, group: int = 0):
        self._folder = folder.path if isinstance(folder, RunFolder) else Path(folder)
        self._group = world.groups[group]
        first = self._group.cars // world.n_cars
        self._rows = np.unique(first, return_index=True)[1]
        self._kept: dict[str, list[Array]] = {}
        self._episode = np.full(world.n_races, -1, np.int64)
        self._closed = False

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Keep what is told after a step."""
        self._episode += view.race.step == 1
        of_race = {"race": np.arange(view.n_races), "episode": self._episode}
        for name, values in {**of_race, "step": view.race.step}.items():
            self._kept.setdefault(name, []).append(values.copy())
        for name, values in _by_sensor(self._group.observations).items():
            self._kept.setdefault(name, []).append(values[self._rows].copy())

    def close(self) -> None:
        """Write the file. May be called twice."""
        if self._closed or not self._kept:
            return
        self._closed = True
        plain = {name: np.concatenate(values) for name, values in self._kept.items()}
        beside = self._folder / f"part-{STORED}"
        with beside.open("wb") as file:
            np.savez(file, allow_pickle=False, **plain)
        beside.replace(self._folder / STORED)
