"""A race in a large batch has the bits that it has alone, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import racegym
from racegym.kernels import set_threads, threads

RACES = 4096
STEPS = 60
WATCHED = (0, 17, 2048, 4095)
SCENARIO: dict[str, Any] = {
    "name": "crowd",
    "backend": "kart2d",
    "track": {"generate": {"seed": 4, "length": 500}},
    "start": {
        "kind": "random",
        "speed": 8.0,
        "speed_noise": 8.0,
        "lateral_noise": 2.0,
        "heading_noise": 0.3,
    },
    "cars": [
        {
            "name": "agent",
            "vehicle": {"base": "rental_kart", "mass": {"uniform": [200, 280]}},
            "driver": "agent",
            "variation": {
                "delay": {"choice": [0, 0.05, 0.1]},
                "start": {"speed": {"uniform": [2, 14]}, "d": {"normal": [0, 1]}},
            },
        },
        {"name": "noise", "vehicle": "rental_kart", "driver": "random"},
        {
            "count": 6,
            "name": "Kart {n}",
            "vehicle": "rental_kart",
            "driver": {"name": "pure_pursuit", "pace": 90},
        },
    ],
    "variation": {"grip": {"uniform": [0.7, 1.0]}},
    "observation": ["state", "lookahead"],
    "reward": {"progress": 1.0, "off_track": 1.0, "wall": 0.1},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 2.0}},
}


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = threads()
    yield
    set_threads(before)


def _action(step: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(step)
    return rng.uniform(-1, 1, (RACES, 2)).astype(np.float32)


def _batch(count: int) -> dict[int, list[bytes]]:
    """Return what the watched races saw and what they are, step by step."""
    set_threads(count)
    envs = racegym.make_vec(SCENARIO, RACES, copy=False)
    observations, _ = envs.reset(seed=100)
    seen: dict[int, list[bytes]] = {race: [observations[race].tobytes()] for race in WATCHED}
    resets = 0
    for step in range(STEPS):
        observations, rewards, terminated, truncated, _ = envs.step(_action(step))
        resets += int((terminated | truncated).sum())
        for race in WATCHED:
            seen[race].append(observations[race].tobytes() + rewards[race].tobytes())
    for race in WATCHED:
        seen[race].append(envs.world.hash(race).encode())
    assert resets > RACES
    envs.close()
    return seen


def _alone(race: int) -> list[bytes]:
    envs = racegym.make_vec(SCENARIO, 1, copy=False)
    observations, _ = envs.reset(seed=100 + race)
    seen = [observations[0].tobytes()]
    for step in range(STEPS):
        observations, rewards, _, _, _ = envs.step(_action(step)[race : race + 1])
        seen.append(observations[0].tobytes() + rewards[0].tobytes())
    seen.append(envs.world.hash(0).encode())
    envs.close()
    return seen


@pytest.mark.slow  # real races in a batch of 64 and on three threads are in tests/races
def test_batch_of_4096_equals_the_race_alone() -> None:
    serial = _batch(1)
    parallel = _batch(64)
    for race in WATCHED:
        assert serial[race] == parallel[race], f"race {race} depends on the threads"
        assert serial[race] == _alone(race), f"race {race} depends on the batch"
