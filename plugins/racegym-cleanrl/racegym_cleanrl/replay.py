"""Replay: what was driven, kept to be learned from many times.

A ring of rows, a row for a step of all environments. An observation stands in it once: what
followed a step is what the next row holds of the same environment, so that images take half the
memory that pairs of them would. With Gymnasium's autoreset mode ``NextStep`` that is true at an
episode's end, too: the step that only resets is told with the last observation of the episode.
Its row lends that observation to the step before, and is never drawn itself.

Returns over n steps [1] are added up when a batch is drawn. They end with the episode: behind a
termination nothing follows, behind a truncation the last observation is worth what the critic
says.

[1] Sutton, Barto (2018), "Reinforcement learning: an introduction", 2nd ed., MIT Press, ch. 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import torch
from torch import Tensor

from racegym.errors import ScenarioError
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.memory import free_memory, told_size
from racegym_cleanrl.networks import NUMBERS, Layout, Observation

__all__ = ["Batch", "Replay", "drawn_in_shares"]

SHARE = 0.9  # of the free memory that a replay may take
AT_LEAST = 3  # rows to draw from: of three that follow each other, one is a step


@dataclass(frozen=True)
class Batch:
    """Steps to learn from, n of them.

    Attributes:
        seen: before each step, by part (n, ...).
        actions: (n, *shape), as the algorithm draws them.
        rewards: (n,), discounted sums over the steps of the window.
        next_seen: after the window, by part (n, ...).
        discounts: (n,) that what follows is worth; 0 behind a termination.
    """

    seen: Observation
    actions: Tensor
    rewards: Tensor
    next_seen: Observation
    discounts: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return it on a device."""
        if device.type == "cpu":
            return self
        return Batch(
            {name: values.to(device) for name, values in self.seen.items()},
            self.actions.to(device),
            self.rewards.to(device),
            {name: values.to(device) for name, values in self.next_seen.items()},
            self.discounts.to(device),
        )

    def repeated(self, times: int) -> Batch:
        """Return it so many times, one after the other."""
        if times == 1:
            return self
        return Batch(
            {name: torch.cat([values] * times) for name, values in self.seen.items()},
            self.actions.repeat(times, *[1] * (self.actions.dim() - 1)),
            self.rewards.repeat(times),
            {name: torch.cat([values] * times) for name, values in self.next_seen.items()},
            self.discounts.repeat(times),
        )


