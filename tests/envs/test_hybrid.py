"""Pictures and numbers told together: spaces, batches, Gymnasium's own checker, and learning."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

import racegym

HYBRID = {"vision": "camera", "telemetry": "telemetry"}
OPTIONS: dict[str, Any] = {
    "vision": {"name": "camera", "width": 20, "height": 16, "stack": 2},
    "telemetry": "telemetry",
    "near": {"name": "rays", "preset": "five", "delay": 1},
}
FORMS: dict[str, Any] = {
    "by name": HYBRID,
    "joined": {**OPTIONS, "flatten": True},
    "stacked, channels first": {
        "vision": {"name": "topdown", "gray": True, "stack": 4, "channels_first": True},
        "self": {"name": "state", "stack": 3},
        "road": "track_points",
        "flatten": True,
    },
    "a picture alone": {"name": "camera", "stack": 4, "channels_first": True},
}


def test_the_space_of_a_hybrid(short_episodes: dict[str, Any]) -> None:
    env = racegym.make({**short_episodes, "observation": HYBRID})
    assert isinstance(env.observation_space, spaces.Dict)
    assert set(env.observation_space) == {"vision", "telemetry"}
    assert env.observation_space["vision"] == spaces.Box(0, 255, (84, 84, 3), np.uint8)
    assert env.observation_space["telemetry"] == spaces.Box(-10, 10, (9,), np.float32)
    env.close()


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_gymnasium_finds_nothing_wrong(short_episodes: dict[str, Any], form: Any) -> None:
    env = gymnasium.make("racegym/Race-v1", scenario={**short_episodes, "observation": form})
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_joined_values_are_those_of_each_sensor(short_episodes: dict[str, Any]) -> None:
    apart = racegym.make({**short_episodes, "observation": OPTIONS})
    joined = racegym.make({**short_episodes, "observation": {**OPTIONS, "flatten": True}})
    told, same = apart.reset(seed=3)[0], joined.reset(seed=3)[0]
    for _ in range(20):
        assert set(same) == {"vision", "vector"}
        np.testing.assert_array_equal(same["vision"], told["vision"])
        whole = np.concatenate([told["telemetry"], told["near"]])
        np.testing.assert_array_equal(same["vector"], whole)
        action = np.array([0.2, 0.6], np.float32)
        told, same = apart.step(action)[0], joined.step(action)[0]
    apart.close()
    joined.close()


@pytest.mark.parametrize("form", ["joined", "stacked, channels first"])
def test_a_batch_is_its_single_environments(short_episodes: dict[str, Any], form: str) -> None:
    scenario = {**short_episodes, "observation": FORMS[form]}
    native = racegym.make_vec(scenario, 3, autoreset_mode="SameStep")
    singles = SyncVectorEnv(
        [lambda: racegym.make(scenario)] * 3, autoreset_mode=native.metadata["autoreset_mode"]
    )
    assert native.observation_space == singles.observation_space
    mine, theirs = native.reset(seed=5)[0], singles.reset(seed=5)[0]
    native.action_space.seed(0)
    ended = 0
    for _ in range(120):
        for name in native.observation_space:
            np.testing.assert_array_equal(mine[name], theirs[name], err_msg=name)
        actions = native.action_space.sample()
        mine, reward, over, late, _ = native.step(actions)
        theirs, *others = singles.step(actions)
        np.testing.assert_array_equal(reward, others[0])
        ended += int((over | late).sum())
    assert ended > 3
    native.close()
    singles.close()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["by name", "joined", "stacked, channels first"])
def test_a_policy_with_eyes_learns_without_a_wrapper(
    short_episodes: dict[str, Any], form: str
) -> None:
    pytest.importorskip("stable_baselines3")
    from stable_baselines3 import PPO
    from stable_baselines3.common.torch_layers import NatureCNN
    from stable_baselines3.common.vec_env import is_vecenv_wrapped
    from stable_baselines3.common.vec_env.vec_transpose import VecTransposeImage

    def make() -> gymnasium.Env[Any, Any]:
        observation = FORMS[form]
        if form == "joined":  # its net needs pictures of 36 pixels at least
            observation = {**observation, "vision": {"name": "camera", "stack": 2}}
        return gymnasium.make(
            "racegym/Race-v1", scenario={**short_episodes, "observation": observation}
        )

    model = PPO("MultiInputPolicy", make(), n_steps=512, batch_size=128, n_epochs=2, seed=0)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    transposed = is_vecenv_wrapped(model.env, VecTransposeImage)
    assert transposed is (form != "stacked, channels first")
    extractor = model.policy.features_extractor.extractors["vision"]  # type: ignore[union-attr]
    assert isinstance(extractor, NatureCNN)
    model.learn(3000)
    after = model.policy.state_dict()
    eyes = [name for name in before if "extractors.vision" in name]
    assert eyes and all((after[name] != before[name]).any() for name in eyes)
    assert all(value.isfinite().all() for value in after.values())
    observation, _ = make().reset(seed=1)
    action, _ = model.predict(observation, deterministic=True)
    assert action.shape == (2,)
