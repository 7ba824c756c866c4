"""What race control saw in one step of the agents, told to each of those it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from racegym.interfaces import Event, View, Watcher

__all__ = ["Happenings"]


class Happenings(Watcher):
    """Collects events over all control intervals of a step of one race.

    Args:
        names: of the cars, in order.
    """

    every = 1

    def __init__(self, names: Sequence[str]):
        self._names = names
        self._events: list[Event] = []

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Remember what happened."""
        self._events.extend(events)

    def clear(self) -> None:
        """Forget what happened: a step begins."""
        self._events.clear()

    def of(self, car: int) -> list[dict[str, Any]]:
        """Return what happened to a car, or to another by its doing, in plain Python types."""
        return list(self._told(car))

    def _told(self, car: int) -> Iterator[dict[str, Any]]:
        for event in self._events:
            if car in (event.car, event.other):
                told: dict[str, Any] = {
                    "event": event.kind.name.lower(),
                    "time": event.time,
                    "car": self._names[event.car],
                    "value": event.value,
                }
                if event.other >= 0:
                    told["other"] = self._names[event.other]
                yield {**told, **event.details}
