"""How good the policy, its past selves and scripted drivers are, by the races between them.

Ratings are those of openskill's model of Plackett and Luce [1]: a mean and a deviation each. The
policy goes on changing, and so does what is known of it; its past selves and scripts do not.

[1] Weng, Lin (2011), "A Bayesian approximation method for online ranking", JMLR 12:267-300.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openskill.models import PlackettLuce

__all__ = ["Rated", "Ratings"]


@dataclass
class Rated:
    """One who is rated.

    Attributes:
        mean, deviation: of the rating.
        races: against the policy that learned.
        beaten: of those the policy won; two who share a place have half of it each.
    """

    mean: float
    deviation: float
    races: int = 0
    beaten: float = 0.0


class Ratings:
    """A table of ratings by number: as in a cast, 0 is the policy that learns."""

    def __init__(self) -> None:
        self._model = PlackettLuce()
        self.table: dict[int, Rated] = {}
        self._lately: dict[int, tuple[int, float]] = {}  # races and wins since asked last

    def __getitem__(self, who: int) -> Rated:
        if who not in self.table:
            fresh = self._model.rating()
            self.table[who] = Rated(fresh.mu, fresh.sigma)
        return self.table[who]

    def freeze(self, number: int) -> None:
        """Let a past self begin with the rating that the policy has."""
        now = self[0]
        self.table[number] = Rated(now.mean, now.deviation)

    def race(self, who: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        """Take in a race.

        Args:
            who: (n,) number of each driver; one that has several cars counts by their mean place.
            places: (n,) from 0.
        """
        mean = {int(one): float(places[who == one].mean()) for one in np.unique(who)}
        if len(mean) < 2:
            return
        teams = [[self._model.rating(self[one].mean, self[one].deviation)] for one in mean]
        rated = self._model.rate(teams, ranks=list(mean.values()))
        for one, (new,) in zip(mean, rated, strict=True):
            self[one].mean, self[one].deviation = new.mu, new.sigma
        for one, place in mean.items():
            if one == 0 or 0 not in mean:
                continue
            won = 0.5 * (1.0 + np.sign(place - mean[0]))
            self[one].races += 1
            self[one].beaten += float(won)
            races, wins = self._lately.get(one, (0, 0.0))
            self._lately[one] = races + 1, wins + float(won)

    def chance(self, other: int) -> float:
        """Return how likely the policy beats another one."""
        teams = [[self._model.rating(self[one].mean, self[one].deviation)] for one in (0, other)]
        return float(self._model.predict_win(teams)[0])

    def lately(self) -> Mapping[int, tuple[int, float]]:
        """Return races and wins by number since it was asked last."""
        found, self._lately = self._lately, {}
        return found

    def array(self) -> NDArray[np.float64]:
        """Return (n, 5) all that is known, led by the numbers."""
        rows = [(n, r.mean, r.deviation, r.races, r.beaten) for n, r in self.table.items()]
        return np.array(rows, np.float64).reshape(-1, 5)

    def restore(self, rows: Iterable[Any]) -> None:
        """Bring back what ``array`` returned."""
        self.table = {
            int(number): Rated(float(mean), float(deviation), int(races), float(beaten))
            for number, mean, deviation, races, beaten in rows
        }
