"""Stacks, noise, delay and gaps of any sensor, and that resets leave nothing behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import racegym
from racegym.errors import ScenarioError

EPISODE = {"name": "channels", "channels": {"episode": {"low": -1000.0, "high": 1000.0}}}
RACES = 6


def batch(scenario: dict[str, Any], observation: Any, **options: Any) -> racegym.envs.RaceVectorEnv:
    return racegym.make_vec({**scenario, "observation": observation}, RACES, **options)


def plain(env: racegym.envs.RaceVectorEnv, field: str) -> np.ndarray:
    """Return a field of the state as the environment has it now."""
    return np.array(getattr(env.world.view.state, field)[:, 0])


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_no_value_from_before_a_reset_appears_after_it(
    short_episodes: dict[str, Any], mode: AutoresetMode
) -> None:
    sensor = {**EPISODE, "stack": 4, "delay": 3, "drop_out": 0.4}
    env = batch(short_episodes, [sensor], autoreset_mode=mode)
    env.reset(seed=1)
    episodes = env.world.view.race.episode
    rng = np.random.default_rng(0)
    ended = 0
    for _ in range(300):
        before = episodes.copy()
        observations, _, terminated, truncated, infos = env.step(
            rng.uniform(-1, 1, (RACES, 2)).astype(np.float32)
        )
        over = terminated | truncated
        told = np.rint(observations * 1000.0)
        assert (told == episodes[:, None]).all(), "only values of the episode at hand"
        if mode is AutoresetMode.SAME_STEP and over.any():
            final = np.stack(list(infos["final_obs"][over]))
            assert (np.rint(final * 1000.0) == before[over, None]).all()
        if mode is AutoresetMode.DISABLED and over.any():
            observations, _ = env.reset(options={"reset_mask": over})
            assert (np.rint(observations * 1000.0) == episodes[:, None]).all()
        ended += int(over.sum())
    assert ended > 20
    env.close()


def test_a_stack_is_the_latest_frames_the_oldest_first(short_episodes: dict[str, Any]) -> None:
    speed = {"name": "channels", "channels": {"vx": {"low": -100.0, "high": 100.0}}}
    env = batch(short_episodes, [{**speed, "stack": 3}], autoreset_mode=AutoresetMode.DISABLED)
    late = batch(short_episodes, [{**speed, "delay": 2}], autoreset_mode=AutoresetMode.DISABLED)
    first, _ = env.reset(seed=4)
    late.reset(seed=4)
    seen = [plain(env, "vx")]
    np.testing.assert_allclose(first * 100.0, np.repeat(seen[0][:, None], 3, 1), atol=1e-4)
    actions = np.tile(np.array([0.0, 1.0], np.float32), (RACES, 1))
    for step in range(1, 6):
        stacked = env.step(actions)[0] * 100.0
        delayed = late.step(actions)[0] * 100.0
        seen.append(plain(env, "vx"))
        expected = np.stack([seen[max(step - back, 0)] for back in (2, 1, 0)], axis=1)
        np.testing.assert_allclose(stacked, expected, atol=1e-4)
        np.testing.assert_allclose(delayed[:, 0], seen[max(step - 2, 0)], atol=1e-4)
    assert seen[0].tolist() != seen[5].tolist()


def test_noise_has_its_deviation_and_keeps_to_the_bounds(short_episodes: dict[str, Any]) -> None:
    noisy = {"name": "rays", "beams": 400, "unit": "m", "range": 40.0}
    exact, _ = batch(short_episodes, [noisy]).reset(seed=2)
    found, _ = batch(short_episodes, [{**noisy, "noise": 0.5}]).reset(seed=2)
    again, _ = batch(short_episodes, [{**noisy, "noise": 0.5}]).reset(seed=2)
    np.testing.assert_array_equal(found, again)
    assert found.min() >= 0.0 and found.max() <= 40.0
    inside = (exact > 3.0) & (exact < 37.0)
    error = (found - exact)[inside]
    assert abs(error.mean()) < 0.05 and abs(error.std() - 0.5) < 0.04
    rows = (found - exact)[:, :50]
    assert abs(np.corrcoef(rows)[0, 1:]).max() < 0.6, "each car has noise of its own"


def test_a_lost_frame_leaves_the_one_before(short_episodes: dict[str, Any]) -> None:
    lossy = {
        "name": "channels",
        "channels": {"time": {"low": -100.0, "high": 100.0}},
        "drop_out": 0.3,
    }
    env = batch(short_episodes, [lossy], autoreset_mode=AutoresetMode.SAME_STEP)
    env.reset(seed=3)
    stayed, moved = 0, 0
    times = np.zeros(RACES)
    for _ in range(200):
        told = env.step(np.zeros((RACES, 2), np.float32))[0][:, 0] * 100.0
        now = env.world.view.race.time
        fresh = np.abs(told - now) < 1e-3
        assert (fresh | (np.abs(told - times) < 1e-3)).all()
        stayed += int((~fresh).sum())
        moved += int(fresh.sum())
        times = told
    assert 0.25 < stayed / (stayed + moved) < 0.35


def test_pictures_are_stacked_along_their_channels(short_episodes: dict[str, Any]) -> None:
    camera = {"name": "camera", "width": 20, "height": 16}
    last = batch(short_episodes, {"v": {**camera, "stack": 4}})
    first = batch(short_episodes, {"v": {**camera, "stack": 4, "channels_first": True}})
    assert last.single_observation_space["v"].shape == (16, 20, 12)
    assert first.single_observation_space["v"].shape == (12, 16, 20)
    assert last.single_observation_space["v"].dtype == np.uint8
    last.reset(seed=1)
    first.reset(seed=1)
    for _ in range(5):
        actions = np.full((RACES, 2), 0.5, np.float32)
        one, other = last.step(actions)[0]["v"], first.step(actions)[0]["v"]
        np.testing.assert_array_equal(np.moveaxis(one, -1, 1), other)
    assert (one[..., :3] != one[..., 9:]).any()


def test_snapshots_hold_what_is_on_its_way(short_episodes: dict[str, Any]) -> None:
    env = batch(short_episodes, [{"name": "state", "stack": 3, "delay": 2}])
    env.reset(seed=7)
    actions = np.full((RACES, 2), 0.3, np.float32)
    for _ in range(4):
        env.step(actions)
    saved = env.world.snapshot()
    before = [env.step(actions)[0].copy() for _ in range(3)]
    env.world.restore(saved)
    after = [env.step(actions)[0].copy() for _ in range(3)]
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stack": 0}, "stack"),
        ({"drop_out": 1.0}, "drop_out"),
        ({"noise": -1}, "noise"),
        ({"delay": 1.5}, "delay"),
        ({"stak": 4}, "stak"),
    ],
)
def test_wrong_deliveries_are_refused(
    short_episodes: dict[str, Any], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(ScenarioError, match=said):
        batch(short_episodes, [{"name": "state", **asked}])
