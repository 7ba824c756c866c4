"""The native batch equals as many single environments, value for value."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import NormalizeObservation, RecordEpisodeStatistics

import racegym
from racegym.errors import ActionError

RACES = 4


def _assert_same(one: Any, other: Any, where: str) -> None:
    """Compare values, types and shapes, through dicts and object arrays."""
    if isinstance(one, dict):
        assert isinstance(other, dict) and one.keys() == other.keys(), where
        for key in one:
            _assert_same(one[key], other[key], f"{where}.{key}")
        return
    if isinstance(one, tuple):
        assert isinstance(other, tuple) and len(one) == len(other), where
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            _assert_same(a, b, f"{where}[{index}]")
        return
    one, other = np.asarray(one), np.asarray(other)
    assert one.dtype == other.dtype and one.shape == other.shape, where
    if one.dtype == object:
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            assert (a is None) == (b is None), f"{where}[{index}]"
            if a is not None:
                _assert_same(a, b, f"{where}[{index}]")
    else:
        np.testing.assert_array_equal(one, other, err_msg=where)


OBSERVATIONS = [["state", "lookahead"], {"near": "state", "far": "lookahead"}, "telemetry"]


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_equals_single_environments(
    short_episodes: dict[str, Any], mode: AutoresetMode, observation: Any
) -> None:
    scenario = {**short_episodes, "observation": observation}
    _compare_with_single_environments(scenario, mode, steps=180)


MORE = {
    "delivered": {
        "action_repeat": 2,
        "observation": {
            "state": {"stack": 3, "noise": 0.02, "delay": 1, "drop_out": 0.2},
            "rays": {"preset": "five", "stack": 2},
            "camera": {"width": 12, "height": 10, "stack": 2, "channels_first": True, "noise": 3},
        },
    },
    "repeated": {"action_repeat": 4},
    "critic": {"critic_observation": {"all": "telemetry", "far": "lookahead"}},
    "varied": {
        "action_repeat": 3,
        "critic_observation": [
            "state",
            {"name": "channels", "channels": ["drawn.grip", "drawn.vehicle.mass"]},
        ],
        "variation": {
            "grip": {"uniform": [0.5, 1.0]},
            "delay": {"choice": [0, 0.05, 0.1]},
            "start": {"s": {"uniform": [0, 500]}, "speed": {"uniform": [0, 14]}},
        },
        "cars": [{"vehicle": {"base": "rental_kart", "mass": {"uniform": [180, 300]}}}],
    },
}


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("more", MORE)
def test_equals_single_environments_in_everything_else(
    short_episodes: dict[str, Any], mode: AutoresetMode, more: str
) -> None:
    scenario = {**short_episodes, **MORE[more]}
    steps = 180 // MORE[more].get("action_repeat", 1)
    native = _compare_with_single_environments(scenario, mode, steps)
    assert native.critic_observation_space is None or more != "repeated"


def _compare_with_single_environments(
    scenario: dict[str, Any], mode: AutoresetMode, steps: int
) -> racegym.envs.RaceVectorEnv:
    native = racegym.make_vec(scenario, RACES, autoreset_mode=mode)
    sync = SyncVectorEnv([lambda: racegym.make(scenario)] * RACES, autoreset_mode=mode)
    assert native.observation_space == sync.observation_space
    assert native.action_space == sync.action_space
    assert native.single_observation_space == sync.single_observation_space
    _assert_same(native.reset(seed=5), sync.reset(seed=5), "reset")
    rng = np.random.default_rng(0)
    ended = 0
    for step in range(steps):
        actions = rng.uniform(-1, 1, (RACES, 2)).astype(np.float32)
        mine, theirs = native.step(actions), sync.step(actions)
        _assert_same(mine, theirs, f"step {step}")
        over = mine[2] | mine[3]
        ended += int(over.sum())
        if mode is AutoresetMode.DISABLED and over.any():
            _assert_same(
                native.reset(options={"reset_mask": over}),
                sync.reset(options={"reset_mask": over}),
                f"step {step}: reset",
            )
    assert ended > 10
    native.close()
    sync.close()
    return native


def test_seeds_as_a_list(short_episodes: dict[str, Any]) -> None:
    native = racegym.make_vec(short_episodes, 3)
    sync = SyncVectorEnv([lambda: racegym.make(short_episodes)] * 3)
    for seeds in ([7, 1, 7], [2, None, 7], None):
        _assert_same(native.reset(seed=seeds), sync.reset(seed=seeds), f"seeds {seeds}")
    with pytest.raises(ValueError, match="3 seeds wanted"):
        native.reset(seed=[1, 2])
    native.close()
    sync.close()


def test_make_vec_takes_plain_keywords() -> None:
    envs = gymnasium.make_vec(
        "racegym/Kart2D-v1", num_envs=3, copy=False, autoreset_mode="SameStep"
    )
    assert envs.unwrapped.world.n_races == 3
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    first, _ = envs.reset(seed=0)
    second = envs.step(envs.action_space.sample())[0]
    assert first is second
    envs.close()


def test_copies_are_kept(short_episodes: dict[str, Any]) -> None:
    envs = racegym.make_vec(short_episodes, 2)
    first, _ = envs.reset(seed=0)
    kept = first.copy()
    envs.step(np.ones((2, 2), np.float32))
    np.testing.assert_array_equal(first, kept)
    envs.close()


def test_disabled_mode_wants_a_reset(short_episodes: dict[str, Any]) -> None:
    envs = racegym.make_vec(short_episodes, 2, autoreset_mode="Disabled")
    envs.reset(seed=0)
    with pytest.raises(ResetNeeded, match="environment"):
        for _ in range(200):
            envs.step(np.ones((2, 2), np.float32))
    envs.close()


@pytest.mark.parametrize(
    ("mask", "error"),
    [
        ([True, False], TypeError),
        (np.array([1, 0]), TypeError),
        (np.array([True]), ValueError),
        (np.array([False, False]), ValueError),
    ],
)
def test_wrong_reset_masks(short_episodes: dict[str, Any], mask: Any, error: type) -> None:
    envs = racegym.make_vec(short_episodes, 2, autoreset_mode="Disabled")
    envs.reset(seed=0)
    with pytest.raises(error):
        envs.reset(options={"reset_mask": mask})
    envs.close()


def test_wrong_actions_name_the_environment(short_episodes: dict[str, Any]) -> None:
    envs = racegym.make_vec(short_episodes, 4)
    envs.reset(seed=0)
    actions = np.zeros((4, 2), np.float32)
    actions[2, 1] = np.nan
    with pytest.raises(ActionError, match="environment 2"):
        envs.step(actions)
    with pytest.raises(ActionError, match=r"\(4, 2\) was expected"):
        envs.step(np.zeros((4, 3)))
    envs.close()


def test_gymnasium_wrappers_work(short_episodes: dict[str, Any]) -> None:
    envs = NormalizeObservation(RecordEpisodeStatistics(racegym.make_vec(short_episodes, 3)))
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    lengths: list[int] = []
    for _ in range(200):
        _, _, terminated, truncated, infos = envs.step(rng.uniform(-1, 1, (3, 2)))
        over = terminated | truncated
        if over.any():
            lengths += infos["episode"]["l"][over].tolist()
    assert lengths and max(lengths) <= 60
    envs.close()
