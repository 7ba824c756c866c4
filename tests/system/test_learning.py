"""The default environment can be learned with somebody else's learner and its defaults."""

from __future__ import annotations

import gymnasium
import pytest

import racegym  # noqa: F401 - registers the environments


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ppo_of_stable_baselines_learns_a_lap(seed: int) -> None:
    ppo = pytest.importorskip("stable_baselines3", reason="needs SB3").PPO
    import torch
    from stable_baselines3.common.env_util import make_vec_env

    torch.set_num_threads(1)  # small networks: more threads only wait for each other
    envs = make_vec_env("racegym/Kart2D-v1", n_envs=8, seed=seed)
    model = ppo("MlpPolicy", envs, seed=seed)
    model.learn(300_000)
    envs.close()

    env = gymnasium.make("racegym/Kart2D-v1")
    completed = 0
    for episode in range(20):
        observation, info = env.reset(seed=10_000 + episode)
        over = False
        while not over:
            action, _ = model.predict(observation, deterministic=True)
            observation, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        completed += info["ended_by"]["laps_done"]
    env.close()
    assert completed >= 16
