"""One race as an environment: Gymnasium's rules, plain Python types, plain refusals."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import racegym
from racegym.errors import ActionError, RacegymError


def test_passes_gymnasium_checker() -> None:
    env = gymnasium.make("racegym/Kart2D-v1")
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


def test_passes_stable_baselines_checker() -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="needs SB3")
    env = gymnasium.make("racegym/Kart2D-v1")
    checker.check_env(env.unwrapped, warn=True)
    env.close()


def _plain(info: dict[str, Any]) -> bool:
    """Return whether all values are plain Python numbers, none of them NaN."""
    return all(
        _plain(value)
        if isinstance(value, dict)
        else type(value) in (bool, int, float) and not math.isnan(value)
        for value in info.values()
    )


def test_returns_plain_types_and_no_nan(short_episodes: dict[str, Any]) -> None:
    env = racegym.make(short_episodes)
    rng = np.random.default_rng(0)
    _, info = env.reset(seed=0)
    assert _plain(info) and "rewards" not in info
    endings: set[str] = set()
    for _ in range(400):
        observation, reward, terminated, truncated, info = env.step(
            rng.uniform(-1, 1, 2).astype(np.float32)
        )
        assert env.observation_space.contains(observation)
        assert type(reward) is float and type(terminated) is bool and type(truncated) is bool
        assert _plain(info)
        weights = short_episodes["reward"]
        total = sum(weights[name] * value for name, value in info["rewards"].items())
        assert reward == pytest.approx(total, rel=1e-5, abs=1e-6)
        if terminated or truncated:
            endings |= {name for name, applies in info["ended_by"].items() if applies}
            env.reset()
    assert {"off_track", "time_limit"} <= endings
    env.close()


def test_observations_are_copies(short_episodes: dict[str, Any]) -> None:
    env = racegym.make(short_episodes)
    first, _ = env.reset(seed=0)
    kept = first.copy()
    env.step(np.array([0.3, 1.0], np.float32))
    np.testing.assert_array_equal(first, kept)
    env.close()


def test_a_seed_fixes_all_later_episodes(short_episodes: dict[str, Any]) -> None:
    def drive(seed: int) -> list[np.ndarray[Any, Any]]:
        env = racegym.make(short_episodes)
        rng = np.random.default_rng(1)
        seen = [env.reset(seed=seed)[0]]
        for _ in range(200):
            observation, _, terminated, truncated, _ = env.step(rng.uniform(-1, 1, 2))
            seen.append(observation)
            if terminated or truncated:
                seen.append(env.reset()[0])
        env.close()
        return seen

    one, same, other = drive(3), drive(3), drive(4)
    assert len(one) == len(same)
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[0], other[0])


def test_actions_are_clipped(short_episodes: dict[str, Any]) -> None:
    env, twin = racegym.make(short_episodes), racegym.make(short_episodes)
    env.reset(seed=0)
    twin.reset(seed=0)
    far, _, _, _, _ = env.step(np.array([7.0, 9.0], np.float32))
    edge, _, _, _, _ = twin.step(np.array([1.0, 1.0], np.float32))
    np.testing.assert_array_equal(far, edge)
    env.close()
    twin.close()


@pytest.mark.parametrize("action", [[np.nan, 0.0], [0.0, np.inf], [0.0], [[0.0, 0.0]], 0.0])
def test_wrong_actions_are_refused(short_episodes: dict[str, Any], action: Any) -> None:
    env = racegym.make(short_episodes)
    env.reset(seed=0)
    with pytest.raises(ActionError):
        env.step(np.array(action, np.float32))
    env.close()


def test_unknown_reset_options_are_ignored(short_episodes: dict[str, Any]) -> None:
    env = racegym.make(short_episodes)
    env.reset(seed=0, options={"anything": 1})
    env.close()


def test_other_cars_follow_their_drivers(short_episodes: dict[str, Any]) -> None:
    rival = {"name": "rival", "vehicle": "rental_kart", "driver": "pure_pursuit"}
    scenario = {
        **short_episodes,
        "cars": [*short_episodes["cars"], rival],
        "start": {"kind": "grid"},
        "termination": {},
    }
    env = racegym.make(scenario)
    env.reset(seed=0)
    for _ in range(200):
        _, _, _, _, info = env.step(np.zeros(2, np.float32))
    progress = env.world.view.frame.progress[0]
    assert progress[1] > 30 and abs(progress[0]) < 10
    assert info["position"] == 2
    env.close()


def test_the_car_to_drive_can_be_named(short_episodes: dict[str, Any]) -> None:
    rival = {"name": "rival", "vehicle": "rental_kart", "driver": "pure_pursuit"}
    scenario = {**short_episodes, "cars": [{**rival, "name": "first"}, rival]}
    env = racegym.make(scenario, agent="rival")
    assert env.world.groups[0].cars.tolist() == [1]
    env.close()
    with pytest.raises(RacegymError, match="did you mean 'rival'"):
        racegym.make(scenario, agent="rivel")


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_a_copy_that_would_share_its_memory_is_refused(
    short_episodes: dict[str, Any], copied: Any
) -> None:
    env = racegym.make(short_episodes)
    env.reset(seed=0)
    with pytest.raises(RacegymError, match=r"can't be copied or pickled; snapshot\(\)"):
        copied(env)
    env.close()
