"""Measure what contact between cars costs.

    python tests/benchmarks/contact.py [--steps 200] [--repeats 5]

Run it on one core of a machine that does nothing else. 64 races of rental karts on one thread:
with drivers of different pace, as races are, and with random actions, which soon leaves most of
them in a heap at the walls, as the first races of training do. The same steps are made with and
without contact, by turns; each figure is the median step of the best repeat: what else a machine
does only ever adds. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from racegym import kernels
from racegym.bench.course import Course, all_agents
from racegym.scenario import Scenario, load_scenario
from racegym.world import World

RACES = 64
MOST = 0.15  # of the backend's step, with drivers
WARM_UP = 40  # steps


class Figure(NamedTuple):
    """Medians over steps."""

    backend: float  # [s] of the backend's step
    whole: float  # [s] of the whole step
    contacts: float  # a car and step


def race(cars: int, *, contact: bool) -> Scenario:
    """Return a race of so many karts."""
    return load_scenario(
        {
            "name": "contact",
            "backend": {"name": "kart2d", "contact": contact},
            "track": {"generate": {"seed": 7, "length": 700}},
            "laps": 100,
            "cars": [
                {
                    "name": f"Kart {k + 1}",
                    "vehicle": "rental_kart",
                    "driver": {"name": "pure_pursuit", "pace": 80.0 + 15.0 * (k % 7) / 6.0},
                }
                for k in range(cars)
            ],
        }
    )


def measure(scenario: Scenario, steps: int, *, driven: bool) -> Figure:
    """Return the cost of steps."""
    if driven:
        world = scenario.world(n_races=RACES)
        world.reset(scenario.seeds(RACES))
        step = world.step
    else:
        course = Course(World(all_agents(scenario, RACES)), 1)
        world, step = course.world, course.step
    spent = [0.0]
    inner = world.backend.step

    def timed(control: object, effects: object, dt: float) -> None:
        start = perf_counter()
        inner(control, effects, dt)  # type: ignore[arg-type]
        spent[0] = perf_counter() - start

    world.backend.step = timed  # type: ignore[assignment, method-assign]
    backend, whole, touched = [], [], 0
    contacts, room = world.view.contacts, np.arange(world.view.contacts.capacity)
    for k in range(WARM_UP + steps):
        start = perf_counter()
        step()
        if k >= WARM_UP:
            whole.append(perf_counter() - start)
            backend.append(spent[0])
            told = room < contacts.count[:, None]
            touched += int((told & (contacts.other >= 0)).sum())
    cars = RACES * world.n_cars
    world.close()
    return Figure(median(backend), median(whole), touched / (steps * cars))


def least(figures: Sequence[Figure]) -> Figure:
    """Return the best of some repeats, in each thing that is timed."""
    return Figure(
        min(figure.backend for figure in figures),
        min(figure.whole for figure in figures),
        figures[0].contacts,
    )


def rows(steps: int, repeats: int) -> Iterator[tuple[str, Figure, Figure, bool | None]]:
    """Yield what was measured, without and with contact, and whether it is enough."""
    for cars in (2, 20, 64):
        for driven in (True, False):
            figures: tuple[list[Figure], list[Figure]] = ([], [])
            for _ in range(repeats):
                for contact in (False, True):
                    scenario = race(cars, contact=contact)
                    figures[contact].append(measure(scenario, steps, driven=driven))
            without, touching = least(figures[False]), least(figures[True])
            met = touching.backend <= (1.0 + MOST) * without.backend if driven else None
            name = f"{cars} cars, {'drivers' if driven else 'random actions'}"
            yield name, without, touching, met


def main() -> int:
    """Print all figures; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    kernels.set_threads(1)
    table = Table(box=box.SIMPLE)
    for name in ("", "contacts", "backend", "with contact", "more", "whole step", "with contact"):
        table.add_column(name, justify="left" if not name else "right")
    missed = False
    for name, without, touching, met in rows(given.steps, given.repeats):
        cars = RACES * int(name.split()[0])
        scale = 1e9 / cars
        table.add_row(
            name,
            f"{touching.contacts:.4f}",
            f"{scale * without.backend:.0f} ns",
            f"{scale * touching.backend:.0f} ns",
            f"{100 * (touching.backend / without.backend - 1):.0f} %",
            f"{scale * without.whole:.0f} ns",
            f"{scale * touching.whole:.0f} ns",
        )
        missed = missed or met is False
    Console(width=110).print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
