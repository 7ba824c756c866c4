"""Measure how fast PPO learns, end to end, against stable-baselines3's PPO in the same run.

    python tests/benchmarks/training.py [--threads 4] [--seconds 20]

Both learn `train_kart`: kart2d with state and lookahead. A step is a decision of one race; what
is counted is everything, driving and learning. Torch uses as many threads as in a training, for
theirs, too; `OMP_NUM_THREADS` says otherwise. stable-baselines3 has eight environments and its
defaults, and then, for a second line, our batch of races and our settings. Run it on a machine that
does nothing else. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from statistics import median
from time import perf_counter
from typing import Any

import racegym_cleanrl  # noqa: F401  # first: it says how the threads of torch wait

# isort: split
import torch
from rich.console import Console
from rich.table import Table
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

import racegym
from racegym import Scenario, kernels, load_scenario
from racegym.learners.sb3 import RaceVecEnv
from racegym_cleanrl.machine import use_threads
from racegym_cleanrl.networks import tensors_of
from racegym_cleanrl.ppo import Args, Learner, rollout, update
from racegym_cleanrl.tasks import Task

SCENARIO = "train_kart"
TIMES_FASTER = 25.0  # than stable-baselines3 with its defaults
LEAST = {1: 0.0, 2: 50_000.0, 4: 100_000.0}  # steps a second by threads
LEARNED_FROM = 3  # rollouts before the clock starts


def ours(scenario: Scenario, args: Args, seconds: float) -> tuple[float, dict[str, float]]:
    """Return steps a second, and the share of the time that each part takes."""
    task = Task.of_scenario(scenario, args.num_envs)
    learner = Learner(args, task)
    learner.told = tensors_of(task.start({}, 0))
    spent = {"rollout": 0.0, "update": 0.0}
    rates: list[float] = []
    rounds = 0
    since = perf_counter()
    while perf_counter() - since < seconds or len(rates) < 3:
        began = perf_counter()
        rollout(learner)
        driven = perf_counter()
        update(learner)
        done = perf_counter()
        rounds += 1
        if rounds > LEARNED_FROM:
            rates.append(learner.batch / (done - began))
            spent["rollout"] += driven - began
            spent["update"] += done - driven
    task.envs.close()
    total = sum(spent.values())
    return median(rates), {name: part / total for name, part in spent.items()}


class _Clock(BaseCallback):
    """Ends a training of stable-baselines3 when its time is over."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds, self.marks = seconds, list[tuple[float, int]]()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self.marks.append((perf_counter(), self.num_timesteps))
        if len(self.marks) > 2 and self.marks[-1][0] - self.marks[0][0] > self.seconds:
            raise StopIteration


def theirs(envs: VecEnv, seconds: float, **settings: Any) -> float:
    """Return steps a second of stable-baselines3's PPO, whole rounds of driving and learning."""
    clock = _Clock(seconds)
    with suppress(StopIteration):
        PPO("MlpPolicy", envs, seed=0, device="cpu", **settings).learn(10**9, clock)
    envs.close()
    (began, before), (ended, after) = clock.marks[1 if len(clock.marks) > 2 else 0], clock.marks[-1]
    return (after - before) / (ended - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of kernels")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--without-sb3", action="store_true", help="measure only ours")
    given = parser.parse_args()
    kernels.set_threads(given.threads)
    use_threads(torch.device("cpu"), images=False)

    scenario = load_scenario(SCENARIO)
    assert scenario.trainer is not None
    args = Args.model_validate(dict(scenario.trainer.options))
    rate, shares = ours(scenario, args, given.seconds)
    title = f"threads: {given.threads} of kernels, {torch.get_num_threads()} of torch"
    table = Table("PPO", "steps/s", "times slower", title=title)
    table.add_row("racegym-cleanrl", f"{rate:,.0f}", "1")
    missed = rate < LEAST.get(given.threads, 0.0)
    if not given.without_sb3:
        other = theirs(DummyVecEnv([lambda: racegym.make(scenario)] * 8), given.seconds)
        table.add_row("stable-baselines3", f"{other:,.0f}", f"{rate / other:.1f}")
        missed |= rate < TIMES_FASTER * other
        same = theirs(
            RaceVecEnv(racegym.make_vec(scenario, args.num_envs)),
            given.seconds,
            n_steps=args.num_steps,
            batch_size=args.num_envs * args.num_steps // args.num_minibatches,
            n_epochs=args.update_epochs,
        )
        table.add_row("the same, our batch and settings", f"{same:,.0f}", f"{rate / same:.1f}")
    console = Console()
    console.print(table)
    console.print(", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
