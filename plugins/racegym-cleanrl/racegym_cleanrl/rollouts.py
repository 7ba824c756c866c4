"""What PPO has driven with one policy: kept, and taken apart to be learned from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from racegym.errors import ScenarioError
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.memory import free_memory, told_size
from racegym_cleanrl.networks import Eye, Layout, Observation

__all__ = ["Minibatch", "Rollout", "minibatches"]

NUMBERS_OF_A_STEP = 9  # in a rollout and beside it: rewards, values, advantages and the like


@dataclass
class Rollout:
    """What was seen, done and paid: T steps of N environments.

    Attributes:
        seen: by part, (T, N, ...).
        actions, logprobs, rewards, values: (T, N, ...).
        next_values: (T, N) of what followed each step, before any reset.
        terminated: (T, N) float, 1 where nothing followed.
        ended: (T, N) float, 1 where the episode ended for whatever reason.
        begins: (T, N) float, 1 where the observation is the first of its episode.
        valid: (T, N) bool, False for a step that was only a reset.
        memory: (N, memory_size) before the first step.
    """

    seen: Observation
    actions: Tensor
    logprobs: Tensor
    rewards: Tensor
    values: Tensor
    next_values: Tensor
    terminated: Tensor
    ended: Tensor
    begins: Tensor
    valid: Tensor
    memory: Tensor

    @classmethod
    def room(
        cls,
        eye: Eye,
        actions: Actions,
        shape: tuple[int, int],
        memory_size: int,
        device: torch.device,
    ) -> Rollout:
        """Return an empty one, to be filled.

        Args:
            eye: of the agent.
            actions: that it chooses from.
            shape: (T, N).
            memory_size: numbers that it keeps in mind.
            device: where it lies.

        Raises:
            ScenarioError: it would not fit in memory.
        """
        _check_memory(eye.layout, actions, shape, device)

        def room(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        return cls(
            seen=eye.room(*shape, device=device),
            actions=room(*shape, *actions.shape),
            logprobs=room(*shape), rewards=room(*shape), values=room(*shape),
            next_values=room(*shape), terminated=room(*shape), ended=room(*shape),
            begins=room(*shape), valid=room(*shape, dtype=torch.bool),
            memory=room(shape[1], memory_size),
        )  # fmt: skip


def _check_memory(
    layout: Layout, actions: Actions, shape: tuple[int, int], device: torch.device
) -> None:
    images = sum(prod(layout.shapes[name]) for name in layout.images)
    a_step = images + 4 * (layout.width + prod(actions.shape) + NUMBERS_OF_A_STEP)
    on_gpu = device.type == "cuda"
    free = torch.cuda.mem_get_info(device)[0] if on_gpu else free_memory()
    steps, envs = shape
    needed = a_step * steps * envs
    if free is None or needed <= free:
        return
    fits = free // a_step
    setting, others = ("num_steps", envs) if fits >= envs else ("num_envs", steps)
    raise ScenarioError(
        f"a rollout would take {told_size(needed)} of memory, {told_size(a_step)} for each of "
        f"{envs:,} x {steps:,} steps, and {told_size(free)} are free; write trainer.{setting}: "
        f"{max(1, fits // others)} or less"
    )


@dataclass
class Minibatch:
    """A part of a rollout, n steps, that is learned from at once.

    Attributes:
        seen: by part, (n, ...), or (T, m, ...) of m races for an agent with a memory.
        actions, logprobs, values, advantages, returns: (n, ...).
        memory: (m, memory_size) before the first step, for an agent with a memory.
        begins: (T, m), likewise.
        rows: (n,) which of the T m steps are meant, likewise.
    """

    seen: Observation
    actions: Tensor
    logprobs: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor
    memory: Tensor | None = None
    begins: Tensor | None = None
    rows: Tensor | None = None


def minibatches(
    buffer: Rollout, advantage: Tensor, count: int, *, whole_races: bool, equal: bool
) -> Iterator[Minibatch]:
    """Yield the parts of a rollout in a new order, each step in one of them.

    Steps are shuffled; for an agent with a memory, races are, each with all its steps. CUDA
    graphs are of one size: for them, some steps are meant twice where others were only resets.

    Args:
        buffer: what was driven.
        advantage: (T, N).
        count: of the parts.
        whole_races: for an agent with a memory.
        equal: whether all parts are of one size.
    """
    steps, envs = buffer.valid.shape
    device = buffer.valid.device
    numbers = {
        "actions": buffer.actions, "logprobs": buffer.logprobs, "values": buffer.values,
        "advantages": advantage, "returns": advantage + buffer.values,
    }  # fmt: skip
    if whole_races:
        for races in _shares(torch.randperm(envs, device=device), count, equal=equal):
            rows = buffer.valid[:, races].flatten().nonzero()[:, 0]
            if not len(rows):
                continue
            if equal:
                rows = _filled(rows, steps * len(races))
            yield Minibatch(
                {name: x[:, races] for name, x in buffer.seen.items()},
                **{name: x[:, races].flatten(0, 1)[rows] for name, x in numbers.items()},
                memory=buffer.memory[races],
                begins=buffer.begins[:, races],
                rows=rows,
            )
        return
    rows = buffer.valid.flatten().nonzero()[:, 0]
    flat = {name: x.flatten(0, 1) for name, x in buffer.seen.items()}
    order = rows[torch.randperm(len(rows), device=device)]
    if equal and len(order):
        order = _filled(order, steps * envs)
    for chosen in _shares(order, count, equal=equal):
        yield Minibatch(
            {name: x.index_select(0, chosen) for name, x in flat.items()},
            **{name: x.flatten(0, 1).index_select(0, chosen) for name, x in numbers.items()},
        )


def _shares(order: Tensor, count: int, *, equal: bool) -> Iterator[Tensor]:
    """Return the parts of an order, none empty; if equal, what is left over is left out."""
    size, over = divmod(len(order), count)
    if equal and size:
        order = order[: len(order) - over]
    return (share for share in order.tensor_split(count) if len(share))


def _filled(rows: Tensor, size: int) -> Tensor:
    """Return rows from the beginning again until there are so many."""
    return rows.repeat(-(-size // len(rows)))[:size]
