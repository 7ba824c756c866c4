"""The batch gives stable-baselines3 what its own DummyVecEnv over single races gives."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest

import racegym
from racegym.errors import ActionError, ScenarioError

sb3 = pytest.importorskip("stable_baselines3", reason="needs stable-baselines3")
from stable_baselines3.common.evaluation import evaluate_policy  # noqa: E402
from stable_baselines3.common.monitor import Monitor  # noqa: E402
from stable_baselines3.common.vec_env import (  # noqa: E402
    DummyVecEnv,
    VecMonitor,
    VecNormalize,
)

from racegym.learners.sb3 import RaceVecEnv  # noqa: E402

RACES = 4


def _assert_same(one: Any, other: Any, where: str) -> None:
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            _assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            _assert_same(a, b, f"{where}[{index}]")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype and one.shape == other.shape, where
        np.testing.assert_array_equal(one, other, err_msg=where)
    else:
        assert type(one) is type(other) and one == other, where


@pytest.mark.parametrize(
    ("observation", "action", "more"),
    [
        (["state", "lookahead"], "steer_accel", {}),
        ({"near": "state", "far": "lookahead"}, "steer_throttle_brake", {}),
        ("telemetry", "discrete", {}),
        ("state", "steer_accel", {"action_repeat": 4, "critic_observation": ["lookahead"]}),
        ("state", "steer_accel", {"action_repeat": 3, "critic_observation": {"far": "lookahead"}}),
    ],
)
def test_equals_a_dummy_vec_env_of_single_races(
    short_episodes: dict[str, Any], observation: Any, action: str, more: dict[str, Any]
) -> None:
    scenario = {**short_episodes, "observation": observation, "action": action, **more}
    native = RaceVecEnv(racegym.make_vec(scenario, RACES), every_info=True)
    singles = DummyVecEnv([lambda: racegym.make(scenario)] * RACES)
    assert native.observation_space == singles.observation_space
    assert native.action_space == singles.action_space
    assert native.metadata["render_fps"] == singles.metadata["render_fps"]
    assert native.seed(5) == singles.seed(5) == [5, 6, 7, 8]
    _assert_same(native.reset(), singles.reset(), "reset")
    native.action_space.seed(0)
    endings = {True: 0, False: 0}
    steps = 400 // more.get("action_repeat", 1)
    for step in range(steps):
        actions = np.array([native.action_space.sample() for _ in range(RACES)])
        mine, theirs = native.step(actions), singles.step(actions)
        for part, a, b in zip(("observation", "reward", "done"), mine, theirs, strict=False):
            _assert_same(a, b, f"step {step}: {part}")
        _assert_same(mine[3], theirs[3], f"step {step}: info")
        _assert_same(native.reset_infos, singles.reset_infos, f"step {step}: reset_infos")
        for race in np.flatnonzero(mine[2]):
            endings[mine[3][race]["TimeLimit.truncated"]] += 1
        if step == steps // 2:  # without a seed the next episodes follow
            _assert_same(native.reset(), singles.reset(), "second reset")
    assert min(endings.values()) > 2
    native.close()
    singles.close()


def test_infos_are_full_where_a_race_ends_and_short_elsewhere(
    short_episodes: dict[str, Any],
) -> None:
    short = RaceVecEnv(racegym.make_vec(short_episodes, RACES))
    full = RaceVecEnv(racegym.make_vec(short_episodes, RACES), every_info=True)
    for envs in (short, full):
        envs.seed(3)
        envs.reset()
    rng = np.random.default_rng(0)
    ended = 0
    for step in range(300):
        actions = rng.uniform(-1, 1, (RACES, 2)).astype(np.float32)
        _, _, dones, infos = short.step(actions)
        told = full.step(actions)[3]
        for race in range(RACES):
            if dones[race]:
                ended += 1
                assert "terminal_observation" in infos[race]
                _assert_same(infos[race], told[race], f"step {step}")
            else:
                assert infos[race] == {"TimeLimit.truncated": False}
                assert "progress" in told[race] and "terminal_observation" not in told[race]
    assert ended > 5
    short.close()
    full.close()


def test_what_is_returned_is_not_overwritten_by_the_next_step() -> None:
    envs = RaceVecEnv(racegym.make_vec("time_trial", 3))
    envs.seed(0)
    first = envs.reset()
    second, rewards, dones, _ = envs.step(np.ones((3, 2), np.float32))
    kept = [part.copy() for part in (first, second, rewards, dones)]
    envs.step(np.ones((3, 2), np.float32))
    for part, copy in zip((first, second, rewards, dones), kept, strict=True):
        np.testing.assert_array_equal(part, copy)
    envs.close()


def test_attributes_and_methods_are_those_of_the_batch() -> None:
    envs = RaceVecEnv(racegym.make_vec("time_trial", 3))
    assert envs.get_attr("num_envs") == [3, 3, 3]
    assert envs.get_attr("render_mode", indices=1) == [None]
    assert envs.has_attr("world") and not envs.has_attr("wrold")
    envs.set_attr("colour", "red")
    assert envs.envs.colour == "red"
    envs.reset()
    assert envs.env_is_wrapped(Monitor) == [False] * 3
    assert envs.env_is_wrapped(Monitor, indices=[0]) == [False]
    with pytest.raises(ScenarioError, match="can't set the attribute 'colour' of some"):
        envs.set_attr("colour", "blue", indices=[0])
    with pytest.raises(ScenarioError, match="leave indices out"):
        envs.env_method("close", indices=1)
    with pytest.raises(ActionError, match=r"\(3, 2\) was expected"):
        envs.step(np.zeros((2, 2), np.float32))
    assert envs.env_method("close") == [None] * 3


def test_gymnasiums_own_batch_is_taken_and_a_wrapped_one_refused() -> None:
    batch = gymnasium.make_vec("racegym/Kart2D-v1", num_envs=2, autoreset_mode="SameStep")
    envs = RaceVecEnv(batch.unwrapped)
    assert envs.reset().shape == (2, *envs.observation_space.shape)
    with pytest.raises(ScenarioError, match=r"not a RecordEpisodeStatistics; .*unwrapped"):
        RaceVecEnv(gymnasium.wrappers.vector.RecordEpisodeStatistics(batch))
    envs.close()


def test_ppo_learns_through_wrappers_as_it_does_on_single_races(
    short_episodes: dict[str, Any],
) -> None:
    """The same seeds give the same network, so nothing that learning sees differs."""

    def learn(envs: Any) -> tuple[Any, list[Any]]:
        model = sb3.PPO(
            "MlpPolicy", VecNormalize(VecMonitor(envs)), n_steps=128, seed=3, device="cpu"
        )
        model.learn(1024)
        return model, [value.numpy() for value in model.policy.state_dict().values()]

    native, mine = learn(RaceVecEnv(racegym.make_vec(short_episodes, RACES)))
    singles, theirs = learn(DummyVecEnv([lambda: racegym.make(short_episodes)] * RACES))
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(one, other)
    assert native.ep_info_buffer
    for one, other in zip(native.ep_info_buffer, singles.ep_info_buffer, strict=True):
        assert (one["r"], one["l"]) == (other["r"], other["l"])
    mean, _ = evaluate_policy(native, native.get_env(), n_eval_episodes=4, warn=False)
    assert np.isfinite(mean)
    native.get_env().close()
    singles.get_env().close()


def test_without_stable_baselines_the_message_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['stable_baselines3'] = None\n"
        "from racegym.errors import RacegymError\n"
        "try:\n    import racegym.learners.sb3\n"
        "except RacegymError as error:\n"
        "    assert isinstance(error, ImportError); print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install stable-baselines3" in done.stdout
