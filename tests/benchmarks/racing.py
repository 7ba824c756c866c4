"""Measure how fast cars race each other, and what race control takes of it.

    python tests/benchmarks/racing.py [--steps 300] [--repeats 5]

Run it on one core of a machine that does nothing else. 64 races of rental karts on one thread, in
steps of 0.05 s: contact and race control on, `state` and `opponents` as observations, progress as
reward. The cars are left to agents, who act at random, or make what racing drivers of mixed levels
did in the same races before, so that the race is the drivers' and its time is not. What the drivers
themselves take is told beside it. Each figure is the median step of the best repeat: what else a
machine does only ever adds. Cars are counted that are on the track. The exit code is 1 when a
target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from racegym import kernels
from racegym.bench.course import POOL, all_agents
from racegym.interfaces import Array
from racegym.scenario import Scenario, load_scenario
from racegym.world import World

RACES = 64
LEVELS = ("amateur", "club", "pro", "expert")
WARM_UP = 60  # steps; the cars are away from the grid then
TARGETS = {20: 300e3, 2: 500e3}  # car-steps a second
MOST_CONTROL = 0.3  # of the step
STAGES = ("order", "observe", "leavers", "restarts")  # of race control


class Figure(NamedTuple):
    """Medians over steps."""

    whole: float  # [s] of a step
    control: float  # [s] of race control in it
    cars: float  # on the track

    @property
    def rate(self) -> float:
        """Car-steps a second."""
        return self.cars / self.whole

    @property
    def share(self) -> float:
        """Share of race control."""
        return self.control / self.whole


def race(cars: int) -> Scenario:
    """Return a race of so many karts, as drivers of mixed levels drive it."""
    return load_scenario(
        {
            "name": "racing",
            "backend": {"name": "kart2d"},
            "track": {"generate": {"seed": 7, "length": 1000}},
            "laps": 100,
            "observation": ["state", "opponents"],
            "reward": {"progress": 1.0},
            "termination": {},
            "cars": [
                {
                    "name": f"Kart {k + 1}",
                    "vehicle": "rental_kart",
                    "driver": {"name": "raceline", "level": LEVELS[k % len(LEVELS)]},
                }
                for k in range(cars)
            ],
        }
    )


def drive(scenario: Scenario, steps: int) -> tuple[list[Array], float]:
    """Let the drivers race; return what they did, and what they took of a step [s]."""
    world = scenario.world(n_races=RACES)
    world.reset(scenario.seeds(RACES))
    spent = [0.0]
    for seat in world.seats:
        _time(seat, "act", spent)
    actions, took = [], []
    for _ in range(steps):
        spent[0] = 0.0
        world.step()
        took.append(spent[0])
        control = world.control
        pedals = control.throttle - control.brake
        actions.append(np.stack([control.steer, pedals], -1).reshape(-1, 2).copy())
    world.close()
    return actions, median(took[WARM_UP:])


def at_random(cars: int) -> list[Array]:
    """Return actions to be repeated: gentle on the wheel, with more throttle than brake."""
    rng = np.random.default_rng(1)
    drawn = [
        np.stack([rng.normal(0.0, 0.3, RACES * cars), rng.normal(0.3, 0.4, RACES * cars)], -1)
        for _ in range(POOL)
    ]
    return [np.clip(actions, -1.0, 1.0).astype(np.float32) for actions in drawn]


def measure(scenario: Scenario, actions: Sequence[Array], steps: int) -> Figure:
    """Return what a step takes."""
    world = World(all_agents(scenario, RACES))
    world.reset(scenario.seeds(RACES))
    spent = [0.0]
    for stage in STAGES:
        _time(world.race_control, stage, spent)
    whole, control, cars = [], [], []
    for k in range(WARM_UP + steps):
        given = [actions[k % len(actions)]]
        spent[0] = 0.0
        start = perf_counter()
        world.step(given)
        if k >= WARM_UP:
            whole.append(perf_counter() - start)
            control.append(spent[0])
            cars.append(int(np.count_nonzero(world.view.race.present)))
    world.close()
    return Figure(median(whole), median(control), median(cars))


def _time(stage: Any, name: str, spent: list[float]) -> None:
    """Add the time that a method takes to ``spent``."""
    inner = getattr(stage, name)

    def timed(*args: Any) -> Any:
        start = perf_counter()
        result = inner(*args)
        spent[0] += perf_counter() - start
        return result

    setattr(stage, name, timed)


def rows(steps: int, repeats: int) -> Iterator[tuple[str, Figure, str, bool]]:
    """Yield what was measured, the drivers' own time, and whether it is enough."""
    for cars, least in TARGETS.items():
        scenario = race(cars)
        driven, own = drive(scenario, WARM_UP + steps)
        for how, actions in (("what drivers did", driven), ("at random", at_random(cars))):
            figures = [measure(scenario, actions, steps) for _ in range(repeats)]
            best = max(figures, key=lambda figure: figure.rate)
            met = best.rate >= least and best.share < MOST_CONTROL
            told = f"{own * 1e9 / best.cars:.0f} ns" if actions is driven else ""
            yield f"{cars} cars, {how}", best, told, met


def main() -> int:
    """Print all figures; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    kernels.set_threads(1)
    table = Table(box=box.SIMPLE)
    for name in ("", "car-steps/s", "step, a car", "race control", "its share", "drivers", ""):
        table.add_column(name, justify="right" if name else "left")
    missed = False
    for name, figure, drivers, met in rows(given.steps, given.repeats):
        table.add_row(
            name,
            f"{figure.rate:,.0f}",
            f"{1e9 / figure.rate:.0f} ns",
            f"{1e9 * figure.control / figure.cars:.0f} ns",
            f"{figure.share:.0%}",
            drivers,
            "[green]met" if met else "[red]missed",
        )
        missed = missed or not met
    Console(width=110).print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
