"""A learned policy that drives, from an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pydantic import Field

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
DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}


class Onnx(Driver):
    """Asks a policy in an ONNX file, in one call for all its cars that have to decide.

    Every car decides each step, or as seldom as the policy has learned to (``action_repeat``).

    The file says which sensors the policy is told and which action map reads its actions;
    see ``racegym.drivers.policy_file``. What it does is a function of what it is told, on
    one thread, without a draw.
    """

    policy_suffixes: ClassVar[tuple[str, ...]] = (".onnx",)

    class Options(StageOptions):
        """Settings of the driver."""

        file: Path = Field(description="the policy, written by racegym.learners.export_onnx")
        any_dt: bool = Field(
            False, description="drive also at another control interval than it learned with"
        )

    @classmethod
    def declared_for(cls, options_given: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the sensors and the action map that the file asks for."""
        note = read_policy(options.read(cls.Options, options_given, WHAT).file).note
        return note.observation, note.action

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
        self._map = setup.action_map
        self._inputs = _inputs(policy, setup.observation_space)
        space = setup.action_map.space
        self._output = _output(policy, space)
        self._repeat, self._n_cars = policy.note.action_repeat, setup.view.n_cars
        if self._repeat > 1:
            shape = (setup.view.n_cars, *(space.shape or ()))
            held = setup.arrays.new("held", shape, space.dtype)
            self._held = held.reshape((-1, *shape[1:]))
            self._holds = setup.arrays.new("holds", shape[:1], "bool").reshape(-1)

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the control of ``cars``.

        Raises:
            ScenarioError: the policy gives numbers that are not finite.
        """
        if self._repeat > 1:
            due = view.race.step[cars // self._n_cars] % self._repeat == 0
            rows = np.flatnonzero(due | ~self._holds[cars])
            if len(rows):
                self._held[cars[rows]] = self._decide(_rows(observations, rows))
                self._holds[cars[rows]] = True
            self._map.apply(self._held[cars], cars, control)
        else:
            self._map.apply(self._decide(observations), cars, control)

    def _decide(self, observations: Any) -> Array:
        told = observations if isinstance(observations, dict) else {"": observations}
        feeds: dict[str, Array] = {
            name: np.ascontiguousarray(told[sensor], dtype)
            for sensor, (name, dtype) in self._inputs.items()
        }
        actions: Array = self._policy.session.run([self._output], feeds)[0]
        if not np.isfinite(actions).all():
            raise ScenarioError(f"{WHAT}: the policy {self._policy.file} gives actions of NaN")
        return actions


def _rows(observations: Any, rows: Array) -> Any:
    if isinstance(observations, dict):
        return {name: part[rows] for name, part in observations.items()}
    return observations[rows]


def _inputs(policy: Policy, space: spaces.Space[Any]) -> dict[str, tuple[str, type]]:
    """Return for each sensor, or for "" as the only box, the input that takes it and its dtype.

    Raises:
        ScenarioError: the file's inputs are others than the observation.
    """
    boxes = dict(space.spaces) if isinstance(space, spaces.Dict) else {"": space}
    inputs = {entry.name: entry for entry in policy.session.get_inputs()}
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
        ScenarioError: its shape is another than the action map takes.
    """
    first = policy.session.get_outputs()[0]
    what = f"its output {first.name!r}"
    _check_shape(policy, what, first.shape, space.shape or (), "its action map takes")
    return str(first.name)


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
