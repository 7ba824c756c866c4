"""A batch of races that is saved, and goes on elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from racegym import make_vec
from racegym.envs import RaceVectorEnv
from racegym.errors import RacegymError

TRACKS = {
    "fixed": {"track": {"generate": {"seed": 7, "length": 300}}},
    "pool": {"track": {"generate": {"seed": 7, "count": 3, "length": 300}}, "draw_tracks": "pool"},
    "fresh": {"track": {"generate": {"length": 300}}, "draw_tracks": "fresh"},
}


def batch(kind: str, count: int = 3) -> RaceVectorEnv:
    scenario: dict[str, Any] = {
        "backend": "kart2d",
        **TRACKS[kind],
        "laps": 0,
        "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
        "start": {"kind": "random", "speed": 8.0},
        "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 3.0}},
    }
    return make_vec(scenario, count)


def drive(envs: RaceVectorEnv, steps: int, draws: np.random.Generator) -> list[Any]:
    told = []
    for _ in range(steps):
        actions = draws.uniform(-1.0, 1.0, envs.action_space.shape).astype(np.float32)
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        told += [observations, rewards, terminated, truncated]
    return told


@pytest.mark.parametrize("kind", list(TRACKS))
def test_a_batch_goes_on_elsewhere_as_if_nothing_had_been(kind: str) -> None:
    envs, other = batch(kind), batch(kind)
    envs.reset(seed=1)
    drive(envs, 90, np.random.default_rng(0))
    saved = {name: values.copy() for name, values in envs.save().items()}
    other.reset(seed=99)
    told = other.load(saved)
    expected = drive(envs, 90, np.random.default_rng(1))
    found = drive(other, 90, np.random.default_rng(1))
    assert told.shape == expected[0].shape
    for one, two in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(ended.any() for ended in found[2::4])  # and new episodes have begun
    assert envs.world.hash(0) == other.world.hash(0)
    envs.close()
    other.close()


def test_the_state_of_another_batch_is_refused() -> None:
    envs, other = batch("fixed"), batch("fixed", 2)
    envs.reset(seed=1)
    other.reset(seed=1)
    with pytest.raises(RacegymError, match="another batch than one of 2 races"):
        other.load(envs.save())
    damaged = envs.save()
    with pytest.raises(RacegymError, match="another"):
        envs.load({name: v for name, v in damaged.items() if "progress" not in name})
    envs.close()
    other.close()


def test_the_state_of_another_scenario_is_refused() -> None:
    """Arrays of equal shape would be taken, and put the cars on a track that is none of theirs."""
    envs, other = batch("fixed"), batch("fresh")
    envs.reset(seed=1)
    other.reset(seed=1)
    saved = envs.save()
    assert envs.fits(saved) and not other.fits(saved) and not envs.fits({})
    with pytest.raises(RacegymError, match="another scenario"):
        other.load(saved)
    envs.close()
    other.close()
