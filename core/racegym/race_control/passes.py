"""Overtakes: who passed whom, how, and what it did to the places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from racegym.interfaces import Arrays, Event, EventKind, Races, View
from racegym.kernels.duels import DUEL_CODES, DUEL_FIGURES, Duels, Field
from racegym.kernels.passes import follow_passes
from racegym.kernels.places import settle_places
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.rules import OvertakeRules

__all__ = ["Passes", "Places", "place_gains"]

DUELS_A_CAR = 4  # room for duels in progress; a pair that finds none waits until there is


class Passes(Part):
    """Sees who passes whom on the road.

    Args:
        view: the world's data.
        rules: how long a pass must hold, and what an attempt is.
        arrays: the world's memory.
    """

    def __init__(self, view: View, rules: OvertakeRules, arrays: Arrays):
        race, frame, previous = view.race, view.frame, view.previous_frame
        contacts, tracks, n = view.contacts, view.tracks, view.n_cars
        most = min(n * (n - 1) // 2, DUELS_A_CAR * n)
        slots = np.arange(n)
        order = arrays.new("passes.order", (n,), "int64", slots)
        self.duels = Duels(
            filled=arrays.new("passes.filled", (), "int32"),
            code=arrays.new("passes.code", (most, DUEL_CODES), "int64"),
            figure=arrays.new("passes.figure", (most, DUEL_FIGURES), "float64"),
            row=arrays.new("passes.row", (n, n), "int16"),
            gains=arrays.new("passes.gains", (n, n), "int16"),
            grid=arrays.new("passes.grid", (n,), "int32"),
            seen=arrays.new("passes.seen", (n,), "float64"),
            way=arrays.new("passes.way", (n,), "uint8"),
        )
        field = Field(
            status=race.status,
            present=race.present,
            flags=race.flags,
            signal=race.signal,
            off_track=race.off_track,
            stuck_time=race.stuck_time,
            jumped=frame.jumped,
            s=frame.s,
            progress=frame.progress,
            previous=previous.progress,
            d=frame.d,
            previous_d=previous.d,
            vx=view.state.vx,
            length=view.vehicle.length,
            elapsed=view.clock.elapsed,
            time=race.time,
            race_track=tracks.race_track,
            table=tracks.table,
            sector_s=tracks.sector_s,
        )
        self._view = view
        self._follow = follow_passes.bind(
            order, field, self.duels, contacts.count, contacts.car, contacts.other,
            race.overtakes_made, race.overtakes_suffered, race.passed_now, race.suffered_now,
            event_arrays(view.events), float(rules.hold), float(rules.alongside),
        )  # fmt: skip

    def start(self, races: Races) -> None:
        """Note the places at the start."""
        self.duels.grid[races] = self._view.race.position[races]
        self.duels.seen[races] = self._view.frame.progress[races]

    def observe(self) -> None:
        """Follow the pairs that are close."""
        self._follow()


class Places(Part):
    """Tells the changes of places that the result holds; the last of all parts.

    Args:
        view: the world's data.
        passes: what happened on the road.
    """

    def __init__(self, view: View, passes: Passes):
        race = view.race
        self._settle = settle_places.bind(
            race.position, race.status, race.present, race.laps_done, race.finish_time, race.time,
            passes.duels, event_arrays(view.events),
        )  # fmt: skip

    def observe(self) -> None:
        """Settle the pairs of which one car is out of the race."""
        self._settle()


def place_gains(events: Iterable[Event]) -> Counter[int]:
    """Return the places that each car has won, less those lost, as the events of a race tell.

    Args:
        events: of one race, from its start; only overtakes are looked at.

    Returns:
        places by car; cars that never changed places are missing, and read 0.
    """
    gains: Counter[int] = Counter()
    for event in events:
        if event.kind is EventKind.OVERTAKE and event.details["place"]:
            gains[event.car] += 1
            gains[event.other] -= 1
    return gains
