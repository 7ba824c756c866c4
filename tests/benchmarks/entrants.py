"""Measure what a driver in a process of its own costs.

    python tests/benchmarks/entrants.py [--steps 2000]

Run it on a machine that does nothing else. One kart is driven by the same class, in this
process and in one of its own; what a step takes longer there is the overhead of a decision.
The exit code is 1 when it is above the target.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import click

from racegym.scenario import load_scenario

MOST_OVERHEAD = 0.5e-3  # [s] a decision
REPEATS = 5
DRIVER = """
class Straight:
    observation = ["state", "lookahead"]
    action = "steer_accel"

    def act(self, observation):
        return [0.0, 0.1]
"""


def seconds_a_step(file: Path, steps: int, **settings: object) -> float:
    """Return what a step takes, in the median of some repeats."""
    driver = {"file": f"{file}:Straight", **settings}
    scenario = load_scenario(
        {"backend": "kart2d", "laps": 0, "cars": [{"vehicle": "rental_kart", "driver": driver}]}
    )
    world = scenario.world()
    world.reset(scenario.seeds())
    for _ in range(50):
        world.step()
    took = []
    for _ in range(REPEATS):
        world.reset(scenario.seeds())
        started = perf_counter()
        for _ in range(steps // REPEATS):
            world.step()
        took.append((perf_counter() - started) / (steps // REPEATS))
    world.close()
    return median(took)


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "straight.py"
        file.write_text(DRIVER, encoding="utf-8")
        inside = seconds_a_step(file, steps)
        outside = seconds_a_step(file, steps, process=True)
        budgeted = seconds_a_step(file, steps, process=True, budget_ms=20)
    for name, value in (("a process", outside), ("a process with a budget", budgeted)):
        more = (value - inside) * 1e6
        click.echo(f"{name}: {more:.0f} us a decision above a step of {inside * 1e6:.0f} us")
    return 1 if max(outside, budgeted) - inside > MOST_OVERHEAD else 0


if __name__ == "__main__":
    sys.exit(main())
