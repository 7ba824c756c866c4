"""Environments that paint: Gymnasium's rules, pictures of every race, nothing when not asked."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import racegym
from racegym.errors import RacegymError


def test_passes_gymnasium_checker_with_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries every render mode, the window as well."""
    pytest.importorskip("pygame", reason="needs pygame-ce: pip install -e '.[render]'")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = gymnasium.make("racegym/Kart2D-v1", render_mode="rgb_array")
    check_env(env.unwrapped)
    env.close()


def test_a_picture_shows_the_step() -> None:
    env = gymnasium.make("racegym/Kart2D-v1", render_mode="rgb_array", render_size=(320, 240))
    env.reset(seed=1)
    first = env.render()
    assert isinstance(first, np.ndarray) and first.shape == (240, 320, 3)
    assert first.dtype == np.uint8
    kept = first.copy()
    env.step(np.array([0.0, 1.0], np.float32))
    second = env.render()
    assert np.array_equal(first, kept)  # it is the caller's own
    assert isinstance(second, np.ndarray) and (first != second).any()
    env.close()


def test_a_batch_paints_each_race_as_it_is_alone() -> None:
    envs = racegym.make_vec(
        "time_trial", 3, render_mode="rgb_array", render_size=(320, 240), render_camera="track"
    )
    envs.reset(seed=5)
    action = np.tile(np.array([0.1, 1.0], np.float32), (3, 1))
    for _ in range(8):
        envs.step(action)
    pictures = envs.render()
    assert pictures is not None and len(pictures) == 3
    for race, picture in enumerate(pictures):
        env = racegym.make(
            "time_trial", render_mode="rgb_array", render_size=(320, 240), render_camera="track"
        )
        env.reset(seed=5 + race)
        for _ in range(8):
            env.step(action[0])
        assert np.array_equal(env.render(), picture)
        env.close()
    envs.close()


def test_without_a_mode_nobody_watches() -> None:
    env = racegym.make("time_trial")
    assert env.render() is None and env.world.watchers == []
    env.close()
    assert env.metadata["render_modes"] == ["human", "rgb_array"]


def test_wrong_sizes_and_cameras_are_refused_at_once() -> None:
    with pytest.raises(RacegymError, match="10 x 10 pixels"):
        racegym.make("time_trial", render_mode="rgb_array", render_size=(10, 10))
    with pytest.raises(RacegymError, match="there is no camera 'top'"):
        racegym.make("time_trial", render_mode="rgb_array", render_camera="top")
