"""A policy of stable-baselines3 written as an ONNX file, for the driver ``onnx``."""

from __future__ import annotations

import importlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymnasium import spaces

from racegym.drivers.policy_file import PolicyNote, model_bytes
from racegym.envs import RaceEnv, policy_note
from racegym.envs.agent import ScenarioLike
from racegym.errors import MissingLibraryError, RunError, ScenarioError
from racegym.scenario import Scenario
from racegym.world import World

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

__all__ = ["export_onnx"]

LIBRARIES = ("stable_baselines3", "torch", "onnx", "onnxscript")


def export_onnx(model: BaseAlgorithm, source: Any, path: str | Path) -> Path:
    """Write a model's policy as an ONNX file that the driver ``onnx`` drives with.

    The policy acts as ``model.predict(..., deterministic=True)`` does. Observations are those
    of the environment itself: what a ``VecNormalize`` around it has learned goes into the
    file. The file also says what the policy is told, so nothing has to be repeated in a
    scenario: ``driver: {name: onnx, file: policy.onnx}``.

    Args:
        model: a model of stable-baselines3.
        source: what it learned on: an environment of racegym, single or batched, or the
            scenario, its file or its name.
        path: of the file; its folder must exist. It is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        MissingLibraryError: a library is missing; says how to install it.
        ScenarioError: the model's spaces are not those of ``source``.
        RunError: the file can't be written.
    """
    _check_libraries()
    from racegym.learners.sb3_policy import to_onnx, turned

    task = _task(source)
    for what, has, wanted in (
        ("observation", model.observation_space, task.observation_space),
        ("action", model.action_space, task.action_space),
    ):
        if has != wanted and has != turned(wanted):
            raise ScenarioError(
                f"the model's {what} space is {_shown(has)}, and that of the environment is "
                f"{_shown(wanted)}{' with other bounds' * (_shown(has) == _shown(wanted))}; "
                "frame stacks and other wrappers can't be exported"
            )
    proto = to_onnx(model, task.observation_space)
    file = Path(path)
    _write(file, model_bytes(proto, task.note))
    return file


def _shown(space: spaces.Space[Any]) -> str:
    if isinstance(space, spaces.Dict):
        return "{" + ", ".join(f"{name}: {_shown(box)}" for name, box in space.items()) + "}"
    return f"{space.dtype} {space.shape}" if isinstance(space, spaces.Box) else repr(space)


def _check_libraries() -> None:
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise MissingLibraryError(
                f"export_onnx needs {', '.join(LIBRARIES)}, and there is no module "
                f"{error.name!r}; install it: pip install {str(error.name).replace('_', '-')}"
            ) from error


@dataclass(frozen=True)
class _Task:
    """What a policy learned on."""

    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    note: PolicyNote


def _task(source: Any) -> _Task:
    """Return what an environment or a scenario is about."""
    if hasattr(source, "get_attr") and hasattr(source, "env_method"):  # a VecEnv of SB3
        return _describe(source.get_attr("scenario")[0], source.get_attr("world")[0])
    found = getattr(source, "unwrapped", source)
    if isinstance(getattr(found, "world", None), World):
        return _describe(found.scenario, found.world)
    scenario: ScenarioLike = source
    env = RaceEnv(scenario)
    try:
        return _describe(env.scenario, env.world)
    finally:
        env.close()


def _describe(scenario: Scenario, world: World) -> _Task:
    group = world.groups[0]
    return _Task(group.observation_space, group.action_space, policy_note(scenario, world))


def _write(file: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that it is whole or absent."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as error:
        raise RunError(f"the policy can't be written: {error}", file=file) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
