"""Measure how fast stable-baselines3 can step races: the native batch against single ones.

    python tests/benchmarks/learners.py [--seconds 5]

Run it on a machine that does nothing else. Both give a learner the same values; singles do
not get faster with their number, so eight of them stand for any.
"""

from __future__ import annotations

import argparse
from statistics import median
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import racegym
from racegym.learners.sb3 import RaceVecEnv

SCENARIO = "time_trial"
REPEATS = 5
ACTIONS = 50  # drawn before the clock starts, then repeated


def rate(envs: VecEnv, seconds: float) -> float:
    """Return environment steps a second, the median of the repeats."""
    envs.seed(0)
    envs.reset()
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (ACTIONS, envs.num_envs, 2)).astype(np.float32)
    for action in actions[:20]:
        envs.step(action)
    rates = []
    for _ in range(REPEATS):
        started, steps = perf_counter(), 0
        while (took := perf_counter() - started) < seconds / REPEATS:
            envs.step(actions[steps % ACTIONS])
            steps += 1
        rates.append(steps * envs.num_envs / took)
    envs.close()
    return median(rates)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    singles = rate(DummyVecEnv([lambda: racegym.make(SCENARIO)] * 8), seconds)
    table = Table("environments", "steps/s", "times single ones")
    table.add_row("DummyVecEnv of 8", f"{singles:,.0f}", "1.0")
    for races in (8, 64, 1024):
        native = rate(RaceVecEnv(racegym.make_vec(SCENARIO, races)), seconds)
        table.add_row(f"batch of {races:,}", f"{native:,.0f}", f"{native / singles:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
