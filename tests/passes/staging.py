"""Cars that are where a test says, step by step, and what is told of their passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import numpy as np

from racegym.interfaces import (
    EVENT_DETAILS,
    Arrays,
    Event,
    EventKind,
    Signal,
    Status,
    View,
)
from racegym.race_control import OvertakeRules
from racegym.race_control.passes import Passes, Places
from racegym.race_control.rules import TimingRules
from racegym.race_control.standings import Standings
from racegym.track import Track
from racegym.track.trackset import TrackSet

DT = 0.1  # [s]
LENGTH = 2.0  # [m] of a car: with equal cars the reach is 2 m
RADIUS = 40.0


class Stage:
    """The passes of ``n_races`` races on a ring, without a world around them."""

    def __init__(self, n_races, n_cars, rules=None, length=LENGTH):
        angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
        points = RADIUS * np.column_stack([np.cos(angle), np.sin(angle)])
        track = Track.from_points(points, 5.0, 5.0, name="ring")
        self.n_races, self.n_cars = n_races, n_cars
        self.arrays = Arrays(n_races)
        tracks = TrackSet([track], np.zeros(n_races, np.int32))
        self.view = View.allocate(self.arrays, n_cars, DT, tracks)
        self.lap = float(tracks.length[0])
        self.passes = Passes(self.view, rules or OvertakeRules(), self.arrays)
        self.places = Places(self.view, self.passes)
        frames = (self.view.frame, self.view.previous_frame)
        driven = (frame.progress for frame in frames)
        self.standings = Standings(self.view, TimingRules(), self.arrays, *driven)
        self.view.vehicle.length[...] = length
        self.view.race.stuck_time[...] = 0
        self.races = np.arange(n_races)

    def start(self, progress, d):
        view = self.view
        self.show(progress, d)
        self.distance = np.inf
        view.state.vx[...] = 10
        view.race.signal[...] = Signal.GREEN
        self.standings.start(self.races)
        self.passes.start(self.races)
        self.grid = view.race.position.copy()

    def show(self, progress, d):
        frame, race = self.view.frame, self.view.race
        here = race.present & (race.status <= Status.PIT)
        frame.progress[here] = progress[here]
        frame.s[...] = np.mod(frame.progress, self.lap)
        frame.d[...] = d

    def step(self, progress, d, **fields):
        """Make a step; ``fields`` are arrays of ``RaceState`` or ``TrackFrame`` to be set."""
        view, race = self.view, self.view.race
        view.previous_frame.progress[...] = fields.pop("placed", view.frame.progress)
        view.previous_frame.d[...] = view.frame.d
        view.contacts.count[...] = 0
        for k, (a, b) in enumerate(fields.pop("touches", ())):
            view.contacts.car[:, k], view.contacts.other[:, k] = a, b
            view.contacts.count += 1
        view.clock.elapsed[...] = DT
        race.time += DT
        position = fields.pop("position", None)
        for name, value in fields.items():
            record = view.frame if name == "jumped" else race
            getattr(record, name)[...] = value
        view.events.count[...] = 0
        before = view.previous_frame.progress
        self.show(progress, d)
        there = view.frame.progress
        race.laps_done[...] = np.floor(there / self.lap)
        home = (there >= self.distance) & (race.status <= Status.PIT)
        if home.any():
            late = (there - self.distance) / np.maximum(there - before, 1e-12)
            race.finish_time[home] = (race.time[:, None] - late * DT)[home]
            race.laps_done[home] = round(self.distance / self.lap)
            race.status[home] = Status.FINISHED
            race.chequered |= home.any(axis=1)
        self.standings.observe()
        if position is not None:
            race.position[...] = position
        self.passes.observe()
        self.places.observe()
        return self.events()

    def events(self):
        events = self.view.events
        found = [[] for _ in range(self.n_races)]
        for race in np.flatnonzero(events.count):
            for k in range(events.count[race]):
                kind = EventKind(int(events.kind[race, k]))
                detail = events.detail[race, k]
                found[race].append(
                    Event(
                        time=float(events.time[race, k]),
                        race=int(race),
                        car=int(events.car[race, k]),
                        other=int(events.other[race, k]),
                        kind=kind,
                        value=float(events.value[race, k]),
                        details={n: float(detail[j]) for j, n in enumerate(EVENT_DETAILS[kind])},
                    )
                )
        return found


def path(points: Sequence[tuple[float, float]], seconds: float):
    """Return a car's progress at every step from (time, progress) corners."""
    times = np.arange(round(seconds / DT) + 1) * DT
    return np.interp(times, *np.array(points, float).T)


def drive(
    progress: Sequence[np.ndarray],
    d: Sequence[float] | None = None,
    *,
    rules=None,
    length=LENGTH,
    distance=np.inf,
    at: Mapping[float, Mapping[str, object]] | None = None,
):
    """Drive a race of cars that are where ``progress`` says.

    Args:
        progress: for each car its progress at every step.
        d: for each car its offset, a number or one for each step.
        rules, length: of the stage.
        distance: [m] of the race.
        at: by the time [s] of a step, fields that are set from then on; ``touches`` and
            ``jumped`` are set for that step alone.

    Returns:
        with ``events``, the ``stage`` and ``seen``: events by the time of their step.
    """
    where = np.array(progress, float).T
    beside = np.zeros(where.shape)
    for car, offset in enumerate(d or ()):
        beside[:, car] = offset
    stage = Stage(1, where.shape[1], rules, length)
    stage.start(where[None, 0], beside[None, 0])
    stage.distance = distance
    steps = {round(time / DT): fields for time, fields in (at or {}).items()}
    seen = []
    for k in range(1, len(where)):
        fields = {"jumped": False, **steps.get(k, {})}
        told = stage.step(where[None, k], beside[None, k], **fields)[0]
        seen += [(round(k * DT, 6), event) for event in told]
    return SimpleNamespace(events=[event for _, event in seen], seen=seen, stage=stage)
