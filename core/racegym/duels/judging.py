"""What became of an attack, told from what race control saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Event, EventKind, OvertakeKind, Status
from racegym.scenario.overtaking import OvertakingSettings
from racegym.world import World

__all__ = ["Judgement", "Verdict"]

HEAVY = 2  # class from which on a contact that one is blamed for spoils a pass


@dataclass(frozen=True)
class Verdict:
    """What became of one race.

    Attributes:
        passed: all defenders were passed within the window and stayed behind, and the attacker
            is blamed for no contact of class 2x or 4x.
        time: [s] until the last of them was passed; None where one was not.
        contact: the worst class of a contact that the attacker had; None for no contact.
        blame: its greatest share of the blame for one, times the class.
        held: whether all whom it passed were behind it at the end.
        raced: False where it has no pace of its own and so did not race.
    """

    passed: bool = False
    time: float | None = None
    contact: int | None = None
    blame: float = 0.0
    held: bool = True
    raced: bool = False


@dataclass
class _Race:
    passes: dict[int, float] = field(default_factory=dict)  # the last of each car
    contacts: list[tuple[int, float]] = field(default_factory=list)  # class, share


class Judgement:
    """Follows the attacker, car 0, of every race.

    Args:
        world: whose cars have just been placed.
        situation: by which they are judged.
    """

    def __init__(self, world: World, situation: OvertakingSettings):
        self._world, self._situation = world, situation
        self._races = [_Race() for _ in range(world.n_races)]
        self._overlapped = situation.gap[0] < 0.0
        lap = world.view.tracks.length[world.view.tracks.race_track]
        ahead = self._lead()
        self._laps: NDArray[np.float64] = np.ceil(ahead / lap[:, None]) * lap[:, None]

    def _lead(self) -> NDArray[np.float64]:
        """Return (n_races, n_cars) [m] by which the attacker is ahead of each car."""
        progress = self._world.view.frame.progress
        return np.asarray(progress[:, :1] - progress)

    def see(self) -> None:
        """Take in the step that was just driven."""
        if not self._world.view.events.count.any():
            return
        for event in self._world.events():
            if event.kind is EventKind.OVERTAKE and event.car == 0 and self._counts(event):
                self._races[event.race].passes[event.other] = event.time
            elif event.kind is EventKind.CONTACT and 0 in (event.car, event.other):
                share = event.details["share" if event.car == 0 else "other_share"]
                if event.time <= self._situation.window:
                    self._races[event.race].contacts.append((int(event.value), float(share)))

    def _counts(self, event: Event) -> bool:
        told = event.details
        wanted = OvertakeKind.LAPPING if self._situation.lapping else OvertakeKind.TRACK
        if event.value != wanted or event.time > self._situation.window:
            return False
        if self._situation.lapping and told["laps"] < 1:
            return False
        spoilt = told["under_flag"] or told["off_track"] or told["moved"] or told["by_result"]
        return not spoilt and (self._overlapped or not told["from_overlap"])

    def verdicts(self) -> list[Verdict]:
        """Return what became of each race, after the last step."""
        view = self._world.view
        length, lead = view.vehicle.length, self._lead() - self._laps
        clear = lead >= 0.5 * (length[:, :1] + length)
        racing = (view.race.status[:, 0] <= Status.PIT) & view.race.present[:, 0]
        found = []
        for k, race in enumerate(self._races):
            others = range(1, self._world.n_cars)
            time = max(race.passes.get(other, inf) for other in others)
            held = bool(racing[k]) and all(clear[k, other] for other in race.passes)
            guilty = any(kind >= HEAVY and share > 0.0 for kind, share in race.contacts)
            found.append(
                Verdict(
                    passed=time < inf and held and not guilty,
                    time=time if time < inf else None,
                    contact=max((kind for kind, _ in race.contacts), default=None),
                    blame=max((kind * share for kind, share in race.contacts), default=0.0),
                    held=held,
                    raced=True,
                )
            )
        return found
