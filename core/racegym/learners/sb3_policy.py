"""What a policy of stable-baselines3 does when it predicts, as one network for ONNX."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.preprocessing import is_image_space, is_image_space_channels_first
from stable_baselines3.common.vec_env import VecNormalize, VecTransposeImage

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

__all__ = ["Predictor", "to_onnx", "turned"]

EXAMPLES = 2  # cars that the network is traced with; the exporter takes 1 for a constant


class Predictor(torch.nn.Module):
    """``model.predict(observation, deterministic=True)`` on tensors.

    Args:
        model: its policy is copied, to the CPU.
        names: of the sensors, for an observation by name; empty for one box.
        turned: for each sensor, or for the only box, whether it gives pictures whose channels
            the policy takes first.
    """

    def __init__(self, model: BaseAlgorithm, names: tuple[str, ...], turned: tuple[bool, ...]):
        super().__init__()
        self._turned = turned
        self.policy = _copy(model.policy)
        self.policy.set_training_mode(False)
        self._names = names
        self._statistics = _statistics(model.get_vec_normalize_env(), names)
        space = model.action_space
        self._bounds = (
            (torch.as_tensor(space.low), torch.as_tensor(space.high))
            if isinstance(space, spaces.Box)
            else None
        )

    def forward(self, *observations: torch.Tensor) -> torch.Tensor:
        """Return the actions of many cars; one tensor for each sensor, led by cars."""
        told = [
            part if moments is None else moments(part)
            for part, moments in zip(observations, self._statistics, strict=True)
        ]
        told = [
            part.permute(0, 3, 1, 2) if turn else part
            for part, turn in zip(told, self._turned, strict=True)
        ]
        whole: Any = dict(zip(self._names, told, strict=True)) if self._names else told[0]
        actions = self.policy._predict(whole, deterministic=True)
        if self._bounds is None:
            return actions
        low, high = self._bounds
        if self.policy.squash_output:
            return low + 0.5 * (actions + 1.0) * (high - low)
        return torch.clamp(actions, low, high)


def _copy(policy: BasePolicy) -> BasePolicy:
    """Return a policy of the same weights on the CPU; one that has learned can't be deep-copied."""
    saved = io.BytesIO()
    policy.save(saved)  # type: ignore[arg-type]  # what torch.save takes
    saved.seek(0)
    return type(policy).load(saved, device="cpu")  # type: ignore[arg-type]


class _Moments:
    """What ``VecNormalize`` does to an observation, in its own precision."""

    def __init__(self, mean: Any, variance: Any, epsilon: float, clip: float):
        self._mean = torch.as_tensor(np.asarray(mean, np.float64))
        self._scale = torch.as_tensor(np.sqrt(np.asarray(variance, np.float64) + epsilon))
        self._clip = clip

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        normal = (values.double() - self._mean) / self._scale
        return torch.clamp(normal, -self._clip, self._clip).float()


def _statistics(normaliser: VecNormalize | None, names: tuple[str, ...]) -> list[_Moments | None]:
    """Return for each sensor, or for the only box, how it is normalised."""
    if normaliser is None or not normaliser.norm_obs:
        return [None] * max(1, len(names))
    epsilon, clip = normaliser.epsilon, normaliser.clip_obs
    if not names:
        seen: Any = normaliser.obs_rms
        return [_Moments(seen.mean, seen.var, epsilon, clip)]
    chosen = set(normaliser.norm_obs_keys or ())
    by_name: Any = normaliser.obs_rms
    return [
        _Moments(by_name[name].mean, by_name[name].var, epsilon, clip) if name in chosen else None
        for name in names
    ]


def to_onnx(model: BaseAlgorithm, space: spaces.Space[Any]) -> Any:
    """Return a model's policy as an ``onnx.ModelProto``, for any number of cars.

    Args:
        model: of stable-baselines3.
        space: of one car's observation; an observation by name becomes an input a sensor. It is
            the model's, but for pictures whose channels stand last and the model takes first.
    """
    boxes = dict(space.spaces) if isinstance(space, spaces.Dict) else {"observation": space}
    names = tuple(boxes) if isinstance(space, spaces.Dict) else ()
    seen = model.observation_space
    taken = seen.spaces if isinstance(seen, spaces.Dict) else {"observation": seen}
    turns = tuple(taken[name].shape != box.shape for name, box in boxes.items())
    examples = tuple(
        torch.as_tensor(np.zeros((EXAMPLES, *box.shape), box.dtype))  # type: ignore[misc]
        for box in boxes.values()
    )
    free = tuple({0: torch.export.Dim.DYNAMIC} for _ in boxes)
    with _quiet():
        program = torch.onnx.export(
            Predictor(model, names, turns).eval(),
            examples,
            input_names=list(boxes),
            output_names=["action"],
            dynamic_shapes=(free,),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's chatter to itself, and distributions from looking at their values."""
    logger, distribution = logging.getLogger("torch.onnx"), torch.distributions.Distribution
    level, checks = logger.level, distribution._validate_args
    logger.setLevel(logging.ERROR)
    distribution.set_default_validate_args(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        distribution.set_default_validate_args(checks)


def turned(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """Return a space with the channels of its pictures first, as stable-baselines3 turns them."""
    if isinstance(space, spaces.Dict):
        return spaces.Dict({name: turned(box) for name, box in space.items()})
    if not isinstance(space, spaces.Box) or not is_image_space(space):
        return space
    return (
        space if is_image_space_channels_first(space) else VecTransposeImage.transpose_space(space)
    )
