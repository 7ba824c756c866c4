"""How the trainer ``sb3_ppo`` learns: a model of stable-baselines3 on a native batch."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

from racegym.envs import RaceVectorEnv
from racegym.errors import ScenarioError
from racegym.learners.onnx import export_onnx
from racegym.learners.sb3 import RaceVecEnv

if TYPE_CHECKING:
    from racegym.interfaces import Progress
    from racegym.learners.sb3_ppo import StableBaselinesPPO
    from racegym.scenario import Scenario

__all__ = ["learn"]

NAME = "last.onnx"
SMALLEST = 36  # [pixels] a side that is left of by their three convolutions
KEY = "racegym_sb3_ppo"  # of what a resume needs, in the file's metadata
LOSSES = {  # names of CleanRL for theirs
    "losses/policy_loss": "train/policy_gradient_loss",
    "losses/value_loss": "train/value_loss",
    "losses/entropy": "train/entropy_loss",
    "losses/approx_kl": "train/approx_kl",
    "losses/clipfrac": "train/clip_fraction",
    "losses/explained_variance": "train/explained_variance",
}


def learn(
    given: StableBaselinesPPO.Options,
    scenario: Scenario,
    checkpoint: Path | None,
    progress: Progress,
) -> None:
    """Learn until the steps are done, or somebody wants it to end.

    Raises:
        ScenarioError: its pictures are too small, or the checkpoint does not fit.
    """
    races = RaceVectorEnv(scenario, given.n_envs)
    try:
        pictures = _pictures(races)
        seed = scenario.seed % 2**31
        begun = None if checkpoint is None else _read(checkpoint)
        steps = 0 if begun is None else int(begun["steps"])
        envs: VecEnv = VecMonitor(RaceVecEnv(races))
        if given.normalize:
            envs = _normalised(envs, pictures, given.gamma)
        model = PPO(
            _policy(envs.observation_space, pictures),
            envs,
            seed=(seed + steps) % 2**31,
            **given.model_dump(
                include={
                    "n_steps", "batch_size", "n_epochs", "learning_rate", "gamma", "gae_lambda",
                    "clip_range", "ent_coef", "vf_coef", "max_grad_norm", "device",
                }
            ),
        )  # fmt: skip
        model.set_logger(configure(None, []))
        if begun is not None:
            assert checkpoint is not None
            _restore(model, begun, checkpoint)
        if steps < given.steps:
            told = _Told(model, races, given.steps, progress)
            model.learn(
                given.steps - steps, callback=told, log_interval=None,  # type: ignore[arg-type]
                reset_num_timesteps=False,
            )  # fmt: skip
            told.tell()
        if progress.checkpoint_due(model.num_timesteps):
            _save(model, races, progress)
    finally:
        races.close()


def _pictures(races: RaceVectorEnv) -> list[str]:
    """Return the sensors that give pictures, for stable-baselines3's convolutions.

    Raises:
        ScenarioError: one is too small for them.
    """
    space = races.single_observation_space
    boxes = space.spaces if isinstance(space, spaces.Dict) else {"observation": space}
    found = [name for name, box in boxes.items() if is_image_space(box)]
    for name in found:
        _, *sides = sorted(boxes[name].shape or ())  # channels may stand first or last
        if sides[0] < SMALLEST:
            raise ScenarioError(
                f"{name!r} gives pictures with a side of {sides[0]}, and the network of 'sb3_ppo' "
                f"needs {SMALLEST} pixels; make them larger",
                file=races.scenario.file,
            )
    return found


def _policy(space: spaces.Space[Any], pictures: list[str]) -> str:
    if isinstance(space, spaces.Dict):
        return "MultiInputPolicy"
    return "CnnPolicy" if pictures else "MlpPolicy"


def _normalised(envs: VecEnv, pictures: list[str], gamma: float) -> VecNormalize:
    """Return the races with numbers and rewards normalised; pictures are scaled by the policy."""
    space = envs.observation_space
    if not isinstance(space, spaces.Dict):
        return VecNormalize(envs, gamma=gamma, norm_obs=not pictures)
    numbers = [name for name in space.spaces if name not in pictures]
    return VecNormalize(envs, gamma=gamma, norm_obs=bool(numbers), norm_obs_keys=numbers or None)


class _Told(BaseCallback):
    """Tells after each rollout how it goes, and writes checkpoints when they are due."""

    def __init__(self, model: PPO, races: RaceVectorEnv, total: int, progress: Progress):
        super().__init__()
        self._learned, self._races, self._total, self._progress = model, races, total, progress
        self._begun, self._since, self._before = model.num_timesteps, perf_counter(), -1

    def _on_step(self) -> bool:
        return not self._progress.stop_asked

    def _on_rollout_start(self) -> None:
        if self._learned.num_timesteps > self._begun:
            self.tell()
            if self._progress.checkpoint_due(self._learned.num_timesteps):
                _save(self._learned, self._races, self._progress)

    def tell(self) -> None:
        """Tell the figures, if there are new ones."""
        model = self._learned
        steps = model.num_timesteps
        if steps == self._before:
            return
        self._before = steps
        figures = {
            "charts/SPS": (steps - self._begun) / (perf_counter() - self._since),
            "charts/learning_rate": float(model.learning_rate),  # type: ignore[arg-type]
        }
        if model.ep_info_buffer:
            for name, key in (("episodic_return", "r"), ("episodic_length", "l")):
                values = [info[key] for info in model.ep_info_buffer]
                figures[f"charts/{name}"] = float(np.mean(values))
        known = model.logger.name_to_value
        figures |= {name: float(known[key]) for name, key in LOSSES.items() if key in known}
        self._progress.update(steps, self._total, **figures)


def _save(model: PPO, races: RaceVectorEnv, progress: Progress) -> None:
    state: dict[str, Any] = {
        "steps": model.num_timesteps,
        "policy": model.policy.state_dict(),
        "optimizer": model.policy.optimizer.state_dict(),
        "moments": {name: _moments(seen) for name, seen in _normalisers(model).items()},
    }
    kept = io.BytesIO()
    torch.save(state, kept)
    with progress.checkpoint(NAME) as file:
        export_onnx(model, races, file)
        proto = onnx.load(file)
        entry = proto.metadata_props.add()
        entry.key, entry.value = KEY, base64.b64encode(kept.getvalue()).decode("ascii")
        onnx.save(proto, file)


def _normalisers(model: PPO) -> dict[str, RunningMeanStd]:
    found = model.get_vec_normalize_env()
    if found is None:
        return {}
    seen: Any = found.obs_rms if found.norm_obs else {}
    by_name = seen if isinstance(seen, dict) else {"": seen}
    told = {f"observation.{name}": moments for name, moments in by_name.items()}
    return {**told, "return": found.ret_rms}


def _moments(seen: RunningMeanStd) -> dict[str, Any]:
    return {
        "mean": torch.as_tensor(np.asarray(seen.mean, np.float64)),
        "var": torch.as_tensor(np.asarray(seen.var, np.float64)),
        "count": float(seen.count),
    }


def _read(checkpoint: Path) -> dict[str, Any]:
    """Return what a checkpoint holds; no code in it is run.

    Raises:
        ScenarioError: it is no checkpoint of this trainer.
    """
    try:
        proto = onnx.load(checkpoint)
        text = next(entry.value for entry in proto.metadata_props if entry.key == KEY)
        state = torch.load(io.BytesIO(base64.b64decode(text)), weights_only=True)
        if not isinstance(state, dict) or not {"steps", "policy", "optimizer"} <= state.keys():
            raise ValueError("it lacks a part")
    except StopIteration:
        raise ScenarioError("is no checkpoint of 'sb3_ppo'", file=checkpoint) from None
    except Exception as error:  # whatever a damaged file makes onnx and torch raise
        raise ScenarioError(f"is damaged, or no checkpoint: {error}", file=checkpoint) from error
    return state


def _restore(model: PPO, state: dict[str, Any], checkpoint: Path) -> None:
    """Bring a model to where a checkpoint was written.

    Raises:
        ScenarioError: it is of other sensors, another action map or other settings.
    """
    try:
        model.policy.load_state_dict(state["policy"])
        model.policy.optimizer.load_state_dict(state["optimizer"])
        for name, seen in _normalisers(model).items():
            kept = state["moments"][name]
            seen.mean, seen.var = kept["mean"].numpy(), kept["var"].numpy()
            seen.count = kept["count"]
    except (KeyError, RuntimeError, ValueError) as error:
        raise ScenarioError(
            f"does not fit this scenario or these settings: {error}", file=checkpoint
        ) from error
    model.num_timesteps = int(state["steps"])
