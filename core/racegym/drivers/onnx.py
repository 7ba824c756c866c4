"""A learned policy that drives, from an ONNX file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.drivers.holding import HeldDecisions
from racegym.drivers.policy_file import Policy, read_policy
from racegym.errors import ScenarioError
from racegym.interfaces import (
    Array,
    Cars,
    Control,
    Driver,
    Setup,
    StageOptions,
    View,
    options,
)

__all__ = ["Onnx"]

WHAT = "driver 'onnx'"
MEMORY, NEXT_MEMORY = "memory", "next_memory"  # input and output of a policy that has one
DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}
NUMBERS = ("tensor(float)", "tensor(double)")  # types of actions of a box
CHOICES = ("tensor(int64)", "tensor(int32)")  # and of those that are counted
LONGEST = 100  # [characters] of what the file calls its algorithm


class Onnx(Driver):
    """Asks a policy in an ONNX file, in one call for all its cars that have to decide.

    Every car decides each step, or as seldom as the policy has learned to (``action_repeat``).

    The file says which sensors the policy is told and which action map reads its actions;
    see ``racegym.drivers.policy_file``. A policy with a memory takes it as the input ``memory``
    and gives it back as the output ``next_memory``; each car has its own, zeros when a race
    begins. What it does is a function of what it is told, on
    one thread, without a draw.
    """

    policy_suffixes: ClassVar[tuple[str, ...]] = (".onnx",)

    class Options(StageOptions):
        """Settings of the driver."""

        file: Path = Field(description="the policy, written by racegym.learners.export_onnx")
        any_dt: bool = Field(
            False, description="drive also at another control interval than it learned with"
        )
        code: bool = Field(
            False, description="run code that the policy names, such as a sensor in a file"
        )

    @classmethod
    def declared_for(cls, options_given: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the sensors and the action map that the file asks for."""
        note = read_policy(options.read(cls.Options, options_given, WHAT).file).note
        return note.observation, note.action

    @classmethod
    def told_by(cls, options_given: Mapping[str, Any]) -> Mapping[str, str | int]:
        """Return what the file's metadata say beside the note."""
        policy = read_policy(options.read(cls.Options, options_given, WHAT).file)
        told = policy.session.get_modelmeta().custom_metadata_map
        found: dict[str, str | int] = {}
        if "algorithm" in told:
            found["algorithm"] = str(told["algorithm"])[:LONGEST]
        if re.fullmatch("[0-9]{1,18}", told.get("steps", "")):
            found["steps"] = int(told["steps"])
        return found

    def __init__(self, setup: Setup):
        super().__init__(setup)
        given = options.read(self.Options, setup.options, WHAT)
        policy = read_policy(given.file)
        learned = policy.note.dt
        if learned is not None and not given.any_dt and abs(learned - setup.view.dt) > 1e-9:
            raise ScenarioError(
                f"{WHAT}: the policy {policy.file} learned at a dt of {learned:g} s, and this "
                f"scenario has {setup.view.dt:g} s; write dt: {learned:g}, or give the driver "
                "any_dt: true"
            )
        assert setup.observation_space is not None and setup.action_map is not None
        self._policy = policy
        self._inputs = _inputs(policy, setup.observation_space)
        space = setup.action_map.space
        self._outputs, self._shape = [_output(policy, space)], space.shape or ()
        self._memory: Array | None = None
        size = _memory_size(policy)
        if size:
            kept = setup.arrays.new(MEMORY, (setup.view.n_cars, size), "float32")
            self._memory = kept.reshape(-1, size)
            self._outputs.append(NEXT_MEMORY)
        self._held = HeldDecisions(setup, policy.note.action_repeat)

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the control of ``cars``.

        Raises:
            ScenarioError: the policy gives numbers that are not finite, or others than its
                outputs say, or fails.
        """
        self._held.apply(view, cars, observations, control, self._decide)

    def _decide(self, cars: Cars, observations: Any) -> Array:
        told = observations if isinstance(observations, dict) else {"": observations}
        feeds: dict[str, Array] = {
            name: np.ascontiguousarray(told[sensor], dtype)
            for sensor, (name, dtype) in self._inputs.items()
        }
        if self._memory is not None:
            feeds[MEMORY] = self._memory[cars]
        try:
            actions, *memory = self._policy.session.run(self._outputs, feeds)
        except Exception as error:  # its exceptions share no base of their own
            reason = " ".join(str(error).split())
            raise ScenarioError(
                f"{WHAT}: the policy can't be asked: {reason}", file=self._policy.file
            ) from error
        self._check(actions, (len(cars), *self._shape), "actions")
        if self._memory is not None:
            self._check(memory[0], (len(cars), self._memory.shape[1]), "memories")
            self._memory[cars] = memory[0]
        found: Array = actions
        return found

    def _check(self, found: Array, shape: tuple[int, ...], what: str) -> None:
        if found.shape != shape:
            raise ScenarioError(
                f"{WHAT}: the policy gives {what} of the shape {found.shape} for {shape[0]} cars; "
                f"it should be {shape}",
                file=self._policy.file,
            )
        if not np.isfinite(found).all():
            raise ScenarioError(f"{WHAT}: the policy gives {what} of NaN", file=self._policy.file)


def _inputs(policy: Policy, space: spaces.Space[Any]) -> dict[str, tuple[str, type]]:
    """Return for each sensor, or for "" as the only box, the input that takes it and its dtype.

    Raises:
        ScenarioError: the file's inputs are others than the observation.
    """
    boxes = dict(space.spaces) if isinstance(space, spaces.Dict) else {"": space}
    entries = policy.session.get_inputs()
    inputs = {entry.name: entry for entry in entries if entry.name != MEMORY}
    if "" in boxes and len(inputs) == 1:
        inputs = {"": next(iter(inputs.values()))}
    if inputs.keys() != boxes.keys():
        wanted = ", ".join(map(repr, boxes)) if "" not in boxes else "one"
        raise ScenarioError(
            f"{WHAT}: the policy takes the inputs {', '.join(map(repr, inputs))}, and its "
            f"observation gives {wanted}",
            file=policy.file,
        )
    for sensor, box in boxes.items():
        what = f"its input {inputs[sensor].name!r}"
        _check_shape(policy, what, inputs[sensor].shape, box.shape or (), "its sensors give")
        if inputs[sensor].type not in DTYPES:
            raise ScenarioError(
                f"{WHAT}: {what} is {inputs[sensor].type}; it should be one of {', '.join(DTYPES)}",
                file=policy.file,
            )
    return {sensor: (entry.name, DTYPES[entry.type]) for sensor, entry in inputs.items()}


def _output(policy: Policy, space: spaces.Space[Any]) -> str:
    """Return the name of the output that holds the actions, its first.

    Raises:
        ScenarioError: its shape or its type is another than the action map takes.
    """
    first = next(iter(policy.session.get_outputs()), None)
    if first is None:
        raise ScenarioError(f"{WHAT}: the policy has no output", file=policy.file)
    what = f"its output {first.name!r}"
    _check_shape(policy, what, first.shape, space.shape or (), "its action map takes")
    types = NUMBERS if isinstance(space, spaces.Box) else CHOICES
    if first.type not in types:
        raise ScenarioError(
            f"{WHAT}: {what} is {first.type}, and its action map takes {' or '.join(types)}",
            file=policy.file,
        )
    return str(first.name)


def _memory_size(policy: Policy) -> int:
    """Return how many numbers the policy keeps in mind from one decision to the next.

    Raises:
        ScenarioError: what it keeps is not what it takes.
    """
    taken = [entry for entry in policy.session.get_inputs() if entry.name == MEMORY]
    if not taken:
        return 0
    given = [entry for entry in policy.session.get_outputs() if entry.name == NEXT_MEMORY]
    size = taken[0].shape[-1] if len(taken[0].shape) == 2 else None
    if not given or not isinstance(size, int) or size < 1:
        raise ScenarioError(
            f"{WHAT}: the input {MEMORY!r} has the shape {taken[0].shape}; a policy with a memory "
            f"takes (cars, numbers) and gives as many as its output {NEXT_MEMORY!r}",
            file=policy.file,
        )
    if {taken[0].type, given[0].type} != {"tensor(float)"}:
        raise ScenarioError(
            f"{WHAT}: the memory is {taken[0].type} and becomes {given[0].type}; it should be "
            "tensor(float)",
            file=policy.file,
        )
    _check_shape(policy, f"its output {NEXT_MEMORY!r}", given[0].shape, (size,), "its memory has")
    return size


def _check_shape(
    policy: Policy, what: str, found: list[Any], wanted: tuple[int, ...], why: str
) -> None:
    """Refuse a shape that is not (any number of cars, *wanted)."""
    if len(found) == 0 or isinstance(found[0], int):
        raise ScenarioError(
            f"{WHAT}: {what} has the shape {found}, for a fixed number of cars; export it with "
            "a free first axis",
            file=policy.file,
        )
    # An axis without a number is one that the exporter left open.
    open_axes = [size for size in found[1:] if not isinstance(size, int)]
    if len(found) - 1 != len(wanted) or (not open_axes and tuple(found[1:]) != wanted):
        raise ScenarioError(
            f"{WHAT}: {what} has the shape {tuple(found[1:])} for a car, and {why} {wanted}",
            file=policy.file,
        )
