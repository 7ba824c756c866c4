"""Measure the figures by which racegym's speed is judged.

    python tests/benchmarks/targets.py [--seconds 5]

Run it on a machine that does nothing else. The scenario is `time_trial`: state and lookahead
as observations, progress as reward, terminations and autoreset on. The exit code is 1 when
the target, of car-steps a second on one core, is missed; the other figures have none.
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
from racegym.scenario import load_scenario

SCENARIO = "time_trial"
RACES = 4096
REPEATS = 5
TARGET = 1.2e6  # car-steps a second on one core, from 1024 races up


class Figure(NamedTuple):
    """One measured figure."""

    name: str
    value: str
    met: bool | None = None  # None: it has no target


def batches(seconds: float) -> Iterator[Figure]:
    """Car-steps a second on one core, and what each further core adds."""
    cores = min(os.cpu_count() or 1, kernels.threads())
    threads = sorted({1, *(t for t in (2, 4, 8, 16) if t <= cores), cores})
    scenario = load_scenario(SCENARIO)
    report = bench(scenario, races=[1024, RACES], threads=threads, seconds=seconds, memory=False)
    for rate in report.rates:
        name = f"{rate.races} races, {rate.threads} thread{'s' if rate.threads > 1 else ''}"
        value = f"{rate.car_steps_per_second:,.0f} car-steps/s"
        if rate.threads == 1:
            yield Figure(name, value, rate.car_steps_per_second >= TARGET)
        else:
            yield Figure(name, f"{value}, {100 * rate.efficiency:.0f} % of one thread's each")


def single_environment(seconds: float) -> Figure:
    """Steps a second of one environment with random actions."""
    env = gymnasium.make("racegym/Race-v1", scenario=SCENARIO)
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
    return Figure("gymnasium.make, one race", f"{median(rates):,.0f} steps/s")


def memory() -> Figure:
    """Memory of a large batch above what the imports take."""
    used = measure_memory(load_scenario(SCENARIO), RACES)
    name = f"memory of {RACES} races"
    if used is None:
        return Figure(name, "not told by this system")
    more = (used.batch - used.single) / 1e6
    return Figure(name, f"{used.batch / 1e6:.0f} MB, {more:.0f} MB more than one race")


def help_time() -> Figure:
    """How long ``racegym --help`` takes, the least of several, as a warm disk shows it."""
    times = []
    for _ in range(REPEATS):
        started = perf_counter()
        subprocess.run([sys.executable, "-m", "racegym", "--help"], check=True, capture_output=True)
        times.append(perf_counter() - started)
    return Figure("racegym --help", f"{min(times):.2f} s")


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    figures = [*batches(seconds), single_environment(seconds), memory(), help_time()]
    table = Table("figure", "measured", "target", box=box.SIMPLE_HEAD, pad_edge=False)
    verdicts = {None: "", True: "[green]met", False: f"[red]missed: {TARGET:,.0f}"}
    for figure in figures:
        table.add_row(figure.name, figure.value, verdicts[figure.met])
    Console().print(table)
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
