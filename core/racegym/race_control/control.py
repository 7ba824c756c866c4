"""Race control at work: what happens to the batch once the cars have moved."""

from __future__ import annotations

import warnings
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Array, Arrays, Control, EventKind, Races, Status, View
from racegym.kernels.race import coast, find_leavers, judge_conduct, start_races, time_cars
from racegym.race_control.flags import Flags
from racegym.race_control.incidents import ContactJudge
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.passes import Passes, Places
from racegym.race_control.penalties import NOBODY, Penalties
from racegym.race_control.pit_lane import PitLane
from racegym.race_control.rules import Rules, StartProcedure
from racegym.race_control.standings import Standings
from racegym.race_control.starts import Starts
from racegym.race_control.wrecks import Wrecks
from racegym.track.track import MAX_SECTORS

__all__ = ["RaceControl"]


class RaceControl:
    """Keeps ``view.race`` and ``view.events``.

    In a step, wrecks and the pit lane are looked at, conduct is judged, then cars are timed and
    ranked; the parts follow in the order of ``parts``.

    Args:
        view: the world's data.
        rules: what to enforce.
        arrays: the world's memory.
        flying: laps begin at the line, not at the start signal.
        serves: for each car, whether its driver drives through the pit lane when it has to.
        places_cars: whether the backend can set cars back during a race.
        procedure: how races begin.
        fills: the fields of ``CarState`` that the backend fills.
        pursuit: every car's laps begin at its own place, so places go by the distance driven.
    """

    def __init__(
        self,
        view: View,
        rules: Rules,
        arrays: Arrays,
        *,
        flying: bool,
        procedure: StartProcedure,
        fills: Set[str],
        serves: Sequence[bool],
        places_cars: bool,
        pursuit: bool = False,
    ):
        self.rules = rules
        self.flying = flying
        self._wrecks = wrecks = Wrecks(view, rules.wrecks, arrays, fills)
        pit_lane = PitLane(view, rules.pit, arrays)
        self._first: tuple[Part, ...] = (wrecks, pit_lane)
        race, frame, previous, state = view.race, view.frame, view.previous_frame, view.state
        tracks, clock, contacts, events = view.tracks, view.clock, view.contacts, view.events
        reported = event_arrays(events)
        self._race = race
        self._events = events
        self._warned = False
        # Flat arrays of cars, which kernels index faster.
        self._judge_conduct = judge_conduct.bind(
            *_flat(
                race.status, race.present, view.control.request, clock.gone,
                frame.d, frame.width_left, frame.width_right, frame.heading_error,
                state.vx, state.vy, view.vehicle.width,
                frame.progress, previous.progress, frame.jumped, wrecks.reason,
                pit_lane.sheltered,
            ),
            clock.elapsed, race.time, race.step,
            contacts.count, contacts.car, contacts.other, contacts.impulse,
            *_flat(
                race.off_track, race.off_track_since, race.off_track_count, race.lap_valid,
                race.wall_impulse, race.wall_count, race.obstacle_impulse, race.obstacle_count,
                race.stuck_time, race.wrong_way_time,
            ),
            reported, float(rules.stuck_speed), float(rules.retire_stuck),
        )  # fmt: skip
        self._time_cars = time_cars.bind(
            *_flat(race.status, race.present, frame.progress, previous.progress, frame.jumped),
            tracks.race_track, tracks.table, tracks.checkpoint_s, tracks.sector_s,
            clock.elapsed, race.time, race.start_time, race.chequered,
            *_flat(
                race.lap_origin, race.laps_done, race.lap_start, race.lap_valid, race.lap_completed,
                race.last_lap_time, race.best_lap_time, race.sector, race.sector_start,
                race.last_sector_time, race.next_checkpoint, race.checkpoints_hit,
                race.checkpoint_time, race.checkpoint_split, race.furthest, race.finish_time,
            ),
            *(
                arrays.new(name, (view.n_cars, MAX_SECTORS), "float64", np.inf)
                .reshape(-1, MAX_SECTORS)
                for name in ("race_control.lap_sectors", "race_control.best_sectors")
            ),
            race.theoretical_best.reshape(-1),
            reported, int(rules.laps),
        )  # fmt: skip
        self._pursuit = pursuit
        self._progress = self._driven = (frame.progress, previous.progress)
        if pursuit:
            new, of_cars = arrays.new, (view.n_cars,)
            self._driven = (
                new("driven", of_cars, "float64"),
                new("driven_before", of_cars, "float64"),
            )
        self._start = (
            flying, tracks.race_track, tracks.table, tracks.checkpoint_s, tracks.sector_s,
            frame.progress, race.lap_origin, race.furthest, race.start_progress,
            race.next_checkpoint, race.sector, race.lap_start, race.lap_valid,
        )  # fmt: skip
        self._standings = Standings(view, rules.timing, arrays, *self._driven)
        self._leaves = np.zeros(race.status.shape, np.bool_)
        asked = view.control
        self._coast = coast.bind(race.status, asked.throttle, asked.brake, asked.steer)
        self._found = np.zeros(1, np.bool_)
        self._find_leavers = find_leavers.bind(
            race.status, race.present, self._leaves, self._found,
            int(Status.FINISHED if rules.leave_when_finished else Status.RETIRED),
        )  # fmt: skip
        self.parts: list[Part] = []
        if procedure.begins != "green":
            self.parts.append(Starts(view, procedure, arrays, flying=flying))
        self.parts.append(pit_lane)
        several = view.n_cars > 1
        if several:
            self.parts.append(Flags(view, rules, arrays, self._standings))
        if several or rules.incidents.alone:
            self.parts.append(ContactJudge(view, rules.incidents, arrays))
        passes = Passes(view, rules.overtakes, arrays) if several else None
        if passes is not None:
            self.parts.append(passes)
        self._penalties: Penalties | None = None
        if rules.penalties is not None:
            self._penalties = Penalties(
                view, rules.penalties, arrays, serves=serves, places_cars=places_cars
            )
            self.parts.append(self._penalties)
        if passes is not None:  # last: it explains the places that the others have left
            self.parts.append(Places(view, passes))

    def start(self, races: Races) -> None:
        """Set timing and places of races whose cars have been placed."""
        start_races(races, *self._start)
        self._count_driven()
        self._standings.start(races)
        if self._pursuit:  # nobody has driven anything: who is in front on the road is first
            order = np.argsort(-self._progress[0][races], axis=1, kind="stable")
            places = np.empty(order.shape, self._race.position.dtype)
            np.put_along_axis(places, order, np.arange(1, order.shape[1] + 1)[None], axis=1)
            self._race.position[races] = places
        for part in self.parts:
            part.start(races)

    def _count_driven(self) -> None:
        """In a pursuit, count the distance of each car from its own place."""
        if self._pursuit:
            for progress, driven in zip(self._progress, self._driven, strict=True):
                np.subtract(progress, self._race.lap_origin, out=driven)

    def order(self, control: Control) -> None:
        """Override what drivers ask: cars out of the race coast to a halt."""
        self._coast()
        for part in self.parts:
            part.order(control)

    def observe(self) -> None:
        """Judge the step that has just been made."""
        for part in self._first:
            part.prepare()
        self._judge_conduct()
        self._time_cars()
        self._count_driven()
        self._standings.observe()
        for part in self.parts:
            part.observe()
        if not self._warned and np.count_nonzero(self._events.lost):
            self._warn_of_lost()

    def _warn_of_lost(self) -> None:
        """Say, once, that there was more to tell than there is room for."""
        self._warned = True
        lost = self._events.lost
        race = int(np.flatnonzero(lost)[0])
        warnings.warn(
            f"{lost[race]} events of race {race} found no room at {self._race.time[race]:.2f} s: a "
            f"step has room for {self._events.capacity}. They are missing from events.jsonl, and "
            "what is counted by them is too low; race fewer cars, or with a shorter dt. "
            "view.events.lost counts them",
            RuntimeWarning,
            stacklevel=4,
        )

    @property
    def lost(self) -> Array:
        """The cars, (n_races, n_cars) bool, whose state has been no number since the start."""
        return self._wrecks.lost

    def tell(self, kind: EventKind, race: int, car: int, value: float) -> None:
        """Add an event to those of the step, of something that no kernel saw."""
        events = self._events
        k = int(events.count[race])
        if k < events.capacity:
            events.kind[race, k], events.car[race, k], events.other[race, k] = kind, car, -1
            events.time[race, k], events.value[race, k] = self._race.time[race], value
            events.detail[race, k] = 0
            events.count[race] = k + 1
        else:
            events.lost[race] += 1
        for part in self.parts:
            part.tell(kind, race, car)

    def restarts(self) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
        """Return cars to be set back now, the progress [m] of each, and their speed [m/s].

        Asks once a step.
        """
        if self._penalties is None:
            return *NOBODY, 0.0
        return *self._penalties.restarts(), self._penalties.restart_speed

    def leavers(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return the flat indices of cars that must be taken off the track now."""
        self._found[0] = False
        self._find_leavers()
        return np.flatnonzero(self._leaves) if self._found[0] else _NOBODY


_NOBODY = np.zeros(0, np.int64)


def _flat(*arrays: Array) -> tuple[Array, ...]:
    return tuple(array.reshape(-1) for array in arrays)
