"""Environments in other processes and threads, after kernels have run here."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import racegym
from racegym.kernels import set_threads, threads

SCRIPT = """
import sys, warnings
import gymnasium, numpy as np, racegym
from racegym.kernels import PARALLEL_FROM, kernel, prange, set_threads

@kernel
def count_up(numbers):
    for race in prange(numbers.shape[0]):
        numbers[race] += 1

def one():
    return racegym.make({scenario!r})

if __name__ == "__main__":
    method = sys.argv[1]
    set_threads(2)
    # Large enough to start OpenMP's threads in this process, as a batch of races would.
    many = np.zeros(PARALLEL_FROM)
    count_up(many)
    assert count_up._parallel.signatures and (many == 1).all()
    expected = racegym.make_vec({scenario!r}, 2)
    first, _ = expected.reset(seed=0)
    if method == "sb3":
        from stable_baselines3.common.vec_env import SubprocVecEnv
        envs = SubprocVecEnv([one, one], start_method="fork")
        envs.seed(0)
        seen = envs.reset()
    else:
        envs = gymnasium.vector.AsyncVectorEnv([one, one], context=method)
        seen, _ = envs.reset(seed=0)
    np.testing.assert_array_equal(seen, first)
    for _ in range(5):
        seen = envs.step(np.ones((2, 2), np.float32))[0]
        first = expected.step(np.ones((2, 2), np.float32))[0]
        np.testing.assert_array_equal(seen, first)
    envs.close()
    print("equal")
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn", "sb3"])
def test_worker_processes(short_episodes: dict[str, Any], method: str, tmp_path: Any) -> None:
    if method == "sb3":
        pytest.importorskip("stable_baselines3", reason="needs SB3")
    if method in ("fork", "forkserver", "sb3") and not hasattr(os, "fork"):
        pytest.skip("this system can't fork")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(scenario=short_episodes), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), method],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "equal" in done.stdout


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = threads()
    set_threads(2)
    yield
    set_threads(before)


def test_two_worlds_in_two_threads(short_episodes: dict[str, Any], two_threads: None) -> None:
    def drive(seed: int, out: list[Any]) -> None:
        envs = racegym.make_vec(short_episodes, 600)
        envs.reset(seed=seed)
        for _ in range(20):
            seen = envs.step(np.full((600, 2), 0.5, np.float32))[0]
        out.append(seen)
        envs.close()

    alone: list[Any] = []
    drive(0, alone)
    drive(1, alone)
    together: list[list[Any]] = [[], []]
    workers = [threading.Thread(target=drive, args=(seed, together[seed])) for seed in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for seed in range(2):
        np.testing.assert_array_equal(together[seed][0], alone[seed])
