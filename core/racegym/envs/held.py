"""One decision of the agents: their actions held for some control intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.envs.info import Informant, merged
from racegym.interfaces import Array
from racegym.world import World

__all__ = ["HeldActions"]

Mask = NDArray[np.bool_]


class HeldActions:
    """Drives a world as long as its agents' profile holds an action.

    Rewards and their terms are summed up over the intervals. A race that ends before the
    last of them is over then: what its agent is told, paid and informed of is kept from that
    moment. Its cars drive on with the others until all are done, which nobody is told of;
    the race starts anew before it counts again.

    Args:
        world: with exactly one group of agents, one a race.
        informant: gathers the infos of races that end early.
    """

    def __init__(self, world: World, informant: Informant):
        self._world = world
        self._group = world.groups[0]
        self._informant = informant
        self._repeat = self._group.action_repeat
        self._sums = [self._group.reward, *self._group.terms.values()]
        self._before = [np.zeros_like(array) for array in self._sums]
        self.early: Mask = np.zeros(world.n_races, np.bool_)
        self._infos: dict[str, Any] = {}
        self._kept: list[tuple[NDArray[np.int64], list[Array]]] = []

    def drive(self, actions: Any, idle: Mask | None = None) -> None:
        """Step the world; the last step is still to be observed and shown.

        Args:
            actions: (n_races, *shape).
            idle: (n_races,) bool, races that wait for their reset and count as over.

        Raises:
            ActionError: the actions have the wrong shape or are not finite.
        """
        world, group = self._world, self._group
        world.advance((actions,))
        if self._repeat == 1:
            return
        self._kept.clear()
        self._infos = {}
        self.early[:] = False
        over = np.zeros_like(self.early) if idle is None else idle.copy()
        for before, array in zip(self._before, self._sums, strict=True):
            before[:] = array
        for _ in range(self._repeat - 1):
            ended = (group.terminated | group.truncated) & ~over
            over |= ended
            if over.all():
                return
            if ended.any():
                self._keep(ended)
            world.show()
            world.advance((actions,))
            for before, array in zip(self._before, self._sums, strict=True):
                array += before
                before[:] = array

    def _keep(self, ended: Mask) -> None:
        """Put aside all that agents are told in races that end before the others."""
        rows = np.flatnonzero(ended)
        self._world.observe(rows)
        self._kept.append((rows, [buffer[rows] for buffer in self._group.buffers()]))
        self._infos = merged(self._infos, self._informant.batch(ended, ended))
        self.early |= ended

    def restore(self) -> None:
        """Put back what was kept, after the world was observed."""
        for rows, kept in self._kept:
            for buffer, values in zip(self._group.buffers(), kept, strict=True):
                buffer[rows] = values

    def infos(self, rows: Mask, stepped: Mask) -> dict[str, Any]:
        """Return the infos of races, those that ended early as of then; see ``Informant``."""
        if not self._kept:
            return self._informant.batch(rows, stepped)
        late = rows & ~self.early
        return merged(self._informant.batch(late, stepped & late), self._infos)
