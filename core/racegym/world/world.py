"""The batch: many races stepped at once, one call a stage.

A step goes through the stages in the order of the picture in ``docs/concepts.md``. The
world owns all memory, so it alone resets, copies and hashes races; stages are told when a
race starts and otherwise only asked to do their part.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import BackendError, RacegymError, ScenarioError
from racegym.interfaces import (
    EVENT_DETAILS,
    Array,
    Arrays,
    Backend,
    Cars,
    Control,
    Effects,
    Event,
    EventKind,
    Races,
    Request,
    Snapshot,
    Status,
    TrackFrame,
    Watcher,
    allocate,
    columns,
)
from racegym.kernels.memory import copy_arrays
from racegym.kernels.projection import project_cars, relocate_cars
from racegym.kernels.randomness import race_keys
from racegym.kernels.start import place_on_grid
from racegym.race_control import RaceControl
from racegym.track import Track
from racegym.world.agents import AgentGroup
from racegym.world.asked import figures_asked, indices_asked, seeds_asked
from racegym.world.assembly import Assembly
from racegym.world.check import check_config, control_interval
from racegym.world.commands import Command
from racegym.world.config import WorldConfig
from racegym.world.formation import FORMATIONS, check_file, procedure, slots_of
from racegym.world.seats import AGENT, Seat
from racegym.world.variation import VEHICLE

__all__ = ["World", "WorldSnapshot"]


@dataclass(frozen=True)
class WorldSnapshot:
    """The exact state of a world, to be restored into the same world.

    Attributes:
        arrays: every array by name.
        buffers: what agents were told and paid last.
        tracks: the track of each race.
        engine: what a foreign engine saved of itself.
    """

    arrays: Snapshot
    buffers: tuple[Array, ...]
    tracks: tuple[Track, ...]
    engine: bytes | None


class World:
    """Races in lockstep.

    Args:
        config: what to build.

    Raises:
        ScenarioError, BackendError: the parts do not fit each other; says why.

    Attributes:
        view: what every stage may look at.
        arrays: all memory, by name.
        control, effects: what drivers ask, what realism does.
        groups: the agents, one group a profile.
        seats: the drivers.
        commands: interventions for the next step; ``applied`` holds those of the last one.
        watchers: shown every step.
        variation: what is drawn for each episode; None for nothing.
    """

    def __init__(self, config: WorldConfig):
        spec = config.backend.make.spec_for(config.backend.options)
        check_config(config, spec)
        self.config = config
        self.spec = spec
        self.n_races, self.n_cars = config.n_races, len(config.cars)
        self.dt = control_interval(config, spec)
        self.arrays = Arrays(self.n_races, config.real)
        self.commands: deque[Command] = deque()
        self.applied: list[Command] = []
        self.watchers: list[Watcher] = []
        self._unseen: dict[int, list[Event]] = {}
        self._untold: list[tuple[EventKind, int, int, float]] = []
        self._steps = 0
        self._started = False
        self._closed = False

        assembly = Assembly(config, spec, self.arrays, self.dt)
        self.view = assembly.view
        self.control = self.view.control
        self.effects = allocate(Effects, self.arrays, self.n_cars, "effects")
        self.variation = assembly.variation
        self._dealer = assembly.dealer()
        self.backend: Backend = assembly.backend()
        self.realism = assembly.realism()
        self.race_control = RaceControl(
            self.view,
            config.rules,
            self.arrays,
            flying=config.start.kind == "random" or self._moves_along(),
            serves=[car.driver is not None and car.driver.make.pits for car in config.cars],
            places_cars=spec.placement == "any",
            procedure=procedure(config.start),
            fills=spec.fills,
            pursuit=config.start.kind == "pursuit",
        )
        self.groups: list[AgentGroup] = assembly.groups()
        self.seats: list[Seat] = assembly.seats()
        self._pilot = assembly.pilot
        self._others = [stage for stage in assembly.stages if stage is not self.backend]
        self._every_race = np.arange(self.n_races, dtype=np.int64)
        self._grip = self.variation.grip() if self.variation else None
        self._late = self.variation.late if self.variation else None
        self._neutral: list[tuple[Array, Any]] = [
            (getattr(self.effects, name), spec.fill)
            for name, spec in columns(Effects).items()
            if name != "grip" or self._grip is None
        ]
        if self._grip is not None:
            self._neutral.append((self.effects.grip, self._grip))
        apart = config.start.kind == "random" and not config.start.gap
        self._in_order = not apart and not self._moves_along()
        self._bind()

    @property
    def _run_up(self) -> float:
        start = self.config.start
        return float(start.run_up) if start.kind == "rolling" else 0.0

    def _moves_along(self) -> bool:
        return self.variation is not None and self.variation.moves_along

    def _bind(self) -> None:
        """Collect the arguments of the world's own kernels, which never change."""
        state, frame, tracks = self.view.state, self.view.frame, self.view.tracks
        vehicle, start = self.view.vehicle, self.config.start
        pose = _flat(state.x, state.y, state.yaw)
        packed = (tracks.race_track, tracks.points, tracks.table, tracks.cells)
        found = _flat(
            frame.segment, frame.s, frame.d, frame.heading_error, frame.curvature,
            frame.progress, frame.jumped, frame.width_left, frame.width_right,
        )  # fmt: skip
        present = self.view.race.present
        self._project = project_cars.bind(*pose, *_flat(present), *packed, *found)
        kept = (self.view.control, self.view.frame)
        before = (self.view.previous_control, self.view.previous_frame)
        self._keep = copy_arrays.bind(present, _bytes_of(*kept), _bytes_of(*before))
        self._relocation = (*pose, *packed, *found)
        self._grid = (
            slots_of(self.config), vehicle.length, vehicle.width,
            tracks.race_track, tracks.points, tracks.table, tracks.grid_slots,
            FORMATIONS[start.kind], start.order == "random", self._run_up, float(start.gap),
            float(start.speed), float(start.lateral_noise), float(start.heading_noise),
            float(start.speed_noise), float(start.race_speed_noise), self.view.race.lap_origin,
        )  # fmt: skip

    def reset(
        self,
        seeds: ArrayLike | None = None,
        races: ArrayLike | None = None,
        *,
        observe: bool = True,
    ) -> None:
        """Start races afresh.

        Args:
            seeds: (k,) uint64; each race starts episode 0 of its seed. None: the next
                episode of the seed it has.
            races: (k,) int64; None for all.
            observe: also fill the agents' observations of these races.

        Raises:
            ScenarioError: the grid is longer than the lap.
            RacegymError: there is no such race, something is no seed, or there are more or
                fewer of them than races.
        """
        which = self._every_race
        if races is not None:
            which = indices_asked(races, self.n_races, "race")
        if len(which) == 0:
            return
        if self._untold:
            self._untold = [told for told in self._untold if told[1] not in which]
        race = self.view.race
        if seeds is None:
            seed, episode = race.seed[which], race.episode[which] + 1
            if not self._started:
                episode[:] = 0
        else:
            seed = seeds_asked(seeds, len(which))
            episode = np.zeros(which.shape, np.int64)
        self.arrays.reset(which)
        race.seed[which], race.episode[which] = seed, episode
        race_keys(which, race.seed, race.episode, race.key)
        keys = race.key[which]
        self._assign()

        if self._dealer is not None:
            self._dealer.deal(which, keys)
        if self.variation is not None:
            self.variation.draw(which, keys)
            if self._grip is not None:
                self.effects.grip[which] = self._grip[which]
        self.backend.reset(which, keys)
        if self.spec.tracks != "given":
            for index in which:
                self.view.tracks.replace(int(index), self.backend.track(int(index)))
        cars = (which[:, None] * self.n_cars + np.arange(self.n_cars)).reshape(-1)
        hint = np.full(len(cars), np.nan)
        if self.spec.placement in ("any", "grid"):
            if not self._started:
                self._check_grid()
            hint = self._line_up(which, keys, cars)
        relocate_cars(cars, hint, *self._relocation)
        if self._in_order and np.isfinite(hint).all():
            self._unwrap(cars, hint)
        self.race_control.start(which)
        for stage in self._others:
            stage.reset(which, keys)
        self._started = True
        if observe:
            self.observe(which)

    def _unwrap(self, cars: Cars, wanted: Array) -> None:
        """Give cars the progress that they were placed for: one far behind is not ahead."""
        tracks, frame = self.view.tracks, self.view.frame
        lap = tracks.length[tracks.race_track[cars // self.n_cars]]
        s = frame.s.reshape(-1)[cars]
        frame.progress.reshape(-1)[cars] = s + lap * np.rint((wanted - s) / lap)

    def _check_grid(self) -> None:
        """Refuse a grid that is longer than the lap, on any track and with any vehicle drawn."""
        slots, length = self._grid[:2]
        longest, tracks = float(length.max()), self.view.tracks
        if self.variation is not None:
            longest = max(longest, self.variation.highest(VEHICLE + "length"))
        laps = [track.length for track in self.config.tracks]
        lap = min(laps, default=float(tracks.length[tracks.race_track].min()))
        if self.config.start.kind in ("random", "pursuit"):
            if not self._moves_along():
                check_file(self.config.start, self.n_cars, longest, lap)
            return
        gap = self.config.start.gap or 1.6 * longest
        marked = [track.grid for track in self.config.tracks]
        on_marks = self.config.start.kind in ("grid", "standing") and len(marked) > 0
        if on_marks and all(grid is not None and len(grid) > slots.max() for grid in marked):
            return
        rows = int(slots.max())
        if self.config.start.kind == "side_by_side":
            rows //= 2
        back = 1.5 * longest + 0.5 + rows * gap + self._run_up
        if back > lap:
            raise ScenarioError(
                f"grid slot {slots.max()} is {back:.0f} m behind the line, but a lap is only "
                f"{lap:.0f} m long; use fewer cars, lower slots or a smaller start.gap"
            )

    def _line_up(self, races: Races, keys: NDArray[np.uint64], cars: Cars) -> Array:
        s, d, heading, speed = np.empty((4, len(cars)))
        place_on_grid(races, keys, *self._grid, s, d, heading, speed)
        if self.variation is not None:
            self.variation.move(races, s, d, heading, speed)
        pose = self.view.tracks.pose(cars // self.n_cars, s, d)
        pose[:, 2] = _wrap(pose[:, 2] + heading)
        self.backend.place(cars, pose, speed)
        return s

    def place(
        self,
        cars: ArrayLike,
        s: ArrayLike,
        d: ArrayLike = 0.0,
        heading_error: ArrayLike = 0.0,
        speed: ArrayLike = 0.0,
        *,
        unwrapped: bool = False,
    ) -> None:
        """Put cars somewhere on their tracks; their laps go on from there.

        Args:
            cars: (k,) flat indices.
            s, d: [m] along and across the track; ``s`` counts from where the car's present
                lap begins (on the grid, a lap before the line): below 0 it is put back over
                that line, from the length of a lap on beyond the next.
            heading_error: [rad] to the left of the track's direction.
            speed: [m/s] forward.
            unwrapped: ``s`` is progress, over laps and negative before the line, which they
                have from now on.

        Raises:
            BackendError: the backend can't place cars during a race.
            RacegymError: there is no such car, or a figure is not finite.
        """
        which = indices_asked(cars, self.n_races * self.n_cars, "car")
        if self.spec.placement != "any":
            raise BackendError(
                f"backend {self.config.backend.name!r} can't place cars during a race "
                f"(placement: {self.spec.placement})"
            )
        wanted = figures_asked(s, len(which), "s")
        lap = self.view.tracks.length[self.view.tracks.race_track[which // self.n_cars]]
        along = wanted % lap if unwrapped else wanted
        across = figures_asked(d, len(which), "d")
        pose = self.view.tracks.pose(which // self.n_cars, along, across)
        pose[:, 2] = _wrap(pose[:, 2] + figures_asked(heading_error, len(which), "heading_error"))
        fast = figures_asked(speed, len(which), "speed")
        self.backend.place(which, pose, fast)
        progress = self.view.frame.progress.reshape(-1)
        laps = progress[which] - self.view.frame.s.reshape(-1)[which]
        relocate_cars(which, along, *self._relocation)
        # `relocate_cars` starts a lap afresh; the laps already driven are kept.
        self._unwrap(which, wanted if unwrapped else along + laps)

    def remove(self, cars: ArrayLike) -> None:
        """Take cars off the track for the rest of the race.

        Args:
            cars: (k,) flat indices.

        Raises:
            RacegymError: there is no such car.
        """
        which = indices_asked(cars, self.n_races * self.n_cars, "car")
        self.view.race.present.reshape(-1)[which] = False
        self.backend.remove(which)

    def step(self, actions: Sequence[Any] = ()) -> None:
        """Advance every race by one control interval, then fill observations.

        Args:
            actions: one array for each group of agents, ``(len(group.cars), *shape)``.
        """
        self.advance(actions)
        self.observe()
        self.show()

    def advance(self, actions: Sequence[Any] = ()) -> None:
        """Do all of a step but the sensors and the watchers."""
        if len(actions) != len(self.groups):
            raise BackendError(
                f"{len(self.groups)} group(s) of actions wanted, {len(actions)} given"
            )
        view, control = self.view, self.control
        self._begin_step()
        control.gear.fill(0)
        control.request.fill(0)
        for seat in self.seats:
            seat.act(view, control)
            if seat.driver.faults:
                self._note_faults(seat.driver.faults)
        for group, given in zip(self.groups, actions, strict=True):
            group.apply(given, control)
        self.race_control.order(control)
        self._drive()

    def _note_faults(self, faults: list[tuple[int, int, int]]) -> None:
        """Take drivers' failures for commands of this step, so that a replay tells them, too."""
        for race, car, figure in faults:
            command = Command(kind="fault", race=race, car=car, figure=figure)
            self.applied = [*self.applied, command]
            self.apply(command)
        faults.clear()

    def replay(self, control: Mapping[str, Array]) -> None:
        """Do ``advance`` with control that was applied before; nobody is asked for any.

        Drivers, action maps and their memory stay as they are, and race control overrides
        nothing: what it ordered is in the control already.

        Args:
            control: every array of ``Control`` by name, ``(n_races, n_cars)``.
        """
        self._begin_step()
        for name in columns(Control):
            getattr(self.control, name)[...] = control[name]
        self._drive()

    def _begin_step(self) -> None:
        """Carry out the commands that wait, and keep what the step before left."""
        self._steps += 1
        if not self._started:
            raise BackendError("reset the world before its first step")
        if self.commands:
            self._drain()
        elif self.applied:
            self.applied = []
        self._keep()

    def _drive(self) -> None:
        """Do what follows once the control of all cars is settled."""
        view, control = self.view, self.control
        view.contacts.count.fill(0)
        view.clock.elapsed.fill(0)
        view.clock.advanced.fill(True)
        view.clock.gone.fill(False)
        arriving = control if self._late is None else self._late.follow()
        part = self.dt / self.config.rounds
        for _ in range(self.config.rounds):
            if self.realism:
                for array, fill in self._neutral:
                    array[:] = fill
                for module in self.realism:
                    module.step(view, self.effects, part)
            self.backend.begin(arriving, self.effects, part)
            self.backend.finish()

        self._project()
        self.race_control.observe()
        leavers = self.race_control.leavers()
        if len(leavers):
            self.remove(leavers)
        self._set_back(*self.race_control.restarts())
        if self.spec.placement == "any" and np.count_nonzero(control.request):
            self._rescue(np.flatnonzero(control.request.reshape(-1) & Request.RESCUE))
        for told in self._untold:
            self.race_control.tell(*told)
        self._untold.clear()
        for group in self.groups:
            group.score(view)

    def observe(self, races: Races | None = None) -> None:
        """Fill the agents' observations, of some races or of all."""
        everywhere = races is not None and len(races) == self.n_races
        for group in self.groups:
            group.observe(self.view, None if races is None or everywhere else races)

    def show(self) -> None:
        """Let the watchers see the step, each when its turn has come."""
        if not self.watchers:
            return
        happened = self.events()
        for watcher in self.watchers:
            waiting = self._unseen.setdefault(id(watcher), [])
            waiting.extend(happened)
            if self._steps % watcher.every == 0:
                watcher.see(self.view, waiting)
                self._unseen[id(watcher)] = []

    def events(self) -> list[Event]:
        """Return what race control saw in the last step."""
        events = self.view.events
        return [
            Event(
                time=float(events.time[race, k]),
                race=int(race),
                car=int(events.car[race, k]),
                kind=EventKind(int(events.kind[race, k])),
                value=float(events.value[race, k]),
                other=int(events.other[race, k]),
                details=self._details(int(race), k),
            )
            for race in np.flatnonzero(events.count)
            for k in range(events.count[race])
        ]

    def _details(self, race: int, k: int) -> dict[str, float]:
        events = self.view.events
        names = EVENT_DETAILS.get(EventKind(int(events.kind[race, k])), ())
        return {name: float(events.detail[race, k, j]) for j, name in enumerate(names)}

    def _drain(self) -> None:
        self.applied = list(self.commands)
        self.commands.clear()
        for command in self.applied:
            self.apply(command)

    def apply(self, command: Command) -> None:
        """Carry out an intervention now; ``commands`` does so before the next step.

        The events of the next step tell of it.

        Raises:
            RacegymError: there is no such race, car or driver.
        """
        for what, index, least, count in (
            ("race", command.race, 0, self.n_races),
            ("car", command.car, 0, self.n_cars),
            ("driver", command.driver, AGENT, len(self.seats)),
        ):
            if not least <= index < count:
                raise RacegymError(f"there is no {what} {index}; they go from 0 to {count - 1}")
        car = command.race * self.n_cars + command.car
        if command.kind == "reset":
            self.reset(races=[command.race])
        elif command.kind == "retire":
            status = self.view.race.status
            if status[command.race, command.car] < Status.FINISHED:
                status[command.race, command.car] = Status.RETIRED
                self._untold.append((EventKind.RETIRE, command.race, command.car, 0.0))
        elif command.kind == "rescue":
            self._rescue(np.array([car], np.int64))
        elif command.kind == "fault":
            told = (EventKind.FAULT, command.race, command.car, float(command.figure))
            self._untold.append(told)
        else:
            self._pilot[command.race, command.car] = command.driver
            told = (EventKind.HAND_OVER, command.race, command.car, float(command.driver))
            self._untold.append(told)
            self._assign()

    def hand_over(self, cars: ArrayLike, drivers: ArrayLike) -> None:
        """Let others drive cars until their races start anew.

        To be called where races start: it is no event, and nobody is told.

        Args:
            cars: (k,) flat indices.
            drivers: (k,) indices into ``seats``, or ``AGENT`` for those who drive from outside.

        Raises:
            RacegymError: there is no such car.
        """
        which = indices_asked(cars, self.n_races * self.n_cars, "car")
        self._pilot.reshape(-1)[which] = drivers
        self._assign()

    def _assign(self) -> None:
        """Tell everybody which cars are theirs."""
        for seat in self.seats:
            seat.assign(self._pilot)
        for group in self.groups:
            group.assign(self._pilot)

    def _set_back(self, cars: Cars, progress: NDArray[np.float64], speed: float) -> None:
        """Put cars where race control wants them, on the middle of the track."""
        if len(cars) == 0:
            return
        here = self.view.race.present.reshape(-1)[cars]
        cars, progress = cars[here], progress[here]
        self.place(cars, progress, speed=speed, unwrapped=True)

    def _rescue(self, cars: Cars) -> None:
        here = cars[self.view.race.present.reshape(-1)[cars]]
        if len(here):
            self.place(here, self.view.frame.s.reshape(-1)[here])
            for car in here:
                race, slot = divmod(int(car), self.n_cars)
                self._untold.append((EventKind.RESCUE, race, slot, 0.0))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be copied or pickled: kernels are bound to the memory of this very world."""
        raise BackendError(
            "a world can't be copied or pickled; snapshot() and restore() bring back its state, "
            "and a second one is made of the same scenario"
        )

    def snapshot(self) -> WorldSnapshot:
        """Return the exact state.

        Raises:
            BackendError: the engine has no snapshots.
        """
        if self.spec.snapshots == "none":
            raise BackendError(f"backend {self.config.backend.name!r} has no snapshots")
        return WorldSnapshot(
            arrays=self.arrays.snapshot(),
            buffers=tuple(b.copy() for group in self.groups for b in group.buffers()),
            tracks=tuple(self.view.tracks.track_of(race) for race in range(self.n_races)),
            engine=self.backend.save() if self.spec.snapshots == "engine" else None,
        )

    def restore(self, snapshot: WorldSnapshot) -> None:
        """Bring back the state that ``snapshot`` returned, of this very world."""
        self.arrays.restore(snapshot.arrays)
        self._untold.clear()
        for race, track in enumerate(snapshot.tracks):
            if self.view.tracks.track_of(race) is not track:
                self.view.tracks.replace(race, track)
        mine = (b for group in self.groups for b in group.buffers())
        for buffer, saved in zip(mine, snapshot.buffers, strict=True):
            np.copyto(buffer, saved)
        if snapshot.engine is not None:
            self.backend.load(snapshot.engine)
        self._assign()
        self._started = True

    def deal_tracks(self) -> None:
        """Give every race the track of its seed and episode, where tracks are drawn."""
        if self._dealer is not None:
            self._dealer.deal(self._every_race, self.view.race.key)

    def hash(self, race: int = 0) -> str:
        """Return 16 hex digits that stand for the exact state of one race."""
        return self.arrays.hash(race)

    def with_races(self, n_races: int) -> WorldConfig:
        """Return this world's configuration for another number of races."""
        return replace(self.config, n_races=n_races, race_track=None)

    def close(self) -> None:
        """Release the engine, the drivers and the watchers. May be called twice."""
        if not self._closed:
            self._closed = True
            for watcher in self.watchers:
                watcher.close()
            for seat in self.seats:
                seat.driver.close()
            if self._dealer is not None:
                self._dealer.close()
            self.backend.close()


def _flat(*arrays: Array) -> tuple[Array, ...]:
    """Return arrays of (n_races, n_cars) seen as (n_races * n_cars,), which index faster."""
    return tuple(array.reshape(-1) for array in arrays)


def _bytes_of(*records: Control | TrackFrame) -> tuple[NDArray[np.uint8], ...]:
    """Return all arrays of some records as flat bytes."""
    arrays = [getattr(record, name) for record in records for name in columns(type(record))]
    return tuple(array.reshape(-1).view(np.uint8) for array in arrays)


def _wrap(angle: Array) -> Array:
    return (angle + np.pi) % (2 * np.pi) - np.pi
