"""Measure the figures by which racegym's speed is judged.

    python tests/benchmarks/targets.py [--seconds 5]

Run it on a machine that does nothing else. The scenario is `time_trial` in steps of 0.05 s:
state and lookahead as observations, progress as reward, terminations and autoreset on. The
exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import NamedTuple

import gymnasium
from rich import box
from rich.console import Console
from rich.table import Table

import racegym  # noqa: F401 - registers the environments
from racegym import kernels
from racegym.bench import bench, measure_memory
from racegym.scenario import Scenario, load_scenario

BATCHES = [1024, 4096, 16384]
MEMORY_RACES = 4096
REPEATS = 5

LEAST_RATE = 1.2e6  # car-steps a second on one core, from 1024 races up
LEAST_SCALING = 0.8  # of one core's rate, from each further core; in the largest batch
LEAST_SINGLE = 10_000  # steps a second
MOST_MEMORY = 300e6  # bytes
MOST_HELP = 0.3  # [s]


class Figure(NamedTuple):
    """One measured figure."""

    name: str
    value: str
    target: str = ""
    met: bool | None = None  # None: it has no target


def load() -> Scenario:
    """Return what is measured."""
    return load_scenario("time_trial", ["dt=0.05"])


def batches(seconds: float) -> Iterator[Figure]:
    """Car-steps a second on one core, and what each further core adds."""
    cores = min(os.cpu_count() or 1, kernels.threads())
    threads = sorted({1, *(t for t in (2, 4, 8, 16) if t <= cores), cores})
    report = bench(load(), races=BATCHES, threads=threads, seconds=seconds, memory=False)
    alone = {r.races: r.car_steps_per_second for r in report.rates if r.threads == 1}
    for rate in report.rates:
        name = f"{rate.races} races, {rate.threads} thread{'s' if rate.threads > 1 else ''}"
        value = f"{rate.car_steps_per_second:,.0f} car-steps/s"
        if rate.threads == 1:
            met = rate.car_steps_per_second >= LEAST_RATE
            yield Figure(name, value, f"{LEAST_RATE:,.0f}", met)
            continue
        added = (rate.car_steps_per_second / alone[rate.races] - 1) / (rate.threads - 1)
        value += f", {added:.2f} a further core"
        if rate.races == max(BATCHES):
            yield Figure(name, value, f"{LEAST_SCALING:g}", added >= LEAST_SCALING)
        else:
            yield Figure(name, value)


def single_environment(seconds: float) -> Figure:
    """Steps a second of one environment with random actions."""
    env = gymnasium.make("racegym/Race-v1", scenario=load())
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(1000)]
    env.reset(seed=0)
    rates = []
    for _ in range(REPEATS):
        steps, started = 0, perf_counter()
        while (took := perf_counter() - started) < seconds / REPEATS:
            _, _, terminated, truncated, _ = env.step(actions[steps % 1000])
            steps += 1
            if terminated or truncated:
                env.reset()
        rates.append(steps / took)
    env.close()
    rate = median(rates)
    value = f"{rate:,.0f} steps/s"
    return Figure("gymnasium.make, one race", value, f"{LEAST_SINGLE:,}", rate >= LEAST_SINGLE)


def memory() -> Figure:
    """Memory of a large batch above what the imports take."""
    used = measure_memory(load(), MEMORY_RACES)
    name = f"memory of {MEMORY_RACES} races"
    if used is None:
        return Figure(name, "not told by this system")
    more = (used.batch - used.single) / 1e6
    value = f"{used.batch / 1e6:.0f} MB, {more:.0f} MB more than one race"
    return Figure(name, value, f"{MOST_MEMORY / 1e6:.0f} MB", used.batch < MOST_MEMORY)


def help_time() -> Figure:
    """How long ``racegym --help`` takes, the least of several, as a warm disk shows it."""
    times = []
    for _ in range(REPEATS):
        started = perf_counter()
        subprocess.run([sys.executable, "-m", "racegym", "--help"], check=True, capture_output=True)
        times.append(perf_counter() - started)
    return Figure("racegym --help", f"{min(times):.2f} s", f"{MOST_HELP} s", min(times) < MOST_HELP)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    figures = [*batches(seconds), single_environment(seconds), memory(), help_time()]
    table = Table("figure", "measured", "target", box=box.SIMPLE_HEAD, pad_edge=False)
    verdicts = {None: "", True: "[green]met: ", False: "[red]missed: "}
    for figure in figures:
        table.add_row(figure.name, figure.value, verdicts[figure.met] + figure.target)
    Console().print(table)
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
