"""One decision of the agents: their actions held for some control intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.envs.info import Informant, merged
from racegym.errors import ScenarioError
from racegym.interfaces import Array, View
from racegym.world import World

__all__ = ["HeldActions", "common_repeat"]

Mask = NDArray[np.bool_]


class HeldActions:
    """Drives a world as long as its agents' profiles hold an action.

    Rewards and their terms are summed up over the intervals. An agent whose episode ends before
    the last of them is done then: what it is told, paid and informed of is kept from that moment.
    Its car drives on with the others until all are done, which nobody is told of.

    Args:
        world: with agents.
        informants: one for each group of agents; gathers the infos of those that end early.

    Attributes:
        early: by group, (k,) bool, the agents that ended before the last interval.

    Raises:
        ScenarioError: the profiles hold actions for different times.
    """

    def __init__(self, world: World, informants: Sequence[Informant]):
        self._world = world
        self._repeat = common_repeat(world)
        self._parts = [_HeldGroup(informant) for informant in informants]
        self.early: list[Mask] = [part.early for part in self._parts]

    def drive(
        self,
        actions: Sequence[Any],
        idle: Sequence[Mask] | None = None,
        between: Callable[[Sequence[Mask]], None] | None = None,
    ) -> None:
        """Step the world; the last step is still to be observed and shown.

        Args:
            actions: (k, *shape) by group.
            idle: (k,) bool by group, agents that count as done.
            between: called before each interval but the first, with who is done by group.

        Raises:
            ActionError: the actions have the wrong shape or are not finite.
        """
        world = self._world
        world.advance(actions)
        if self._repeat == 1:
            return
        for index, part in enumerate(self._parts):
            part.begin(None if idle is None else idle[index])
        for _ in range(self._repeat - 1):
            over = [part.all_over() for part in self._parts]  # asks each
            if all(over):
                return
            for part in self._parts:
                part.keep(world.view)
            if between is not None:
                between([part.over for part in self._parts])
            world.show()
            world.advance(actions)
            for part in self._parts:
                part.add_up()

    def restore(self) -> None:
        """Put back what was kept, after the world was observed."""
        for part in self._parts:
            part.restore()

    def infos(self, rows: Mask, stepped: Mask, group: int = 0) -> dict[str, Any]:
        """Return the infos of agents, those that ended early as of then; see ``Informant``."""
        return self._parts[group].infos(rows, stepped)


class _HeldGroup:
    """What is summed up and kept of one group."""

    def __init__(self, informant: Informant):
        self.informant = informant
        self.group = informant.group
        self.early: Mask = np.zeros(len(self.group.cars), np.bool_)
        self._sums = [self.group.reward, *self.group.terms.values()]
        self._before = [np.zeros_like(array) for array in self._sums]
        self.over: Mask = np.zeros_like(self.early)
        self._ended: Mask = np.zeros_like(self.early)
        self._infos: dict[str, Any] = {}
        self._kept: list[tuple[NDArray[np.int64], list[Array]]] = []

    def begin(self, idle: Mask | None) -> None:
        """Start a decision, whose first interval has been driven."""
        self._kept.clear()
        self._infos = {}
        self.early[:] = False
        self.over[:] = False if idle is None else idle
        for before, array in zip(self._before, self._sums, strict=True):
            before[:] = array

    def add_up(self) -> None:
        """Add what was paid before to what has been paid now."""
        for before, array in zip(self._before, self._sums, strict=True):
            array += before
            before[:] = array

    def all_over(self) -> bool:
        """Find out who has ended in the last interval; tell whether nobody goes on."""
        self._ended = (self.group.terminated | self.group.truncated) & ~self.over
        self.over |= self._ended
        return bool(self.over.all())

    def keep(self, view: View) -> None:
        """Put aside all that agents are told who end before the others."""
        ended = self._ended
        if not ended.any():
            return
        rows = np.flatnonzero(ended)
        self.group.observe_rows(view, None if ended.all() else rows)
        self._kept.append((rows, [buffer[rows] for buffer in self.group.buffers()]))
        self._infos = merged(self._infos, self.informant.batch(ended, ended))
        self.early |= ended

    def restore(self) -> None:
        """See ``HeldActions``."""
        for rows, kept in self._kept:
            for buffer, values in zip(self.group.buffers(), kept, strict=True):
                buffer[rows] = values

    def infos(self, rows: Mask, stepped: Mask) -> dict[str, Any]:
        """See ``HeldActions``."""
        if not self._kept:
            return self.informant.batch(rows, stepped)
        late = rows & ~self.early
        return merged(self.informant.batch(late, stepped & late), self._infos)


def common_repeat(world: World) -> int:
    """Return for how many control intervals the agents of a world hold their actions.

    Raises:
        ScenarioError: their profiles differ in it.
    """
    repeats = {group.profile: group.action_repeat for group in world.groups}
    if len(set(repeats.values())) > 1:
        told = ", ".join(f"{name}: {repeat}" for name, repeat in repeats.items())
        raise ScenarioError(
            f"agents decide at the same times, and their profiles differ in action_repeat "
            f"({told}); give all the same"
        )
    return next(iter(repeats.values()))