class Replay:
    """A ring of steps of ``n_envs`` environments.

    It may be filled by whoever has steps to learn from: ``add`` a row at a time, in the order in
    which they were driven.

    Args:
        layout: of what is told.
        actions: that are kept.
        n_envs: of a row.
        size: steps to keep, of all environments together; rounded up to whole rows.
        n_step: steps of a window.
        gamma: discount of a step.
        remedy: what to do where it would not fit; by default, to change ``trainer.buffer_size``.

    Raises:
        ScenarioError: it would not fit in memory.
    """

    def __init__(
        self,
        layout: Layout,
        actions: Actions,
        n_envs: int,
        size: int,
        *,
        n_step: int = 1,
        gamma: float = 0.99,
        remedy: str | None = None,
    ):
        self.n_envs, self.n_step, self.gamma = n_envs, n_step, gamma
        self.rows = max(-(-size // n_envs), n_step + AT_LEAST)
        shapes = {name: (layout.shapes[name], torch.uint8) for name in layout.images}
        if layout.width:
            shapes[NUMBERS] = ((layout.width,), torch.float32)
        discrete = actions.kind == "discrete"
        columns = {f"seen.{name}": kind for name, kind in shapes.items()} | {
            "actions": (actions.shape, torch.int64 if discrete else torch.float32),
            "rewards": ((), torch.float32),
            "terminated": ((), torch.bool),
            "ended": ((), torch.bool),
            "valid": ((), torch.bool),
        }
        self.bytes_of_a_step = sum(
            prod(shape) * dtype.itemsize for shape, dtype in columns.values()
        )
        self._check_memory(remedy, pictures=bool(layout.images))
        self.columns = {
            name: torch.zeros((self.rows, n_envs, *shape), dtype=dtype)
            for name, (shape, dtype) in columns.items()
        }
        self._flat = {name: values.flatten(0, 1) for name, values in self.columns.items()}
        self._parts = tuple(shapes)
        self.cursor = 0  # the row that is written next
        self.filled = 0  # rows

    @property
    def bytes(self) -> int:
        """Return the memory that it takes when it is full."""
        return self.bytes_of_a_step * self.rows * self.n_envs

    def _check_memory(self, remedy: str | None, *, pictures: bool) -> None:
        free = free_memory()
        if free is None or self.bytes <= SHARE * free:
            return
        raise ScenarioError(
            f"the replay would take {told_size(self.bytes)} of memory, "
            f"{told_size(self.bytes_of_a_step)} for each of {self.rows * self.n_envs:,} steps, and "
            f"of the {told_size(free)} that are free it may take nine tenths; "
            f"{remedy or self._smaller(int(SHARE * free))}"
            f"{', or let the cameras give smaller or gray pictures' if pictures else ''}"
        )

    def _smaller(self, spare: int) -> str:
        """Return which settings would make it fit into so many bytes."""
        fits, least = spare // self.bytes_of_a_step, self.n_step + AT_LEAST
        if fits >= least * self.n_envs:
            return f"write trainer.buffer_size: {_rounded(fits)}"
        fewer = _rounded(max(1, fits // least))
        return f"write trainer.num_envs: {fewer} and trainer.buffer_size: {least * fewer}"

    def __len__(self) -> int:
        """Return how many steps it holds, those included that only reset."""
        return self.filled * self.n_envs

    @property
    def ready(self) -> bool:
        """Return whether a batch can be drawn."""
        return self.filled >= self.n_step + AT_LEAST

    @torch.no_grad()
    def add(
        self,
        seen: Observation,
        actions: Tensor,
        rewards: Tensor,
        terminated: Tensor,
        ended: Tensor,
        valid: Tensor,
    ) -> None:
        """Add a step of all environments.

        Args:
            seen: before the step, by part (n_envs, ...); numbers side by side, not normalised.
            actions: (n_envs, *shape).
            rewards: (n_envs,).
            terminated, ended: (n_envs,) bool, ended for whatever reason.
            valid: (n_envs,) bool, False for a step that was only a reset.
        """
        row = self.cursor
        for name in self._parts:
            self.columns[f"seen.{name}"][row] = seen[name]
        self.columns["actions"][row] = actions
        self.columns["rewards"][row] = rewards
        self.columns["terminated"][row] = terminated
        self.columns["ended"][row] = ended
        self.columns["valid"][row] = valid
        self._go_on()

    def _go_on(self) -> None:
        self.cursor = (self.cursor + 1) % self.rows
        self.filled = min(self.filled + 1, self.rows)

    def cut(self) -> None:
        """End all episodes where they are: what is added next has nothing to do with them.

        The last row lends its observation to the step before it, and is no step any more.
        """
        if self.filled:
            last = (self.cursor - 1) % self.rows
            self.columns["valid"][last] = False
            self.columns["ended"][last] = True
        if self.filled > 1:
            self.columns["ended"][last - 1] = True

    def end(self) -> None:
        """Add ``n_step + 1`` rows that are no steps, so that the last windows are whole, too.

        For a replay to which nothing is added any more, and whose last episode has ended. It is
        ready then, however few steps it holds.
        """
        for _ in range(self.n_step + 1):
            self.columns["valid"][self.cursor] = False
            self.columns["ended"][self.cursor] = True
            self._go_on()

    def sample(self, size: int) -> Batch:
        """Return ``size`` steps, each as likely as any other.

        The last ``n_step`` rows wait until their windows are whole.
        """
        first = self._drawn(size)
        row, env = first // self.n_envs, first % self.n_envs
        after = torch.arange(self.n_step)
        window = (row[:, None] + after) % self.rows * self.n_envs + env[:, None]
        goes_on = ~self._flat["ended"][window]
        # A step counts if none before it in the window has ended the episode.
        counts = torch.ones(size, self.n_step)
        counts[:, 1:] = goes_on[:, :-1].cumprod(dim=1)
        rewards = (self._flat["rewards"][window] * counts * self.gamma**after).sum(dim=1)
        length = counts.sum(dim=1).long()
        last = window.gather(1, length[:, None] - 1)[:, 0]
        following = (row + length) % self.rows * self.n_envs + env
        discounts = self.gamma**length * ~self._flat["terminated"][last]
        return Batch(
            self._seen(first),
            self._flat["actions"][first],
            rewards,
            self._seen(following),
            discounts,
        )

    def _drawn(self, size: int) -> Tensor:
        """Return (size,) places of steps, in the ring as it lies in memory."""
        assert self.ready
        oldest = (self.cursor - self.filled) % self.rows
        choices = (self.filled - self.n_step) * self.n_envs

        def places(count: int) -> Tensor:
            drawn = torch.randint(choices, (count,))
            return (drawn + oldest * self.n_envs) % (self.rows * self.n_envs)

        chosen = places(size)
        wrong = (~self._flat["valid"][chosen]).nonzero()[:, 0]
        while len(wrong):  # at most every second step only resets
            chosen[wrong] = places(len(wrong))
            wrong = wrong[~self._flat["valid"][chosen[wrong]]]
        return chosen

    def _seen(self, places: Tensor) -> Observation:
        return {name: self._flat[f"seen.{name}"].index_select(0, places) for name in self._parts}

    def save(self) -> tuple[dict[str, Tensor], dict[str, int]]:
        """Return what it holds, by name, over the same memory, and where its cursor stands."""
        held = {name: values[: self.filled] for name, values in self.columns.items()}
        return held, {"cursor": self.cursor, "filled": self.filled}

    def load(self, held: Mapping[str, Tensor], places: Mapping[str, int]) -> None:
        """Bring back what ``save`` returned; of a larger replay, its newest steps.

        Raises:
            ValueError: it is of other observations, actions or another number of environments.
        """
        if {n: (v.shape[1:], v.dtype) for n, v in held.items()} != {
            n: (v.shape[1:], v.dtype) for n, v in self.columns.items()
        }:
            raise ValueError("the replay is of other steps")
        filled, cursor = places["filled"], places["cursor"]
        kept = min(filled, self.rows)
        # A ring of this size lies as it lay; any other begins with its oldest row.
        start = 0 if filled == self.rows else cursor + filled - kept
        first = start % max(filled, 1)
        head = min(kept, filled - first)  # up to the end of the ring; the rest is at its start
        for name, values in self.columns.items():
            values[:head] = held[name][first : first + head]
            values[head:kept] = held[name][: kept - head]
        self.filled, self.cursor = kept, (cursor if filled == self.rows else kept) % self.rows


def _rounded(count: int) -> int:
    """Return at most ``count``, of two digits and noughts: enough to choose by."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return count - count % unit


def drawn_in_shares(shares: Sequence[tuple[Replay, float]], size: int) -> Batch:
    """Return a batch of which each replay gives its share, in this order.

    Args:
        shares: replays, and the part of the batch that each gives; together 1.
        size: of the batch.
    """
    if len(shares) == 1:
        return shares[0][0].sample(size)
    edges = [0.0]
    for _, share in shares:
        edges.append(edges[-1] + share * size)
    counts = [round(b) - round(a) for a, b in pairwise(edges)]
    drawn = [r.sample(n) for (r, _), n in zip(shares, counts, strict=True) if n]
    return Batch(
        {name: torch.cat([b.seen[name] for b in drawn]) for name in drawn[0].seen},
        torch.cat([b.actions for b in drawn]),
        torch.cat([b.rewards for b in drawn]),
        {name: torch.cat([b.next_seen[name] for b in drawn]) for name in drawn[0].next_seen},
        torch.cat([b.discounts for b in drawn]),
    )
