"""The driver that drives with what one of the trainers has learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field

from racegym.errors import ScenarioError
from racegym.interfaces import Cars, Control, Driver, Setup, StageOptions, View, options
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint, Head
from racegym_cleanrl.networks import tensors_of
from racegym_cleanrl.policies import policy_network

__all__ = ["Learned"]

WHAT = "driver 'cleanrl'"


class Learned(Driver):
    """Drives with a checkpoint of any trainer of racegym-cleanrl, without chance.

    It is told what the policy was told when it learned, and all its cars are asked at once.
    """

    policy_suffixes: ClassVar[tuple[str, ...]] = (SUFFIX,)

    class Options(StageOptions):
        """Settings of the driver."""

        file: Path = Field(description="a checkpoint")

    @classmethod
    def declared_for(cls, options_given: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the sensors and the action map that the policy learned with."""
        given = options.read(cls.Options, options_given, WHAT)
        note = _note(Checkpoint.read(given.file).head, given.file)
        return note.observation, note.action

    def __init__(self, setup: Setup):
        super().__init__(setup)
        given = options.read(self.Options, setup.options, WHAT)
        checkpoint = Checkpoint.read(given.file)
        note = _note(checkpoint.head, given.file)
        if note.dt is not None and abs(note.dt - setup.view.dt) > 1e-9:
            raise ScenarioError(
                f"{WHAT}: the policy learned at a dt of {note.dt:g} s, and this scenario has "
                f"{setup.view.dt:g} s; write dt: {note.dt:g}",
                file=given.file,
            )
        assert setup.action_map is not None  # it is declared above
        self._map = setup.action_map
        self._dtype = setup.action_map.space.dtype
        self._network = policy_network(checkpoint, given.file)

    @torch.inference_mode()
    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the control of ``cars``."""
        actions = self._network(tensors_of(observations)).numpy().astype(self._dtype)
        self._map.apply(actions, cars, control)


def _note(head: Head, file: Path) -> Any:
    if head.note is None:
        raise ScenarioError(
            "holds a policy that learned on an environment that is none of racegym's", file=file
        )
    return head.note
