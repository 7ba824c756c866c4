"""What comes into a running world from outside, between two steps, and is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Command"]


@dataclass(frozen=True, kw_only=True)
class Command:
    """One intervention, applied before the next step.

    Attributes:
        kind: ``"retire"`` takes a car out of the race; ``"rescue"`` puts it back on the
            centerline where it is, at rest; ``"hand_over"`` gives it to another driver;
            ``"reset"`` starts the race's next episode; ``"fault"`` changes nothing and
            only tells that a driver has failed.
        race: index of the race.
        car: index of the car in its race; not used by ``"reset"``.
        driver: for ``"hand_over"``: index into ``world.seats``, or ``AGENT``.
        figure: for ``"fault"``: the figure of the event.
    """

    kind: Literal["retire", "rescue", "hand_over", "reset", "fault"]
    race: int = 0
    car: int = 0
    driver: int = -1
    figure: int = 0
