"""Other tracks for every episode: drawn from those of the world, or made for it alone.

Which track an episode is driven on is a pure function of the race's seed and the episode, so a
race has the same tracks alone and in a batch, and a replay finds them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Keys, Races, View
from racegym.kernels import threads
from racegym.kernels.dealing import draw_seeds, draw_shared, draw_slots, shared_seeds
from racegym.kernels.randomness import race_keys
from racegym.world.maker import Made
from racegym.world.makers import Makers

__all__ = ["Dealer", "FreshDealer", "PoolDealer", "RenewedDealer"]

AHEAD_FROM = 16  # races; fewer wait for their circuits less than processes take to start
MOST_PROCESSES = 16


class Dealer(Protocol):
    """Gives races their tracks."""

    def deal(self, races: Races, keys: Keys) -> None:
        """Give races that start an episode the track of it.

        Args:
            races: (k,) int64.
            keys: (k,) uint64 of their episodes.
        """
        ...

    def close(self) -> None:
        """Release what it holds. May be called twice."""
        ...


class PoolDealer:
    """Draws from the tracks that the world was built with.

    Args:
        view: of the world.
        count: how many tracks there are.
    """

    def __init__(self, view: View, count: int):
        self._tracks = view.tracks
        self._count = count
        self._drawn: NDArray[np.int32] = np.zeros(view.n_races, np.int32)

    def deal(self, races: Races, keys: Keys) -> None:
        """See ``Dealer``."""
        drawn = self._drawn[: len(races)]
        draw_slots(keys, self._count, drawn)
        self._tracks.assign(races, drawn)

    def close(self) -> None:
        """See ``Dealer``."""


class FreshDealer:
    """Has a circuit made for every episode, ahead of its start where there are many races.

    Args:
        view: of the world.
        recipe: all arguments of ``racegym.track.generate`` but the seed.
        base: another one gives other circuits.
    """

    def __init__(self, view: View, recipe: Mapping[str, Any], base: int):
        self._tracks, self._race = view.tracks, view.race
        self._base = np.uint64(base)
        self._seeds: NDArray[np.int64] = np.zeros(view.n_races, np.int64)
        self._next: NDArray[np.int64] = np.zeros(view.n_races, np.int64)
        self._keys: NDArray[np.uint64] = np.zeros(view.n_races, np.uint64)
        self._makers = _makers(view, recipe)

    def deal(self, races: Races, keys: Keys) -> None:
        """See ``Dealer``."""
        seeds = self._seeds[: len(races)]
        draw_seeds(keys, self._base, seeds)
        made = self._makers.take(seeds.tolist())
        for race, (track, cells) in zip(races.tolist(), made, strict=True):
            self._tracks.replace(race, track, cells)
        # What comes next, if the races go on with their seeds as they do in training.
        race_keys(races, self._race.seed, self._race.episode + 1, self._keys)
        draw_seeds(self._keys[races], self._base, seeds)
        given_up = self._next[races].tolist()
        self._next[races] = seeds
        self._makers.exchange(given_up, seeds.tolist())

    def close(self) -> None:
        """See ``Dealer``."""
        self._makers.close()


class RenewedDealer:
    """Draws from a pool that all races share, and that is another one after some episodes.

    So a batch of any size sees new circuits all the time, and a few a second are enough.

    Args:
        view: of the world.
        recipe: all arguments of ``racegym.track.generate`` but the seed.
        base: another one gives other circuits.
        count: circuits of a pool.
        episodes: of a race, after which its pool is the next one.
    """

    def __init__(self, view: View, recipe: Mapping[str, Any], base: int, count: int, episodes: int):
        self._tracks, self._race = view.tracks, view.race
        self._base, self._count, self._episodes = np.uint64(base), count, episodes
        self._seeds: NDArray[np.int64] = np.zeros(view.n_races, np.int64)
        self._pools: dict[int, list[int]] = {}  # the seeds of each stretch that races are in
        self._known: dict[int, Made] = {}
        self._makers = _makers(view, recipe)

    def deal(self, races: Races, keys: Keys) -> None:
        """See ``Dealer``."""
        seeds = self._seeds[: len(races)]
        episode = self._race.episode
        draw_shared(keys, episode[races] // self._episodes, self._count, self._base, seeds)
        drawn = seeds.tolist()
        missing = [seed for seed in dict.fromkeys(drawn) if seed not in self._known]
        if missing:
            self._known.update(zip(missing, self._makers.take(missing), strict=True))
        for race, seed in zip(races.tolist(), drawn, strict=True):
            self._tracks.replace(race, *self._known[seed])
        if self._turn_over() or missing:
            wanted = (seed for pool in self._pools.values() for seed in pool)
            self._makers.expect(seed for seed in wanted if seed not in self._known)

    def _turn_over(self) -> bool:
        """Give up pools that all races have left, and look ahead; tell if any has changed."""
        here = set((np.unique(self._race.episode) // self._episodes).tolist())
        needed = here | {max(here) + 1}
        if needed == self._pools.keys():
            return False
        for stretch in self._pools.keys() - needed:
            for seed in self._pools.pop(stretch):
                self._known.pop(seed, None)
        pool: NDArray[np.int64] = np.zeros(self._count, np.int64)
        for stretch in sorted(needed - self._pools.keys()):
            shared_seeds(pool, stretch, self._base)
            self._pools[stretch] = pool.tolist()
        return True

    def close(self) -> None:
        """See ``Dealer``."""
        self._makers.close()


def _makers(view: View, recipe: Mapping[str, Any]) -> Makers:
    ahead = view.n_races >= AHEAD_FROM
    return Makers(recipe, min(threads(), MOST_PROCESSES) if ahead else 0)
