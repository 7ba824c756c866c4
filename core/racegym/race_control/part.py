"""What race control is put together from: parts that each see to one thing."""

from __future__ import annotations

from racegym.interfaces import Control, EventKind, Events, Races
from racegym.kernels.events import EventArrays

__all__ = ["Part", "event_arrays"]


class Part:
    """One concern of race control, for the whole batch; see ``RaceControl`` for the order.

    What a part remembers lies in arrays of the world. Its work is done by kernels: none of its
    methods loops over races or cars.
    """

    def start(self, races: Races) -> None:
        """Set what a race begins with, other than zero, once its cars have been placed."""

    def prepare(self) -> None:
        """Look at what the cars have done before conduct is judged and the clock moves on."""

    def order(self, control: Control) -> None:
        """Override what drivers ask, before it reaches the cars."""

    def observe(self) -> None:
        """Judge the step that has just been made."""

    def tell(self, kind: EventKind, race: int, car: int) -> None:
        """Take note of an event of the step that no kernel saw, after ``observe``."""


def event_arrays(events: Events) -> EventArrays:
    """Return the arrays that kernels append events to."""
    return EventArrays(
        filled=events.count,
        lost=events.lost,
        kind=events.kind,
        car=events.car,
        other=events.other,
        time=events.time,
        value=events.value,
        detail=events.detail,
    )
