"""What every stage may look at, and must not write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from racegym.interfaces.columns import Array, allocate
from racegym.interfaces.events import Events
from racegym.interfaces.records import (
    CarState,
    Clock,
    Contacts,
    Control,
    RaceState,
    TrackFrame,
    VehicleTable,
)
from racegym.interfaces.spec import Channel

if TYPE_CHECKING:
    from racegym.interfaces.arrays import Arrays
    from racegym.track.trackset import TrackSet

__all__ = ["View"]


@dataclass(slots=True, kw_only=True)
class View:
    """The step's data in one place: arrays that are written in place, step after step.

    Read-only by contract; the conformance suites hash it before and after.

    Attributes:
        n_races, n_cars: the leading shape of nearly everything here.
        dt: control interval [s].
        state: the cars, as the backend left them.
        control: what was applied in this step.
        previous_control: what was applied in the step before.
        frame: where the cars are on their tracks.
        previous_frame: the same at the end of the step before.
        race: time, laps, places, status, keys.
        clock: how much time the backend says has passed.
        contacts: what touched in this step.
        events: what race control saw in this step.
        vehicle: what is known of each car.
        tracks: all tracks, and which race drives which.
        channels: arrays of the declared channels by name.
        channel_specs: their declarations.
    """

    n_races: int
    n_cars: int
    dt: float
    state: CarState
    control: Control
    previous_control: Control
    frame: TrackFrame
    previous_frame: TrackFrame
    race: RaceState
    clock: Clock
    contacts: Contacts
    events: Events
    vehicle: VehicleTable
    tracks: TrackSet
    channels: Mapping[str, Array] = field(default_factory=dict)
    channel_specs: Mapping[str, Channel] = field(default_factory=dict)

    @classmethod
    def allocate(
        cls,
        arrays: Arrays,
        n_cars: int,
        dt: float,
        tracks: TrackSet,
        channels: Mapping[str, Channel] | None = None,
    ) -> View:
        """Return a view whose arrays are new in ``arrays``.

        Args:
            arrays: takes all of them, and knows how many races there are.
            n_cars: of a race.
            dt: [s] control interval.
            tracks: of all races.
            channels: declared by the backend and by realism modules, by name.
        """
        specs = channels or {}
        leading = {"race": (), "race car": (n_cars,), "race car wheel": (n_cars, 4)}
        return cls(
            n_races=arrays.n_races,
            n_cars=n_cars,
            dt=dt,
            state=allocate(CarState, arrays, n_cars, "state"),
            control=allocate(Control, arrays, n_cars, "control"),
            previous_control=allocate(Control, arrays, n_cars, "previous_control"),
            frame=allocate(TrackFrame, arrays, n_cars, "frame"),
            previous_frame=allocate(TrackFrame, arrays, n_cars, "previous_frame"),
            race=allocate(RaceState, arrays, n_cars, "race"),
            clock=allocate(Clock, arrays, n_cars, "clock"),
            contacts=Contacts(arrays, n_cars),
            events=Events(arrays, n_cars),
            vehicle=allocate(VehicleTable, arrays, n_cars, "vehicle"),
            tracks=tracks,
            channels={
                name: arrays.new(
                    f"channels.{name}", (*leading.get(spec.axes, ()), *spec.shape), spec.dtype
                )
                for name, spec in specs.items()
            },
            channel_specs=specs,
        )
