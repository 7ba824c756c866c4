"""Penalties by themselves: what race control sees of a race is written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from racegym.interfaces import (
    EVENT_DETAILS,
    Arrays,
    BlameKind,
    Event,
    EventKind,
    Flag,
    Status,
    View,
)
from racegym.race_control import PenaltyRule, PenaltyRules
from racegym.race_control.penalties import Penalties
from racegym.track import PitLane, Track, TrackSet

DT = 0.1  # [s]
LIMIT = 10.0  # [m/s] in the pit lane
FLAGGED = tuple(name == "under_flag" for name in EVENT_DETAILS[EventKind.OVERTAKE])
BLAMED = (1.0, 0.0, float(BlameKind.REAR_END))  # figures of a contact


def ring(pit: bool = False) -> Track:
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    points = 40 * np.column_stack([np.cos(angle), np.sin(angle)])
    track = Track.from_points(points, 5.0, 5.0, name="ring", runoff=np.inf)
    lane = PitLane(entry=200.0, exit=30.0, offset=8.0, width=4.0, speed_limit=LIMIT)
    return replace(track, pit=lane if pit else None)


class Race:
    """Races of which a test says, step by step, what happens in them.

    Args:
        rules: of the penalties; by label, or as they are.
        n_cars, n_races: how many.
        serves: for each car, whether it drives through the pit lane.
        pit: the track has one.
        places_cars: cars can be set back.
    """

    def __init__(
        self,
        *rules: PenaltyRule,
        n_cars: int = 2,
        n_races: int = 1,
        serves: Sequence[bool] | None = None,
        pit: bool = True,
        places_cars: bool = True,
        real: type = np.float32,
        **more: object,
    ):
        self.arrays = Arrays(n_races, real)
        tracks = TrackSet([ring(pit)], [0] * n_races)
        self.view = View.allocate(self.arrays, n_cars, DT, tracks)
        self.race = self.view.race
        self.view.vehicle.mass[:] = 100.0
        self.view.vehicle.length[:] = 2.0
        self.view.vehicle.width[:] = 1.0
        self.view.state.vx[:] = self.view.state.vy[:] = 0.0
        self.view.clock.elapsed[:] = DT
        self.race.pit_limit[:] = LIMIT if pit else 0.0
        whole = PenaltyRules(rules={f"rule {k}": rule for k, rule in enumerate(rules)}, **more)
        self.part = Penalties(
            self.view, whole, self.arrays, serves=serves or [True] * n_cars,
            places_cars=places_cars,
        )  # fmt: skip

    def step(self, count: int = 1, at: int = 0, **seen: object) -> list[Event]:
        """Make steps in which every car of race ``at`` is seen so: one value, or one a car.

        ``events``: those that other parts have told, as ``(kind, car, other, value, details)``.

        Returns:
            What the penalties say to it.
        """
        told = []
        for _ in range(count):
            told += self._one(at, dict(seen))
        return told

    def _one(self, at: int, seen: dict[str, object]) -> list[Event]:
        race, view = self.race, self.view
        race.time += DT
        for name in ("wall_impulse", "obstacle_impulse", "contact_class"):
            getattr(race, name)[...] = 0
        race.flags &= np.uint8(0xFF ^ (Flag.BLUE | Flag.YELLOW))
        view.events.count[...] = 0
        events = seen.pop("events", ())
        for name, value in seen.items():
            holder = race if hasattr(race, name) else view.state
            holder = holder if hasattr(holder, name) else view.frame
            getattr(holder, name)[at] = value
        for k, (kind, car, other, value, details) in enumerate(events):
            for name, one in (("kind", kind), ("car", car), ("other", other), ("value", value)):
                getattr(view.events, name)[at, k] = one
            view.events.detail[at, k, : len(details)] = details
        view.events.count[at] = len(events)
        self.part.observe()
        return self.events(at, len(events))

    def lap(self, **seen: object) -> list[Event]:
        """Make a step in which the cars that still race complete a lap."""
        self.race.laps_done[self.race.status <= Status.PIT] += 1
        return self.step(**seen)

    def events(self, race: int = 0, first: int = 0) -> list[Event]:
        """Return the events of the last step."""
        seen = self.view.events
        return [
            Event(
                time=float(seen.time[race, k]), race=race, car=int(seen.car[race, k]),
                kind=EventKind(int(seen.kind[race, k])), value=float(seen.value[race, k]),
                other=int(seen.other[race, k]),
                details={
                    name: float(seen.detail[race, k, j])
                    for j, name in enumerate(
                        EVENT_DETAILS.get(EventKind(int(seen.kind[race, k])), ())
                    )
                },
            )
            for k in range(first, seen.count[race])
        ]  # fmt: skip


@pytest.fixture
def rule() -> Callable[..., PenaltyRule]:
    """Return a function that makes a rule."""
    return lambda offence, penalty, amount=0.0, **more: PenaltyRule(
        offence=offence, penalty=penalty, amount=amount, **more
    )


@pytest.fixture
def racing() -> Callable[..., Race]:
    """Return a function that makes races; see ``Race``."""
    return Race


@pytest.fixture
def offence() -> SimpleNamespace:
    """Return what is seen of a car, the first, that commits each offence; see ``Race.step``."""
    return SimpleNamespace(
        off_track={"off_track": [True, False], "off_track_since": [0.0, np.nan]},
        cut={"events": [(EventKind.CUT, 0, -1, 12.0, ())]},
        wall={"wall_impulse": [300.0, 0.0]},
        obstacle={"obstacle_impulse": [300.0, 0.0]},
        contact={
            "contact_class": [4, 4], "events": [(EventKind.CONTACT, 0, 1, 4.0, BLAMED)],
        },
        jump_start={"jump_start": [True, False]},
        pit_speeding={"status": [Status.PIT, Status.RACING], "vx": [14.0, 14.0]},
        yellow_overtake={"events": [(EventKind.OVERTAKE, 0, 1, 0.0, FLAGGED)]},
        blue_flag={"flags": [Flag.BLUE, 0]},
        rescue={},  # told by the world
        stuck={"stuck_time": [6.0, 0.0]},
        reversed={"wrong_way_time": [6.0, 0.0]},
    )  # fmt: skip
