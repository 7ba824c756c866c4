"""The driver that drives with what one of the trainers has learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field

from racegym.drivers.holding import HeldDecisions
from racegym.envs import PolicyNote
from racegym.errors import ScenarioError
from racegym.interfaces import Array, Cars, Control, Driver, Setup, StageOptions, View, options
from racegym_cleanrl.checkpoint import AGENT, SUFFIX, Checkpoint, Head, read_head
from racegym_cleanrl.networks import Layout, tensors_of
from racegym_cleanrl.policies import policy_network

__all__ = ["Learned", "note_of"]

WHAT = "driver 'cleanrl'"


class Learned(Driver):
    """Drives with a checkpoint of any trainer of racegym-cleanrl, without chance.

    It is told what the policy was told when it learned, and all its cars are asked at once.
    """

    policy_suffixes: ClassVar[tuple[str, ...]] = (SUFFIX,)

    class Options(StageOptions):
        """Settings of the driver."""

        file: Path = Field(description="a checkpoint")
        any_dt: bool = Field(
            False, description="drive also at another control interval than it learned with"
        )
        code: bool = Field(
            False, description="run code that the policy names, such as a sensor in a file"
        )

    @classmethod
    def declared_for(cls, options_given: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the sensors and the action map that the policy learned with."""
        given = options.read(cls.Options, options_given, WHAT)
        note = note_of(read_head(given.file), given.file)
        return note.observation, note.action

    @classmethod
    def told_by(cls, options_given: Mapping[str, Any]) -> Mapping[str, str | int]:
        """Return the algorithm of the checkpoint, and from how many steps it learned."""
        head = read_head(options.read(cls.Options, options_given, WHAT).file)
        return {"algorithm": head.algorithm, "steps": head.steps}

    def __init__(self, setup: Setup):
        super().__init__(setup)
        given = options.read(self.Options, setup.options, WHAT)
        checkpoint = Checkpoint.read(given.file, only=AGENT)
        note = note_of(checkpoint.head, given.file)
        if note.dt is not None and not given.any_dt and abs(note.dt - setup.view.dt) > 1e-9:
            raise ScenarioError(
                f"{WHAT}: the policy learned at a dt of {note.dt:g} s, and this scenario has "
                f"{setup.view.dt:g} s; write dt: {note.dt:g}, or give the driver any_dt: true",
                file=given.file,
            )
        assert setup.action_map is not None and setup.observation_space is not None
        self._file = given.file
        self._network = policy_network(checkpoint, given.file)
        _check_told(checkpoint.head, Layout.of(setup.observation_space), given.file)
        self._dtype = setup.action_map.space.dtype
        self._shape = setup.action_map.space.shape or ()
        self._held = HeldDecisions(setup, note.action_repeat)
        size = int(getattr(self._network, "memory_size", 0))
        self._memory: Array | None = None
        if size:
            kept = setup.arrays.new("memory", (setup.view.n_cars, size), "float32")
            self._memory = kept.reshape(-1, size)

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the control of ``cars``.

        Raises:
            ScenarioError: the policy gives numbers that are not finite, or of another shape
                than its action map takes.
        """
        self._held.apply(view, cars, observations, control, self._decide)

    @torch.inference_mode()
    def _decide(self, cars: Cars, observations: Any) -> Array:
        told = tensors_of(observations)
        if self._memory is None:
            actions = self._network(told).numpy()
        else:
            driven, memory = self._network.drive(told, torch.from_numpy(self._memory[cars]))  # type: ignore[operator]
            actions = driven.numpy()
            self._memory[cars] = memory.numpy()
        if actions.shape[1:] != self._shape:
            raise ScenarioError(
                f"{WHAT}: the policy gives actions of the shape {actions.shape[1:]}, and its "
                f"action map takes {self._shape}",
                file=self._file,
            )
        if not np.isfinite(actions).all():
            raise ScenarioError(f"{WHAT}: the policy gives actions of NaN", file=self._file)
        found: Array = actions.astype(self._dtype)
        return found


def _check_told(head: Head, here: Layout, file: Path) -> None:
    """Refuse a policy whose sensors give something else here than where it learned."""
    learned = Layout.from_plain(head.network["layout"])
    for name in dict.fromkeys([*learned.shapes, *here.shapes]):
        before, now = learned.shapes.get(name), here.shapes.get(name)
        if before != now:
            raise ScenarioError(
                f"{WHAT}: {name!r} is {now or 'not there'} here and was {before or 'not there'} "
                "where the policy learned; its sensors are others than they were",
                file=file,
            )


def note_of(head: Head, file: Path) -> PolicyNote:
    """Return what a policy is told, and how its actions are read.

    Raises:
        ScenarioError: it learned on somebody else's environment.
    """
    if head.note is None:
        raise ScenarioError(
            "holds a policy that learned on an environment that is none of racegym's", file=file
        )
    return head.note
