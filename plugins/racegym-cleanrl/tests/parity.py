"""Learn Gymnasium's tasks with three seeds, and compare with what others have published.

    python plugins/racegym-cleanrl/tests/parity.py [--only CartPole-v1]

The exit code is 1 when a mean return is below its bound.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from racegym_cleanrl.standard import learn_standard

SEEDS = (1, 2, 3)


class Claim(NamedTuple):
    """What an algorithm must reach on a task."""

    algorithm: str
    env: str
    settings: dict[str, Any]
    published: str
    least: float  # mean return over the seeds


CLAIMS = (
    Claim(
        "ppo", "CartPole-v1",
        {
            "steps": 100_000, "num_envs": 8, "num_steps": 128, "num_minibatches": 4,
            "normalize_rewards": False,
        },
        "500.0 (RL Zoo), 490.0 (CleanRL)", 475.0,
    ),
    Claim(
        "ppo", "Pendulum-v1",
        {
            "steps": 200_000, "num_envs": 16, "num_steps": 128, "num_minibatches": 8,
            "update_epochs": 10, "learning_rate": 0.002, "gamma": 0.9,
        },
        "-172.2 +- 104.2 (RL Zoo)", -200.0,
    ),
    Claim(
        "sac", "Pendulum-v1",
        {"steps": 20_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 1000},
        "-157.0 +- 88.7 (RL Zoo)", -200.0,
    ),
    Claim(
        "td3", "Pendulum-v1",
        {
            "steps": 20_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 5000,
            "learning_rate": 0.001, "gamma": 0.98,
        },
        "-151.9 +- 90.2 (RL Zoo)", -200.0,
    ),
    Claim(
        "dqn", "CartPole-v1",
        {
            "steps": 60_000, "num_envs": 8, "updates_per_step": 0.25, "learning_starts": 1000,
            "learning_rate": 0.001, "target_network_frequency": 200, "hidden": [64, 64],
            "exploration_fraction": 0.2,
        },
        "500.0 (RL Zoo)", 475.0,
    ),
)  # fmt: skip


def main() -> None:
    """Learn, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="id of an environment, or an algorithm")
    only = parser.parse_args().only
    table = Table("algorithm", "environment", "returns by seed", "mean", "published", "minutes")
    missed = False
    for claim in CLAIMS:
        if only not in (None, claim.env, claim.algorithm):
            continue
        with TemporaryDirectory() as out:
            found = [
                learn_standard(
                    claim.algorithm, claim.env, seed, claim.settings, Path(out), quiet=True
                )
                for seed in SEEDS
            ]
        returns = [outcome["return_mean"] for outcome in found]
        mean = float(np.mean(returns))
        missed |= mean < claim.least
        table.add_row(
            claim.algorithm, claim.env, " ".join(f"{value:.1f}" for value in returns),
            f"{mean:.1f}", claim.published, f"{sum(o['seconds'] for o in found) / 60:.1f}",
        )  # fmt: skip
    Console().print(table)
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
