"""Learn Gymnasium's tasks with some seeds, and compare with what others have published.

    python plugins/racegym-cleanrl/tests/parity.py --only sac --seeds 1,2,3
    python plugins/racegym-cleanrl/tests/parity.py --only td3 LunarLanderContinuous-v3

Everything runs on one thread. A line is printed for each training as it ends, and a table, ready
for a page, when all have; with ``--out FOLDER`` their curves are drawn there, too. What takes
hours is left out unless its environment is named. The exit code is 1 when a mean return is below
its bound.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.ticker import EngFormatter

from racegym.report.style import car_colour, clean, new_figure, save
from racegym_cleanrl.standard import Outcome, learn_standard

EPISODES = 100  # driven with what each seed has learned
RETURN = "charts/episodic_return"
ZOO = "RL Zoo"  # https://github.com/DLR-RM/rl-baselines3-zoo/blob/master/benchmark.md
CLEANRL = "CleanRL"  # https://docs.cleanrl.dev/rl-algorithms/NAME
HEAD = "| algorithm | environment | steps | return by seed | mean ± std | published | minutes |"


class Claim(NamedTuple):
    """What an algorithm must reach on a task.

    ``published``: of the Zoo, mean and deviation of the episodes of one run, without chance; of
    CleanRL, mean and deviation over three seeds of the return while it learned.
    """

    algorithm: str
    env: str
    settings: dict[str, Any]
    published: str
    least: float  # mean return over the seeds
    long: bool = False  # whether it must be named to be run


CLAIMS = (
    Claim(
        "ppo", "CartPole-v1",
        {
            "steps": 100_000, "num_envs": 8, "num_steps": 128, "num_minibatches": 4,
            "normalize_rewards": False,
        },
        f"500.0 ± 0.0 ({ZOO}, 100 k); 490.04 ± 6.12 ({CLEANRL}, 500 k)", 475.0,
    ),
    Claim(
        "ppo", "Pendulum-v1",
        {
            "steps": 200_000, "num_envs": 16, "num_steps": 128, "num_minibatches": 8,
            "update_epochs": 10, "learning_rate": 0.002, "gamma": 0.9,
        },
        f"-172.2 ± 104.2 ({ZOO}, 100 k)", -200.0,
    ),
    Claim(
        "sac", "Pendulum-v1",
        {"steps": 20_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 1000},
        f"-157.0 ± 88.7 ({ZOO}, 20 k)", -200.0,
    ),
    Claim(
        "td3", "Pendulum-v1",
        {
            "steps": 20_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 5000,
            "learning_rate": 0.001, "gamma": 0.98,
        },
        f"-151.9 ± 90.2 ({ZOO}, 20 k)", -200.0,
    ),
    Claim(
        "dqn", "CartPole-v1",
        {
            "steps": 60_000, "num_envs": 8, "updates_per_step": 0.25, "learning_starts": 1000,
            "learning_rate": 0.001, "target_network_frequency": 200, "hidden": [64, 64],
            "exploration_fraction": 0.2,
        },
        f"500.0 ± 0.0 ({ZOO}, 50 k); 488.69 ± 16.11 ({CLEANRL}, 500 k)", 475.0,
    ),
    Claim(
        "sac", "LunarLanderContinuous-v3",
        {
            "steps": 500_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 10_000,
            "q_lr": 7.3e-4, "policy_lr": 7.3e-4, "tau": 0.01,
        },
        f"260.4 ± 65.5 ({ZOO}, v2, 500 k)", 195.0, long=True,
    ),
    Claim(
        "td3", "LunarLanderContinuous-v3",
        {
            "steps": 300_000, "num_envs": 1, "updates_per_step": 1, "learning_starts": 10_000,
            "learning_rate": 0.001, "gamma": 0.98,
        },
        f"207.5 ± 67.6 ({ZOO}, v2, 300 k)", 140.0, long=True,
    ),
)  # fmt: skip


def row(claim: Claim, found: list[Outcome]) -> str:
    """Return the line of a table that tells what came of all seeds."""
    returns = [outcome["return_mean"] for outcome in found]
    cells = (
        claim.algorithm, f"`{claim.env}`", f"{claim.settings['steps'] // 1000} k",
        ", ".join(f"{value:.1f}" for value in returns),
        f"{np.mean(returns):.1f} ± {np.std(returns):.1f}", claim.published,
        f"{sum(outcome['seconds'] for outcome in found) / 60:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def draw(claim: Claim, found: list[Outcome], file: Path) -> None:
    """Draw the return while it learned, of each seed and in the mean, over the steps."""
    told = []
    for outcome in found:
        lines = (Path(outcome["checkpoint"]).parent / "figures.jsonl").read_text().splitlines()
        rows = [row for row in map(json.loads, lines) if RETURN in row]
        told.append(np.array([(row["steps"], row[RETURN]) for row in rows]).T)
    first, last = max(steps[0] for steps, _ in told), min(steps[-1] for steps, _ in told)
    grid = np.linspace(first, last, 100)
    curves = np.stack([np.interp(grid, *curve) for curve in told])
    figure = new_figure(6.0, 3.4)
    axes = figure.add_subplot()
    clean(axes, grid="y")
    for steps, returns in told:
        axes.plot(steps, returns, color=car_colour(0), linewidth=0.6, alpha=0.5)
    mean, std = curves.mean(axis=0), curves.std(axis=0)
    axes.fill_between(grid, mean - std, mean + std, color=car_colour(0), alpha=0.15, linewidth=0)
    axes.plot(grid, mean, color=car_colour(0), linewidth=1.8)
    axes.set_title(
        f"{claim.algorithm} on {claim.env}: return while it learned, {len(found)} seeds",
        loc="left", fontsize=10,
    )  # fmt: skip
    axes.set_xlabel("steps")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    save(figure, file)


def learned(claim: Claim, seeds: list[int], out: Path) -> list[Outcome]:
    """Return what came of each seed, and tell it on the way."""
    found = []
    for seed in seeds:
        one = learn_standard(
            claim.algorithm, claim.env, seed, claim.settings, out, episodes=EPISODES, quiet=True
        )
        print(  # noqa: T201 - a script for people
            f"{claim.algorithm} on {claim.env}, seed {seed}: {one['return_mean']:.1f} ± "
            f"{one['return_std']:.1f} in {EPISODES} episodes, after {one['seconds']:.0f} s",
            flush=True,
        )
        found.append(one)
    return found


def main() -> None:
    """Learn, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], help="an algorithm, an environment, both")
    parser.add_argument("--seeds", default="1,2,3", help="numbers with commas between them")
    parser.add_argument(
        "--out", type=Path, help="folder in which the trainings are kept, with their curves"
    )
    given = parser.parse_args()
    try:
        seeds = [int(seed) for seed in given.seeds.split(",")]
    except ValueError:
        parser.error(f"--seeds {given.seeds} is not numbers with commas between them: 1,2,3")
    claims = [
        claim
        for claim in CLAIMS
        if set(given.only) <= {claim.algorithm, claim.env}
        and (claim.env in given.only or not claim.long)
    ]
    if not claims:
        known = ", ".join(f"{claim.algorithm} {claim.env}" for claim in CLAIMS)
        parser.error(f"--only {' '.join(given.only)} names none of: {known}")
    os.environ["OMP_NUM_THREADS"] = os.environ["RACEGYM_THREADS"] = "1"
    torch.set_num_threads(1)
    with TemporaryDirectory() as temporary:
        out = given.out or Path(temporary)
        found = {claim[:2]: learned(claim, seeds, out) for claim in claims}
        for claim in claims:
            draw(claim, found[claim[:2]], out / f"{claim.algorithm}-{claim.env}.png")
    print(f"\n{HEAD}\n{'|---' * HEAD.count(' | ')}|---|")  # noqa: T201 - likewise
    missed = False
    for claim in claims:
        outcomes = found[claim[:2]]
        print(row(claim, outcomes))  # noqa: T201 - likewise
        missed |= bool(np.mean([one["return_mean"] for one in outcomes]) < claim.least)
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
