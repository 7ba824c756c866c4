"""Measure what running one-race engines in worker processes costs and gains.

    python tests/benchmarks/workers.py [--workers 4] [--seconds 2]

Run it on a machine that does nothing else and has as many cores as there are workers. An
engine of next to no work shows what a step costs on top, one of a millisecond what many
workers gain over one. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

from racegym_fakes.alone import Quick

from racegym.interfaces import Backend
from racegym.testing.rig import profile
from racegym.workers import in_workers
from racegym.world import CarConfig, Part, World, WorldConfig

WORK = 1e-3  # [s] of a step of the busy engine
MOST_OVERHEAD = 60e-6  # [s] of a step, over the engine's own
LEAST_GAIN = 3.0  # of four workers on four cores, over one
REPEATS = 5


def step_time(make: type[Backend], n_races: int, busy: float, seconds: float) -> float:
    """Return how long the backend takes for a step of all races [s], median of the repeats."""
    options = {"busy": busy} | ({} if make is Quick else {"workers": n_races})
    world = World(
        WorldConfig(
            n_races=n_races,
            cars=[CarConfig(name="car")],
            backend=Part(name="quick", make=make, options=options),
            profiles=profile(),
        )
    )
    times = []
    try:
        world.reset(seeds=np.arange(n_races, dtype=np.uint64))
        for repeat in range(REPEATS + 1):
            steps, started = 0, perf_counter()
            while (took := perf_counter() - started) < seconds / REPEATS:
                world.view.clock.elapsed.fill(0)
                world.backend.begin(world.control, world.effects, world.dt)
                world.backend.finish()
                steps += 1
            if repeat:  # the first one warms up
                times.append(took / steps)
    finally:
        world.close()
    return median(times)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=4, help="how many")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    given = parser.parse_args()
    many, seconds = given.workers, given.seconds
    pool = in_workers(Quick)
    table = Table("engine", "workers", "step", "car-steps/s", "target", box=box.SIMPLE_HEAD)
    missed = False
    for label, busy in (("quick", 0.0), ("busy", WORK)):
        alone = step_time(Quick, 1, busy, seconds)
        table.add_row(label, "none", f"{1e6 * alone:.1f} us", f"{1 / alone:,.0f}", "")
        one = step_time(pool, 1, busy, seconds)
        all_of_them = step_time(pool, many, busy, seconds)
        gain = many * one / all_of_them
        for count, took in ((1, one), (many, all_of_them)):
            target = ""
            if not busy:
                met = took - alone <= MOST_OVERHEAD
                target = f"{1e6 * (took - alone):.1f} us on top, at most {1e6 * MOST_OVERHEAD:.0f}"
            elif count == many:
                met = gain >= LEAST_GAIN or many != 4
                target = f"{gain:.2f} times one worker, at least {LEAST_GAIN:g} of 4"
            else:
                met = True
            missed = missed or not met
            target = target if met else f"missed: {target}"
            table.add_row(label, f"{count}", f"{1e6 * took:.1f} us", f"{count / took:,.0f}", target)
    console = Console()
    console.print(table)
    console.print(f"{os.cpu_count()} cores, load {', '.join(f'{x:.1f}' for x in os.getloadavg())}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
